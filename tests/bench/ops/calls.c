/* SPDX-License-Identifier: MIT */
/* Hypercalls that need no memory work: null, multicall, events, stack, segments, timer, grants. */
#include <xen/grant_table.h>
#include <xen/sched.h>
#include <xen/version.h>

#include <sdk/cpu.h>
#include <sdk/events.h>
#include <sdk/hypercall.h>
#include <sdk/mm.h>
#include <sdk/time.h>

#include "bench.h"

#define BATCH 32
#define WINDOW 0x9000000000UL

extern const char bench_event_entry[], event_entry[];

static bool null_call(unsigned int count)
{
    long version = 4 << 16 | 17;
    bool good = true;

    for (unsigned int i = 0; i < count; i++)
        good &= hypercall3(__HYPERVISOR_xen_version, XENVER_version, 0, 0) == version;
    return good;
}

static multicall_entry_t calls[BATCH];

static void multicall_setup(void)
{
    for (int i = 0; i < BATCH; i++) {
        calls[i].op = __HYPERVISOR_xen_version;
        calls[i].args[0] = XENVER_version;
    }
}

static bool multicall(unsigned int count)
{
    bool good = true;

    calls[BATCH - 1].result = 0;
    for (unsigned int i = 0; i < count; i++)
        good &= !hc_multicall(calls, BATCH);
    return good && calls[BATCH - 1].result == (4 << 16 | 17);
}

static evtchn_port_t port;
volatile unsigned long bench_upcalls;
volatile unsigned long *bench_pending_word;

static void event_setup(void)
{
    long a = event_alloc_unbound(DOMID_SELF, DOMID_SELF), b = event_bind_interdomain(DOMID_SELF, a);

    if (a < 0 || b < 0)
        bench_fail("event ports", a);
    port = b;
    bench_pending_word = &shared_info->evtchn_pending[a / 64];
    event_clear(a);
    event_unmask(a);
}

static bool event_upcall(unsigned int count)
{
    struct evtchn_send send = { .port = port };
    unsigned long before = bench_upcalls;
    bool good = true;

    hypercall3(__HYPERVISOR_set_callbacks, (unsigned long)bench_event_entry, 0, 0);
    upcalls_enable();
    for (unsigned int i = 0; i < count; i++)
        good &= !hc_event_channel_op(EVTCHNOP_send, &send);
    upcalls_disable();
    trap_init();
    return good && bench_upcalls - before >= count;
}

static bool sched_yield(unsigned int count)
{
    bool good = true;

    for (unsigned int i = 0; i < count; i++)
        good &= !hc_sched_op(SCHEDOP_yield, NULL);
    return good;
}

static bool stack_switch(unsigned int count)
{
    unsigned long sp = (unsigned long)this_cpu() + 8192;
    bool good = true;

    for (unsigned int i = 0; i < count; i++)
        good &= !hc_stack_switch(FLAT_KERNEL_SS, sp);
    return good;
}

static bool set_segment_base(unsigned int count)
{
    bool good = true;

    for (unsigned int i = 0; i < count; i++)
        good &= !hc_set_segment_base(SEGBASE_FS, 0x1000 + i);
    return good && rdmsr(0xc0000100) == 0x1000 + count - 1;
}

static uint64_t *gdt;

static void descriptor_setup(void)
{
    unsigned long frame;

    gdt = page_alloc();
    frame = mfn_of(gdt);
    if (page_protect(gdt, PTE_RO_PAGE) || hc_set_gdt(&frame, 512))
        bench_fail("set_gdt", 0);
}

static bool update_descriptor(unsigned int count)
{
    uint64_t at = maddr_of(&gdt[6]);
    bool good = true;

    for (unsigned int i = 0; i < count; i++)
        good &= !hc_update_descriptor(at, i & 1 ? 0x00cff3000000ffffUL : 0x00affb000000ffffUL);
    return good && gdt[6];
}

static bool set_timer(unsigned int count)
{
    uint64_t later = time_now_ns() + 1000000000000UL;
    bool good = true;

    for (unsigned int i = 0; i < count; i++)
        good &= !hc_set_timer_op(later + i);
    return good && !hc_set_timer_op(0);
}

static uint8_t table_page[PAGE_SIZE] __attribute__((aligned(PAGE_SIZE)));
static volatile grant_entry_v1_t *table;
static struct gnttab_map_grant_ref maps[BATCH];
static struct gnttab_unmap_grant_ref unmaps[BATCH];
static struct gnttab_copy copies[BATCH];
static uint64_t *granted[BATCH], *targets[BATCH];

static void grant_setup(void)
{
    static xen_pfn_t frames[1];
    struct gnttab_setup_table setup = { .dom = DOMID_SELF, .nr_frames = 1 };

    if (table)
        return;
    set_xen_guest_handle(setup.frame_list, frames);
    hc_grant_table_op(GNTTABOP_setup_table, &setup, 1);
    if (setup.status || hc_update_va_mapping((unsigned long)table_page,
                                             pte_make(frames[0], PTE_RW_PAGE), UVMF_INVLPG))
        bench_fail("grant table", setup.status);
    table = (volatile grant_entry_v1_t *)table_page;
    for (int i = 0; i < BATCH; i++) {
        granted[i] = page_alloc();
        targets[i] = page_alloc();
        granted[i][0] = i + 1;
        table[8 + i].frame = mfn_of(granted[i]);
        table[8 + i].flags = GTF_permit_access;
        maps[i] = (struct gnttab_map_grant_ref){ .host_addr = WINDOW + i * PAGE_SIZE,
                                                 .flags = GNTMAP_host_map, .ref = 8 + i };
        copies[i].source.u.ref = 8 + i;
        copies[i].dest.u.gmfn = mfn_of(targets[i]);
        copies[i].dest.domid = DOMID_SELF;
        copies[i].len = PAGE_SIZE;
        copies[i].flags = GNTCOPY_source_gref;
    }
    if (page_map(root_table(), WINDOW, 0))
        bench_fail("window", 0);
}

static bool map_all(void)
{
    bool good = !hc_grant_table_op(GNTTABOP_map_grant_ref, maps, BATCH);

    for (int i = 0; i < BATCH; i++)
        good &= maps[i].status == GNTST_okay;
    return good && *(volatile uint64_t *)(WINDOW + 5 * PAGE_SIZE) == 6;
}

static bool unmap_all(void)
{
    bool good;

    for (int i = 0; i < BATCH; i++)
        unmaps[i] = (struct gnttab_unmap_grant_ref){ .host_addr = maps[i].host_addr,
                                                     .handle = maps[i].handle };
    good = !hc_grant_table_op(GNTTABOP_unmap_grant_ref, unmaps, BATCH);
    for (int i = 0; i < BATCH; i++)
        good &= unmaps[i].status == GNTST_okay;
    return good && table[8].flags == GTF_permit_access;
}

static bool grant_map(unsigned int count)
{
    bool good = true;

    for (unsigned int i = 0; i < count; i++) {
        bench_start();
        good &= map_all();
        bench_stop();
        good &= unmap_all();
    }
    return good;
}

static bool grant_unmap(unsigned int count)
{
    bool good = true;

    for (unsigned int i = 0; i < count; i++) {
        good &= map_all();
        bench_start();
        good &= unmap_all();
        bench_stop();
    }
    return good;
}

static bool grant_copy(unsigned int count)
{
    bool good = true;

    targets[7][0] = 0;
    for (unsigned int i = 0; i < count; i++)
        good &= !hc_grant_table_op(GNTTABOP_copy, copies, BATCH);
    for (int i = 0; i < BATCH; i++)
        good &= copies[i].status == GNTST_okay;
    return good && targets[7][0] == 8;
}

const struct bench bench_calls[] = {
    { "null hypercall", NULL, null_call, 200, 1, false },
    { "multicall of 32, per call", multicall_setup, multicall, 50, BATCH, false },
    { "event send, upcall, iret", event_setup, event_upcall, 200, 1, false },
    { "sched_yield", NULL, sched_yield, 200, 1, false },
    { "stack_switch", NULL, stack_switch, 200, 1, false },
    { "set_segment_base", NULL, set_segment_base, 200, 1, false },
    { "update_descriptor", descriptor_setup, update_descriptor, 200, 1, false },
    { "set_timer_op", NULL, set_timer, 200, 1, false },
    { "grant map, batch of 32, per op", grant_setup, grant_map, 20, BATCH, true },
    { "grant unmap, batch of 32, per op", grant_setup, grant_unmap, 20, BATCH, true },
    { "grant copy of 4 KiB, batch of 32, per op", grant_setup, grant_copy, 20, BATCH, false },
    { 0 },
};
