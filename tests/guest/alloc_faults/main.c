/* SPDX-License-Identifier: MIT */
/*
 * Every allocation that the hypervisor makes while a domain is created, given devices, saved and
 * destroyed fails once: the call says -ENOMEM and works when it is made again, and in the end
 * nothing is left over. Needs a debug build, whose debug keys make allocations fail.
 */
//! timeout=300
#include <xen/domctl.h>
#include <xen/grant_table.h>
#include <xen/sched.h>
#include <xen/sysctl.h>

#include <sdk/time.h>

#include "test.h"

#define WINDOW 0x9000000000UL
#define GRANTED (WINDOW + PAGE_SIZE)
#define PAGES 16
#define REF 9
#define FAULTS_MAX 400

static struct xen_domctl op;
static domid_t domid;
static xen_pfn_t mfns[PAGES];
static unsigned long populated;
static evtchn_port_t far_port, near_port;
static grant_handle_t handle;
static const char *step_name;
static char text[16384];

static long domctl(unsigned int cmd)
{
    op.cmd = cmd;
    op.interface_version = XEN_DOMCTL_INTERFACE_VERSION;
    op.domain = domid;
    return hc_domctl(&op);
}

static void clear(void)
{
    memset(&op, 0, sizeof(op));
}

/* ---- the life of a domain, a step each ---- */

static long create(void)
{
    long rc;

    clear();
    domid = 0;
    op.u.createdomain.max_vcpus = 2;
    op.u.createdomain.max_evtchn_port = 1023;
    op.u.createdomain.max_grant_frames = 4;
    op.u.createdomain.max_maptrack_frames = 16;
    op.u.createdomain.grant_opts = 1;
    rc = domctl(XEN_DOMCTL_createdomain);
    if (!rc)
        domid = op.domain;
    return rc;
}

static long vcpus(void)
{
    clear();
    op.u.max_vcpus.max = 2;
    return domctl(XEN_DOMCTL_max_vcpus);
}

static long limit_memory(void)
{
    clear();
    op.u.max_mem.max_memkb = PAGES * 4 + 256;
    return domctl(XEN_DOMCTL_max_mem);
}

/* A batch says how many were done. */
static long populate(void)
{
    struct xen_memory_reservation res = { .nr_extents = PAGES - populated, .domid = domid };
    long got;

    for (unsigned long i = populated; i < PAGES; i++)
        mfns[i] = i;
    set_xen_guest_handle(res.extent_start, mfns + populated);
    got = hc_memory_op(XENMEM_populate_physmap, &res);
    if (got < 0)
        return got;
    populated += got;
    return populated == PAGES ? 0 : -ENOMEM;
}

static long permissions(void)
{
    clear();
    op.u.ioport_permission.first_port = 0x300;
    op.u.ioport_permission.nr_ports = 8;
    op.u.ioport_permission.allow_access = 1;
    return domctl(XEN_DOMCTL_ioport_permission);
}

static long io_memory(void)
{
    clear();
    op.u.iomem_permission.first_mfn = 0xfeb00;
    op.u.iomem_permission.nr_mfns = 4;
    op.u.iomem_permission.allow_access = 1;
    return domctl(XEN_DOMCTL_iomem_permission);
}

static long hypercall_page(void)
{
    clear();
    op.u.hypercall_init.gmfn = mfns[0];
    return domctl(XEN_DOMCTL_hypercall_init);
}

static long port_there(void)
{
    struct evtchn_alloc_unbound alloc = { .dom = domid, .remote_dom = 0 };
    long rc = hc_event_channel_op(EVTCHNOP_alloc_unbound, &alloc);

    far_port = alloc.port;
    return rc;
}

static long port_here(void)
{
    struct evtchn_bind_interdomain bind = { .remote_dom = domid, .remote_port = far_port };
    long rc = hc_event_channel_op(EVTCHNOP_bind_interdomain, &bind);

    near_port = rc ? 0 : bind.local_port;
    return rc;
}

/* The domain's grant table is found, as a toolstack finds it, and offers a page to us. */
static long grant_table(void)
{
    struct xen_mem_acquire_resource r = { .domid = domid, .type = XENMEM_resource_grant_table,
                                          .nr_frames = 3 };
    xen_pfn_t list[3];
    grant_entry_v1_t *table = (void *)WINDOW;
    long rc;

    set_xen_guest_handle(r.frame_list, list);
    rc = hc_memory_op(XENMEM_acquire_resource, &r);
    if (rc)
        return rc;
    CHECK_EQ(hc_update_va_mapping_otherdomain(WINDOW, pte_make(list[0], PTE_RW_PAGE), UVMF_INVLPG,
                                              domid), 0);
    table[REF].frame = mfns[1];
    table[REF].domid = 0;
    table[REF].flags = GTF_permit_access;
    CHECK_EQ(hc_update_va_mapping(WINDOW, 0, UVMF_INVLPG), 0);
    return 0;
}

static long map_grant(void)
{
    struct gnttab_map_grant_ref map = { .host_addr = GRANTED, .flags = GNTMAP_host_map, .ref = REF,
                                        .dom = domid };

    CHECK_EQ(hc_grant_table_op(GNTTABOP_map_grant_ref, &map, 1), 0);
    handle = map.handle;
    return map.status == GNTST_no_device_space || map.status == GNTST_general_error ? -ENOMEM
                                                                                    : map.status;
}

static long save_types(void)
{
    static xen_pfn_t types[PAGES];

    clear();
    for (int i = 0; i < PAGES; i++)
        types[i] = mfns[i];
    op.u.getpageframeinfo3.num = PAGES;
    set_xen_guest_handle(op.u.getpageframeinfo3.array, types);
    return domctl(XEN_DOMCTL_getpageframeinfo3);
}

static long save_state(void)
{
    static uint64_t state[1024];

    long rc;

    clear();
    rc = domctl(XEN_DOMCTL_getvcpuextstate); /* asks for the size */
    if (rc || op.u.vcpuextstate.size > sizeof(state))
        return rc ? rc : -E2BIG;
    set_xen_guest_handle(op.u.vcpuextstate.buffer, state);
    return domctl(XEN_DOMCTL_getvcpuextstate);
}

static const struct {
    const char *name;
    long (*run)(void);
} steps[] = {
    { "createdomain", create },       { "max_vcpus", vcpus },
    { "max_mem", limit_memory },      { "populate_physmap", populate },
    { "ioport_permission", permissions }, { "iomem_permission", io_memory },
    { "hypercall_init", hypercall_page }, { "alloc_unbound", port_there },
    { "bind_interdomain", port_here }, { "grant table", grant_table },
    { "map_grant_ref", map_grant },   { "getpageframeinfo3", save_types },
    { "getvcpuextstate", save_state },
};

static void destroy(void)
{
    struct gnttab_unmap_grant_ref unmap = { .host_addr = GRANTED, .handle = handle };

    step_name = "destroy";
    CHECK_EQ(hc_grant_table_op(GNTTABOP_unmap_grant_ref, &unmap, 1), 0);
    CHECK_EQ(unmap.status, GNTST_okay);
    event_close(near_port);
    clear();
    CHECK_EQ(domctl(XEN_DOMCTL_destroydomain), 0);
    for (int i = 0; i < 20000; i++) {
        clear();
        if (domctl(XEN_DOMCTL_getdomaininfo) == -ESRCH)
            return;
        hc_sched_op(SCHEDOP_yield, NULL);
    }
    FAIL("domain %u does not go", domid);
}

/* ---- faults ---- */

static void press(const char *keys)
{
    struct xen_sysctl sysctl = { .cmd = XEN_SYSCTL_debug_keys,
                                 .interface_version = XEN_SYSCTL_INTERFACE_VERSION,
                                 .u.debug_keys.nr_keys = strlen(keys) };

    set_xen_guest_handle(sysctl.u.debug_keys.keys, (char *)keys);
    CHECK_EQ(hc_sysctl(&sysctl), 0);
}

/* What the hypervisor has logged since it was last asked. */
static const char *log_since(void)
{
    static uint32_t index;
    struct xen_sysctl sysctl = { .cmd = XEN_SYSCTL_readconsole,
                                 .interface_version = XEN_SYSCTL_INTERFACE_VERSION,
                                 .u.readconsole = { .incremental = 1, .index = index,
                                                    .count = sizeof(text) - 1 } };

    set_xen_guest_handle(sysctl.u.readconsole.buffer, text);
    CHECK_EQ(hc_sysctl(&sysctl), 0);
    index = sysctl.u.readconsole.index;
    text[sysctl.u.readconsole.count] = '\0';
    return text;
}

static void arm(unsigned int number)
{
    char keys[8] = "/";
    unsigned int at = sizeof(keys) - 1;

    keys[at] = '\0';
    for (; number; number /= 10)
        keys[--at] = (char)('0' + number % 10);
    keys[--at] = '/';
    press(keys + at);
}

static long number_before(const char *log, const char *word)
{
    const char *at = strstr(log, word), *digits;
    long n = 0;

    CHECK(at);
    for (digits = at; digits > log && digits[-1] >= '0' && digits[-1] <= '9'; digits--)
        ;
    for (; digits < at; digits++)
        n = n * 10 + *digits - '0';
    return n;
}

/* What is allocated now; what goes in the background is waited for. */
static long allocated(long at_most)
{
    long now = 0;

    for (int i = 0; i < 200; i++) {
        log_since();
        press("/");
        now = number_before(log_since(), " live");
        if (now <= at_most)
            break;
        time_delay_ns(5000000);
        hc_sched_op(SCHEDOP_yield, NULL);
    }
    return now;
}

/* A life with a fault somewhere; true: there was one. */
static bool one_life(unsigned int fault)
{
    bool failed = false, fired;
    long rc;

    populated = 0;
    log_since();
    arm(fault);
    for (unsigned int i = 0; i < sizeof(steps) / sizeof(steps[0]); i++) {
        step_name = steps[i].name;
        rc = steps[i].run();
        if (rc == -ENOMEM && !failed) {
            failed = true;
            rc = steps[i].run();
        }
        if (rc)
            FAIL("allocation %u: %s says %ld%s", fault, step_name, rc,
                 failed ? " when tried again" : "");
    }
    press("/");
    fired = strstr(log_since(), "fails on purpose") != NULL;
    if (failed && !fired)
        FAIL("life %u: -ENOMEM though nothing failed on purpose", fault);
    destroy();
    return fired;
}

static void every_allocation(void)
{
    unsigned int fault = 1;
    long before;

    press("/");
    if (!strstr(log_since(), " live"))
        test_skip("this hypervisor does not let allocations fail: build it with DEBUG=1");
    CHECK_EQ(page_map(root_table(), WINDOW, 0), 0);
    CHECK_EQ(page_map(root_table(), GRANTED, 0), 0);
    one_life(0);
    one_life(0);
    before = allocated(0);
    for (; one_life(fault); fault++) {
        long now = allocated(before);

        if (now > before)
            FAIL("allocation %u failed, and %ld objects or blocks were left", fault, now - before);
        CHECK(fault < FAULTS_MAX);
    }
    printf("%u allocations have failed, once each\n", fault - 1);
    CHECK(fault > 20);
}

static const struct test tests[] = {
    { "every_allocation", every_allocation },
};

TEST_MAIN(tests)
