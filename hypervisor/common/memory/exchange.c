/* SPDX-License-Identifier: MIT */
/*
 * Hypercall memory_op: XENMEM_exchange. Frames are traded in chunks of the larger order of the two
 * sides, each chunk wholly or not at all: take the input frames (nobody may refer to them),
 * allocate the output, free and assign. Progress stands in the guest's nr_exchanged. Preemptible
 * between chunks. ABI: public memory.h.
 */
#include <asm/frame.h>
#include <hv/errno.h>
#include <hv/guest_access.h>
#include <hv/hypercall.h>
#include <hv/page_alloc.h>

#include "internal.h"

struct exchange {
    struct xen_memory_exchange arg;
    struct domain *d;
    unsigned int in_chunk_order, out_chunk_order; /* extents a chunk, of each side */
    unsigned int memflags;
    struct frame *in, *out; /* lists by list_next */
};

static void push(struct frame **list, struct frame *f)
{
    f->list_next = *list ? (u32)mfn_raw(frame_to_mfn(*list)) : 0;
    *list = f;
}

static struct frame *pop(struct frame **list)
{
    struct frame *f = *list;

    if (f)
        *list = f->list_next ? mfn_to_frame(mfn_from(f->list_next)) : NULL;
    return f;
}

/* ---- one chunk ---- */

static int take_extent(struct exchange *x, u64 index)
{
    xen_pfn_t first;

    if (copy_from_guest_va(&first, (u64)(x->arg.in.extent_start.p + index), sizeof(first)))
        return -EFAULT;
    for (u64 k = 0; k < 1UL << x->arg.in.extent_order; k++) {
        u64 mfn = first + k;
        struct frame *f;

        if (mfn >= max_frame)
            return -EINVAL;
        f = mfn_to_frame(mfn_from(array_index_nospec(mfn, max_frame)));
        if (domain_steal_frame(x->d, f, MEMF_NO_REFCOUNT))
            return -EINVAL;
        push(&x->in, f);
    }
    return 0;
}

static int take_and_allocate(struct exchange *x, u64 chunk)
{
    int rc = 0;

    for (u64 j = 0; j < 1UL << x->in_chunk_order && !rc; j++)
        rc = take_extent(x, (chunk << x->in_chunk_order) + j);
    for (u64 j = 0; j < 1UL << x->out_chunk_order && !rc; j++) {
        struct frame *f =
            domain_alloc_frames(x->d, x->arg.out.extent_order, MEMF_NO_OWNER | x->memflags);

        if (!f)
            return -ENOMEM;
        push(&x->out, f);
    }
    return rc;
}

static void give_back(struct exchange *x)
{
    struct frame *f;

    /* They come back without a former type: nobody may still use them by what it allowed. */
    if (x->in)
        tlb_flush_stale(~0UL, tlb_stamp_now());
    while ((f = pop(&x->in)) != NULL)
        if (domain_assign_frames(x->d, f, 0, MEMF_NO_REFCOUNT)) {
            free_anonymous_frames(f, 0); /* it is dying */
            domain_forget_frames(x->d, 1);
        }
    while ((f = pop(&x->out)) != NULL)
        free_anonymous_frames(f, x->arg.out.extent_order);
}

/* Output extents come in the order of the list; any order will do. */
static int assign_extent(struct exchange *x, struct frame *f, u64 index)
{
    u64 slot = (u64)(x->arg.out.extent_start.p + index);
    xen_pfn_t pfn, mfn = mfn_raw(frame_to_mfn(f));

    if (domain_assign_frames(x->d, f, x->arg.out.extent_order, MEMF_NO_REFCOUNT)) {
        free_anonymous_frames(f, x->arg.out.extent_order);
        domain_forget_frames(x->d, 1UL << x->arg.out.extent_order);
        return -EINVAL;
    }
    if (copy_from_guest_va(&pfn, slot, sizeof(pfn)))
        return -EFAULT;
    for (u64 k = 0; k < 1UL << x->arg.out.extent_order; k++)
        m2p_set(mfn_from(mfn + k), pfn + k);
    return copy_to_guest_va(slot, &mfn, sizeof(mfn)) ? -EFAULT : 0;
}

static int exchange_chunk(struct exchange *x, u64 chunk)
{
    struct frame *f;
    int rc = take_and_allocate(x, chunk), first_rc = 0;

    if (rc) {
        give_back(x);
        return rc;
    }
    while ((f = pop(&x->in)) != NULL)
        free_anonymous_frames(f, 0);
    for (u64 j = 0; (f = pop(&x->out)) != NULL; j++) {
        rc = assign_extent(x, f, (chunk << x->out_chunk_order) + j);
        if (rc)
            first_rc = rc;
    }
    return first_rc;
}

/* ---- the call ---- */

static bool sizes_ok(const struct xen_memory_exchange *a)
{
    if (a->in.extent_order > MAX_ORDER || a->out.extent_order > MAX_ORDER)
        return false;
    return a->nr_exchanged <= a->in.nr_extents && a->in.domid == a->out.domid &&
           ~0UL >> a->in.extent_order >= a->in.nr_extents &&
           ~0UL >> a->out.extent_order >= a->out.nr_extents &&
           a->in.nr_extents << a->in.extent_order == a->out.nr_extents << a->out.extent_order;
}

static bool list_ok(const struct xen_memory_reservation *r, u64 start)
{
    u64 bytes;

    return start >= r->nr_extents ||
           (!__builtin_mul_overflow(r->nr_extents - start, sizeof(xen_pfn_t), &bytes) &&
            guest_range_ok((u64)(r->extent_start.p + start), bytes));
}

#define NOTHING_LEFT 1

/* 0 with a reference on x->d, NOTHING_LEFT, or -errno. */
static int decode(struct exchange *x)
{
    struct xen_memory_exchange *a = &x->arg;
    unsigned int bits = XENMEMF_get_address_bits(a->out.mem_flags);
    unsigned int max_order = MAX(a->in.extent_order, a->out.extent_order);

    if (max_order > memory_max_order(current->domain))
        return -EPERM;
    if (!sizes_ok(a))
        return -EINVAL;
    if (a->nr_exchanged == a->in.nr_extents)
        return NOTHING_LEFT;
    if (a->in.extent_order <= a->out.extent_order)
        x->in_chunk_order = a->out.extent_order - a->in.extent_order;
    else
        x->out_chunk_order = a->in.extent_order - a->out.extent_order;
    if (!list_ok(&a->in, a->nr_exchanged) ||
        !list_ok(&a->out, a->nr_exchanged >> x->in_chunk_order << x->out_chunk_order))
        return -EFAULT;
    x->memflags = MEMF_BITS(bits);
    return memory_target_get(a->in.domid, &x->d);
}

/* All chunks; *done: how many extents of the input are through. */
static int run(struct exchange *x, u64 *done)
{
    u64 first = x->arg.nr_exchanged >> x->in_chunk_order;
    u64 end = x->arg.in.nr_extents >> x->in_chunk_order;

    for (u64 chunk = first; chunk < end; chunk++) {
        int rc;

        *done = chunk << x->in_chunk_order;
        if (chunk != first && hypercall_preempt_check())
            return -ERESTART;
        rc = exchange_chunk(x, chunk);
        if (rc)
            return rc;
    }
    *done = x->arg.in.nr_extents;
    return 0;
}

static int store_progress(unsigned long arg, u64 done)
{
    struct xen_memory_exchange *a = (void *)arg;

    return copy_to_guest_va((u64)&a->nr_exchanged, &done, sizeof(done)) ? -EFAULT : 0;
}

long memory_exchange(unsigned long arg)
{
    struct exchange x = {};
    u64 done;
    int rc;

    if (copy_from_guest_va(&x.arg, arg, sizeof(x.arg)))
        return -EFAULT;
    done = x.arg.nr_exchanged;
    rc = decode(&x);
    if (rc == NOTHING_LEFT)
        return 0;
    if (!rc) {
        rc = run(&x, &done);
        domain_put(x.d);
    }
    if (store_progress(arg, done))
        rc = -EFAULT;
    if (rc == -ERESTART)
        return hypercall_continuation(__HYPERVISOR_memory_op, 2, (unsigned long)XENMEM_exchange,
                                      arg);
    return rc;
}
