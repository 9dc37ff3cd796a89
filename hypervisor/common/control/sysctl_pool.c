/* SPDX-License-Identifier: MIT */
/*
 * sysctl: scheduling of the whole machine, and CPU pools (common/cpupool.c), which all have the one
 * scheduler there is. No locks. ABI facts: public sysctl.h.
 */
#include <hv/cpupool.h>
#include <hv/domctl.h>
#include <hv/errno.h>
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
    if (!cpupool_exists(s->cpupool_id))
        return -ESRCH;
    if (s->sched_id != (u32)sched_id())
        return -EINVAL;
    return sched_adjust_global(s);
}

/* ---- pools ---- */

static long pool_create(struct xen_sysctl_cpupool_op *p)
{
    if (p->sched_id != (u32)sched_id())
        return -ENOENT; /* there is no other scheduler */
    return cpupool_create(&p->cpupool_id);
}

static long pool_destroy(struct xen_sysctl_cpupool_op *p)
{
    return cpupool_destroy(p->cpupool_id);
}

static long pool_info(struct xen_sysctl_cpupool_op *p)
{
    u64 cpus;
    long rc = cpupool_next(&p->cpupool_id, &cpus, &p->n_dom);

    p->sched_id = (u32)sched_id();
    return rc ? rc : bitmap_to_guest(&p->cpumap, cpus);
}

static long pool_add_cpu(struct xen_sysctl_cpupool_op *p)
{
    return cpupool_add_cpu(p->cpupool_id, p->cpu);
}

static long pool_remove_cpu(struct xen_sysctl_cpupool_op *p)
{
    return cpupool_remove_cpu(p->cpupool_id, p->cpu);
}

static long pool_move_domain(struct xen_sysctl_cpupool_op *p)
{
    struct domain *d;
    long rc;

    d = p->domid < DOMID_FIRST_RESERVED ? domain_get_by_id((domid_t)p->domid) : NULL;
    if (!d)
        return -ESRCH;
    /* Who gives orders stays where it is. */
    rc = d == current->domain ? -EPERM : cpupool_move(d, p->cpupool_id);
    domain_put(d);
    return rc;
}

static long pool_free_info(struct xen_sysctl_cpupool_op *p)
{
    return bitmap_to_guest(&p->cpumap, cpupool_free_cpus());
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
