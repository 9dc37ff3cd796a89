/* SPDX-License-Identifier: MIT */
/* Page tables and reservations. Entries alternate between two frames: each edit is a full one. */
#include <xen/memory.h>

#include <sdk/cpu.h>
#include <sdk/hypercall.h>
#include <sdk/mm.h>

#include "bench.h"

#define WINDOW 0xa000000000UL
#define PAGES 512

static uint64_t *entries;   /* the level-1 table of WINDOW */
static uint64_t pte[2];
static mmu_update_t updates[2][PAGES];

static void window_setup(void)
{
    if (entries)
        return;
    for (int i = 0; i < 2; i++)
        pte[i] = pte_make(mfn_of(page_alloc()), PTE_RW_PAGE);
    if (page_map(root_table(), WINDOW, pte[0]))
        bench_fail("window", 0);
    entries = (uint64_t *)((unsigned long)entry_find(root_table(), WINDOW, 1) & -PAGE_SIZE);
    for (int i = 0; i < PAGES; i++)
        for (int k = 0; k < 2; k++) {
            updates[k][i].ptr = maddr_of(&entries[i]);
            updates[k][i].val = pte[k];
        }
    hc_vm_assist(VMASST_CMD_enable, VMASST_TYPE_writable_pagetables);
}

static bool is_frame(unsigned int i, int which)
{
    return (entries[i] & PTE_FRAME) == (pte[which] & PTE_FRAME);
}

static bool va_mapping(unsigned int count)
{
    bool good = true;

    for (unsigned int i = 0; i < count; i++)
        good &= !hc_update_va_mapping(WINDOW, pte[i & 1], UVMF_NONE);
    return good && is_frame(0, (count - 1) & 1);
}

static bool va_mapping_invlpg(unsigned int count)
{
    bool good = true;

    for (unsigned int i = 0; i < count; i++)
        good &= !hc_update_va_mapping(WINDOW, pte[i & 1], UVMF_INVLPG);
    return good && is_frame(0, (count - 1) & 1);
}

static bool update_entries(unsigned int count, unsigned int batch)
{
    bool good = true;

    for (unsigned int i = 0; i < count; i++)
        good &= !hc_mmu_update(updates[i & 1], batch, NULL, DOMID_SELF);
    return good && is_frame(batch - 1, (count - 1) & 1);
}

static bool update_1(unsigned int count)
{
    return update_entries(count, 1);
}

static bool update_32(unsigned int count)
{
    return update_entries(count, 32);
}

static bool update_512(unsigned int count)
{
    return update_entries(count, PAGES);
}

static bool table_write(unsigned int count)
{
    volatile uint64_t *entry = &entries[0];

    for (unsigned int i = 0; i < count; i++)
        *entry = pte[i & 1];
    return is_frame(0, (count - 1) & 1);
}

static uint64_t *l1;

static void pin_setup(void)
{
    if (l1)
        return;
    l1 = page_alloc();
    for (int i = 0; i < PAGES; i++)
        l1[i] = pte[0];
    if (page_protect(l1, PTE_RO_PAGE))
        bench_fail("protect", 0);
}

static bool pin(unsigned int count)
{
    unsigned long mfn = mfn_of(l1);
    bool good = true;

    for (unsigned int i = 0; i < count; i++) {
        bench_start();
        good &= !mmuext(MMUEXT_PIN_L1_TABLE, mfn, 0);
        bench_stop();
        good &= !mmuext(MMUEXT_UNPIN_TABLE, mfn, 0);
    }
    return good;
}

static bool unpin(unsigned int count)
{
    unsigned long mfn = mfn_of(l1);
    bool good = true;

    for (unsigned int i = 0; i < count; i++) {
        good &= !mmuext(MMUEXT_PIN_L1_TABLE, mfn, 0);
        bench_start();
        good &= !mmuext(MMUEXT_UNPIN_TABLE, mfn, 0);
        bench_stop();
    }
    return good;
}

static uint64_t *roots[2], *user_roots[2];

static uint64_t *root_new(void)
{
    uint64_t *root = page_alloc();

    root[511] = root_table()[511];
    if (page_protect(root, PTE_RO_PAGE) || mmuext(MMUEXT_PIN_L4_TABLE, mfn_of(root), 0))
        bench_fail("root", 0);
    return root;
}

static void roots_setup(void)
{
    if (roots[0])
        return;
    for (int i = 0; i < 2; i++) {
        roots[i] = root_new();
        user_roots[i] = root_new();
    }
}

static bool roots_restore(void)
{
    return !mmuext(MMUEXT_NEW_BASEPTR, mfn_of(root_table()), 0) &&
           !mmuext(MMUEXT_NEW_USER_BASEPTR, 0, 0);
}

static bool new_baseptr(unsigned int count)
{
    unsigned long mfns[2] = { mfn_of(roots[0]), mfn_of(roots[1]) };
    bool good = true;

    for (unsigned int i = 0; i < count; i++)
        good &= !mmuext(MMUEXT_NEW_BASEPTR, mfns[i & 1], 0);
    return roots_restore() && good;
}

/* What a guest kernel with FSGSBASE does to go from one process to another. */
static bool task_switch(unsigned int count)
{
    unsigned long sp = (unsigned long)this_cpu() + 8192;
    uint64_t base = 0x1000;
    struct mmuext_op ops[2][2];
    bool good = !hc_set_segment_base(SEGBASE_GS_USER, base);

    for (int i = 0; i < 2; i++) {
        ops[i][0].cmd = MMUEXT_NEW_BASEPTR;
        ops[i][0].arg1.mfn = mfn_of(roots[i]);
        ops[i][1].cmd = MMUEXT_NEW_USER_BASEPTR;
        ops[i][1].arg1.mfn = mfn_of(user_roots[i]);
    }
    for (unsigned int i = 0; i < count; i++) {
        good &= !hc_mmuext_op(ops[i & 1], 2, NULL, DOMID_SELF);
        good &= !hc_stack_switch(FLAT_KERNEL_SS, sp);
        good &= rdmsr(0xc0000102) == base;
        base = 0x1000 + i;
        good &= !hc_set_segment_base(SEGBASE_FS, base);
        good &= !hc_set_segment_base(SEGBASE_GS_USER, base);
    }
    return roots_restore() && good;
}

static xen_pfn_t extents[PAGES], pfns[PAGES];

static void reservation_setup(void)
{
    for (int i = 0; i < PAGES && !pfns[PAGES - 1]; i++)
        pfns[i] = pfn_alloc();
}

static bool reserve(unsigned int cmd, unsigned int measured)
{
    struct xen_memory_reservation res = { .nr_extents = PAGES, .domid = DOMID_SELF };
    long rc;

    set_xen_guest_handle(res.extent_start, extents);
    if (cmd == measured)
        bench_start();
    rc = hc_memory_op(cmd, &res);
    if (cmd == measured)
        bench_stop();
    return rc == PAGES;
}

/* Give the pages back and get others; one of the two is measured. */
static bool reserve_both(unsigned int count, unsigned int measured)
{
    bool good = true;

    for (unsigned int i = 0; i < count; i++) {
        for (int k = 0; k < PAGES; k++)
            extents[k] = p2m()[pfns[k]];
        good &= reserve(XENMEM_decrease_reservation, measured);
        for (int k = 0; k < PAGES; k++)
            extents[k] = pfns[k];
        good &= reserve(XENMEM_populate_physmap, measured);
        for (int k = 0; k < PAGES; k++) {
            p2m()[pfns[k]] = extents[k];
            good &= M2P[extents[k]] == pfns[k];
        }
    }
    return good;
}

static bool populate(unsigned int count)
{
    return reserve_both(count, XENMEM_populate_physmap);
}

static bool decrease(unsigned int count)
{
    return reserve_both(count, XENMEM_decrease_reservation);
}

const struct bench bench_memory[] = {
    { "update_va_mapping", window_setup, va_mapping, 200, 1, false },
    { "update_va_mapping with INVLPG", window_setup, va_mapping_invlpg, 200, 1, false },
    { "mmu_update, 1 entry", window_setup, update_1, 200, 1, false },
    { "mmu_update of 32, per entry", window_setup, update_32, 20, 32, false },
    { "mmu_update of 512, per entry", window_setup, update_512, 4, PAGES, false },
    { "emulated page-table write", window_setup, table_write, 200, 1, false },
    { "pin a level-1 table, per entry", pin_setup, pin, 4, PAGES, true },
    { "unpin a level-1 table, per entry", pin_setup, unpin, 4, PAGES, true },
    { "new_baseptr", roots_setup, new_baseptr, 200, 1, false },
    { "task switch of a guest kernel", roots_setup, task_switch, 200, 1, false },
    { "populate 512 pages, per page", reservation_setup, populate, 2, PAGES, true },
    { "decrease 512 pages, per page", reservation_setup, decrease, 2, PAGES, true },
    { 0 },
};
