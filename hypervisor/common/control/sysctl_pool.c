/* SPDX-License-Identifier: MIT */
/*
 * sysctl: scheduling of the whole machine. There is one CPU pool, number 0, with every CPU and
 * every domain in it. Locks: domain_list_lock while domains are counted. ABI facts: public
 * sysctl.h.
 */
#include <hv/domctl.h>
#include <hv/errno.h>
#include <hv/irq.h>
#include <hv/sched.h>

long sysctl_sched_id(struct xen_sysctl *op, bool *copyback)
{
    (void)copyback;
    op->u.sched_id.sched_id = (u32)sched_id();
    return 0;
}

long sysctl_scheduler_op(struct xen_sysctl *op, bool *copyback)
{
    struct xen_sysctl_scheduler_op *s = &op->u.scheduler_op;

    (void)copyback;
    if (s->cmd != XEN_SYSCTL_SCHEDOP_putinfo && s->cmd != XEN_SYSCTL_SCHEDOP_getinfo)
        return -EINVAL;
    if (s->cpupool_id)
        return -ESRCH;
    if (s->sched_id != (u32)sched_id())
        return -EINVAL;
    return sched_adjust_global(s);
}

/* ---- pools ---- */

static long pool_info(struct xen_sysctl_cpupool_op *p)
{
    const struct domain *d;

    if (p->cpupool_id)
        return -ENOENT;
    p->sched_id = (u32)sched_id();
    p->n_dom = 0;
    read_lock(&domain_list_lock);
    list_for_each_entry(d, &domain_list, list) p->n_dom++;
    read_unlock(&domain_list_lock);
    return bitmap_to_guest(&p->cpumap, cpu_online_map.bits);
}

static long pool_destroy(struct xen_sysctl_cpupool_op *p)
{
    return p->cpupool_id ? -ENOENT : -EBUSY;
}

/* Every CPU has its pool already. */
static long pool_add_cpu(struct xen_sysctl_cpupool_op *p)
{
    return p->cpu >= MAX_CPUS || !cpumask_test(p->cpu, &cpu_present_map) ? -EINVAL : -ENODEV;
}

static long pool_remove_cpu(struct xen_sysctl_cpupool_op *p)
{
    return p->cpupool_id ? -ENOENT : -EBUSY;
}

static long pool_move_domain(struct xen_sysctl_cpupool_op *p)
{
    struct domain *d;

    if (!p->domid)
        return -EINVAL; /* dom0 stays */
    d = p->domid < DOMID_FIRST_RESERVED ? domain_get_by_id((domid_t)p->domid) : NULL;
    if (!d)
        return -ESRCH;
    domain_put(d);
    return p->cpupool_id ? -ENOENT : 0;
}

static long pool_free_info(struct xen_sysctl_cpupool_op *p)
{
    return bitmap_to_guest(&p->cpumap, 0);
}

static long pool_create(struct xen_sysctl_cpupool_op *p)
{
    (void)p;
    return -EOPNOTSUPP;
}

static long (*const pool_ops[])(struct xen_sysctl_cpupool_op *p) = {
    [XEN_SYSCTL_CPUPOOL_OP_CREATE] = pool_create,
    [XEN_SYSCTL_CPUPOOL_OP_DESTROY] = pool_destroy,
    [XEN_SYSCTL_CPUPOOL_OP_INFO] = pool_info,
    [XEN_SYSCTL_CPUPOOL_OP_ADDCPU] = pool_add_cpu,
    [XEN_SYSCTL_CPUPOOL_OP_RMCPU] = pool_remove_cpu,
    [XEN_SYSCTL_CPUPOOL_OP_MOVEDOMAIN] = pool_move_domain,
    [XEN_SYSCTL_CPUPOOL_OP_FREEINFO] = pool_free_info,
};

long sysctl_cpupool_op(struct xen_sysctl *op, bool *copyback)
{
    u32 cmd = op->u.cpupool_op.op;

    (void)copyback;
    if (cmd >= ARRAY_SIZE(pool_ops))
        return -ENOSYS;
    cmd = (u32)array_index_nospec(cmd, ARRAY_SIZE(pool_ops));
    return pool_ops[cmd] ? pool_ops[cmd](&op->u.cpupool_op) : -ENOSYS;
}
