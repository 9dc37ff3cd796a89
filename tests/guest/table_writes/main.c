/* SPDX-License-Identifier: MIT */
/* Page tables written by faulting instructions, as stock Linux does it, and vm_assist. */
#include "insn.h"
#include "test.h"

#define WINDOW 0x8000000000UL

static uint64_t *page, *entry;
static struct trap_frame regs;

static struct trap_seen *seen(void)
{
    return &this_cpu()->seen;
}

static void init(void)
{
    if (!page) {
        page = page_alloc();
        CHECK_EQ(page_map(root_table(), WINDOW, pte_make(mfn_of(page), PTE_RO_PAGE)), 0);
        entry = entry_find(root_table(), WINDOW, 1);
    }
    CHECK_EQ(hc_vm_assist(VMASST_CMD_enable, VMASST_TYPE_writable_pagetables), 0);
    CHECK_EQ(entry_set(entry, 0), 0);
    CHECK_EQ(entry_set(entry + 1, 0), 0);
    mmuext(MMUEXT_TLB_FLUSH_LOCAL, 0, 0);
    regs = insn_regs();
    regs.rdi = (unsigned long)entry;
}

static uint64_t user_pte(uint64_t flags)
{
    return pte_make(mfn_of(page), flags | PTE_US);
}

/* As the guest reads an entry for a user page of ours. */
static uint64_t stored(uint64_t flags)
{
    return user_pte(flags) | PTE_G;
}

USER_TEXT(t_mov, "movq %rax, (%rdi)");
USER_TEXT(t_mov_rdx, "movq %rdx, (%rdi)");
USER_TEXT(t_mov32, "movl %eax, (%rdi)");
USER_TEXT(t_mov8, "movb %al, (%rdi)");
USER_TEXT(t_mov_imm, "movq $0, (%rdi)");
USER_TEXT(t_xchg, "xchgq %rax, (%rdi)");
USER_TEXT(t_cmpxchg, "lock cmpxchgq %rdx, (%rdi)");
USER_TEXT(t_and8, "lock andb $0xfd, (%rdi)");
USER_TEXT(t_or, "orq %rax, (%rdi)");
USER_TEXT(t_btr, "lock btrq $1, (%rdi)");
USER_TEXT(t_bts, "lock btsq $1, (%rdi)");
USER_TEXT(t_sib, "movq %rax, (%rbx,%rcx,8)");
USER_TEXT(t_stos, "rep stosq");

static void mov(void)
{
    init();
    regs.rax = user_pte(PTE_RW_PAGE);
    CHECK(INSN_RUN(&regs, t_mov));
    CHECK_EQ(*entry, stored(PTE_RW_PAGE));
    *(volatile uint64_t *)WINDOW = 0x77;
    CHECK_EQ(page[0], 0x77);
    CHECK(INSN_RUN(&regs, t_mov_imm));
    CHECK_EQ(*entry, 0);
}

static void addressing(void)
{
    init();
    regs.rax = user_pte(PTE_RO_PAGE);
    regs.rbx = (unsigned long)entry - 8 * 5;
    regs.rcx = 5;
    CHECK(INSN_RUN(&regs, t_sib));
    CHECK_EQ(*entry, stored(PTE_RO_PAGE));
}

static void xchg(void)
{
    init();
    CHECK_EQ(entry_set(entry, user_pte(PTE_RW_PAGE)), 0);
    regs.rax = 0;
    CHECK(INSN_RUN(&regs, t_xchg));
    CHECK_EQ(regs.rax, stored(PTE_RW_PAGE));
    CHECK_EQ(*entry, 0);
}

static void cmpxchg(void)
{
    init();
    CHECK_EQ(entry_set(entry, user_pte(PTE_RW_PAGE)), 0);
    regs.rax = stored(PTE_RW_PAGE);
    regs.rdx = user_pte(PTE_RO_PAGE);
    CHECK(INSN_RUN(&regs, t_cmpxchg));
    CHECK(regs.rflags & 1 << 6);
    CHECK_EQ(*entry, stored(PTE_RO_PAGE));
    regs.rax = 0x1234;
    CHECK(INSN_RUN(&regs, t_cmpxchg));
    CHECK(!(regs.rflags & 1 << 6));
    CHECK_EQ(regs.rax, stored(PTE_RO_PAGE));
    CHECK_EQ(*entry, stored(PTE_RO_PAGE));
}

static void bit_operations(void)
{
    init();
    CHECK_EQ(entry_set(entry, user_pte(PTE_RW_PAGE)), 0);
    CHECK(INSN_RUN(&regs, t_and8));
    CHECK_EQ(*entry, stored(PTE_RW_PAGE & ~PTE_RW));
    CHECK(INSN_RUN(&regs, t_bts));
    CHECK_EQ(*entry, stored(PTE_RW_PAGE));
    CHECK(!(regs.rflags & EFLAGS_CF));
    CHECK(INSN_RUN(&regs, t_btr));
    CHECK_EQ(*entry, stored(PTE_RW_PAGE & ~PTE_RW));
    CHECK(regs.rflags & EFLAGS_CF);
    regs.rax = PTE_RW;
    CHECK(INSN_RUN(&regs, t_or));
    CHECK_EQ(*entry, stored(PTE_RW_PAGE));
}

/* A part of an entry, taken with the rest that is there. */
static void partial(void)
{
    init();
    CHECK_EQ(entry_set(entry, user_pte(PTE_RW_PAGE)), 0);
    regs.rax = (uint32_t)user_pte(PTE_RO_PAGE);
    CHECK(INSN_RUN(&regs, t_mov32));
    CHECK_EQ(*entry, stored(PTE_RO_PAGE));
    regs.rax = PTE_P | PTE_RW | PTE_US;
    CHECK(INSN_RUN(&regs, t_mov8));
    CHECK_EQ(*entry & ~(PTE_A | PTE_D), stored(PTE_RW_PAGE) & ~(PTE_A | PTE_D));
}

static void check_bounced(unsigned long cr2)
{
    CHECK_EQ(seen()->vector, TRAP_PF);
    CHECK_EQ(seen()->frame.error_code, PF_P | PF_W);
    CHECK_EQ(seen()->cr2, cr2);
    CHECK_EQ(seen()->frame.rip, insn_address());
}

/* A value that the entry must not have bounces the fault; the entry stays. */
static void bad_value(void)
{
    static const uint64_t frames[] = { NO_SUCH_MFN, 0xfee00 };

    init();
    CHECK_EQ(entry_set(entry, user_pte(PTE_RO_PAGE)), 0);
    regs.rax = pte_make(mfn_of(root_table()), PTE_RW_PAGE);
    CHECK(!INSN_RUN(&regs, t_mov));
    check_bounced((unsigned long)entry);
    CHECK_EQ(*entry, stored(PTE_RO_PAGE));
    for (int i = 0; i < 2; i++) {
        regs.rax = pte_make(frames[i], PTE_RW_PAGE);
        CHECK(!INSN_RUN(&regs, t_mov));
        check_bounced((unsigned long)entry);
        CHECK_EQ(*entry, stored(PTE_RO_PAGE));
    }
}

static void unaligned(void)
{
    init();
    regs.rdi += 4;
    CHECK(!INSN_RUN(&regs, t_mov));
    check_bounced((unsigned long)entry + 4);
    regs.rdi -= 3;
    CHECK(!INSN_RUN(&regs, t_mov32));
    check_bounced((unsigned long)entry + 1);
    CHECK_EQ(*entry, 0);
    CHECK_EQ(entry[1], 0);
}

/* Only level 1 is emulated. */
static void upper_levels(void)
{
    init();
    for (unsigned int level = 2; level <= 4; level++) {
        uint64_t *upper = entry_find(root_table(), WINDOW, level), old = *upper;

        regs = insn_regs();
        regs.rdi = (unsigned long)upper;
        regs.rax = old;
        CHECK(!INSN_RUN(&regs, t_mov));
        check_bounced((unsigned long)upper);
        CHECK_EQ(*upper, old);
    }
}

/* Read-only memory that is no table: the guest's own fault. */
static void not_a_table(void)
{
    uint64_t *other = page_alloc();

    init();
    CHECK_EQ(page_protect(other, PTE_RO_PAGE), 0);
    regs.rdi = (unsigned long)other;
    CHECK(!INSN_RUN(&regs, t_mov));
    check_bounced((unsigned long)other);
    CHECK_EQ(other[0], 0);
    CHECK_EQ(page_protect(other, PTE_RW_PAGE), 0);
    page_free(other);
}

static void repeated_store(void)
{
    init();
    CHECK_EQ(entry_set(entry, user_pte(PTE_RO_PAGE)), 0);
    CHECK_EQ(entry_set(entry + 1, user_pte(PTE_RO_PAGE)), 0);
    regs.rax = 0;
    regs.rcx = 2;
    CHECK(INSN_RUN(&regs, t_stos));
    CHECK_EQ(regs.rcx, 0);
    CHECK_EQ(regs.rdi, (unsigned long)(entry + 2));
    CHECK_EQ(entry[0] | entry[1], 0);
}

static void pinned_alone(void)
{
    uint64_t *l1 = page_alloc();

    init();
    CHECK_EQ(page_protect(l1, PTE_RO_PAGE), 0);
    CHECK_EQ(mmuext(MMUEXT_PIN_L1_TABLE, mfn_of(l1), 0), 0);
    regs.rdi = (unsigned long)l1;
    regs.rdx = user_pte(PTE_RW_PAGE);
    CHECK(INSN_RUN(&regs, t_mov_rdx));
    CHECK_EQ(l1[0], stored(PTE_RW_PAGE));
    CHECK_EQ(mmuext(MMUEXT_UNPIN_TABLE, mfn_of(l1), 0), 0);
    CHECK(!INSN_RUN(&regs, t_mov_rdx));
    check_bounced((unsigned long)l1);
    CHECK_EQ(page_protect(l1, PTE_RW_PAGE), 0);
    page_free(l1);
}

USER_TEXT(t_user_write, "movq %rax, (%rdi); ud2");

/* From user mode a table is just a read-only page. */
static void from_user(void)
{
    struct user_context u = user_context_new();
    uint64_t *table;

    init();
    user_init();
    table = (uint64_t *)((unsigned long)entry & -PAGE_SIZE);
    CHECK_EQ(hc_update_va_mapping(USER_DATA, pte_make(mfn_of(table), PTE_RO_PAGE | PTE_US),
                                  UVMF_INVLPG), 0);
    u.frame.rdi = USER_DATA + 8;
    USER_RUN(&u, t_user_write);
    CHECK_EQ(hc_update_va_mapping(USER_DATA, pte_make(mfn_of(user_data_page), PTE_RW_PAGE | PTE_US),
                                  UVMF_INVLPG), 0);
    CHECK_EQ(u.vector, TRAP_PF);
    CHECK_EQ(u.frame.error_code, PF_P | PF_W | PF_U);
    CHECK_EQ(u.cr2, USER_DATA + 8);
}

static void assist_types(void)
{
    static const struct {
        unsigned int type;
        long rc;
    } rows[] = {
        { VMASST_TYPE_4gb_segments, 0 }, { VMASST_TYPE_4gb_segments_notify, 0 },
        { VMASST_TYPE_writable_pagetables, 0 }, { VMASST_TYPE_pae_extended_cr3, 0 },
        { VMASST_TYPE_architectural_iopl, 0 }, { VMASST_TYPE_runstate_update_flag, 0 },
        { 6, -EINVAL }, { 31, -EINVAL }, { VMASST_TYPE_m2p_strict, 0 }, { 33, -EINVAL },
        { 63, -EINVAL }, { 64, -EINVAL }, { ~0u, -EINVAL },
    };

    for (unsigned int i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        for (int cmd = VMASST_CMD_enable; cmd <= VMASST_CMD_disable; cmd++)
            if (hc_vm_assist(cmd, rows[i].type) != rows[i].rc)
                FAIL("cmd %d type %u: %ld", cmd, rows[i].type, hc_vm_assist(cmd, rows[i].type));
    CHECK_EQ(hc_vm_assist(2, VMASST_TYPE_writable_pagetables), -ENOSYS);
    CHECK_EQ(hc_vm_assist(~0u, VMASST_TYPE_writable_pagetables), -ENOSYS);
}

static const struct test tests[] = {
    { "mov", mov },
    { "addressing", addressing },
    { "xchg", xchg },
    { "cmpxchg", cmpxchg },
    { "bit_operations", bit_operations },
    { "partial", partial },
    { "bad_value", bad_value },
    { "unaligned", unaligned },
    { "upper_levels", upper_levels },
    { "not_a_table", not_a_table },
    { "repeated_store", repeated_store },
    { "pinned_alone", pinned_alone },
    { "from_user", from_user },
    { "assist_types", assist_types },
};

TEST_MAIN(tests)
