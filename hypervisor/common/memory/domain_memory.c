/* SPDX-License-Identifier: MIT */
/*
 * Frames of domains: allocation, assignment, stealing, release and accounting. d->page_lock
 * protects the list, the counts and the claim; the heap lock nests inside. A domain's structure is
 * referenced while it has frames of either kind (counted or extra). Frames of a domain are singles:
 * order is a matter of allocation only.
 */
#include <asm/frame.h>
#include <hv/atomic.h>
#include <hv/errno.h>
#include <hv/page_alloc.h>

#include "page_alloc_internal.h"

/* ---- the list of a domain's frames ---- */

static void list_append(struct domain *d, struct frame *f)
{
    u32 nr = (u32)mfn_raw(frame_to_mfn(f));

    f->list_next = 0;
    f->list_prev = d->page_list_tail;
    if (d->page_list_tail)
        mfn_to_frame(mfn_from(d->page_list_tail))->list_next = nr;
    else
        d->page_list_head = nr;
    d->page_list_tail = nr;
}

static void list_remove(struct domain *d, struct frame *f)
{
    if (f->list_prev)
        mfn_to_frame(mfn_from(f->list_prev))->list_next = f->list_next;
    else
        d->page_list_head = f->list_next;
    if (f->list_next)
        mfn_to_frame(mfn_from(f->list_next))->list_prev = f->list_prev;
    else
        d->page_list_tail = f->list_prev;
    f->list_next = f->list_prev = 0;
}

/* ---- counts; page_lock held ---- */

static bool has_frames(const struct domain *d)
{
    return d->tot_pages || d->extra_pages;
}

/* What a domain gains comes out of its claim, what it loses goes back to it. */
static void total_adjust(struct domain *d, s64 delta)
{
    u64 before = d->claimed_pages;

    d->tot_pages += (u64)delta;
    if (!before)
        return;
    d->claimed_pages = delta > (s64)before ? 0 : before - (u64)delta;
    claims_adjust((s64)(d->claimed_pages - before));
}

/* ---- giving frames to a domain ---- */

static int assign_locked(struct domain *d, struct frame *f, unsigned int order, u64 flags,
                         bool counted)
{
    u64 n = 1UL << order;

    if (d->dying)
        return -EINVAL;
    if (counted && (d->tot_pages + n > d->max_pages || d->tot_pages + n < n))
        return -E2BIG;
    if (!has_frames(d) && (counted || flags & FC_EXTRA) && !domain_get(d))
        return -EINVAL;
    if (counted)
        total_adjust(d, (s64)n);
    else if (flags & FC_EXTRA)
        d->extra_pages += n;
    for (u64 i = 0; i < n; i++) {
        f[i].type = FT_NONE;
        f[i].nr_validated = 0;
        f[i].linear_count = 0;
        f[i].deferred_next = 0;
        frame_set_owner(&f[i], d);
        list_append(d, &f[i]);
        smp_wmb();
        WRITE_ONCE(f[i].count, FC_ALLOCATED | flags | 1);
    }
    return 0;
}

int domain_assign_frames(struct domain *d, struct frame *f, unsigned int order,
                         unsigned int memflags)
{
    int rc;

    spin_lock(&d->page_lock);
    rc = assign_locked(d, f, order, 0, !(memflags & MEMF_NO_REFCOUNT));
    spin_unlock(&d->page_lock);
    return rc;
}

struct frame *domain_alloc_frames(struct domain *d, unsigned int order, unsigned int memflags)
{
    bool counted = !(memflags & MEMF_NO_REFCOUNT);
    struct block_user user = {
        .claimed = d && counted && d->claimed_pages >= 1UL << order,
        .clear = !(memflags & MEMF_NO_SCRUB),
        .serial = d ? d->memory_serial : 0,
    };
    struct frame *f = NULL;
    int rc;

    if (!alloc_should_fail("frames of a domain", PAGE_SIZE << order, __builtin_return_address(0)))
        f = block_alloc(order, memflags, &user);
    if (!f)
        return NULL;
    if (!d || memflags & MEMF_NO_OWNER)
        return f;
    spin_lock(&d->page_lock);
    rc = assign_locked(d, f, order, counted ? 0 : FC_EXTRA, counted);
    spin_unlock(&d->page_lock);
    if (!rc)
        return f;
    block_free(f, order, false, 0);
    return NULL;
}

/* ---- taking frames away ---- */

/*
 * Numbers that no two domains share, unlike domids: a domain may get back frames with its own old
 * data. After four thousand million domains the rest does without.
 */
static u32 serial_of(struct domain *d)
{
    static u32 last;
    u32 n;

    if (likely(d->memory_serial))
        return d->memory_serial;
    n = atomic_read(&last);
    while (n != ~0u) {
        u32 seen = cmpxchg(&last, n, n + 1);

        if (seen == n)
            return d->memory_serial = n + 1;
        n = seen;
    }
    return 0;
}

static void free_frames(struct frame *f, unsigned int order, u32 dirty_by)
{
    for (u64 i = 0; i < 1UL << order; i++) {
        frame_set_owner(&f[i], NULL);
        f[i].type = 0;
        f[i].count = 0;
        m2p_set(frame_to_mfn(&f[i]), ~0UL);
    }
    block_free(f, order, true, dirty_by);
}

void free_anonymous_frames(struct frame *f, unsigned int order)
{
    free_frames(f, order, 0);
}

void domain_free_frame(struct frame *f)
{
    struct domain *d = frame_owner(f);
    u32 dirty_by = 0;
    bool last = false;

    if (d) {
        spin_lock(&d->page_lock);
        list_remove(d, f);
        if (f->count & FC_EXTRA)
            d->extra_pages--;
        else
            total_adjust(d, -1);
        last = !has_frames(d);
        dirty_by = d->dying ? 0 : serial_of(d);
        spin_unlock(&d->page_lock);
    }
    free_frames(f, 0, dirty_by);
    if (last)
        domain_put(d);
}

/* Exactly two references, the allocation's and ours: drop both, then nobody can find the frame. */
static bool make_unreachable(struct frame *f)
{
    u64 x = READ_ONCE(f->count);

    do {
        if ((x & (FC_COUNT_MASK | FC_ALLOCATED | FC_HV)) != (2 | FC_ALLOCATED))
            return false;
    } while (!__atomic_compare_exchange_n(&f->count, &x, x & ~(FC_COUNT_MASK | FC_ALLOCATED), false,
                                          __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST));
    return true;
}

int domain_steal_frame(struct domain *d, struct frame *f, unsigned int memflags)
{
    bool counted = !(memflags & MEMF_NO_REFCOUNT), last = false;

    if (!frame_get(f, d))
        return -EINVAL;
    spin_lock(&d->page_lock);
    if (!make_unreachable(f)) {
        spin_unlock(&d->page_lock);
        frame_put(f);
        return -EINVAL;
    }
    list_remove(d, f);
    frame_set_owner(f, NULL);
    if (f->count & FC_CACHE_MASK)
        frame_set_cache(f, 0);
    if (f->count & FC_EXTRA)
        d->extra_pages--;
    else if (counted)
        total_adjust(d, -1);
    last = !has_frames(d);
    f->count = 0;
    spin_unlock(&d->page_lock);
    if (last)
        domain_put(d);
    return 0;
}

void domain_forget_frames(struct domain *d, u64 n)
{
    bool last;

    spin_lock(&d->page_lock);
    total_adjust(d, -(s64)n);
    last = !has_frames(d);
    spin_unlock(&d->page_lock);
    if (last)
        domain_put(d);
}

/* ---- claims ---- */

int domain_set_claim(struct domain *d, u64 pages)
{
    int rc = 0;

    spin_lock(&d->page_lock);
    if (!pages) {
        claims_adjust(-(s64)d->claimed_pages);
        d->claimed_pages = 0;
    } else if (d->claimed_pages || pages <= d->tot_pages || pages > d->max_pages) {
        rc = -EINVAL;
    } else if (!claims_try_add(pages - d->tot_pages)) {
        rc = -ENOMEM;
    } else {
        d->claimed_pages = pages - d->tot_pages;
    }
    spin_unlock(&d->page_lock);
    return rc;
}
