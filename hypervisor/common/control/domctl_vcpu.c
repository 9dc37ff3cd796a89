/* SPDX-License-Identifier: MIT */
/*
 * domctl: vCPUs: how many, their contexts, where they may run. The domain or the vCPU is paused
 * while its context is read or written. ABI facts: public domctl.h.
 */
#include <hv/arch.h>
#include <hv/domctl.h>
#include <hv/errno.h>
#include <hv/guest_access.h>
#include <hv/irq.h>
#include <hv/page_alloc.h>
#include <hv/sched.h>

static struct vcpu *find_vcpu(const struct domain *d, u32 id)
{
    return id < d->max_vcpus ? d->vcpu[array_index_nospec(id, d->max_vcpus)] : NULL;
}

/* The number was fixed when the domain was created; now they come into being. */
long domctl_max_vcpus(struct domain *d, struct xen_domctl *op, bool *copyback)
{
    (void)copyback;
    if (op->u.max_vcpus.max != d->max_vcpus)
        return -EINVAL;
    for (u32 i = 0; i < d->max_vcpus; i++)
        if (!d->vcpu[i] && !vcpu_create(d, i))
            return -ENOMEM;
    return 0;
}

long domctl_setvcpucontext(struct domain *d, struct xen_domctl *op, bool *copyback)
{
    const struct xen_domctl_vcpucontext *c = &op->u.vcpucontext;
    struct vcpu *v = find_vcpu(d, c->vcpu);
    struct vcpu_guest_context *ctxt;
    long rc = -EFAULT;

    (void)copyback;
    if (!v)
        return -EINVAL;
    if (guest_handle_is_null(c->ctxt)) {
        domain_pause(d);
        rc = d->ops->vcpu_reset(v);
        domain_unpause(d);
        return rc;
    }
    ctxt = zalloc_obj(struct vcpu_guest_context);
    if (!ctxt)
        return -ENOMEM;
    if (!copy_from_guest(ctxt, c->ctxt, 1)) {
        domain_pause(d);
        rc = d->ops->vcpu_set_context(v, ctxt);
        domain_unpause(d);
    }
    hv_free(ctxt);
    return rc;
}

long domctl_getvcpucontext(struct domain *d, struct xen_domctl *op, bool *copyback)
{
    const struct xen_domctl_vcpucontext *c = &op->u.vcpucontext;
    struct vcpu *v = find_vcpu(d, c->vcpu);
    struct vcpu_guest_context *ctxt;
    long rc = 0;

    if (!v || v == current)
        return -EINVAL;
    if (!v->is_initialised)
        return -ENODATA;
    ctxt = zalloc_obj(struct vcpu_guest_context);
    if (!ctxt)
        return -ENOMEM;
    vcpu_pause(v);
    d->ops->vcpu_get_context(v, ctxt);
    vcpu_unpause(v);
    if (copy_to_guest(c->ctxt, ctxt, 1))
        rc = -EFAULT;
    hv_free(ctxt);
    *copyback = true;
    return rc;
}

long domctl_getvcpuinfo(struct domain *d, struct xen_domctl *op, bool *copyback)
{
    struct xen_domctl_getvcpuinfo *info = &op->u.getvcpuinfo;
    struct vcpu_runstate_info run;
    struct vcpu *v = find_vcpu(d, info->vcpu);

    if (info->vcpu >= d->max_vcpus)
        return -EINVAL;
    if (!v)
        return -ESRCH;
    vcpu_runstate_get(v, &run);
    info->online = !test_bit(VPF_DOWN, &v->pause_flags);
    info->blocked = test_bit(VPF_BLOCKED, &v->pause_flags);
    info->running = v->is_running;
    info->cpu_time = run.time[RUNSTATE_running];
    info->cpu = v->processor;
    *copyback = true;
    return 0;
}

/* ---- affinity ---- */

static long affinity_vcpu(const struct domain *d, const struct xen_domctl_vcpuaffinity *a,
                          struct vcpu **v)
{
    if (a->vcpu >= d->max_vcpus)
        return -EINVAL;
    *v = find_vcpu(d, a->vcpu);
    if (!*v)
        return -ESRCH;
    if (!a->flags || (a->flags & XEN_VCPUAFFINITY_HARD && !a->cpumap_hard.bitmap.p) ||
        (a->flags & XEN_VCPUAFFINITY_SOFT && !a->cpumap_soft.bitmap.p))
        return -EINVAL;
    return 0;
}

static long set_hard(struct vcpu *v, const struct xenctl_bitmap *map)
{
    cpumask_t mask;
    long rc = bitmap_from_guest(&mask.bits, map);

    if (!rc)
        rc = v->is_pin_overridden ? -EBUSY : vcpu_set_hard_affinity(v, &mask);
    return rc;
}

static long set_soft(struct vcpu *v, const struct xenctl_bitmap *map)
{
    cpumask_t mask;
    long rc = bitmap_from_guest(&mask.bits, map);

    return rc ? rc : vcpu_set_soft_affinity(v, &mask);
}

/* What is in force goes back: the online CPUs among those asked for. */
static long report(const struct vcpu *v, const struct xen_domctl_vcpuaffinity *a)
{
    u64 hard = v->allowed_cpus.bits & cpu_online_map.bits;
    long rc = 0;

    if (a->flags & XEN_VCPUAFFINITY_HARD)
        rc = bitmap_to_guest(&a->cpumap_hard, hard);
    if (!rc && a->flags & XEN_VCPUAFFINITY_SOFT)
        rc = bitmap_to_guest(&a->cpumap_soft, hard & v->soft_affinity.bits);
    return rc;
}

long domctl_setvcpuaffinity(struct domain *d, struct xen_domctl *op, bool *copyback)
{
    const struct xen_domctl_vcpuaffinity *a = &op->u.vcpuaffinity;
    cpumask_t old;
    struct vcpu *v;
    long rc = affinity_vcpu(d, a, &v);

    (void)copyback;
    if (rc)
        return rc;
    if (a->flags & XEN_VCPUAFFINITY_FORCE && v->is_pin_overridden) {
        v->is_pin_overridden = false;
        rc = vcpu_set_hard_affinity(v, &v->saved_affinity);
    }
    old = v->hard_affinity;
    if (!rc && a->flags & XEN_VCPUAFFINITY_HARD)
        rc = set_hard(v, &a->cpumap_hard);
    if (!rc && a->flags & XEN_VCPUAFFINITY_SOFT) {
        rc = set_soft(v, &a->cpumap_soft);
        if (rc && a->flags & XEN_VCPUAFFINITY_HARD)
            (void)vcpu_set_hard_affinity(v, &old); /* an error leaves everything as it was */
    }
    return rc ? rc : report(v, a);
}

long domctl_getvcpuaffinity(struct domain *d, struct xen_domctl *op, bool *copyback)
{
    const struct xen_domctl_vcpuaffinity *a = &op->u.vcpuaffinity;
    struct vcpu *v;
    long rc = affinity_vcpu(d, a, &v);

    (void)copyback;
    if (!rc && a->flags & XEN_VCPUAFFINITY_HARD)
        rc = bitmap_to_guest(&a->cpumap_hard, v->hard_affinity.bits & cpu_present_map.bits);
    if (!rc && a->flags & XEN_VCPUAFFINITY_SOFT)
        rc = bitmap_to_guest(&a->cpumap_soft, v->soft_affinity.bits & cpu_present_map.bits);
    return rc;
}

/* All memory is one node, number 0. */
long domctl_setnodeaffinity(struct domain *d, struct xen_domctl *op, bool *copyback)
{
    u64 nodes;
    long rc = bitmap_from_guest(&nodes, &op->u.nodeaffinity.nodemap);

    (void)d, (void)copyback;
    return rc ? rc : nodes & 1 ? 0 : -EINVAL;
}

long domctl_getnodeaffinity(struct domain *d, struct xen_domctl *op, bool *copyback)
{
    (void)d, (void)copyback;
    return bitmap_to_guest(&op->u.nodeaffinity.nodemap, 1);
}
