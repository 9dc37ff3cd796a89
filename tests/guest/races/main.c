/* SPDX-License-Identifier: MIT */
/*
 * Two processors hammer the same objects with calls that contradict each other. Whatever each
 * call answers, afterwards every page can be writable again and every table freed: no count is
 * off and no type is stuck.
 */
//! smp=2
//! accel=tcg,thread=multi
//! xen=dom0_max_vcpus=2
//! timeout=120
#include <xen/grant_table.h>

#include <sdk/time.h>
#include <sdk/vcpu.h>

#include "test.h"

#define WINDOW 0x8000000000UL
#define RUN_NS 400000000UL
#define REF 20

static uint64_t *page, *entry;
static volatile bool stop;
static volatile unsigned long good[2], bad[2];

static void init(void)
{
    if (!page) {
        page = page_alloc();
        CHECK_EQ(page_map(root_table(), WINDOW, 0), 0);
        entry = entry_find(root_table(), WINDOW, 1);
        CHECK_EQ(vcpu_start(1), 0);
    }
    good[0] = good[1] = bad[0] = bad[1] = 0;
    stop = false;
}

static void tally(unsigned int side, long rc)
{
    if (rc)
        bad[side]++;
    else
        good[side]++;
}

static void loop(unsigned int side, void (*step)(unsigned int side))
{
    while (!stop)
        step(side);
}

static void other_side(void *step)
{
    loop(1, (void (*)(unsigned int))step);
}

/* Both sides for a while; both must have got something done. */
static void both(void (*ours)(unsigned int), void (*theirs)(unsigned int))
{
    uint64_t end = time_now_ns() + RUN_NS;

    vcpu_call(1, other_side, (void *)theirs);
    while (time_now_ns() < end)
        for (int i = 0; i < 50; i++)
            ours(0);
    stop = true;
    vcpu_wait(1);
    printf("  %lu good %lu refused, %lu good %lu refused\n", good[0], bad[0], good[1], bad[1]);
}

static void check_page_is_free(void)
{
    CHECK_EQ(hc_update_va_mapping(WINDOW, 0, UVMF_INVLPG | UVMF_ALL), 0);
    CHECK_EQ(page_protect(page, PTE_RO_PAGE), 0);
    CHECK_EQ(mmuext(MMUEXT_PIN_L1_TABLE, mfn_of(page), 0), 0);
    CHECK_EQ(mmuext(MMUEXT_UNPIN_TABLE, mfn_of(page), 0), 0);
    CHECK_EQ(mmuext(MMUEXT_PIN_L2_TABLE, mfn_of(page), 0), 0);
    CHECK_EQ(mmuext(MMUEXT_UNPIN_TABLE, mfn_of(page), 0), 0);
    CHECK_EQ(page_protect(page, PTE_RW_PAGE), 0);
}

static void step_pin_l1(unsigned int side)
{
    tally(side, mmuext(MMUEXT_PIN_L1_TABLE, mfn_of(page), 0));
    mmuext(MMUEXT_UNPIN_TABLE, mfn_of(page), 0);
}

static void step_pin_l2(unsigned int side)
{
    tally(side, mmuext(MMUEXT_PIN_L2_TABLE, mfn_of(page), 0));
    mmuext(MMUEXT_UNPIN_TABLE, mfn_of(page), 0);
}

static void step_map_writable(unsigned int side)
{
    mmu_update_t req = { .ptr = maddr_of(entry), .val = pte_make(mfn_of(page), PTE_RW_PAGE) };

    tally(side, hc_mmu_update(&req, 1, NULL, DOMID_SELF));
    req.val = 0;
    hc_mmu_update(&req, 1, NULL, DOMID_SELF);
}

static void prepare_page(void)
{
    memset(page, 0, PAGE_SIZE);
    CHECK_EQ(page_protect(page, PTE_RO_PAGE), 0);
    CHECK_EQ(mmuext(MMUEXT_TLB_FLUSH_ALL, 0, 0), 0);
}

static void finish_page(void)
{
    CHECK_EQ(page_protect(page, PTE_RW_PAGE), 0);
    check_page_is_free();
    CHECK(good[0] + bad[0] > 0 && good[1] + bad[1] > 0);
    CHECK(good[0] + good[1] > 0);
}

static void pin_against_pin(void)
{
    init();
    prepare_page();
    both(step_pin_l1, step_pin_l1);
    finish_page();
}

static void levels_against_each_other(void)
{
    init();
    prepare_page();
    both(step_pin_l1, step_pin_l2);
    finish_page();
}

static void pin_against_write(void)
{
    init();
    prepare_page();
    both(step_pin_l1, step_map_writable);
    finish_page();
}

/* The same entry, from both sides, to different frames. */
static uint64_t *frames[2];

static void step_entry(unsigned int side)
{
    mmu_update_t req = { .ptr = maddr_of(entry) };

    req.val = pte_make(mfn_of(frames[side]), PTE_RW_PAGE);
    tally(side, hc_mmu_update(&req, 1, NULL, DOMID_SELF));
}

static void entry_against_entry(void)
{
    init();
    for (int i = 0; i < 2; i++)
        frames[i] = page_alloc();
    both(step_entry, step_entry);
    CHECK_EQ(bad[0] + bad[1], 0);
    CHECK_EQ(hc_update_va_mapping(WINDOW, 0, UVMF_INVLPG | UVMF_ALL), 0);
    for (int i = 0; i < 2; i++) {
        CHECK_EQ(page_protect(frames[i], PTE_RO_PAGE), 0);
        CHECK_EQ(mmuext(MMUEXT_PIN_L1_TABLE, mfn_of(frames[i]), 0), 0);
        CHECK_EQ(mmuext(MMUEXT_UNPIN_TABLE, mfn_of(frames[i]), 0), 0);
        CHECK_EQ(page_protect(frames[i], PTE_RW_PAGE), 0);
        page_free(frames[i]);
    }
}

/* A level-1 table hung up and taken down on one side, written into on the other. */
static uint64_t *table, *slot;

static void step_hang(unsigned int side)
{
    tally(side, entry_set(slot, pte_make(mfn_of(table), PTE_TABLE)));
    entry_set(slot, 0);
}

static void step_write_table(unsigned int side)
{
    mmu_update_t req = { .ptr = maddr_of(&table[7]) };

    req.val = pte_make(mfn_of(page), PTE_RW_PAGE);
    tally(side, hc_mmu_update(&req, 1, NULL, DOMID_SELF));
    req.val = 0;
    hc_mmu_update(&req, 1, NULL, DOMID_SELF);
}

static void hang_against_write(void)
{
    init();
    table = page_alloc();
    slot = entry_find(root_table(), WINDOW, 2) + 9;
    CHECK_EQ(page_protect(table, PTE_RO_PAGE), 0);
    CHECK_EQ(mmuext(MMUEXT_TLB_FLUSH_ALL, 0, 0), 0);
    both(step_hang, step_write_table);
    CHECK_EQ(entry_set(slot, 0), 0);
    CHECK_EQ(entry_set(&table[7], 0), 0);
    CHECK_EQ(page_protect(table, PTE_RW_PAGE), 0);
    page_free(table);
    check_page_is_free();
}

/* Event channels: one side makes and closes, the other sends to whatever is there. */
static void step_channels(unsigned int side)
{
    long a = event_alloc_unbound(DOMID_SELF, DOMID_SELF), b;

    b = a > 0 ? event_bind_interdomain(DOMID_SELF, a) : a;
    tally(side, b > 0 ? 0 : b);
    event_close(a);
    event_close(b);
}

static void step_send(unsigned int side)
{
    for (evtchn_port_t port = 1; port < 16; port++)
        tally(side, event_send(port));
}

static unsigned int open_ports(void)
{
    unsigned int open = 0;

    for (evtchn_port_t port = 1; port < 64; port++) {
        struct evtchn_status status = { .dom = DOMID_SELF, .port = port };

        if (!hc_event_channel_op(EVTCHNOP_status, &status))
            open += status.status != EVTCHNSTAT_closed;
    }
    return open;
}

static void close_against_send(void)
{
    unsigned int before;

    init();
    before = open_ports();
    both(step_channels, step_send);
    CHECK_EQ(open_ports(), before);
}

static void close_against_close(void)
{
    unsigned int before;

    init();
    before = open_ports();
    both(step_channels, step_channels);
    CHECK_EQ(open_ports(), before);
    CHECK_EQ(bad[0] + bad[1], 0);
}

/* Grants: both sides map and unmap the same reference, each at its own address. */
static volatile grant_entry_v1_t *grants;

static void step_grant(unsigned int side)
{
    struct gnttab_map_grant_ref map = { .host_addr = WINDOW + (1 + side) * PAGE_SIZE,
                                        .flags = GNTMAP_host_map, .ref = REF };
    struct gnttab_unmap_grant_ref unmap = { .host_addr = map.host_addr };

    map.dom = own_domid();
    hc_grant_table_op(GNTTABOP_map_grant_ref, &map, 1);
    tally(side, map.status);
    unmap.handle = map.handle;
    if (!map.status)
        hc_grant_table_op(GNTTABOP_unmap_grant_ref, &unmap, 1);
}

static void grant_against_grant(void)
{
    static uint8_t window[PAGE_SIZE] __attribute__((aligned(PAGE_SIZE)));
    static xen_pfn_t list[1];
    struct gnttab_setup_table setup = { .dom = DOMID_SELF, .nr_frames = 1 };

    init();
    set_xen_guest_handle(setup.frame_list, list);
    CHECK_EQ(hc_grant_table_op(GNTTABOP_setup_table, &setup, 1), 0);
    CHECK_EQ(setup.status, GNTST_okay);
    CHECK_EQ(hc_update_va_mapping((unsigned long)window, pte_make(list[0], PTE_RW_PAGE),
                                  UVMF_INVLPG | UVMF_ALL), 0);
    grants = (void *)window;
    grants[REF].frame = mfn_of(page);
    grants[REF].domid = own_domid();
    grants[REF].flags = GTF_permit_access;
    both(step_grant, step_grant);
    CHECK_EQ(bad[0] + bad[1], 0);
    CHECK_EQ(grants[REF].flags, GTF_permit_access);
    grants[REF].flags = 0;
    check_page_is_free();
}

/*
 * The version goes back and forth while entries are swapped, mapped and copied. The one that is
 * used is a reserved one, which is carried over.
 */
#define RESERVED_REF 6

static void step_version(unsigned int side)
{
    struct gnttab_set_version set = { .version = 2 };
    long rc = hc_grant_table_op(GNTTABOP_set_version, &set, 1);

    set.version = 1;
    tally(side, rc ? rc : hc_grant_table_op(GNTTABOP_set_version, &set, 1));
}

static void step_use_reserved(unsigned int side)
{
    struct gnttab_map_grant_ref map = { .host_addr = WINDOW + PAGE_SIZE, .ref = RESERVED_REF,
                                        .flags = GNTMAP_host_map | GNTMAP_readonly };
    struct gnttab_unmap_grant_ref unmap = { .host_addr = map.host_addr };
    struct gnttab_swap_grant_ref swap = { .ref_a = REF, .ref_b = REF + 1 };
    struct gnttab_copy copy = { .len = 64, .flags = GNTCOPY_source_gref };

    map.dom = copy.source.domid = own_domid();
    copy.source.u.ref = RESERVED_REF;
    copy.dest.u.gmfn = mfn_of(page);
    copy.dest.domid = DOMID_SELF;
    hc_grant_table_op(GNTTABOP_map_grant_ref, &map, 1);
    hc_grant_table_op(GNTTABOP_swap_grant_ref, &swap, 1);
    hc_grant_table_op(GNTTABOP_copy, &copy, 1);
    tally(side, map.status | copy.status);
    unmap.handle = map.handle;
    if (!map.status)
        hc_grant_table_op(GNTTABOP_unmap_grant_ref, &unmap, 1);
}

static void version_against_use(void)
{
    struct gnttab_set_version set = { .version = 1 };

    grant_against_grant();
    grants[RESERVED_REF].frame = mfn_of(page);
    grants[RESERVED_REF].domid = own_domid();
    grants[RESERVED_REF].flags = GTF_permit_access;
    init();
    both(step_version, step_use_reserved);
    CHECK(good[0] && good[1]);
    CHECK_EQ(hc_grant_table_op(GNTTABOP_set_version, &set, 1), 0);
    CHECK_EQ(grants[RESERVED_REF].flags, GTF_permit_access);
    check_page_is_free();
}

/* Descriptors of a table in use, against the table going in and out of use. */
static uint64_t *gdt;

static void step_gdt(unsigned int side)
{
    unsigned long mfn = mfn_of(gdt);

    tally(side, hc_set_gdt(&mfn, 512));
    hc_set_gdt(&mfn, 0);
}

static void step_descriptor(unsigned int side)
{
    tally(side, hc_update_descriptor(maddr_of(&gdt[5]), 0x00cff3000000ffffUL));
    hc_update_descriptor(maddr_of(&gdt[5]), 0);
}

static void gdt_against_descriptor(void)
{
    init();
    gdt = page_alloc();
    CHECK_EQ(page_protect(gdt, PTE_RO_PAGE), 0);
    CHECK_EQ(mmuext(MMUEXT_TLB_FLUSH_ALL, 0, 0), 0);
    both(step_gdt, step_descriptor);
    CHECK_EQ(hc_set_gdt(NULL, 0), 0);
    CHECK_EQ(page_protect(gdt, PTE_RW_PAGE), 0);
    page_free(gdt);
}

/* A page given away and taken back, against its being mapped. */
static unsigned long loose_pfn;
static volatile unsigned long loose_mfn;

static void step_give(unsigned int side)
{
    xen_pfn_t extent = loose_mfn;
    struct xen_memory_reservation res = { .nr_extents = 1, .domid = DOMID_SELF };

    set_xen_guest_handle(res.extent_start, &extent);
    tally(side, hc_memory_op(XENMEM_decrease_reservation, &res) - 1);
    extent = loose_pfn;
    while (hc_memory_op(XENMEM_populate_physmap, &res) != 1)
        hc_sched_op(SCHEDOP_yield, NULL);
    loose_mfn = extent;
}

static void step_map_loose(unsigned int side)
{
    mmu_update_t req = { .ptr = maddr_of(entry), .val = pte_make(loose_mfn, PTE_RW_PAGE) };

    tally(side, hc_mmu_update(&req, 1, NULL, DOMID_SELF));
    req.val = 0;
    hc_mmu_update(&req, 1, NULL, DOMID_SELF);
}

static void give_against_map(void)
{
    domid_t self = DOMID_SELF;
    long before;

    init();
    loose_pfn = pfn_alloc();
    loose_mfn = p2m()[loose_pfn];
    before = hc_memory_op(XENMEM_current_reservation, &self);
    both(step_give, step_map_loose);
    CHECK_EQ(hc_update_va_mapping(WINDOW, 0, UVMF_INVLPG | UVMF_ALL), 0);
    p2m()[loose_pfn] = loose_mfn;
    CHECK_EQ(M2P[loose_mfn], loose_pfn);
    CHECK_EQ(hc_memory_op(XENMEM_current_reservation, &self), before);
}

static const struct test tests[] = {
    { "pin_against_pin", pin_against_pin },
    { "levels_against_each_other", levels_against_each_other },
    { "pin_against_write", pin_against_write },
    { "entry_against_entry", entry_against_entry },
    { "hang_against_write", hang_against_write },
    { "close_against_send", close_against_send },
    { "close_against_close", close_against_close },
    { "grant_against_grant", grant_against_grant },
    { "version_against_use", version_against_use },
    { "gdt_against_descriptor", gdt_against_descriptor },
    { "give_against_map", give_against_map },
};

TEST_MAIN(tests)
