/* SPDX-License-Identifier: MIT */
/*
 * Calls that a PV guest seldom makes, most of them to be told no: of hardware-assisted guests, of
 * translated memory, of machines with more than this one has. Each with good arguments, with
 * pointers that lead nowhere, and with domains that are not there.
 */
#include <xen/hvm/hvm_op.h>
#include <xen/hvm/params.h>
#include <xen/nmi.h>
#include <xen/physdev.h>

#include "test.h"

#define NOBODY 77
#define EVTCHNOP_RESET_CONT 14 /* how a reset goes on; Xen's own business */
#define GNTTABOP_cache_flush 12

/* Facts: Xen's public kexec.h. */
#define KEXEC_CMD_kexec 0
#define KEXEC_CMD_kexec_get_range 3
#define KEXEC_TYPE_CRASH 1
#define KEXEC_RANGE_MA_CRASH 0
struct kexec_range {
    int32_t range, nr;
    uint64_t size, start;
};

static long call(unsigned long nr, unsigned long a1, const void *a2)
{
    return hypercall3(nr, a1, (unsigned long)a2, 0);
}

static long hvm_op(unsigned long cmd, const void *arg)
{
    return call(__HYPERVISOR_hvm_op, cmd, arg);
}

/* Neither user memory nor ours: -EFAULT where an argument is read at all. */
static const void *const nowhere[] = { (void *)UNMAPPED_VA, (void *)NONCANONICAL_VA,
                                       (void *)HYPERVISOR_VA };

static void check_nowhere(unsigned long nr, unsigned long cmd)
{
    for (int i = 0; i < 3; i++)
        CHECK_ROW("a pointer to nowhere", call(nr, cmd, nowhere[i]), -EFAULT);
}

static void hvm_params(void)
{
    xen_hvm_param_t p = { .domid = DOMID_SELF, .index = HVM_PARAM_CALLBACK_IRQ, .value = 5 };

    CHECK_EQ(hvm_op(HVMOP_set_param, &p), -EINVAL);
    CHECK_EQ(hvm_op(HVMOP_get_param, &p), -EINVAL);
    CHECK_EQ(p.value, 5);
    p.index = HVM_NR_PARAMS;
    CHECK_EQ(hvm_op(HVMOP_get_param, &p), -EINVAL);
    p.index = ~0u;
    CHECK_EQ(hvm_op(HVMOP_set_param, &p), -EINVAL);
    p.index = 0;
    p.domid = NOBODY;
    CHECK_EQ(hvm_op(HVMOP_get_param, &p), -ESRCH);
    check_nowhere(__HYPERVISOR_hvm_op, HVMOP_set_param);
    check_nowhere(__HYPERVISOR_hvm_op, HVMOP_get_param);
}

static void hvm_others(void)
{
    struct xen_hvm_get_mem_type type = { .domid = DOMID_SELF };
    struct xen_hvm_pagetable_dying dying = { .domid = DOMID_SELF };
    struct xen_hvm_evtchn_upcall_vector vector = { .vcpu = 0, .vector = 0x40 };

    CHECK_EQ(hvm_op(HVMOP_flush_tlbs, NULL), -EINVAL);
    CHECK_EQ(hvm_op(HVMOP_get_mem_type, &type), -EINVAL);
    type.domid = NOBODY;
    CHECK_EQ(hvm_op(HVMOP_get_mem_type, &type), -ESRCH);
    CHECK_EQ(hvm_op(HVMOP_pagetable_dying, &dying), -EINVAL);
    CHECK_EQ(hvm_op(HVMOP_set_evtchn_upcall_vector, &vector), -EINVAL);
    CHECK_EQ(hvm_op(HVMOP_guest_request_vm_event, NULL), 0); /* nobody listens */
    CHECK_EQ(hvm_op(HVMOP_guest_request_vm_event, &type), -EINVAL);
    CHECK_EQ(hvm_op(HVMOP_altp2m, &type), -EOPNOTSUPP);
    CHECK_EQ(hvm_op(99, NULL), -ENOSYS);
    check_nowhere(__HYPERVISOR_hvm_op, HVMOP_get_mem_type);
    check_nowhere(__HYPERVISOR_hvm_op, HVMOP_pagetable_dying);
}

/* A record for whoever traces; its length is the guest's word. */
static void hvm_xentrace(void)
{
    struct xen_hvm_xentrace t = { .event = 1, .extra_bytes = 7 };

    CHECK_EQ(hvm_op(HVMOP_xentrace, &t), 0);
    t.extra_bytes = sizeof(t.extra);
    CHECK_EQ(hvm_op(HVMOP_xentrace, &t), 0);
    t.extra_bytes = sizeof(t.extra) + 1;
    CHECK_EQ(hvm_op(HVMOP_xentrace, &t), -EINVAL);
    t.extra_bytes = 0xffff;
    CHECK_EQ(hvm_op(HVMOP_xentrace, &t), -EINVAL);
    t.extra_bytes = 4;
    t.event = 0x1000;
    CHECK_EQ(hvm_op(HVMOP_xentrace, &t), -EINVAL);
    check_nowhere(__HYPERVISOR_hvm_op, HVMOP_xentrace);
}

static void hvm_time(void)
{
    struct xen_hvm_get_time now = { .now = 0 };
    uint64_t first;

    CHECK_EQ(hvm_op(HVMOP_get_time, &now), 0);
    first = now.now;
    CHECK(first);
    CHECK_EQ(hvm_op(HVMOP_get_time, &now), 0);
    CHECK(now.now > first);
    check_nowhere(__HYPERVISOR_hvm_op, HVMOP_get_time);
}

/* ---- memory ---- */

static void translated_memory(void)
{
    xen_ulong_t idx[1] = { 5 };
    xen_pfn_t gpfn[1] = { 6 };
    int err[1] = { 99 };
    struct xen_add_to_physmap_batch batch = { .domid = DOMID_SELF, .space = XENMAPSPACE_gmfn,
                                              .size = 1 };

    set_xen_guest_handle(batch.idxs, idx);
    set_xen_guest_handle(batch.gpfns, gpfn);
    set_xen_guest_handle(batch.errs, err);
    CHECK_EQ(hc_memory_op(XENMEM_add_to_physmap_batch, &batch), -EACCES);
    CHECK_EQ(err[0], 99);
    batch.space = XENMAPSPACE_gmfn_range;
    CHECK_EQ(hc_memory_op(XENMEM_add_to_physmap_batch, &batch), -EOPNOTSUPP);
    batch.space = XENMAPSPACE_gmfn;
    batch.domid = NOBODY;
    CHECK_EQ(hc_memory_op(XENMEM_add_to_physmap_batch, &batch), -ESRCH);
    check_nowhere(__HYPERVISOR_memory_op, XENMEM_add_to_physmap_batch);
}

static void populate_on_demand(void)
{
    xen_pod_target_t target = { .target_pages = 10, .domid = DOMID_SELF };

    CHECK_EQ(hc_memory_op(XENMEM_get_pod_target, &target), -EINVAL);
    CHECK_EQ(hc_memory_op(XENMEM_set_pod_target, &target), -EINVAL);
    target.domid = NOBODY;
    CHECK_EQ(hc_memory_op(XENMEM_set_pod_target, &target), -ESRCH);
    check_nowhere(__HYPERVISOR_memory_op, XENMEM_get_pod_target);
    check_nowhere(__HYPERVISOR_memory_op, XENMEM_set_pod_target);
}

static void memory_of_other_kinds(void)
{
    struct xen_vnuma_topology_info numa = { .domid = DOMID_SELF };
    struct xen_reserved_device_memory_map rdm = { .flags = XENMEM_RDM_ALL, .nr_entries = 7 };
    xen_mem_access_op_t access = { .domid = DOMID_SELF };

    CHECK_EQ(hc_memory_op(XENMEM_get_vnumainfo, &numa), -EOPNOTSUPP);
    numa.pad = 1;
    CHECK_EQ(hc_memory_op(XENMEM_get_vnumainfo, &numa), -EINVAL);
    numa.pad = 0;
    numa.domid = NOBODY;
    CHECK_EQ(hc_memory_op(XENMEM_get_vnumainfo, &numa), -ESRCH);
    check_nowhere(__HYPERVISOR_memory_op, XENMEM_get_vnumainfo);
    CHECK_EQ(hc_memory_op(XENMEM_reserved_device_memory_map, &rdm), 0);
    CHECK_EQ(rdm.nr_entries, 0);
    rdm.flags = 0x80;
    CHECK_EQ(hc_memory_op(XENMEM_reserved_device_memory_map, &rdm), -EINVAL);
    check_nowhere(__HYPERVISOR_memory_op, XENMEM_reserved_device_memory_map);
    CHECK_EQ(hc_memory_op(XENMEM_access_op, &access), -ESRCH); /* only of others */
    access.domid = NOBODY;
    CHECK_EQ(hc_memory_op(XENMEM_access_op, &access), -ESRCH);
    check_nowhere(__HYPERVISOR_memory_op, XENMEM_access_op);
}

/* The list of frames that a 32-bit guest would need: there are none. */
static void compat_frames(void)
{
    xen_pfn_t mfns[1];
    struct xen_machphys_mfn_list list = { .max_extents = 1 };

    set_xen_guest_handle(list.extent_start, mfns);
    CHECK_EQ(hc_memory_op(XENMEM_machphys_compat_mfn_list, &list), -EOPNOTSUPP);
}

static void claims(void)
{
    struct xen_memory_reservation r = { .nr_extents = 1, .domid = own_domid() };

    if (!is_initial_domain()) {
        CHECK_EQ(hc_memory_op(XENMEM_claim_pages, &r), -EPERM);
        return;
    }
    r.extent_order = 1;
    CHECK_EQ(hc_memory_op(XENMEM_claim_pages, &r), -EINVAL);
    r.extent_order = 0;
    r.mem_flags = 1;
    CHECK_EQ(hc_memory_op(XENMEM_claim_pages, &r), -EINVAL);
    r.mem_flags = 0;
    CHECK_EQ(hc_memory_op(XENMEM_claim_pages, &r), -EINVAL); /* it has more already */
    r.nr_extents = 0;
    CHECK_EQ(hc_memory_op(XENMEM_claim_pages, &r), 0);
    r.domid = DOMID_SELF;
    CHECK_EQ(hc_memory_op(XENMEM_claim_pages, &r), -EINVAL);
    r.domid = NOBODY;
    CHECK_EQ(hc_memory_op(XENMEM_claim_pages, &r), -EINVAL);
    check_nowhere(__HYPERVISOR_memory_op, XENMEM_claim_pages);
}

/* A domain may say what it thinks its memory map is. */
static void set_map(void)
{
    struct xen_foreign_memory_map map = { .domid = DOMID_SELF };

    CHECK_EQ(hc_memory_op(XENMEM_set_memory_map, &map), 0);
    map.map.nr_entries = 1025; /* more than a machine's map may have */
    CHECK_EQ(hc_memory_op(XENMEM_set_memory_map, &map), -EINVAL);
    map.map.nr_entries = 1;
    set_xen_guest_handle(map.map.buffer, (void *)UNMAPPED_VA);
    CHECK_EQ(hc_memory_op(XENMEM_set_memory_map, &map), -EFAULT);
    map.domid = NOBODY;
    CHECK_EQ(hc_memory_op(XENMEM_set_memory_map, &map), -ESRCH);
    check_nowhere(__HYPERVISOR_memory_op, XENMEM_set_memory_map);
}

/* ---- others ---- */

static void continuations(void)
{
    struct evtchn_reset reset = { .dom = NOBODY };
    uint32_t word = 0;

    CHECK_EQ(hc_event_channel_op(EVTCHNOP_RESET_CONT, &reset), -ESRCH);
    check_nowhere(__HYPERVISOR_event_channel_op, EVTCHNOP_RESET_CONT);
    CHECK_EQ(hc_grant_table_op(GNTTABOP_cache_flush, &word, 0), 0);
}

static void kexec(void)
{
    struct kexec_range range = { .range = KEXEC_RANGE_MA_CRASH, .size = 5 };
    int type = KEXEC_TYPE_CRASH;

    if (!is_initial_domain()) {
        CHECK_EQ(call(__HYPERVISOR_kexec_op, KEXEC_CMD_kexec_get_range, &range), -EPERM);
        CHECK_EQ(call(__HYPERVISOR_kexec_op, KEXEC_CMD_kexec, &type), -EPERM);
        return;
    }
    CHECK_EQ(call(__HYPERVISOR_kexec_op, KEXEC_CMD_kexec_get_range, &range), 0);
    CHECK_EQ(range.size, 0);
    range.range = 99;
    CHECK_EQ(call(__HYPERVISOR_kexec_op, KEXEC_CMD_kexec_get_range, &range), -EINVAL);
    range.range = -1;
    CHECK_EQ(call(__HYPERVISOR_kexec_op, KEXEC_CMD_kexec_get_range, &range), -EINVAL);
    CHECK_EQ(call(__HYPERVISOR_kexec_op, KEXEC_CMD_kexec, &type), -ENOENT);
    type = 7;
    CHECK_EQ(call(__HYPERVISOR_kexec_op, KEXEC_CMD_kexec, &type), -EINVAL);
    check_nowhere(__HYPERVISOR_kexec_op, KEXEC_CMD_kexec_get_range);
    check_nowhere(__HYPERVISOR_kexec_op, KEXEC_CMD_kexec);
}

/* The old way to register an NMI handler, and the older way to program interrupts. */
static void old_calls(void)
{
    struct xennmi_callback nmi = { .handler_address = NONCANONICAL_VA };
    physdev_op_t op = { .cmd = PHYSDEVOP_IRQ_UNMASK_NOTIFY };

    CHECK_EQ(call(__HYPERVISOR_nmi_op, XENNMI_register_callback, &nmi), -EINVAL);
    nmi.handler_address = (unsigned long)old_calls;
    CHECK_EQ(call(__HYPERVISOR_nmi_op, XENNMI_register_callback, &nmi), 0);
    CHECK_EQ(call(__HYPERVISOR_nmi_op, XENNMI_unregister_callback, NULL), 0);
    CHECK_EQ(call(__HYPERVISOR_nmi_op, 99, NULL), -ENOSYS);
    check_nowhere(__HYPERVISOR_nmi_op, XENNMI_register_callback);
    CHECK_EQ(call(__HYPERVISOR_physdev_op_compat, (unsigned long)&op, NULL), 0);
    op.cmd = 99;
    CHECK_EQ(call(__HYPERVISOR_physdev_op_compat, (unsigned long)&op, NULL), -ENOSYS);
    CHECK_EQ(call(__HYPERVISOR_physdev_op_compat, UNMAPPED_VA, NULL), -EFAULT);
}

static const struct test tests[] = {
    { "hvm_params", hvm_params },
    { "hvm_others", hvm_others },
    { "hvm_xentrace", hvm_xentrace },
    { "hvm_time", hvm_time },
    { "translated_memory", translated_memory },
    { "populate_on_demand", populate_on_demand },
    { "memory_of_other_kinds", memory_of_other_kinds },
    { "compat_frames", compat_frames },
    { "claims", claims },
    { "set_map", set_map },
    { "continuations", continuations },
    { "kexec", kexec },
    { "old_calls", old_calls },
};

TEST_MAIN(tests)
