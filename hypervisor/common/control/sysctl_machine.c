/* SPDX-License-Identifier: MIT */
/*
 * sysctl: the machine: memory, processors, their places. All memory is one node, number 0.
 * No locks. ABI facts: public sysctl.h.
 */
#include <hv/arch.h>
#include <hv/domctl.h>
#include <hv/errno.h>
#include <hv/grant_table.h>
#include <hv/guest_access.h>
#include <hv/irq.h>
#include <hv/page_alloc.h>
#include <hv/sched.h>

#define LOCAL_DISTANCE 10 /* of a node to itself, by the convention of ACPI's SLIT */

static u32 nr_cpu_ids(void)
{
    return cpu_online_map.bits ? fls64(cpu_online_map.bits) + 1 : 1;
}

long sysctl_physinfo(struct xen_sysctl *op, bool *copyback)
{
    struct xen_sysctl_physinfo *p = &op->u.physinfo;

    (void)copyback;
    memset(p, 0, sizeof(*p));
    p->nr_cpus = hweight64(cpu_online_map.bits);
    p->max_cpu_id = nr_cpu_ids() - 1;
    p->nr_nodes = 1;
    p->max_node_id = 0;
    p->capabilities = XEN_SYSCTL_PHYSCAP_pv | XEN_SYSCTL_PHYSCAP_gnttab_v1 |
                      (grant_table_max_version() > 1 ? XEN_SYSCTL_PHYSCAP_gnttab_v2 : 0);
    p->total_pages = page_alloc_total_pages();
    p->free_pages = page_alloc_free_pages();
    p->scrub_pages = 0; /* free but not usable yet: none, dirty frames are cleaned on the way out */
    p->outstanding_pages = page_alloc_outstanding_claims();
    p->max_mfn = page_alloc_max_mfn() - 1;
    arch_physinfo(p);
    return 0;
}

long sysctl_getcpuinfo(struct xen_sysctl *op, bool *copyback)
{
    struct xen_sysctl_getcpuinfo *g = &op->u.getcpuinfo;
    u32 n = MIN(g->max_cpus, nr_cpu_ids());

    (void)copyback;
    for (u32 cpu = 0; cpu < n; cpu++) {
        xen_sysctl_cpuinfo_t info = {0};

        if (idle_vcpu[cpu])
            info.idletime = cpu_idle_time_ns(cpu);
        if (copy_to_guest_offset(g->info, cpu, &info, 1))
            return -EFAULT;
    }
    g->nr_cpus = n;
    return 0;
}

/* Free memory is not kept by address width. */
long sysctl_availheap(struct xen_sysctl *op, bool *copyback)
{
    struct xen_sysctl_availheap *a = &op->u.availheap;

    (void)copyback;
    if (a->min_bitwidth || a->max_bitwidth)
        return -EOPNOTSUPP;
    a->avail_bytes = a->node == -1 || a->node == 0 ? page_alloc_free_pages() << PAGE_SHIFT : 0;
    return 0;
}

long sysctl_cputopoinfo(struct xen_sysctl *op, bool *copyback)
{
    struct xen_sysctl_cputopoinfo *t = &op->u.cputopoinfo;
    u32 n = nr_cpu_ids(), room = t->num_cpus;

    t->num_cpus = n;
    *copyback = true;
    if (guest_handle_is_null(t->cputopo))
        return 0;
    if (room < n)
        return -ENOBUFS;
    for (u32 cpu = 0; cpu < n; cpu++) {
        xen_sysctl_cputopo_t e = {XEN_INVALID_CORE_ID, XEN_INVALID_SOCKET_ID, XEN_INVALID_NODE_ID};

        if (cpumask_test(cpu, &cpu_online_map)) {
            arch_cpu_topology(cpu, &e.core, &e.socket);
            e.node = 0;
        }
        if (copy_to_guest_offset(t->cputopo, cpu, &e, 1))
            return -EFAULT;
    }
    return 0;
}

long sysctl_numainfo(struct xen_sysctl *op, bool *copyback)
{
    struct xen_sysctl_numainfo *n = &op->u.numainfo;
    xen_sysctl_meminfo_t mem = {
        .memsize = page_alloc_max_mfn() << PAGE_SHIFT,
        .memfree = page_alloc_free_pages() << PAGE_SHIFT,
    };
    u32 distance = LOCAL_DISTANCE, room = n->num_nodes;
    bool wanted = !guest_handle_is_null(n->meminfo) || !guest_handle_is_null(n->distance);

    n->num_nodes = 1;
    *copyback = true;
    if (wanted && !room)
        return -ENOBUFS;
    if (!guest_handle_is_null(n->meminfo) && copy_to_guest(n->meminfo, &mem, 1))
        return -EFAULT;
    if (!guest_handle_is_null(n->distance) && copy_to_guest(n->distance, &distance, 1))
        return -EFAULT;
    return 0;
}
