/* SPDX-License-Identifier: MIT */
/* domctl from the initial domain: versions, domains made and destroyed, and what is refused. */
#include <xen/domctl.h>

#include "test.h"

static struct xen_domctl op;
static unsigned int made; /* the domain that the tests work on */

static long call(unsigned int cmd, unsigned int dom)
{
    op.cmd = cmd;
    op.interface_version = XEN_DOMCTL_INTERFACE_VERSION;
    op.domain = dom;
    return hc_domctl(&op);
}

static long create(unsigned int dom, unsigned int flags, unsigned int vcpus)
{
    memset(&op, 0, sizeof(op));
    op.u.createdomain.flags = flags;
    op.u.createdomain.max_vcpus = vcpus;
    op.u.createdomain.max_evtchn_port = 1023;
    op.u.createdomain.max_grant_frames = 4;
    op.u.createdomain.max_maptrack_frames = 16;
    op.u.createdomain.grant_opts = 1;
    op.u.createdomain.handle[0] = 0xab;
    return call(XEN_DOMCTL_createdomain, dom);
}

static void interface_version(void)
{
    static const unsigned int versions[] = {
        0, XEN_DOMCTL_INTERFACE_VERSION - 1, XEN_DOMCTL_INTERFACE_VERSION + 1, ~0u,
    };

    for (int i = 0; i < 4; i++) {
        memset(&op, 0, sizeof(op));
        op.cmd = XEN_DOMCTL_getdomaininfo;
        op.interface_version = versions[i];
        CHECK_EQ(hc_domctl(&op), -EACCES);
    }
}

static void bad_pointers(void)
{
    static const unsigned long pointers[] = { 0, UNMAPPED_VA, NONCANONICAL_VA, HYPERVISOR_VA };

    for (int i = 0; i < 4; i++)
        CHECK_EQ(hc_domctl((void *)pointers[i]), -EFAULT);
}

static void unknown(void)
{
    static const unsigned int cmds[] = { 0, 6, 100, 999, 2000, ~0u };

    for (int i = 0; i < 6; i++) {
        memset(&op, 0, sizeof(op));
        if (call(cmds[i], 0) != -ENOSYS)
            FAIL("command %u: %ld", cmds[i], call(cmds[i], 0));
    }
}

static void no_such_domain(void)
{
    static const unsigned int cmds[] = {
        XEN_DOMCTL_destroydomain, XEN_DOMCTL_pausedomain, XEN_DOMCTL_unpausedomain,
        XEN_DOMCTL_max_mem, XEN_DOMCTL_setvcpucontext, XEN_DOMCTL_getvcpucontext,
        XEN_DOMCTL_getvcpuinfo, XEN_DOMCTL_max_vcpus, XEN_DOMCTL_scheduler_op,
        XEN_DOMCTL_setdomainhandle, XEN_DOMCTL_hypercall_init, XEN_DOMCTL_getvcpuaffinity,
        XEN_DOMCTL_setvcpuaffinity, XEN_DOMCTL_resumedomain, XEN_DOMCTL_get_address_size,
    };

    for (unsigned int i = 0; i < sizeof(cmds) / sizeof(cmds[0]); i++) {
        memset(&op, 0, sizeof(op));
        if (call(cmds[i], 77) != -ESRCH)
            FAIL("command %u: %ld", cmds[i], call(cmds[i], 77));
    }
}

static void info_of_ourselves(void)
{
    memset(&op, 0, sizeof(op));
    CHECK_EQ(call(XEN_DOMCTL_getdomaininfo, 0), 0);
    CHECK_EQ(op.domain, 0);
    CHECK_EQ(op.u.getdomaininfo.domain, 0);
    CHECK_EQ(op.u.getdomaininfo.flags & (XEN_DOMINF_dying | XEN_DOMINF_hvm_guest |
             XEN_DOMINF_shutdown | XEN_DOMINF_paused), 0);
    CHECK(op.u.getdomaininfo.flags & XEN_DOMINF_running);
    CHECK_EQ(op.u.getdomaininfo.tot_pages, start_info->nr_pages);
    CHECK_EQ(op.u.getdomaininfo.max_pages, start_info->nr_pages);
    CHECK_EQ(op.u.getdomaininfo.nr_online_vcpus, 1);
    CHECK_EQ(op.u.getdomaininfo.max_vcpu_id, 0);
    CHECK(op.u.getdomaininfo.cpu_time > 0);
    CHECK_EQ(op.u.getdomaininfo.shared_info_frame, start_info->shared_info >> PAGE_SHIFT);
}

/* Asked for a domain that is not there, info names the next one that is, or none. */
static void info_of_absent(void)
{
    memset(&op, 0, sizeof(op));
    CHECK_EQ(call(XEN_DOMCTL_getdomaininfo, 77), -ESRCH);
}

static void create_domain(void)
{
    CHECK_EQ(create(0, 0, 2), 0);
    made = op.domain;
    CHECK(made >= 1 && made < 0x7ff0);
    memset(&op, 0, sizeof(op));
    CHECK_EQ(call(XEN_DOMCTL_getdomaininfo, made), 0);
    CHECK_EQ(op.u.getdomaininfo.domain, made);
    CHECK_EQ(op.u.getdomaininfo.tot_pages, 0);
    CHECK_EQ(op.u.getdomaininfo.nr_online_vcpus, 0);
    CHECK_EQ(op.u.getdomaininfo.max_vcpu_id, ~0u);
    CHECK(op.u.getdomaininfo.flags & XEN_DOMINF_paused);
    CHECK_EQ(op.u.getdomaininfo.handle[0], 0xab);
}

static void create_numbered(void)
{
    CHECK_EQ(create(500, 0, 1), 0);
    CHECK_EQ(op.domain, 500);
    CHECK_EQ(create(500, 0, 1), -EEXIST);
    CHECK_EQ(call(XEN_DOMCTL_destroydomain, 500), 0);
}

static void create_refusals(void)
{
    CHECK_EQ(create(0, 1u << 30, 1), -EINVAL);
    CHECK_EQ(create(0, 1u << 31, 1), -EINVAL);
    CHECK_EQ(create(0, 0, 0), -EINVAL);
    CHECK_EQ(create(0, 0, 100000), -EINVAL);
    CHECK_EQ(create(0, XEN_DOMCTL_CDF_hap, 1), -EINVAL);
}

static void max_vcpus(void)
{
    memset(&op, 0, sizeof(op));
    op.u.max_vcpus.max = 1;
    CHECK_EQ(call(XEN_DOMCTL_max_vcpus, made), -EINVAL);
    op.u.max_vcpus.max = 3;
    CHECK_EQ(call(XEN_DOMCTL_max_vcpus, made), -EINVAL);
    op.u.max_vcpus.max = 2;
    CHECK_EQ(call(XEN_DOMCTL_max_vcpus, made), 0);
    op.u.max_vcpus.max = 2;
    CHECK_EQ(call(XEN_DOMCTL_max_vcpus, made), 0);
    memset(&op, 0, sizeof(op));
    CHECK_EQ(call(XEN_DOMCTL_getdomaininfo, made), 0);
    CHECK_EQ(op.u.getdomaininfo.max_vcpu_id, 1);
}

static void memory(void)
{
    static xen_pfn_t extents[16];
    struct xen_memory_reservation res = { .nr_extents = 16, .domid = made };

    memset(&op, 0, sizeof(op));
    op.u.max_mem.max_memkb = 32;
    CHECK_EQ(call(XEN_DOMCTL_max_mem, made), 0);
    for (int i = 0; i < 16; i++)
        extents[i] = i;
    set_xen_guest_handle(res.extent_start, extents);
    CHECK_EQ(hc_memory_op(XENMEM_populate_physmap, &res), 8);
    for (int i = 0; i < 8; i++)
        CHECK_EQ(M2P[extents[i]], i);
    memset(&op, 0, sizeof(op));
    CHECK_EQ(call(XEN_DOMCTL_getdomaininfo, made), 0);
    CHECK_EQ(op.u.getdomaininfo.tot_pages, 8);
    CHECK_EQ(op.u.getdomaininfo.max_pages, 8);
}

/* The other's page is seen only under the other's name, and counted. */
static void foreign_mapping(void)
{
    static uint8_t window[PAGE_SIZE] __attribute__((aligned(PAGE_SIZE)));
    xen_pfn_t extent = 0;
    unsigned long va = (unsigned long)window, own = mfn_of(window);
    struct xen_memory_reservation res = { .nr_extents = 1, .domid = made };

    memset(&op, 0, sizeof(op));
    op.u.max_mem.max_memkb = 64;
    CHECK_EQ(call(XEN_DOMCTL_max_mem, made), 0);
    extent = 8;
    set_xen_guest_handle(res.extent_start, &extent);
    CHECK_EQ(hc_memory_op(XENMEM_populate_physmap, &res), 1);
    CHECK_EQ(hc_update_va_mapping(va, pte_make(extent, PTE_RW_PAGE), UVMF_INVLPG), -EBUSY);
    CHECK_EQ(hc_update_va_mapping_otherdomain(va, pte_make(extent, PTE_RW_PAGE), UVMF_INVLPG,
                                              made), 0);
    *(volatile uint64_t *)window = 0x1234567;
    CHECK_EQ(*(volatile uint64_t *)window, 0x1234567);
    CHECK_EQ(hc_update_va_mapping(va, pte_make(own, PTE_RW_PAGE), UVMF_INVLPG), 0);
}

static void pause_and_unpause(void)
{
    memset(&op, 0, sizeof(op));
    CHECK_EQ(call(XEN_DOMCTL_pausedomain, 0), -EINVAL);
    CHECK_EQ(call(XEN_DOMCTL_unpausedomain, made), 0);
    CHECK_EQ(call(XEN_DOMCTL_unpausedomain, made), -EINVAL);
    CHECK_EQ(call(XEN_DOMCTL_pausedomain, made), 0);
    CHECK_EQ(call(XEN_DOMCTL_pausedomain, made), 0);
    CHECK_EQ(call(XEN_DOMCTL_unpausedomain, made), 0);
}

static void vcpu_queries(void)
{
    memset(&op, 0, sizeof(op));
    op.u.getvcpuinfo.vcpu = 1;
    CHECK_EQ(call(XEN_DOMCTL_getvcpuinfo, made), 0);
    CHECK_EQ(op.u.getvcpuinfo.online, 0);
    op.u.getvcpuinfo.vcpu = 2;
    CHECK_EQ(call(XEN_DOMCTL_getvcpuinfo, made), -EINVAL);
    op.u.getvcpuinfo.vcpu = 100000;
    CHECK_EQ(call(XEN_DOMCTL_getvcpuinfo, made), -EINVAL);
    memset(&op, 0, sizeof(op));
    CHECK_EQ(call(XEN_DOMCTL_get_address_size, made), 0);
    CHECK_EQ(op.u.address_size.size, 64);
    op.u.address_size.size = 64;
    CHECK_EQ(call(XEN_DOMCTL_set_address_size, made), 0);
    op.u.address_size.size = 16;
    CHECK_EQ(call(XEN_DOMCTL_set_address_size, made), -EINVAL);
}

static void of_ourselves_refused(void)
{
    memset(&op, 0, sizeof(op));
    CHECK_EQ(call(XEN_DOMCTL_destroydomain, 0), -EINVAL);
    CHECK_EQ(call(XEN_DOMCTL_resumedomain, 0), -EINVAL);
}

static void destroy(void)
{
    memset(&op, 0, sizeof(op));
    CHECK_EQ(call(XEN_DOMCTL_destroydomain, made), 0);
    for (int i = 0; i < 1000 && call(XEN_DOMCTL_getdomaininfo, made) == 0; i++)
        hc_sched_op(SCHEDOP_yield, NULL);
    CHECK_EQ(call(XEN_DOMCTL_getdomaininfo, made), -ESRCH);
    CHECK_EQ(call(XEN_DOMCTL_destroydomain, made), -ESRCH);
}

/* Made and destroyed again and again, each time a new number. */
static void cycle(void)
{
    unsigned int last = made;

    for (int i = 0; i < 50; i++) {
        CHECK_EQ(create(0, 0, 1), 0);
        made = op.domain;
        CHECK(made != last);
        last = made;
        memset(&op, 0, sizeof(op));
        op.u.max_vcpus.max = 1;
        CHECK_EQ(call(XEN_DOMCTL_max_vcpus, made), 0);
        CHECK_EQ(call(XEN_DOMCTL_destroydomain, made), 0);
    }
}

static const struct test tests[] = {
    { "interface_version", interface_version },
    { "bad_pointers", bad_pointers },
    { "unknown", unknown },
    { "no_such_domain", no_such_domain },
    { "info_of_ourselves", info_of_ourselves },
    { "info_of_absent", info_of_absent },
    { "create_domain", create_domain },
    { "create_numbered", create_numbered },
    { "create_refusals", create_refusals },
    { "max_vcpus", max_vcpus },
    { "memory", memory },
    { "foreign_mapping", foreign_mapping },
    { "pause_and_unpause", pause_and_unpause },
    { "vcpu_queries", vcpu_queries },
    { "of_ourselves_refused", of_ourselves_refused },
    { "destroy", destroy },
    { "cycle", cycle },
};

TEST_MAIN(tests)
