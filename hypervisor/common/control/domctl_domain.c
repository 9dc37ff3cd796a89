/* SPDX-License-Identifier: MIT */
/*
 * domctl: what a domain is and has: its description, names, clock, memory limits, scheduling.
 * Locks: page_lock around memory figures. ABI facts: public domctl.h.
 */
#include <asm/frame.h>
#include <hv/arch.h>
#include <hv/cpupool.h>
#include <hv/domctl.h>
#include <hv/errno.h>
#include <hv/event_internal.h>
#include <hv/guest_access.h>
#include <hv/hypercall.h>
#include <hv/sched.h>

#define MAX_PAGE_FRAMES_ASKED 1024

/* ---- getdomaininfo ---- */

static u32 vcpu_summary(const struct domain *d, struct xen_domctl_getdomaininfo *info)
{
    u32 flags = XEN_DOMINF_blocked;
    struct vcpu *v;

    info->max_vcpu_id = XEN_INVALID_MAX_VCPU_ID;
    for_each_vcpu(d, v) {
        unsigned long pause_flags = READ_ONCE(v->pause_flags);
        struct vcpu_runstate_info run;

        vcpu_runstate_get(v, &run);
        info->cpu_time += run.time[RUNSTATE_running];
        info->max_vcpu_id = v->vcpu_id;
        if (pause_flags & BIT(VPF_DOWN))
            continue;
        if (!(pause_flags & BIT(VPF_BLOCKED)))
            flags &= ~XEN_DOMINF_blocked;
        if (v->is_running)
            flags |= XEN_DOMINF_running;
        info->nr_online_vcpus++;
    }
    return info->nr_online_vcpus ? flags : 0;
}

void domain_info_get(const struct domain *d, struct xen_domctl_getdomaininfo *info)
{
    memset(info, 0, sizeof(*info));
    info->domain = d->domid;
    info->flags = vcpu_summary(d, info);
    if (d->dying == DOMAIN_DEAD)
        info->flags |= XEN_DOMINF_dying;
    if (d->is_shut_down)
        info->flags |= XEN_DOMINF_shutdown;
    if (d->controller_pause_count)
        info->flags |= XEN_DOMINF_paused;
    if (d->options & XEN_DOMCTL_CDF_xs_domain)
        info->flags |= XEN_DOMINF_xs_domain;
    info->flags |= d->shutdown_code << XEN_DOMINF_shutdownshift;
    info->tot_pages = READ_ONCE(d->tot_pages);
    info->max_pages = READ_ONCE(d->max_pages);
    info->outstanding_pages = READ_ONCE(d->claimed_pages);
    info->shr_pages = d->shared_pages;
    info->paged_pages = d->paged_pages;
    info->shared_info_frame = mfn_raw(virt_to_mfn(d->shared_info));
    memcpy(info->handle, d->handle, sizeof(info->handle));
    info->cpupool = cpupool_of(d);
    arch_domain_info(d, info);
}

struct domain *domain_get_next(u32 id)
{
    struct domain *d, *found = NULL;

    read_lock(&domain_list_lock);
    list_for_each_entry(d, &domain_list, list) {
        if (d->domid >= id && domain_get(d)) {
            found = d;
            break;
        }
    }
    read_unlock(&domain_list_lock);
    return found;
}

long domctl_getdomaininfo(struct domain *d, struct xen_domctl *op, bool *copyback)
{
    struct domain *next = NULL;

    if (!d) {
        if (op->domain >= DOMID_FIRST_RESERVED)
            return -EINVAL;
        next = d = domain_get_next(op->domain);
        if (!d)
            return -ESRCH;
    }
    domain_info_get(d, &op->u.getdomaininfo);
    op->domain = op->u.getdomaininfo.domain;
    if (next)
        domain_put(next);
    *copyback = true;
    return 0;
}

/* ---- names, clock, events ---- */

long domctl_setdomainhandle(struct domain *d, struct xen_domctl *op, bool *copyback)
{
    (void)copyback;
    memcpy(d->handle, op->u.setdomainhandle.handle, sizeof(d->handle));
    return 0;
}

long domctl_setdebugging(struct domain *d, struct xen_domctl *op, bool *copyback)
{
    (void)d, (void)copyback;
    return op->u.setdebugging.enable ? -EOPNOTSUPP : 0; /* no debugger outside can attach */
}

long domctl_settimeoffset(struct domain *d, struct xen_domctl *op, bool *copyback)
{
    (void)copyback;
    d->time_offset_seconds = op->u.settimeoffset.time_offset_seconds;
    arch_domain_wallclock_update(d);
    return 0;
}

long domctl_subscribe(struct domain *d, struct xen_domctl *op, bool *copyback)
{
    (void)copyback;
    d->suspend_port = op->u.subscribe.port;
    return 0;
}

/* Only domains with an emulated machine have somebody who serves them. */
long domctl_set_target(struct domain *d, struct xen_domctl *op, bool *copyback)
{
    struct domain *target = domain_get_by_id(op->u.set_target.target);
    long rc = -EOPNOTSUPP;

    (void)copyback;
    if (!target)
        return -ESRCH;
    if (d == target || d->target)
        rc = -EINVAL;
    domain_put(target);
    return rc;
}

long domctl_set_virq_handler(struct domain *d, struct xen_domctl *op, bool *copyback)
{
    (void)copyback;
    return event_channel_set_global_virq(d, op->u.set_virq_handler.virq);
}

/* ---- memory ---- */

/* A limit below what the domain has only keeps it from growing. */
long domctl_max_mem(struct domain *d, struct xen_domctl *op, bool *copyback)
{
    u64 pages = op->u.max_mem.max_memkb >> (PAGE_SHIFT - 10);

    (void)copyback;
    spin_lock(&d->page_lock);
    d->max_pages = MIN(pages, (u64)~0U);
    spin_unlock(&d->page_lock);
    return 0;
}

static u64 frame_info(struct domain *d, u64 number)
{
    mfn_t mfn = mfn_from(number);
    u64 info = XEN_DOMCTL_PFINFO_NOTAB, type;
    struct frame *f;

    if (!mfn_valid(mfn) || !frame_get(mfn_to_frame(mfn), d))
        return XEN_DOMCTL_PFINFO_XTAB;
    f = mfn_to_frame(mfn);
    type = READ_ONCE(f->type);
    if (f->count & (FC_HV | FC_EXTRA)) {
        info = XEN_DOMCTL_PFINFO_XTAB;
    } else if (f->count & FC_BROKEN) {
        info = XEN_DOMCTL_PFINFO_BROKEN;
    } else if (type & FT_COUNT_MASK && (type & FT_MASK) >= FT_L1 && (type & FT_MASK) <= FT_L4) {
        info = (type & FT_MASK) >> FT_SHIFT << XEN_DOMCTL_PFINFO_LTAB_SHIFT;
        if (type & FT_PINNED)
            info |= XEN_DOMCTL_PFINFO_LPINTAB;
    }
    frame_put(f);
    return info;
}

long domctl_getpageframeinfo3(struct domain *d, struct xen_domctl *op, bool *copyback)
{
    const struct xen_domctl_getpageframeinfo3 *info = &op->u.getpageframeinfo3;

    (void)copyback;
    if (info->num > MAX_PAGE_FRAMES_ASKED)
        return -E2BIG;
    for (u64 i = 0; i < info->num; i++) {
        xen_pfn_t number;

        if (copy_from_guest_offset(&number, info->array, i, 1))
            return -EFAULT;
        number = frame_info(d, number);
        if (copy_to_guest_offset(info->array, i, &number, 1))
            return -EFAULT;
    }
    return 0;
}

/* ---- scheduling ---- */

long domctl_scheduler_op(struct domain *d, struct xen_domctl *op, bool *copyback)
{
    long rc;

    if (op->u.scheduler_op.sched_id != (u32)sched_id())
        return -EINVAL;
    rc = sched_adjust_domain(d, &op->u.scheduler_op);
    *copyback = true;
    return rc;
}
