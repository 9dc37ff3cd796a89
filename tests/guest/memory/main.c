/* SPDX-License-Identifier: MIT */
/* memory_op as the initial domain: reservations, exchange, maps, and what is refused. */
#include "test.h"

#define WINDOW 0x8000000000UL

static const unsigned long bad_pointers[] = { 0, UNMAPPED_VA, NONCANONICAL_VA, HYPERVISOR_VA };

static long reserve(unsigned int cmd, xen_pfn_t *extents, unsigned long count, unsigned int order,
                    unsigned int dom)
{
    struct xen_memory_reservation res = {
        .nr_extents = count, .extent_order = order, .domid = dom,
    };

    set_xen_guest_handle(res.extent_start, extents);
    return hc_memory_op(cmd, &res);
}

static long current_pages(void)
{
    domid_t self = DOMID_SELF;

    return hc_memory_op(XENMEM_current_reservation, &self);
}

static void totals(void)
{
    domid_t self = DOMID_SELF, zero = 0, absent = 77;

    CHECK_EQ(hc_memory_op(XENMEM_current_reservation, &self), start_info->nr_pages);
    CHECK_EQ(hc_memory_op(XENMEM_current_reservation, &zero), start_info->nr_pages);
    CHECK_EQ(hc_memory_op(XENMEM_maximum_reservation, &self), start_info->nr_pages);
    CHECK_EQ(hc_memory_op(XENMEM_current_reservation, &absent), -ESRCH);
    CHECK_EQ(hc_memory_op(XENMEM_maximum_reservation, &absent), -ESRCH);
    CHECK(hc_memory_op(XENMEM_maximum_ram_page, NULL) >= 0xffdf);
    shared_info->arch.max_pfn = 0x1234;
    CHECK_EQ(hc_memory_op(XENMEM_maximum_gpfn, &self), 0x1233);
    shared_info->arch.max_pfn = 0;
    CHECK_EQ(hc_memory_op(XENMEM_maximum_gpfn, &self), 0);
    CHECK_EQ(hc_memory_op(XENMEM_get_sharing_freed_pages, NULL), 0);
    CHECK_EQ(hc_memory_op(XENMEM_get_sharing_shared_pages, NULL), 0);
    for (int i = 0; i < 4; i++) {
        CHECK_EQ(hc_memory_op(XENMEM_current_reservation, (void *)bad_pointers[i]), -EFAULT);
        CHECK_EQ(hc_memory_op(XENMEM_maximum_reservation, (void *)bad_pointers[i]), -EFAULT);
        CHECK_EQ(hc_memory_op(XENMEM_maximum_gpfn, (void *)bad_pointers[i]), -EFAULT);
    }
}

static void unknown(void)
{
    static const unsigned int cmds[] = { 8, 29, 30, 40, 63 };

    for (int i = 0; i < 5; i++)
        if (hc_memory_op(cmds[i], (void *)UNMAPPED_VA) != -ENOSYS)
            FAIL("command %u: %ld", cmds[i], hc_memory_op(cmds[i], (void *)UNMAPPED_VA));
}

/* A page given back is nobody's; taken again it is ours and has the pfn that we asked for. */
static void give_and_take(void)
{
    unsigned long pfn = pfn_alloc(), mfn = p2m()[pfn];
    long before = current_pages();
    xen_pfn_t extent = mfn;

    CHECK_EQ(reserve(XENMEM_decrease_reservation, &extent, 1, 0, DOMID_SELF), 1);
    CHECK_EQ(current_pages(), before - 1);
    CHECK(M2P[mfn] != pfn);
    extent = pfn;
    CHECK_EQ(reserve(XENMEM_populate_physmap, &extent, 1, 0, DOMID_SELF), 1);
    CHECK_EQ(current_pages(), before);
    CHECK_EQ(M2P[extent], pfn);
    p2m()[pfn] = extent;
}

/* New memory carries nothing of whoever had it before. */
static void scrubbed(void)
{
    unsigned long pfn = pfn_alloc();
    xen_pfn_t extent = p2m()[pfn];
    uint64_t *entry, *seen = (uint64_t *)WINDOW;

    CHECK_EQ(page_map(root_table(), WINDOW, pte_make(extent, PTE_RW_PAGE)), 0);
    entry = entry_find(root_table(), WINDOW, 1);
    memset(seen, 0x5a, PAGE_SIZE);
    CHECK_EQ(hc_update_va_mapping(WINDOW, 0, UVMF_INVLPG), 0);
    CHECK_EQ(reserve(XENMEM_decrease_reservation, &extent, 1, 0, DOMID_SELF), 1);
    CHECK_EQ(entry_set(entry, pte_make(p2m()[pfn], PTE_RW_PAGE)), -EBUSY);
    extent = pfn;
    CHECK_EQ(reserve(XENMEM_populate_physmap, &extent, 1, 0, DOMID_SELF), 1);
    p2m()[pfn] = extent;
    CHECK_EQ(hc_update_va_mapping(WINDOW, pte_make(extent, PTE_RW_PAGE), UVMF_INVLPG), 0);
    for (int i = 0; i < 512; i++)
        if (seen[i] && seen[i] != 0x5a5a5a5a5a5a5a5aUL)
            FAIL("word %d of a new page is %lx", i, seen[i]);
    CHECK_EQ(hc_update_va_mapping(WINDOW, 0, UVMF_INVLPG), 0);
}

/* At its maximum a domain gets no more: the count tells how far it came. */
static void at_maximum(void)
{
    xen_pfn_t extents[4] = { 0x10000, 0x10001, 0x10002, 0x10003 };

    CHECK_EQ(reserve(XENMEM_increase_reservation, extents, 4, 0, DOMID_SELF), 0);
    CHECK_EQ(reserve(XENMEM_populate_physmap, extents, 4, 0, DOMID_SELF), 0);
    CHECK_EQ(extents[0], 0x10000);
    CHECK_EQ(current_pages(), start_info->nr_pages);
}

static void batch(void)
{
    static xen_pfn_t extents[512], pfns[512];
    long before = current_pages();

    for (int i = 0; i < 512; i++) {
        pfns[i] = pfn_alloc();
        extents[i] = p2m()[pfns[i]];
    }
    extents[300] = 0xfffffff;
    CHECK_EQ(reserve(XENMEM_decrease_reservation, extents, 512, 0, DOMID_SELF), 300);
    CHECK_EQ(current_pages(), before - 300);
    CHECK_EQ(reserve(XENMEM_increase_reservation, extents, 100, 0, DOMID_SELF), 100);
    for (int i = 0; i < 100; i++)
        p2m()[pfns[i]] = extents[i];
    memcpy(extents, pfns, sizeof(extents));
    CHECK_EQ(reserve(XENMEM_populate_physmap, extents + 100, 200, 0, DOMID_SELF), 200);
    for (int i = 100; i < 300; i++) {
        CHECK_EQ(M2P[extents[i]], pfns[i]);
        p2m()[pfns[i]] = extents[i];
    }
    CHECK_EQ(current_pages(), before);
    for (int i = 0; i < 100; i++) {
        mmu_update_t req = { .ptr = (p2m()[pfns[i]] << PAGE_SHIFT) | MMU_MACHPHYS_UPDATE,
                             .val = pfns[i] };

        CHECK_EQ(hc_mmu_update(&req, 1, NULL, DOMID_SELF), 0);
    }
}

/* These three answer with a count, whatever was wrong. */
static void reservation_refusals(void)
{
    static const unsigned int cmds[] = {
        XENMEM_increase_reservation, XENMEM_decrease_reservation, XENMEM_populate_physmap,
    };
    xen_pfn_t extent = 0x20000;

    for (int c = 0; c < 3; c++) {
        for (int i = 0; i < 4; i++)
            CHECK_EQ(hc_memory_op(cmds[c], (void *)bad_pointers[i]), 0);
        CHECK_EQ(reserve(cmds[c], &extent, 0, 0, DOMID_SELF), 0);
        CHECK_EQ(reserve(cmds[c], &extent, 1, 0, 77), 0);
        CHECK_EQ(reserve(cmds[c], &extent, 1, 40, DOMID_SELF), 0);
        CHECK_EQ(reserve(cmds[c], (void *)UNMAPPED_VA, 1, 0, DOMID_SELF), 0);
        CHECK_EQ(reserve(cmds[c], (void *)HYPERVISOR_VA, 1, 0, DOMID_SELF), 0);
    }
    extent = 0xfffffff;
    CHECK_EQ(reserve(XENMEM_decrease_reservation, &extent, 1, 0, DOMID_SELF), 0);
    extent = 0xfee00;
    CHECK_EQ(reserve(XENMEM_decrease_reservation, &extent, 1, 0, DOMID_SELF), 0);
    CHECK_EQ(current_pages(), start_info->nr_pages);
}

/* Given back while mapped, it stays away from others until the mapping is gone. */
static void give_back_mapped(void)
{
    unsigned long pfn = pfn_alloc();
    xen_pfn_t extent = p2m()[pfn];
    volatile uint64_t *seen = (uint64_t *)WINDOW;

    CHECK_EQ(page_map(root_table(), WINDOW, pte_make(extent, PTE_RW_PAGE)), 0);
    seen[0] = 0x1111;
    CHECK_EQ(reserve(XENMEM_decrease_reservation, &extent, 1, 0, DOMID_SELF), 1);
    CHECK_EQ(seen[0], 0x1111);
    seen[1] = 0x2222;
    CHECK_EQ(seen[1], 0x2222);
    CHECK_EQ(hc_update_va_mapping(WINDOW, 0, UVMF_INVLPG), 0);
    CHECK_EQ(hc_update_va_mapping(WINDOW, pte_make(extent, PTE_RW_PAGE), UVMF_INVLPG), -EBUSY);
    extent = pfn;
    CHECK_EQ(reserve(XENMEM_populate_physmap, &extent, 1, 0, DOMID_SELF), 1);
    p2m()[pfn] = extent;
}

/* A page that the hypervisor shows us is not ours to give back: whatever it says, it lives on. */
static void give_back_shared(void)
{
    xen_pfn_t extent = start_info->shared_info >> PAGE_SHIFT;
    long before = current_pages();

    for (int i = 0; i < 3; i++)
        reserve(XENMEM_decrease_reservation, &extent, 1, 0, DOMID_SELF);
    CHECK_EQ(current_pages(), before);
    CHECK(hc_sched_op(SCHEDOP_yield, NULL) == 0 && shared_info->wc_sec);
}

#define EXCHANGE_PAGES 16
static xen_pfn_t in_frames[EXCHANGE_PAGES], out_pfns[EXCHANGE_PAGES];

static struct xen_memory_exchange exchange_request(void)
{
    struct xen_memory_exchange exch = {
        .in = { .nr_extents = EXCHANGE_PAGES, .extent_order = 0, .domid = DOMID_SELF },
        .out = { .nr_extents = 1, .extent_order = 4, .domid = DOMID_SELF },
    };

    set_xen_guest_handle(exch.in.extent_start, in_frames);
    set_xen_guest_handle(exch.out.extent_start, out_pfns);
    return exch;
}

/* Scattered pages for one contiguous block, and back. */
static void exchange(void)
{
    struct xen_memory_exchange exch = exchange_request();
    unsigned long pfn = 0;
    long before = current_pages();

    for (int i = 0; i < EXCHANGE_PAGES; i++) {
        pfn = pfn_alloc();
        in_frames[i] = p2m()[pfn];
    }
    out_pfns[0] = pfn;
    CHECK_EQ(hc_memory_op(XENMEM_exchange, &exch), 0);
    CHECK_EQ(exch.nr_exchanged, EXCHANGE_PAGES);
    CHECK_EQ(out_pfns[0] & (EXCHANGE_PAGES - 1), 0);
    for (int i = 0; i < EXCHANGE_PAGES; i++) {
        p2m()[pfn + i] = out_pfns[0] + i;
        CHECK_EQ(M2P[out_pfns[0] + i], pfn + i);
    }
    CHECK_EQ(current_pages(), before);
    exch = exchange_request();
    exch.in.nr_extents = 1, exch.in.extent_order = 4;
    exch.out.nr_extents = EXCHANGE_PAGES, exch.out.extent_order = 0;
    in_frames[0] = out_pfns[0];
    for (int i = 0; i < EXCHANGE_PAGES; i++)
        out_pfns[i] = pfn + i;
    CHECK_EQ(hc_memory_op(XENMEM_exchange, &exch), 0);
    CHECK_EQ(exch.nr_exchanged, 1);
    for (int i = 0; i < EXCHANGE_PAGES; i++) {
        CHECK_EQ(M2P[out_pfns[i]], pfn + i);
        p2m()[pfn + i] = out_pfns[i];
    }
    CHECK_EQ(current_pages(), before);
}

static void exchange_refusals(void)
{
    struct xen_memory_exchange exch;

    for (int i = 0; i < 4; i++)
        CHECK_EQ(hc_memory_op(XENMEM_exchange, (void *)bad_pointers[i]), -EFAULT);
    exch = exchange_request(), exch.nr_exchanged = EXCHANGE_PAGES + 1;
    CHECK_EQ(hc_memory_op(XENMEM_exchange, &exch), -EINVAL);
    exch = exchange_request(), exch.out.nr_extents = 2;
    CHECK_EQ(hc_memory_op(XENMEM_exchange, &exch), -EINVAL);
    exch = exchange_request(), exch.out.domid = 1;
    CHECK_EQ(hc_memory_op(XENMEM_exchange, &exch), -EINVAL);
    exch = exchange_request(), exch.in.domid = exch.out.domid = 77;
    CHECK_EQ(hc_memory_op(XENMEM_exchange, &exch), -ESRCH);
    exch = exchange_request();
    set_xen_guest_handle(exch.in.extent_start, (void *)HYPERVISOR_VA);
    CHECK_EQ(hc_memory_op(XENMEM_exchange, &exch), -EFAULT);
    exch = exchange_request();
    set_xen_guest_handle(exch.out.extent_start, (void *)HYPERVISOR_VA);
    CHECK_EQ(hc_memory_op(XENMEM_exchange, &exch), -EFAULT);
    exch = exchange_request(), exch.out.extent_order = 40;
    CHECK_EQ(hc_memory_op(XENMEM_exchange, &exch), -EPERM);
    exch = exchange_request(), exch.in.extent_order = 4, exch.out.extent_order = 8;
    in_frames[0] = 0xfffffff;
    CHECK_EQ(hc_memory_op(XENMEM_exchange, &exch), -EINVAL);
    CHECK_EQ(exch.nr_exchanged, 0);
    CHECK_EQ(current_pages(), start_info->nr_pages);
}

/* A frame in use as a table is not for exchange. */
static void exchange_table(void)
{
    struct xen_memory_exchange exch = exchange_request();

    exch.in.nr_extents = 1, exch.out.extent_order = 0;
    in_frames[0] = mfn_of(root_table());
    out_pfns[0] = pfn_of(root_table());
    CHECK_EQ(hc_memory_op(XENMEM_exchange, &exch), -EINVAL);
    CHECK_EQ(M2P[mfn_of(root_table())], pfn_of(root_table()));
}

struct e820entry {
    uint64_t addr, size;
    uint32_t type;
} __attribute__((packed));

static void machine_map(void)
{
    static struct e820entry entries[64];
    struct xen_memory_map map = { .nr_entries = 64 };
    uint64_t ram = 0;

    set_xen_guest_handle(map.buffer, entries);
    CHECK_EQ(hc_memory_op(XENMEM_machine_memory_map, &map), 0);
    CHECK(map.nr_entries >= 3 && map.nr_entries < 64);
    for (unsigned int i = 0; i < map.nr_entries; i++) {
        ram += entries[i].type == 1 ? entries[i].size : 0;
        CHECK(i == 0 || entries[i].addr >= entries[i - 1].addr + entries[i - 1].size);
    }
    CHECK(ram > 250UL << 20 && ram <= 256UL << 20);
    map.nr_entries = 0;
    CHECK_EQ(hc_memory_op(XENMEM_machine_memory_map, &map), -EINVAL);
    map.nr_entries = 1;
    CHECK_EQ(hc_memory_op(XENMEM_machine_memory_map, &map), -EINVAL);
    map.nr_entries = 64;
    set_xen_guest_handle(map.buffer, (void *)UNMAPPED_VA);
    CHECK_EQ(hc_memory_op(XENMEM_machine_memory_map, &map), -EFAULT);
    for (int i = 0; i < 4; i++)
        CHECK_EQ(hc_memory_op(XENMEM_machine_memory_map, (void *)bad_pointers[i]), -EFAULT);
}

/* Nobody gave the initial domain a map of its own. */
static void own_map(void)
{
    static struct e820entry entries[64];
    struct xen_memory_map map = { .nr_entries = 64 };

    set_xen_guest_handle(map.buffer, entries);
    CHECK_EQ(hc_memory_op(XENMEM_memory_map, &map), -ENOSYS);
}

static void m2p_list(void)
{
    static xen_pfn_t extents[8];
    struct xen_machphys_mfn_list list = { .max_extents = 8 };

    set_xen_guest_handle(list.extent_start, extents);
    CHECK_EQ(hc_memory_op(XENMEM_machphys_mfn_list, &list), 0);
    CHECK(list.nr_extents >= 1 && list.nr_extents <= 8);
    CHECK_EQ(extents[0] & 511, 0);
    list.max_extents = 0;
    list.nr_extents = 7;
    CHECK_EQ(hc_memory_op(XENMEM_machphys_mfn_list, &list), 0);
    CHECK_EQ(list.nr_extents, 0);
    list.max_extents = 8;
    set_xen_guest_handle(list.extent_start, (void *)UNMAPPED_VA);
    CHECK_EQ(hc_memory_op(XENMEM_machphys_mfn_list, &list), -EFAULT);
    for (int i = 0; i < 4; i++) {
        CHECK_EQ(hc_memory_op(XENMEM_machphys_mfn_list, (void *)bad_pointers[i]), -EFAULT);
        CHECK_EQ(hc_memory_op(XENMEM_machphys_mapping, (void *)bad_pointers[i]), -EFAULT);
    }
}

static void not_for_pv(void)
{
    struct xen_add_to_physmap add = { .domid = DOMID_SELF, .space = XENMAPSPACE_shared_info };
    struct xen_remove_from_physmap remove = { .domid = DOMID_SELF, .gpfn = 1 };

    CHECK_EQ(hc_memory_op(XENMEM_add_to_physmap, &add), -EACCES);
    add.domid = 77;
    CHECK_EQ(hc_memory_op(XENMEM_add_to_physmap, &add), -ESRCH);
    CHECK_EQ(hc_memory_op(XENMEM_remove_from_physmap, &remove), -EACCES);
    CHECK_EQ(hc_memory_op(XENMEM_add_to_physmap, (void *)UNMAPPED_VA), -EFAULT);
}

static const struct test tests[] = {
    { "totals", totals },
    { "unknown", unknown },
    { "give_and_take", give_and_take },
    { "scrubbed", scrubbed },
    { "at_maximum", at_maximum },
    { "batch", batch },
    { "reservation_refusals", reservation_refusals },
    { "give_back_mapped", give_back_mapped },
    { "give_back_shared", give_back_shared },
    { "exchange", exchange },
    { "exchange_refusals", exchange_refusals },
    { "exchange_table", exchange_table },
    { "machine_map", machine_map },
    { "own_map", own_map },
    { "m2p_list", m2p_list },
    { "not_for_pv", not_for_pv },
};

TEST_MAIN(tests)
