/* SPDX-License-Identifier: MIT */
/* Exceptions of the guest kernel: each vector's frame, error code, RIP, flags and upcall mask. */
#include "test.h"

static struct trap_seen *seen(void)
{
    return &this_cpu()->seen;
}

/* What every frame from the guest kernel has in common. @words is the frame's size. */
static void check_frame(unsigned int words)
{
    const struct trap_frame *f = &seen()->frame;

    CHECK_EQ(f->cs, FLAT_KERNEL_CS & ~3);
    CHECK_EQ(f->ss, FLAT_KERNEL_SS);
    CHECK_EQ(f->saved_upcall_mask, 1);
    CHECK_EQ(f->rflags & EFLAGS_IF, 0);
    CHECK_EQ(seen()->upcall_mask, 1);
    CHECK_EQ(seen()->frame_at, (f->rsp & ~15UL) - words * 8);
}

static void check_at_instruction(void)
{
    CHECK_EQ(seen()->frame.rip, this_cpu()->insn_rip);
}

static void divide_error(void)
{
    TRAP_CATCH("divl %%ecx", TRAP_OUT(), TRAP_IN("a"(1), "d"(0), "c"(0)));
    CHECK_TRAP(TRAP_DE, 0);
    check_frame(7);
    check_at_instruction();
    CHECK_EQ(seen()->frame.rax, 1);
}

static void breakpoint(void)
{
    TRAP_CATCH("int3", TRAP_OUT(), TRAP_IN());
    CHECK_TRAP(TRAP_BP, 0);
    check_frame(7);
    CHECK_EQ(seen()->frame.rip, this_cpu()->insn_rip + 1);
}

static void breakpoint_long_form(void)
{
    TRAP_CATCH(".byte 0xcd, 3", TRAP_OUT(), TRAP_IN());
    CHECK_TRAP(TRAP_BP, 0);
    CHECK_EQ(seen()->frame.rip, this_cpu()->insn_rip + 2);
}

static void overflow(void)
{
    TRAP_CATCH(".byte 0xcd, 4", TRAP_OUT(), TRAP_IN());
    CHECK_TRAP(TRAP_OF, 0);
    check_frame(7);
    CHECK_EQ(seen()->frame.rip, this_cpu()->insn_rip + 2);
}

/* TF takes effect after the instruction behind POPF. */
static void single_step(void)
{
    TRAP_CATCH("pushfq\n\torl $0x100, (%%rsp)\n\tpopfq\n\tnop\n\tnop",
               TRAP_OUT(), TRAP_IN());
    CHECK_TRAP(TRAP_DB, 0);
    check_frame(7);
    CHECK(seen()->frame.rflags & EFLAGS_TF);
    CHECK(seen()->frame.rip > this_cpu()->insn_rip + 8);
    CHECK(hc_get_debugreg(6) & (1 << 14));
    hc_set_debugreg(6, 0);
}

static void invalid_opcode(void)
{
    TRAP_CATCH("ud2", TRAP_OUT(), TRAP_IN());
    CHECK_TRAP(TRAP_UD, 0);
    check_frame(7);
    check_at_instruction();
}

static void gp_selector(void)
{
    static const uint16_t selectors[] = { 0x8, 0x10, 0x7b, 0x6ff8, 0xe008, 0xffff };

    for (unsigned int i = 0; i < sizeof(selectors) / sizeof(selectors[0]); i++) {
        TRAP_CATCH("movw %w[s], %%ds", TRAP_OUT(), TRAP_IN([s] "r"(selectors[i])));
        CHECK_TRAP(TRAP_GP, selectors[i] & ~3u);
        check_frame(8);
        check_at_instruction();
    }
}

static void gp_noncanonical(void)
{
    TRAP_CATCH("movb (%[p]), %%al", TRAP_OUT(), TRAP_IN([p] "r"(NONCANONICAL_VA)), "rax");
    CHECK_TRAP(TRAP_GP, 0);
    check_frame(8);
    check_at_instruction();
}

static void gp_halt(void)
{
    TRAP_CATCH("hlt", TRAP_OUT(), TRAP_IN());
    CHECK_TRAP(TRAP_GP, 0);
    check_at_instruction();
}

/* An unmasked x87 exception, at the next waiting instruction. */
static void x87_error(void)
{
    uint16_t control = 0x037b;
    uint32_t zero = 0;

    TRAP_CATCH("fninit\n\tfldcw %[c]\n\tfld1\n\tfidivl %[z]\n\tfwait", TRAP_OUT(),
               TRAP_IN([c] "m"(control), [z] "m"(zero)));
    asm volatile("fninit");
    CHECK_TRAP(TRAP_MF, 0);
    check_frame(7);
}

/* fpu_taskswitch arms one #NM; it is cleared by being delivered. */
static void device_not_available(void)
{
    CHECK_EQ(hc_fpu_taskswitch(1), 0);
    TRAP_CATCH("fnop", TRAP_OUT(), TRAP_IN());
    CHECK_TRAP(TRAP_NM, 0);
    check_frame(7);
    check_at_instruction();
    TRAP_CATCH("fnop", TRAP_OUT(), TRAP_IN());
    CHECK_NO_TRAP();
    CHECK_EQ(hc_fpu_taskswitch(1), 0);
    CHECK_EQ(hc_fpu_taskswitch(0), 0);
    TRAP_CATCH("fnop", TRAP_OUT(), TRAP_IN());
    CHECK_NO_TRAP();
}

static const struct page_fault {
    const char *name;
    uint64_t pte;        /* flags of the page; 0 for none */
    char access;         /* 'r', 'w', 'x' */
    long error;          /* -1 for no fault */
} page_faults[] = {
    { "read absent", 0, 'r', 0 },
    { "write absent", 0, 'w', PF_W },
    { "fetch absent", 0, 'x', PF_I },
    { "read read-only", PTE_RO_PAGE, 'r', -1 },
    { "write read-only", PTE_RO_PAGE, 'w', PF_P | PF_W },
    { "write read-only user", PTE_RO_PAGE | PTE_US, 'w', PF_P | PF_W },
    { "fetch no-execute", PTE_RW_PAGE | PTE_NX, 'x', PF_P | PF_I },
    { "fetch no-execute user", PTE_RW_PAGE | PTE_US | PTE_NX, 'x', PF_P | PF_I },
    { "read user", PTE_RO_PAGE | PTE_US, 'r', -1 },
    { "write user", PTE_RW_PAGE | PTE_US, 'w', -1 },
    { "fetch user", PTE_RO_PAGE | PTE_US, 'x', -1 },
    { "write no-execute", PTE_RW_PAGE | PTE_NX, 'w', -1 },
    { "absent with other bits set", PTE_RW_PAGE & ~PTE_P, 'r', 0 },
};

static void access_page(char kind, void *at)
{
    if (kind == 'r')
        TRAP_CATCH("movb (%[p]), %%al", TRAP_OUT(), TRAP_IN([p] "r"(at)), "rax");
    else if (kind == 'w')
        TRAP_CATCH("movb $0xc3, (%[p])", TRAP_OUT(), TRAP_IN([p] "r"(at)));
    else
        trap_try((void (*)(void *))at, NULL);
}

static void check_page_fault(const struct page_fault *row, uint8_t *at)
{
    access_page(row->access, at);
    if (row->error < 0) {
        CHECK_ROW(row->name, seen()->hit, 0);
        return;
    }
    CHECK_ROW(row->name, seen()->hit, 1);
    CHECK_ROW(row->name, seen()->vector, TRAP_PF);
    CHECK_ROW(row->name, seen()->frame.error_code, row->error);
    CHECK_ROW(row->name, seen()->cr2, at);
    CHECK_ROW(row->name, seen()->frame_at, (seen()->frame.rsp & ~15UL) - 64);
    CHECK_ROW(row->name, seen()->frame.rip, row->access == 'x' ? (unsigned long)at :
              this_cpu()->insn_rip);
}

static void page_faults_all(void)
{
    uint8_t *page = page_alloc(), *at = page + 0x123;

    for (unsigned int i = 0; i < sizeof(page_faults) / sizeof(page_faults[0]); i++) {
        const struct page_fault *row = &page_faults[i];

        if (row->pte && !(row->pte & PTE_P) && !is_initial_domain())
            continue; /* an attack on some processors (L1TF), for which a domain may be ended */

        *at = 0xc3;
        CHECK_ROW(row->name, hc_update_va_mapping((unsigned long)page, row->pte ?
                  pte_make(mfn_of(page), row->pte) : 0, UVMF_INVLPG), 0);
        check_page_fault(row, at);
        CHECK_EQ(page_protect(page, PTE_RW_PAGE), 0);
    }
    page_free(page);
}

/* A fault on data leaves the registers of the half-done instruction alone. */
static void fault_in_string(void)
{
    uint8_t *page = page_alloc(), *next = page_alloc();
    const struct trap_frame *f = &seen()->frame;

    if (next != page + PAGE_SIZE)
        test_error("pool pages do not follow each other");
    CHECK_EQ(hc_update_va_mapping((unsigned long)next, 0, UVMF_INVLPG), 0);
    TRAP_CATCH("rep stosb\n\tnop", TRAP_OUT(),
               TRAP_IN("D"(next - 10), "c"(20UL), "a"(7)));
    CHECK_EQ(page_protect(next, PTE_RW_PAGE), 0);
    CHECK_TRAP(TRAP_PF, PF_W);
    CHECK_EQ(seen()->cr2, (unsigned long)next);
    CHECK_EQ(f->rcx, 10);
    CHECK_EQ(f->rdi, (unsigned long)next);
    CHECK_EQ(next[-1], 7);
    page_free(next);
    page_free(page);
}

/* With upcalls on, the frame says so, in the saved mask and in IF; the handler runs masked. */
static void upcall_mask_saved(void)
{
    upcalls_enable();
    TRAP_CATCH("ud2", TRAP_OUT(), TRAP_IN());
    CHECK_TRAP(TRAP_UD, 0);
    CHECK_EQ(seen()->frame.saved_upcall_mask, 0);
    CHECK(seen()->frame.rflags & EFLAGS_IF);
    CHECK_EQ(seen()->upcall_mask, 1);
    CHECK_EQ(vcpu_info(0)->evtchn_upcall_mask, 0);
    upcalls_disable();
}

static trap_info_t one[2];

static long set_one(unsigned int vector, unsigned int flags, unsigned long address)
{
    one[0] = (trap_info_t){ .vector = vector, .flags = flags, .cs = FLAT_KERNEL_CS,
                            .address = address };
    return hc_set_trap_table(one);
}

/* Without its flag a trap leaves the mask alone. */
static void upcall_mask_kept(void)
{
    CHECK_EQ(set_one(TRAP_UD, 0, trap_entry_address(TRAP_UD)), 0);
    upcalls_enable();
    TRAP_CATCH("ud2", TRAP_OUT(), TRAP_IN());
    CHECK_EQ(seen()->upcall_mask, 0);
    upcalls_disable();
    TRAP_CATCH("ud2", TRAP_OUT(), TRAP_IN());
    CHECK_EQ(seen()->upcall_mask, 1);
    CHECK_EQ(set_one(TRAP_UD, 4, trap_entry_address(TRAP_UD)), 0);
}

/* A kernel's own descriptor privilege 0 in the table's selector is taken as 3. */
static void table_selector_raised(void)
{
    one[0] = (trap_info_t){ .vector = TRAP_UD, .flags = 4, .cs = FLAT_KERNEL_CS & ~3,
                            .address = trap_entry_address(TRAP_UD) };
    CHECK_EQ(hc_set_trap_table(one), 0);
    TRAP_CATCH("ud2", TRAP_OUT(), TRAP_IN());
    CHECK_TRAP(TRAP_UD, 0);
    CHECK_EQ(set_one(TRAP_UD, 4, trap_entry_address(TRAP_UD)), 0);
}

static void table_refusals(void)
{
    static const unsigned long pointers[] = { UNMAPPED_VA, NONCANONICAL_VA, HYPERVISOR_VA };

    for (unsigned int i = 0; i < sizeof(pointers) / sizeof(pointers[0]); i++)
        CHECK_EQ(hc_set_trap_table((void *)pointers[i]), -EFAULT);
    CHECK_EQ(set_one(TRAP_UD, 4, NONCANONICAL_VA), -EINVAL);
    CHECK_EQ(set_one(TRAP_UD, 4, 0x0000800000000000UL), -EINVAL);
    TRAP_CATCH("ud2", TRAP_OUT(), TRAP_IN());
    CHECK_TRAP(TRAP_UD, 0);
}

/* Software interrupts: the gate's level decides. Where the processor reports n as 2n, who knows. */
static void int_n(void)
{
    CHECK_EQ(set_one(0x21, 1, trap_entry_address(20)), 0);
    CHECK_EQ(set_one(0x42, 1, trap_entry_address(22)), 0);
    TRAP_CATCH("int $0x21", TRAP_OUT(), TRAP_IN());
    CHECK(seen()->hit);
    if (seen()->vector == 22)
        test_skip("the processor model reports INT n as 2n, and the hypervisor believes it");
    CHECK_EQ(seen()->vector, 20);
    CHECK_EQ(seen()->frame.rip, this_cpu()->insn_rip + 2);
    check_frame(7);
}

static void int_n_level_0(void)
{
    CHECK_EQ(set_one(0x22, 0, trap_entry_address(20)), 0);
    CHECK_EQ(set_one(0x44, 0, trap_entry_address(22)), 0);
    TRAP_CATCH("int $0x22", TRAP_OUT(), TRAP_IN());
    CHECK(seen()->hit);
    CHECK_EQ(seen()->vector, TRAP_GP);
    check_at_instruction();
    if (seen()->frame.error_code == 0x44 * 8 + 2)
        test_skip("the processor model reports INT n as 2n, and the hypervisor believes it");
    CHECK_EQ(seen()->frame.error_code, 0x22 * 8 + 2);
}

static void int_n_no_gate(void)
{
    TRAP_CATCH("int $0x33", TRAP_OUT(), TRAP_IN());
    CHECK(seen()->hit);
    CHECK_EQ(seen()->vector, TRAP_GP);
    check_at_instruction();
    if (seen()->frame.error_code == 0x66 * 8 + 2)
        test_skip("the processor model reports INT n as 2n, and the hypervisor believes it");
    CHECK_EQ(seen()->frame.error_code, 0x33 * 8 + 2);
}

static void int_80(void)
{
    TRAP_CATCH("int $0x80", TRAP_OUT(), TRAP_IN());
    CHECK_TRAP(TRAP_GP, 0x80 * 8 + 2);
    check_at_instruction();
    CHECK_EQ(set_one(0x80, 3 | 4, trap_entry_address(20)), 0);
    TRAP_CATCH("int $0x80", TRAP_OUT(), TRAP_IN());
    CHECK_TRAP(20, 0);
    CHECK_EQ(seen()->frame.rip, this_cpu()->insn_rip + 2);
    check_frame(7);
}

static const struct test tests[] = {
    { "divide_error", divide_error },
    { "breakpoint", breakpoint },
    { "breakpoint_long_form", breakpoint_long_form },
    { "overflow", overflow },
    { "single_step", single_step },
    { "invalid_opcode", invalid_opcode },
    { "gp_selector", gp_selector },
    { "gp_noncanonical", gp_noncanonical },
    { "gp_halt", gp_halt },
    { "x87_error", x87_error },
    { "device_not_available", device_not_available },
    { "page_faults", page_faults_all },
    { "fault_in_string", fault_in_string },
    { "upcall_mask_saved", upcall_mask_saved },
    { "upcall_mask_kept", upcall_mask_kept },
    { "table_selector_raised", table_selector_raised },
    { "table_refusals", table_refusals },
    { "int_n", int_n },
    { "int_n_level_0", int_n_level_0 },
    { "int_n_no_gate", int_n_no_gate },
    { "int_80", int_80 },
};

TEST_MAIN(tests)
