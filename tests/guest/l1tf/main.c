/* SPDX-License-Identifier: MIT */
/*
 * pv-l1tf: a domain that writes a page-table entry which is not present and names RAM is ended,
 * whichever way it writes; what kernels that know of the fault write is left alone, and so is the
 * initial domain. Xen does the same in a build without shadow page tables.
 */
//! module=self
//! cpu=Skylake-Client,-smap
//! xen=pv-l1tf=domu
//! timeout=90
#include "domu.h"
#include "insn.h"
#include "test.h"

#define PAGES 2048
#define WINDOW 0x8000000000UL
#define ABSENT_RAM 0x1000062UL /* 16 MiB, dirty, accessed, writable, not present */
#define INVERTED (~ABSENT_RAM & PTE_FRAME)

/* An L1 table of ours with one mapping; entry 1 is free. */
static uint64_t *table_entry(unsigned int level)
{
    void *page = page_alloc();

    CHECK_EQ(page_map(root_table(), WINDOW, pte_make(mfn_of(page), PTE_RO_PAGE)), 0);
    return entry_find(root_table(), WINDOW, level) + 1;
}

static void harmless(void)
{
    uint64_t *entry = table_entry(1);

    CHECK_EQ(entry_set(entry, INVERTED), 0);
    CHECK_EQ(*entry, INVERTED);
    CHECK_EQ(entry_set(entry, 0x62), 0);
    CHECK_EQ(entry_set(entry, 0), 0);
    CHECK_EQ(hc_update_va_mapping(WINDOW + PAGE_SIZE, INVERTED | 0x40, 0), 0);
    CHECK_EQ(entry_set(table_entry(2), INVERTED), 0);
    guest_shutdown(SHUTDOWN_poweroff);
}

static void by_mmu_update(void)
{
    entry_set(table_entry(1), ABSENT_RAM);
}

static void by_va_mapping(void)
{
    (void)table_entry(1);
    hc_update_va_mapping(WINDOW + PAGE_SIZE, ABSENT_RAM, 0);
}

static void in_upper_table(void)
{
    entry_set(table_entry(2), ABSENT_RAM);
}

static void in_top_table(void)
{
    entry_set(root_table() + 2, ABSENT_RAM);
}

/* Bits above those that the processor has do not tell addresses apart. */
static void beyond_physical_bits(void)
{
    entry_set(table_entry(1), ABSENT_RAM | 1UL << 51);
}

USER_TEXT(t_mov, "movq %rax, (%rdi)");

static void by_store(void)
{
    struct trap_frame regs;

    hc_vm_assist(VMASST_CMD_enable, VMASST_TYPE_writable_pagetables);
    regs = insn_regs();
    regs.rdi = (unsigned long)table_entry(1);
    regs.rax = ABSENT_RAM;
    INSN_RUN(&regs, t_mov);
}

static void pin_table(unsigned int command)
{
    uint64_t *table = page_alloc();

    table[5] = ABSENT_RAM;
    CHECK_EQ(page_protect(table, PTE_RO_PAGE), 0);
    mmuext(command, mfn_of(table), 0);
}

static void whole_table(void)
{
    pin_table(MMUEXT_PIN_L1_TABLE);
}

static void whole_upper_table(void)
{
    pin_table(MMUEXT_PIN_L3_TABLE);
}

static const struct deed {
    const char *name;
    void (*run)(void);
    int code;
} deeds[] = {
    { "harmless", harmless, SHUTDOWN_poweroff },
    { "by_mmu_update", by_mmu_update, SHUTDOWN_crash },
    { "by_va_mapping", by_va_mapping, SHUTDOWN_crash },
    { "by_store", by_store, SHUTDOWN_crash },
    { "in_upper_table", in_upper_table, SHUTDOWN_crash },
    { "in_top_table", in_top_table, SHUTDOWN_crash },
    { "beyond_physical_bits", beyond_physical_bits, SHUTDOWN_crash },
    { "whole_table", whole_table, SHUTDOWN_crash },
    { "whole_upper_table", whole_upper_table, SHUTDOWN_crash },
};
#define DEEDS (sizeof(deeds) / sizeof(deeds[0]))

_Noreturn static void be_domu(void)
{
    for (unsigned int i = 0; i < DEEDS; i++)
        if (!strcmp((const char *)start_info->cmd_line, deeds[i].name))
            deeds[i].run();
    guest_shutdown(99);
}

static void ends(void)
{
    for (unsigned int i = 0; i < DEEDS; i++) {
        struct domu domu;
        int code;

        domu_build(&domu, domu_module(), deeds[i].name, PAGES, 1);
        domu_unpause(&domu);
        code = domu_wait(&domu, 5000);
        domu_destroy(&domu);
        CHECK_ROW(deeds[i].name, code, deeds[i].code);
    }
}

static void initial_domain_may(void)
{
    uint64_t *entry = table_entry(1);

    CHECK_EQ(entry_set(entry, ABSENT_RAM), 0);
    CHECK_EQ(*entry, ABSENT_RAM);
    CHECK_EQ(entry_set(entry, 0), 0);
}

static const struct test tests[] = {
    { "ends", ends },
    { "initial_domain_may", initial_domain_may },
};

int main(void)
{
    if (!is_initial_domain())
        be_domu();
    test_main(tests, sizeof(tests) / sizeof(tests[0]));
}
