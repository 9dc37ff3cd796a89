/* SPDX-License-Identifier: MIT */
/*
 * Teardown of a PV domain's memory, in stages that may stop anywhere: roots of vCPUs, pins and
 * half-done tables, then the allocation references of all frames. Frames that others still map stay
 * on the list until those references go. d is dying, so the list only shrinks. The caller is the
 * only one at it (domctl_lock).
 */
#include "internal.h"

#include <hv/irq.h>
#include <hv/sched.h>

/* Idle CPUs may still hold a root of d in CR3. */
static void leave_all_cpus(struct domain *d)
{
    struct vcpu *v;

    for_each_vcpu(d, v)
        vcpu_sync_state(v);
    BUG_ON(domain_dirty_cpus(d));
}

static void drop_roots(struct domain *d)
{
    struct vcpu *v;

    for_each_vcpu(d, v) {
        u64 kernel = v->arch.pv.kernel_root, user = v->arch.pv.user_root;

        v->arch.pv.kernel_root = v->arch.pv.user_root = 0;
        v->arch.guest_root = v->arch.hw_root = 0;
        if (kernel)
            pv_root_put(kernel);
        if (user)
            pv_root_put(user);
    }
}

/*
 * The first frame from nr on that can be referenced, which keeps it on the list; page_lock held.
 * One without references is just being freed by somebody.
 */
static struct frame *referenced_from(struct domain *d, u32 nr)
{
    while (nr) {
        struct frame *f = mfn_to_frame(mfn_from(nr));

        if (frame_get(f, d))
            return f;
        nr = f->list_next;
    }
    return NULL;
}

static struct frame *first_frame(struct domain *d)
{
    struct frame *f;

    spin_lock(&d->page_lock);
    f = referenced_from(d, d->page_list_head);
    spin_unlock(&d->page_lock);
    return f;
}

/* The one behind f; f's reference is given back. */
static struct frame *next_frame(struct domain *d, struct frame *f)
{
    struct frame *n;

    spin_lock(&d->page_lock);
    n = referenced_from(d, f->list_next);
    spin_unlock(&d->page_lock);
    frame_put(f);
    return n;
}

/* One frame: no pin, nothing half done, no allocation reference. */
static void release_frame(struct frame *f)
{
    pv_unpin_frame(f);
    frame_abandon_partial(f);
    frame_put_allocation(f);
}

/*
 * Once along the list. The frame to go on with, referenced, is kept in arch.relmem; RELMEM_DONE
 * when the end was reached: tables hold nothing in circles, so what is left is held by others.
 */
#define RELMEM_DONE (~0u)

static int release_frames(struct domain *d)
{
    struct frame *f;
    int rc = 0;

    if (d->arch.relmem == RELMEM_DONE)
        return 0;
    f = d->arch.relmem ? mfn_to_frame(mfn_from(d->arch.relmem)) : first_frame(d);
    for (unsigned int n = 1; f && !rc; n++) {
        release_frame(f);
        f = next_frame(d, f);
        if (frame_has_deferred(d))
            rc = frame_drain_deferred(d, true);
        else if (n % 64 == 0 && hypercall_preempt_check())
            rc = -ERESTART;
    }
    d->arch.relmem = f ? (u32)mfn_raw(frame_to_mfn(f)) : RELMEM_DONE;
    return rc;
}

int pv_relinquish_memory(struct domain *d)
{
    int rc;

    leave_all_cpus(d);
    drop_roots(d);
    rc = frame_drain_deferred(d, true);
    if (!rc)
        rc = release_frames(d);
    return rc ? rc : frame_drain_deferred(d, true);
}
