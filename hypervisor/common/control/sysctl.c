/* SPDX-License-Identifier: MIT */
/*
 * hypercall sysctl(arg): the table of operations on the machine, their dispatcher, the log and the
 * list of domains. No locks held while an operation runs.
 * ABI facts: public sysctl.h; order of the checks and errors as Xen 4.17's.
 */
#include <hv/access.h>
#include <hv/arch.h>
#include <hv/console.h>
#include <hv/domctl.h>
#include <hv/errno.h>
#include <hv/guest_access.h>
#include <hv/hypercall.h>
#include <hv/irq.h>
#include <hv/trace.h>

#define MAX_DEBUG_KEYS 1024 /* in one call */

static long readconsole(struct xen_sysctl *op, bool *copyback)
{
    (void)copyback;
    return console_read_ring(&op->u.readconsole);
}

static long tbuf_op(struct xen_sysctl *op, bool *copyback)
{
    (void)copyback;
    return trace_control(&op->u.tbuf_op);
}

static long debug_keys(struct xen_sysctl *op, bool *copyback)
{
    const struct xen_sysctl_debug_keys *k = &op->u.debug_keys;

    (void)copyback;
    if (k->nr_keys > MAX_DEBUG_KEYS)
        return -E2BIG;
    for (u32 i = 0; i < k->nr_keys; i++) {
        unsigned char c;

        if (copy_from_guest_va(&c, (u64)k->keys.p + i, 1))
            return -EFAULT;
        debug_key_handle(c);
    }
    return 0;
}

static long getdomaininfolist(struct xen_sysctl *op, bool *copyback)
{
    struct xen_sysctl_getdomaininfolist *list = &op->u.getdomaininfolist;
    struct xen_domctl_getdomaininfo info;
    u32 id = list->first_domain, n = 0;
    struct domain *d;

    (void)copyback;
    while (n < list->max_domains && (d = domain_get_next(id)) != NULL) {
        domain_info_get(d, &info);
        id = d->domid + 1U;
        domain_put(d);
        if (copy_to_guest_offset(list->buffer, n, &info, 1))
            return -EFAULT;
        n++;
    }
    list->num_domains = n;
    return 0;
}

/* Known, and not built in. */
static long not_supported(struct xen_sysctl *op, bool *copyback)
{
    (void)op, (void)copyback;
    return -EOPNOTSUPP;
}

static const sysctl_fn table[] = {
    [XEN_SYSCTL_readconsole] = readconsole,
    [XEN_SYSCTL_tbuf_op] = tbuf_op,
    [XEN_SYSCTL_physinfo] = sysctl_physinfo,
    [XEN_SYSCTL_sched_id] = sysctl_sched_id,
    [XEN_SYSCTL_getdomaininfolist] = getdomaininfolist,
    [XEN_SYSCTL_debug_keys] = debug_keys,
    [XEN_SYSCTL_getcpuinfo] = sysctl_getcpuinfo,
    [XEN_SYSCTL_availheap] = sysctl_availheap,
    [XEN_SYSCTL_get_pmstat] = sysctl_get_pmstat,
    [XEN_SYSCTL_pm_op] = sysctl_pm_op,
    [XEN_SYSCTL_page_offline_op] = not_supported,
    [XEN_SYSCTL_cputopoinfo] = sysctl_cputopoinfo,
    [XEN_SYSCTL_numainfo] = sysctl_numainfo,
    [XEN_SYSCTL_cpupool_op] = sysctl_cpupool_op,
    [XEN_SYSCTL_scheduler_op] = sysctl_scheduler_op,
    [XEN_SYSCTL_coverage_op] = not_supported,
};

HC(sysctl)
{
    struct xen_sysctl op;
    bool copyback = false;
    u32 cmd;
    long rc;

    (void)a2, (void)a3, (void)a4, (void)a5;
    if (copy_from_guest_va(&op, a1, sizeof(op)))
        return -EFAULT;
    if (op.interface_version != XEN_SYSCTL_INTERFACE_VERSION)
        return -EACCES;
    rc = access_sysctl(current->domain, op.cmd);
    if (rc)
        return rc;
    cmd = op.cmd < ARRAY_SIZE(table) ? (u32)array_index_nospec(op.cmd, ARRAY_SIZE(table)) : 0;
    rc = table[cmd] ? table[cmd](&op, &copyback) : arch_sysctl(&op, &copyback);
    if (rc == -ERESTART)
        return hypercall_continuation(__HYPERVISOR_sysctl, 1, a1);
    if ((!rc || copyback) && copy_to_guest_va(a1, &op, sizeof(op)))
        return -EFAULT;
    return rc;
}
