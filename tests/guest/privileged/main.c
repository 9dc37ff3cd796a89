/* SPDX-License-Identifier: MIT */
/* Privileged instructions of the guest kernel: what is emulated, with what result, what is #GP. */
#include <xen/physdev.h>

#include "insn.h"
#include "test.h"

#define CR0_TS 8UL

static struct trap_frame regs;

static void set_iopl(unsigned int level)
{
    struct physdev_set_iopl iopl = { .iopl = level };

    CHECK_EQ(hc_physdev_op(PHYSDEVOP_set_iopl, &iopl), 0);
}

USER_TEXT(t_cli, "cli");
USER_TEXT(t_sti, "sti");
USER_TEXT(t_hlt, "hlt");
USER_TEXT(t_in8, "inb $0x80, %al");
USER_TEXT(t_in16, "inw %dx, %ax");
USER_TEXT(t_in32, "inl %dx, %eax");
USER_TEXT(t_out8, "outb %al, $0x80");
USER_TEXT(t_out32, "outl %eax, %dx");
USER_TEXT(t_ins, "rep insb");
USER_TEXT(t_outs, "rep outsb");
USER_TEXT(t_popf, "pushq $0x2; popfq; pushfq; popq %rax");
USER_TEXT(t_popf_iopl, "pushq $0x3002; popfq; pushfq; popq %rax");
USER_TEXT(t_read_cr0, "movq %cr0, %rax");
USER_TEXT(t_write_cr0, "movq %rax, %cr0");
USER_TEXT(t_read_cr2, "movq %cr2, %rbx");
USER_TEXT(t_write_cr2, "movq %rax, %cr2");
USER_TEXT(t_read_cr3, "movq %cr3, %r12");
USER_TEXT(t_write_cr3, "movq %rax, %cr3");
USER_TEXT(t_read_cr4, "movq %cr4, %rax");
USER_TEXT(t_write_cr4, "movq %rax, %cr4");
USER_TEXT(t_read_cr8, "movq %cr8, %rax");
USER_TEXT(t_write_cr8, "movq %rax, %cr8");
USER_TEXT(t_clts, "clts");
USER_TEXT(t_lmsw, "lmsw %ax");
USER_TEXT(t_rdmsr, "rdmsr");
USER_TEXT(t_wrmsr, "wrmsr");
USER_TEXT(t_rdpmc, "rdpmc");
USER_TEXT(t_rdtsc, "rdtsc");
USER_TEXT(t_wbinvd, "wbinvd");
USER_TEXT(t_invd, "invd");
USER_TEXT(t_invlpg, "invlpg (%rsp)");
USER_TEXT(t_lgdt, "lgdt (%rsp)");
USER_TEXT(t_lidt, "lidt (%rsp)");
USER_TEXT(t_lldt, "lldt %ax");
USER_TEXT(t_ltr, "ltr %ax");
USER_TEXT(t_swapgs, "swapgs");
USER_TEXT(t_sysretq, "sysretq");
USER_TEXT(t_vmcall, "vmcall");
USER_TEXT(t_stac, "stac");
USER_TEXT(t_monitor, "monitor");
USER_TEXT(t_xsetbv, "xsetbv");
USER_TEXT(t_xgetbv, "xgetbv");
USER_TEXT(t_sgdt, "sgdt 2(%rdx,%rcx,4)");
USER_TEXT(t_sidt, "sidt (%rdx)");
USER_TEXT(t_sldt, "sldt (%rdx)");
USER_TEXT(t_str, "str %rax");
USER_TEXT(t_smsw, "smsw %ax");
USER_TEXT(t_read_dr0, "movq %dr0, %rax");
USER_TEXT(t_write_dr0, "movq %rax, %dr0");
USER_TEXT(t_cpuid, "cpuid");
USER_TEXT(t_cpuid_forced, ".byte 0x0f, 0x0b, 0x78, 0x65, 0x6e; cpuid");
USER_TEXT(t_forced_other, ".byte 0x0f, 0x0b, 0x78, 0x65, 0x6e; nop");
USER_TEXT(t_iretq, "movq %rsp, %rdx; pushq $0xe02b; pushq %rdx; pushq $0x202; pushq $0xe033; "
                   "leaq 1f(%rip), %rax; pushq %rax; iretq; ud2; 1:");

static struct trap_seen *seen(void)
{
    return &this_cpu()->seen;
}

#define RUN(name_) INSN_RUN(&regs, name_)

static void check_gp(const char *name, const uint8_t *text, const uint8_t *end)
{
    struct trap_frame before = regs;

    if (insn_run(&regs, text, end - text))
        FAIL("%s was not refused", name);
    CHECK_ROW(name, seen()->vector, TRAP_GP);
    CHECK_ROW(name, seen()->frame.error_code, 0);
    CHECK_ROW(name, seen()->frame.rip, insn_address());
    CHECK_ROW(name, regs.rax, before.rax);
    CHECK_ROW(name, regs.rdx, before.rdx);
    CHECK_ROW(name, regs.rcx, before.rcx);
}
#define CHECK_GP(name_) check_gp(#name_, name_, name_##_end)

static void check_ud(const char *name, const uint8_t *text, const uint8_t *end)
{
    if (insn_run(&regs, text, end - text))
        FAIL("%s was not refused", name);
    CHECK_ROW(name, seen()->vector, TRAP_UD);
    CHECK_ROW(name, seen()->frame.rip, insn_address());
}
#define CHECK_UD(name_) check_ud(#name_, name_, name_##_end)

static void refused_always(void)
{
    regs = insn_regs();
    regs.rax = 0x1234;
    regs.rdx = 0x5678;
    CHECK_GP(t_hlt);
    CHECK_GP(t_read_cr8);
    CHECK_GP(t_write_cr8);
    CHECK_GP(t_lmsw);
    CHECK_GP(t_invd);
    CHECK_GP(t_invlpg);
    CHECK_GP(t_lgdt);
    CHECK_GP(t_lidt);
    CHECK_GP(t_lldt);
    CHECK_GP(t_ltr);
    CHECK_GP(t_swapgs);
    CHECK_GP(t_sysretq);
    CHECK_GP(t_rdpmc);
    CHECK_UD(t_stac);
}

static void cli_sti(void)
{
    regs = insn_regs();
    set_iopl(0);
    CHECK_GP(t_cli);
    CHECK_GP(t_sti);
    set_iopl(1);
    vcpu_info(0)->evtchn_upcall_mask = 0;
    regs = insn_regs();
    regs.rflags |= EFLAGS_IF;
    CHECK(RUN(t_cli));
    CHECK_EQ(seen()->frame.saved_upcall_mask, 0);
    upcalls_disable();
    regs = insn_regs();
    CHECK(RUN(t_sti));
    CHECK_EQ(seen()->frame.saved_upcall_mask, 1);
    set_iopl(0);
}

/* The processor's IF is always on; POPF changes neither it nor the I/O privilege. */
static void popf(void)
{
    regs = insn_regs();
    CHECK(RUN(t_popf));
    CHECK_EQ(regs.rax, EFLAGS_IF | 2);
    regs = insn_regs();
    CHECK(RUN(t_popf_iopl));
    CHECK_EQ(regs.rax, EFLAGS_IF | 2);
}

static void ports_need_iopl(void)
{
    set_iopl(0);
    regs = insn_regs();
    regs.rdx = 0x80;
    CHECK_GP(t_in8);
    CHECK_GP(t_in16);
    CHECK_GP(t_in32);
    CHECK_GP(t_out8);
    CHECK_GP(t_out32);
}

static void ports(void)
{
    set_iopl(1);
    regs = insn_regs();
    regs.rax = 0x1111111111111111UL;
    CHECK(RUN(t_out8));
    CHECK_EQ(regs.rax, 0x1111111111111111UL);
    CHECK(RUN(t_in8));
    CHECK_EQ(regs.rax & ~0xffUL, 0x1111111111111100UL);
    regs.rdx = 0x80;
    CHECK(RUN(t_in16));
    CHECK_EQ(regs.rax & ~0xffffUL, 0x1111111111110000UL);
    CHECK(RUN(t_in32));
    CHECK_EQ(regs.rax >> 32, 0);
    set_iopl(0);
}

/* PCI configuration of the host bridge: the address port reads back, the data port answers. */
static void pci_config(void)
{
    uint32_t id;

    set_iopl(1);
    outl(0x80000000u, 0xcf8);
    CHECK_EQ(inl(0xcf8), 0x80000000u);
    id = inl(0xcfc);
    CHECK(id != 0xffffffffu && id != 0);
    CHECK_EQ(inb(0xcfc) | inb(0xcfd) << 8, id & 0xffff);
    outl(0, 0xcf8);
    set_iopl(0);
}

/* The hypervisor's own serial line is not there for anybody else. */
static void hypervisor_serial_hidden(void)
{
    set_iopl(1);
    CHECK_EQ(inb(0x3fd), 0xff);
    outb(0x55, 0x3ff);
    CHECK_EQ(inb(0x3ff), 0xff);
    set_iopl(0);
}

static void string_ports(void)
{
    uint8_t *page = page_alloc();

    set_iopl(1);
    regs = insn_regs();
    regs.rdi = (unsigned long)page + 0x100;
    regs.rcx = 5;
    regs.rdx = 0x3fd;
    CHECK(RUN(t_ins));
    CHECK_EQ(regs.rcx, 0);
    CHECK_EQ(regs.rdi, (unsigned long)page + 0x105);
    CHECK_EQ(page[0x104], 0xff);
    CHECK_EQ(page[0x105], 0);
    regs = insn_regs();
    regs.rsi = (unsigned long)page;
    regs.rcx = 3;
    regs.rdx = 0x80;
    CHECK(RUN(t_outs));
    CHECK_EQ(regs.rcx, 0);
    CHECK_EQ(regs.rsi, (unsigned long)page + 3);
    set_iopl(0);
    page_free(page);
}

/* INS to an unmapped page: a fault with the registers where they stood. */
static void string_ports_fault(void)
{
    set_iopl(1);
    regs = insn_regs();
    regs.rdi = UNMAPPED_VA;
    regs.rcx = 5;
    regs.rdx = 0x3fd;
    CHECK(!RUN(t_ins));
    set_iopl(0);
    CHECK_EQ(seen()->vector, TRAP_PF);
    CHECK_EQ(seen()->frame.error_code, PF_W);
    CHECK_EQ(seen()->cr2, UNMAPPED_VA);
    CHECK_EQ(regs.rcx, 5);
    CHECK_EQ(regs.rdi, UNMAPPED_VA);
}

static void cr0(void)
{
    unsigned long value;

    regs = insn_regs();
    CHECK(RUN(t_read_cr0));
    value = regs.rax;
    CHECK_EQ(value, 0x80050033);
    regs.rax = value | CR0_TS;
    CHECK(RUN(t_write_cr0));
    CHECK(RUN(t_read_cr0));
    CHECK_EQ(regs.rax, value | CR0_TS);
    CHECK(RUN(t_clts));
    CHECK(RUN(t_read_cr0));
    CHECK_EQ(regs.rax, value);
    for (unsigned int bit = 0; bit < 64; bit++) {
        if (bit == 3)
            continue;
        regs = insn_regs();
        regs.rax = value ^ 1UL << bit;
        CHECK_GP(t_write_cr0);
    }
}

static void cr0_ts_faults(void)
{
    regs = insn_regs();
    regs.rax = 0x80050033 | CR0_TS;
    CHECK(RUN(t_write_cr0));
    TRAP_CATCH("fnop", TRAP_OUT(), TRAP_IN());
    CHECK_TRAP(TRAP_NM, 0);
    regs = insn_regs();
    CHECK(RUN(t_read_cr0));
    CHECK_EQ(regs.rax, 0x80050033);
}

static void cr2(void)
{
    regs = insn_regs();
    regs.rax = 0x123456789abcUL;
    CHECK(RUN(t_write_cr2));
    CHECK(RUN(t_read_cr2));
    CHECK_EQ(regs.rbx, 0x123456789abcUL);
    CHECK_EQ(vcpu_info(0)->arch.cr2, 0x123456789abcUL);
    TRAP_CATCH("movb (%[p]), %%al", TRAP_OUT(), TRAP_IN([p] "r"(UNMAPPED_VA + 5)), "rax");
    regs = insn_regs();
    CHECK(RUN(t_read_cr2));
    CHECK_EQ(regs.rbx, UNMAPPED_VA + 5);
}

static void cr3(void)
{
    uint64_t own;

    regs = insn_regs();
    CHECK(RUN(t_read_cr3));
    own = regs.r12;
    CHECK_EQ(own, maddr_of((void *)start_info->pt_base));
    regs = insn_regs();
    regs.rax = own;
    CHECK(RUN(t_write_cr3));
    regs.rax = (uint64_t)0xfffffff << PAGE_SHIFT;
    CHECK_GP(t_write_cr3);
    regs.rax = maddr_of((void *)(start_info->pt_base + PAGE_SIZE));
    CHECK_GP(t_write_cr3);
    regs.rax = 0;
    CHECK_GP(t_write_cr3);
    CHECK(RUN(t_read_cr3));
    CHECK_EQ(regs.r12, own);
}

/* The guest owns TSD, DE, FSGSBASE and OSXSAVE; writes to others do nothing. */
static void cr4(void)
{
    unsigned long value;

    regs = insn_regs();
    CHECK(RUN(t_read_cr4));
    value = regs.rax;
    CHECK_EQ(value & 0x660, 0x660);
    CHECK_EQ(value & (1 << 4 | 1 << 7 | 1 << 13 | 1 << 17 | 1 << 20 | 1 << 21), 0);
    regs.rax = value | 1 << 4 | 1 << 20;
    CHECK(RUN(t_write_cr4));
    CHECK(RUN(t_read_cr4));
    CHECK_EQ(regs.rax, value);
    regs.rax = value | 1 << 3;
    CHECK(RUN(t_write_cr4));
    CHECK(RUN(t_read_cr4));
    CHECK_EQ(regs.rax, value | 1 << 3);
    regs.rax = value;
    CHECK(RUN(t_write_cr4));
    CHECK(RUN(t_read_cr4));
    CHECK_EQ(regs.rax, value);
}

static void cr4_tsd_stops_user(void)
{
    static struct user_context u;
    unsigned long value;

    regs = insn_regs();
    CHECK(RUN(t_read_cr4));
    value = regs.rax;
    regs.rax = value | 1 << 2;
    CHECK(RUN(t_write_cr4));
    regs = insn_regs();
    CHECK(RUN(t_rdtsc));
    u = user_context_new();
    USER_RUN(&u, t_rdtsc);
    regs = insn_regs();
    regs.rax = value;
    CHECK(RUN(t_write_cr4));
    CHECK_EQ(u.vector, TRAP_GP);
    CHECK_EQ(u.frame.rip, USER_CODE);
}

/* MSRs that every guest kernel may use: value read back, or a fixed one. */
static void msr_bases(void)
{
    static const uint32_t msrs[] = { 0xc0000100, 0xc0000101, 0xc0000102 };

    for (unsigned int i = 0; i < 3; i++) {
        wrmsr(msrs[i], 0x12345678000 + i);
        CHECK_EQ(rdmsr(msrs[i]), 0x12345678000 + i);
    }
    for (unsigned int i = 0; i < 3; i++) {
        CHECK_EQ(rdmsr(msrs[i]), 0x12345678000 + i);
        regs = insn_regs();
        regs.rcx = msrs[i];
        regs.rdx = 0x00008000;
        CHECK_GP(t_wrmsr);
        CHECK_EQ(rdmsr(msrs[i]), 0x12345678000 + i);
        wrmsr(msrs[i], 0);
    }
}

static void msr_fixed(void)
{
    CHECK_EQ(rdmsr(0x277), 0x050100070406UL);
    CHECK_EQ(rdmsr(0xc0000080) & 0xd01, 0xd01);
    CHECK_EQ(rdmsr(0x1b) & 0xfffff900, 0xfee00900);
}

/* Machine checks that never come, performance that is not measured. */
static void msr_zero(void)
{
    static const uint32_t zero[] = { 0x0, 0x1, 0xce, 0x140, 0x17b,
                                     0x280, 0x29f, 0x345, 0x408, 0x47f };

    for (unsigned int i = 0; i < sizeof(zero) / sizeof(zero[0]); i++) {
        regs = insn_regs();
        regs.rcx = zero[i];
        regs.rax = regs.rdx = 0x1111;
        if (!RUN(t_rdmsr))
            FAIL("MSR 0x%x cannot be read", zero[i]);
        CHECK_ROW("MSR", regs.rax | regs.rdx, 0);
    }
    regs = insn_regs();
    regs.rcx = 0x140;
    regs.rax = 1;
    CHECK_GP(t_wrmsr);
}

static const uint32_t refused_msrs[] = {
    0x34, 0x174, 0x40000000 - 1, 0x480, 0x570, 0x6e0, 0xc0000081, 0xc0000082,
    0xc0000083, 0xc0000084, 0xc0010117, 0xffffffff,
};

static void msr_read_refused(void)
{
    for (unsigned int i = 0; i < sizeof(refused_msrs) / sizeof(refused_msrs[0]); i++) {
        regs = insn_regs();
        regs.rcx = refused_msrs[i];
        regs.rax = 0x1111, regs.rdx = 0x2222;
        if (RUN(t_rdmsr))
            FAIL("MSR 0x%x reads as 0x%lx:0x%lx", refused_msrs[i], regs.rdx, regs.rax);
        CHECK_EQ(seen()->vector, TRAP_GP);
        CHECK_EQ(regs.rax, 0x1111);
        CHECK_EQ(regs.rdx, 0x2222);
    }
}

static void msr_write_refused(void)
{
    for (unsigned int i = 0; i < sizeof(refused_msrs) / sizeof(refused_msrs[0]); i++) {
        regs = insn_regs();
        regs.rcx = refused_msrs[i];
        if (RUN(t_wrmsr))
            FAIL("MSR 0x%x can be written", refused_msrs[i]);
        CHECK_EQ(seen()->vector, TRAP_GP);
    }
}

static void wbinvd(void)
{
    regs = insn_regs();
    CHECK(RUN(t_wbinvd));
}

static void tsc_counts(void)
{
    uint64_t first = rdtsc();

    CHECK(rdtsc() > first);
}

/* Native IRETQ between two places of the same level. */
static void native_iretq(void)
{
    regs = insn_regs();
    CHECK(RUN(t_iretq));
}

static void cpuid_signature(void)
{
    uint32_t r[4];

    cpuid_forced(0x40000000, 0, r);
    CHECK(r[0] >= 0x40000004);
    CHECK_EQ(r[1], 0x566e6558);
    CHECK_EQ(r[2], 0x65584d4d);
    CHECK_EQ(r[3], 0x4d4d566e);
    cpuid_forced(0x40000001, 0, r);
    CHECK_EQ(r[0], 4 << 16 | 17);
    cpuid_forced(0x40000002, 0, r);
    CHECK_EQ(r[0], 1);
    cpuid_forced(0x40000100, 0, r);
    CHECK(r[1] != 0x566e6558);
}

/* What a PV kernel must never see, and what it relies on. */
static void cpuid_features(void)
{
    uint32_t r[4];

    cpuid_forced(1, 0, r);
    CHECK_EQ(r[3] & (1 << 3 | 1 << 13 | 1 << 17 | 1 << 1), 0);   /* PSE PGE PSE36 VME */
    CHECK_EQ(r[2] & (1 << 17 | 1 << 21 | 1 << 5), 0);            /* PCID X2APIC VMX */
    CHECK(r[2] & 1u << 31);                                      /* HYPERVISOR */
    CHECK_EQ(r[3] & (1 << 6 | 1 << 8 | 1 << 15), 1 << 6 | 1 << 8 | 1 << 15);
    cpuid_forced(7, 0, r);
    CHECK_EQ(r[1] & (1 << 7 | 1 << 20 | 1 << 10), 0);            /* SMEP SMAP INVPCID */
    CHECK_EQ(r[2] & (1 << 2 | 1 << 3 | 1 << 16), 0);             /* UMIP PKU LA57 */
    cpuid_forced(0x80000001, 0, r);
    CHECK_EQ(r[3] & 1 << 26, 0);                                 /* 1 GiB pages */
    CHECK_EQ(r[2] & 1 << 2, 0);                                  /* SVM */
    CHECK(r[3] & 1 << 20 && r[3] & 1 << 29);                     /* NX, long mode */
}

static void cpuid_forced_registers(void)
{
    regs = insn_regs();
    regs.rax = 0xaaaaaaaa40000000UL;
    regs.rbx = regs.rcx = regs.rdx = ~0UL;
    CHECK(RUN(t_cpuid_forced));
    CHECK_EQ(regs.rax >> 32 | regs.rbx >> 32 | regs.rcx >> 32 | regs.rdx >> 32, 0);
}

/* The prefix before any other instruction is the undefined instruction that it starts with. */
static void forced_prefix_alone(void)
{
    regs = insn_regs();
    CHECK_UD(t_forced_other);
}

static void cpuid_native(void)
{
    regs = insn_regs();
    CHECK(RUN(t_cpuid));
}

static void set_cr4(unsigned long set, unsigned long clear)
{
    regs = insn_regs();
    CHECK(RUN(t_read_cr4));
    regs.rax = (regs.rax | set) & ~clear;
    CHECK(RUN(t_write_cr4));
    regs = insn_regs();
}

#define CR4_OSXSAVE (1UL << 18)

static void xsetbv(void)
{
    unsigned long value;
    uint32_t r[4];

    cpuid_forced(1, 0, r);
    if (!(r[2] & 1 << 26))
        test_skip("no XSAVE");
    set_cr4(0, CR4_OSXSAVE);
    regs.rax = 3;
    CHECK_UD(t_xsetbv);
    set_cr4(CR4_OSXSAVE, 0);
    CHECK(RUN(t_xgetbv));
    value = regs.rax;
    CHECK(value & 1);
    regs.rax = 3, regs.rdx = 0, regs.rcx = 0;
    CHECK(RUN(t_xsetbv));
    regs.rcx = 0;
    CHECK(RUN(t_xgetbv));
    CHECK_EQ(regs.rax, 3);
    regs.rax = 2;
    CHECK_GP(t_xsetbv);
    regs.rax = 0;
    CHECK_GP(t_xsetbv);
    regs.rax = 5;
    CHECK_GP(t_xsetbv);
    regs.rax = 3, regs.rdx = 0x80000000;
    CHECK_GP(t_xsetbv);
    regs.rax = 3, regs.rdx = 0, regs.rcx = 1;
    CHECK_GP(t_xsetbv);
    regs.rax = value, regs.rdx = 0, regs.rcx = 0;
    CHECK(RUN(t_xsetbv));
}

USER_TEXT(t_step_emulated, "pushfq; orl $0x100, (%rsp); popfq; movq %cr0, %rax; nop");

/* A single step over an emulated instruction ends behind it, like any other. */
static void single_step_emulated(void)
{
    regs = insn_regs();
    CHECK(!RUN(t_step_emulated));
    CHECK_EQ(seen()->vector, TRAP_DB);
    CHECK_EQ(seen()->frame.rip, insn_address() + 12);
    CHECK_EQ(regs.rax, 0x80050033);
    hc_set_debugreg(6, 0);
}

static void mov_dr(void)
{
    regs = insn_regs();
    regs.rax = 0x1234567;
    CHECK(RUN(t_write_dr0));
    regs.rax = 0;
    CHECK(RUN(t_read_dr0));
    CHECK_EQ(regs.rax, 0x1234567);
    CHECK_EQ(hc_get_debugreg(0), 0x1234567);
    CHECK_EQ(hc_set_debugreg(0, 0), 0);
}

/*
 * What UMIP would forbid works as on a processor without it; only what is certain there is looked
 * at: ten bytes of a table's place, in the upper half, and CR0.PE.
 */
static void table_registers(void)
{
    uint8_t bytes[40] __attribute__((aligned(8)));
    uint64_t base;

    memset(bytes, 0xa5, sizeof(bytes));
    regs = insn_regs();
    regs.rdx = (unsigned long)bytes;
    regs.rcx = 4;
    CHECK(RUN(t_sgdt));
    memcpy(&base, bytes + 20, 8);
    CHECK(base >> 47 == 0x1ffff);
    CHECK(bytes[17] == 0xa5 && bytes[28] == 0xa5);
    CHECK(RUN(t_sidt));
    memcpy(&base, bytes + 2, 8);
    CHECK(base >> 47 == 0x1ffff);
    CHECK_EQ(bytes[10], 0xa5);
    CHECK(RUN(t_sldt));
    CHECK_EQ(bytes[2], (uint8_t)base);
    regs.rax = ~0UL;
    CHECK(RUN(t_str));
    CHECK(regs.rax < 0x10000);
    regs.rax = 0x123456789abc0000;
    CHECK(RUN(t_smsw));
    CHECK_EQ(regs.rax >> 16, 0x123456789abc);
    CHECK_EQ(regs.rax & 1, 1);
}

static void table_registers_fault(void)
{
    regs = insn_regs();
    regs.rdx = 0x6000000000;
    CHECK(!RUN(t_sidt));
    CHECK_EQ(seen()->vector, TRAP_PF);
    CHECK_EQ(seen()->cr2, 0x6000000000);
    CHECK_EQ(seen()->frame.error_code, 2);
    CHECK_EQ(seen()->frame.rip, insn_address());
    regs.rdx = 0x8000000000000000;
    CHECK(!RUN(t_sidt));
    CHECK_EQ(seen()->vector, TRAP_GP);
}

static void undefined(void)
{
    regs = insn_regs();
    CHECK_UD(t_vmcall);
    CHECK_UD(t_monitor);
}

static const struct test tests[] = {
    { "refused_always", refused_always },
    { "cli_sti", cli_sti },
    { "popf", popf },
    { "ports_need_iopl", ports_need_iopl },
    { "ports", ports },
    { "pci_config", pci_config },
    { "hypervisor_serial_hidden", hypervisor_serial_hidden },
    { "string_ports", string_ports },
    { "string_ports_fault", string_ports_fault },
    { "cr0", cr0 },
    { "cr0_ts_faults", cr0_ts_faults },
    { "cr2", cr2 },
    { "cr3", cr3 },
    { "cr4", cr4 },
    { "cr4_tsd_stops_user", cr4_tsd_stops_user },
    { "msr_bases", msr_bases },
    { "msr_fixed", msr_fixed },
    { "msr_zero", msr_zero },
    { "msr_read_refused", msr_read_refused },
    { "msr_write_refused", msr_write_refused },
    { "wbinvd", wbinvd },
    { "tsc_counts", tsc_counts },
    { "native_iretq", native_iretq },
    { "cpuid_signature", cpuid_signature },
    { "cpuid_features", cpuid_features },
    { "cpuid_forced_registers", cpuid_forced_registers },
    { "forced_prefix_alone", forced_prefix_alone },
    { "cpuid_native", cpuid_native },
    { "xsetbv", xsetbv },
    { "single_step_emulated", single_step_emulated },
    { "mov_dr", mov_dr },
    { "table_registers", table_registers },
    { "table_registers_fault", table_registers_fault },
    { "undefined", undefined },
};

TEST_MAIN(tests)
