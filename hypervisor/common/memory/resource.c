/* SPDX-License-Identifier: MIT */
/*
 * Hypercall memory_op: XENMEM_acquire_resource. A privileged domain learns the frames behind
 * another domain's resource, grant tables here, so as to map them. Preemptible between groups of
 * frames; the command's upper bits say how many are done. ABI: public memory.h.
 */
#include <hv/access.h>
#include <hv/errno.h>
#include <hv/grant_table.h>
#include <hv/guest_access.h>
#include <hv/hypercall.h>

#include "internal.h"

#define GROUP 32

typedef struct xen_mem_acquire_resource resource_t;

/* 0: there is no such resource. */
static u32 max_frames(struct domain *d, const resource_t *r)
{
    if (r->type != XENMEM_resource_grant_table)
        return 0;
    switch (r->id) {
    case XENMEM_resource_grant_table_id_shared:
        return grant_table_max_frames(d);
    case XENMEM_resource_grant_table_id_status:
        return grant_table_max_status_frames(d);
    default:
        return 0;
    }
}

static int get_frame(struct domain *d, u32 id, u64 index, xen_pfn_t *out)
{
    mfn_t mfn;
    int rc;

    if (index > ~0u)
        return -EINVAL;
    rc = id == XENMEM_resource_grant_table_id_status
             ? grant_table_get_status_frame(d, (u32)index, &mfn)
             : grant_table_get_frame(d, (u32)index, &mfn);
    if (!rc)
        *out = mfn_raw(mfn);
    return rc;
}

/* Frames [start, nr_frames) in groups; *done: how far it came. */
static int copy_frames(struct domain *d, const resource_t *r, u32 start, u32 *done)
{
    xen_pfn_t group[GROUP];

    for (*done = start; *done < r->nr_frames;) {
        u32 n = MIN(r->nr_frames - *done, (u32)GROUP);

        if (*done != start && hypercall_preempt_check())
            return -ERESTART;
        for (u32 i = 0; i < n; i++) {
            int rc = get_frame(d, r->id, r->frame + *done + i, &group[i]);

            if (rc)
                return rc;
        }
        if (copy_to_guest_va((u64)(r->frame_list.p + *done), group, n * sizeof(group[0])))
            return -EFAULT;
        *done += n;
    }
    return 0;
}

static int tell_size(unsigned long arg, const resource_t *r, u32 max)
{
    resource_t *a = (void *)arg;

    if (r->nr_frames)
        return -EINVAL;
    return copy_to_guest_va((u64)&a->nr_frames, &max, sizeof(max)) ? -EFAULT : 0;
}

static int target_get(domid_t id, struct domain **out)
{
    struct domain *d;

    if (id == current->domain->domid)
        return -EPERM;
    d = domain_get_by_id(id);
    if (!d)
        return -ESRCH;
    if (access_memory_op(current->domain, d)) {
        domain_put(d);
        return -EPERM;
    }
    *out = d;
    return 0;
}

long memory_acquire_resource(unsigned long arg, unsigned int start)
{
    resource_t r;
    struct domain *d;
    u32 max, done = 0;
    long rc;

    if (copy_from_guest_va(&r, arg, sizeof(r)))
        return -EFAULT;
    if (r.pad || r.frame > ~0u)
        return -EINVAL;
    rc = target_get(r.domid, &d);
    if (rc)
        return rc;
    max = max_frames(d, &r);
    if (!max)
        rc = -EINVAL;
    else if (!r.frame_list.p)
        rc = tell_size(arg, &r, max);
    else if (start >= r.nr_frames || r.nr_frames > ~0u >> EXTENT_SHIFT)
        rc = -EINVAL;
    else
        rc = copy_frames(d, &r, start, &done);
    domain_put(d);
    if (rc == -ERESTART)
        return hypercall_continuation(
            __HYPERVISOR_memory_op, 2,
            (unsigned long)(XENMEM_acquire_resource | (u64)done << EXTENT_SHIFT), arg);
    return rc;
}
