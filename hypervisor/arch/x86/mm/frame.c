/* SPDX-License-Identifier: MIT */
/*
 * References and types of frames: the two words of a frame record and every transition between
 * their states (see the table in asm/frame.h). No locks: compare-and-exchange, and VALIDATING as
 * the mark of the one CPU that checks or releases a table's contents. That CPU alone may then store
 * to the type word plainly: others of the same type wait, others of another type fail.
 *
 * A frame whose type changes is flushed from the owner's CPUs first, so that no stale writable
 * translation (or stale walk of a former table) outlives the type that allowed it.
 */
#include "internal.h"

#include <hv/atomic.h>
#include <hv/errno.h>
#include <hv/hypercall.h>
#include <hv/page_alloc.h>

static const struct frame_type_ops *type_ops;

void frame_register_type_ops(const struct frame_type_ops *ops)
{
    type_ops = ops;
}

static inline bool is_table(u64 type)
{
    return type >= FT_L1 && type <= FT_L4;
}

static inline bool try_cmpxchg(u64 *p, u64 *old, u64 new_val)
{
    return __atomic_compare_exchange_n(p, old, new_val, false, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST);
}

/* ---- references ---- */

struct domain *frame_get_any(struct frame *f)
{
    struct domain *d;

    if (!frame_count_up(f))
        return NULL;
    d = frame_owner(f);
    if (!d)
        frame_put(f);
    return d;
}

void frame_get_again(struct frame *f)
{
    if (!frame_count_up(f))
        BUG();
}

/* The last reference is gone. Uses and half-done tables hold references, so there are none. */
void frame_release(struct frame *f)
{
    BUG_ON(f->type & (FT_COUNT_MASK | FT_PARTIAL | FT_VALIDATING));
    if (f->count & FC_CACHE_MASK)
        frame_set_cache(f, 0);
    if (f->count & FC_HV) {
        f->count = FC_HV;
        hv_free_page(frame_to_virt(f));
    } else {
        domain_free_frame(f);
    }
}

void frame_put_allocation(struct frame *f)
{
    u64 old = __atomic_fetch_and(&f->count, ~FC_ALLOCATED, __ATOMIC_SEQ_CST);

    if (old & FC_ALLOCATED)
        frame_put(f);
}

/* ---- taking a use ---- */

static void flush_former_type(struct frame *f)
{
    const struct domain *d = frame_owner(f);

    /* Mappers in other domains (grants, tools) run on CPUs that are not in the owner's mask. */
    if (f->foreign_writer == FRAME_FOREIGN_WRITER)
        tlb_flush_stale(~0UL, f->tlb_stamp);
    else if (d)
        tlb_flush_stale(domain_dirty_cpus(d), f->tlb_stamp);
    f->foreign_writer = 0;
}

static inline void set_type(struct frame *f, u64 value)
{
    smp_wmb();
    WRITE_ONCE(f->type, value);
}

/* Back to no use, with what is still held recorded; was_partial: that state's reference is there.
 */
static void leave_unfinished(struct frame *f, u64 type, bool was_partial)
{
    bool holds = f->nr_validated;

    if (holds && !was_partial)
        frame_get_again(f);
    f->tlb_stamp = tlb_stamp_now();
    set_type(f, type | (holds ? FT_PARTIAL : 0));
    if (!holds && was_partial)
        frame_put(f);
}

static int validate_table(struct frame *f, u64 type, bool was_partial, bool preemptible)
{
    int rc;

    /* linear_count is zero by itself: entries elsewhere may be counting on it at this moment. */
    if (!was_partial)
        f->nr_validated = 0;
    rc = type_ops->validate(f, type, preemptible);
    if (!rc) {
        set_type(f, type | FT_VALIDATED | 1);
        if (was_partial)
            frame_put(f);
        return 0;
    }
    leave_unfinished(f, type, was_partial);
    if (rc != -ERESTART && rc != -EINTR)
        frame_abandon_partial(f);
    return rc;
}

/* The type word has just become type|VALIDATING|1; it was `old`, without uses. */
static int first_use(struct frame *f, u64 old, u64 type, bool preemptible)
{
    u64 former = old & FT_MASK;

    if (former != FT_NONE && former != type)
        flush_former_type(f);
    if (is_table(type))
        return validate_table(f, type, old & FT_PARTIAL, preemptible);
    if (type == FT_SEG && !type_ops->segment_valid(f)) {
        set_type(f, type);
        return -EINVAL;
    }
    set_type(f, type | FT_VALIDATED | 1);
    return 0;
}

/* What the word becomes for one more use; 0: not possible. *first: contents are to be looked at. */
static inline u64 next_use(u64 x, u64 type, bool *first)
{
    *first = false;
    if (x & FT_COUNT_MASK)
        return (x & FT_MASK) == type && ((x + 1) & FT_COUNT_MASK) ? x + 1 : 0;
    if ((x & (FT_MASK | FT_VALIDATED)) == (type | FT_VALIDATED))
        return x + 1;
    if (x & FT_PARTIAL && (x & FT_MASK) != type)
        return 0;
    if (type == FT_WRITABLE && (x & FT_MASK) == FT_NONE)
        return type | FT_VALIDATED | 1;
    *first = true;
    return type | FT_VALIDATING | 1;
}

static int get_type(struct frame *f, u64 type, bool preemptible)
{
    u64 x = READ_ONCE(f->type), next;
    bool first;

    for (;;) {
        next = next_use(x, type, &first);
        if (unlikely(!next))
            return -EINVAL;
        if (unlikely(next & FT_VALIDATING && !first)) {
            if (preemptible && hypercall_preempt_check())
                return -EINTR;
            cpu_relax();
            x = READ_ONCE(f->type);
            continue;
        }
        if (likely(try_cmpxchg(&f->type, &x, next)))
            break;
    }
    return likely(!first) ? 0 : first_use(f, x, type, preemptible);
}

int frame_get_type(struct frame *f, u64 type)
{
    return get_type(f, type, false);
}

int frame_get_type_preemptible(struct frame *f, u64 type)
{
    return get_type(f, type, true);
}

/* ---- giving a use up ---- */

/* The word is type|VALIDATING|1 and entries [0, nr_validated) are held. */
static int release_table(struct frame *f, u64 type, bool was_partial, bool preemptible)
{
    int rc = type_ops->devalidate(f, type, preemptible);

    leave_unfinished(f, type, was_partial);
    if (rc)
        frame_abandon_partial(f);
    return rc;
}

static int put_type(struct frame *f, bool preemptible)
{
    u64 x = READ_ONCE(f->type), next;

    for (;;) {
        ASSERT(x & FT_COUNT_MASK && x & FT_VALIDATED);
        next = x - 1;
        if (unlikely(!(next & FT_COUNT_MASK))) {
            /* Stamped while the use still stands: translations ended before. */
            frame_stamp(f);
            if (is_table(x & FT_MASK))
                next = (x & FT_MASK) | FT_VALIDATING | 1;
        } else if (unlikely(next & FT_LOCKED && (next & FT_COUNT_MASK) == 1)) {
            /* The lock's holder gives its use up without releasing the contents. */
            cpu_relax();
            x = READ_ONCE(f->type);
            continue;
        }
        if (likely(try_cmpxchg(&f->type, &x, next)))
            break;
    }
    if (likely(!(next & FT_VALIDATING)))
        return 0;
    f->nr_validated = PT_ENTRIES;
    return release_table(f, next & FT_MASK, false, preemptible);
}

void frame_put_type(struct frame *f)
{
    int rc = put_type(f, false);

    BUG_ON(rc);
}

int frame_put_type_preemptible(struct frame *f)
{
    return put_type(f, true);
}

/* ---- half-done tables ---- */

/*
 * A list by owner, newest first. Being on it is a reference of its own, since a frame may be taken
 * up again by a use of the same type, and freed later, while it still stands there.
 */
#define DEFERRED_END (~0UL)

void frame_abandon_partial(struct frame *f)
{
    struct domain *d = frame_owner(f);

    if (!(READ_ONCE(f->type) & FT_PARTIAL))
        return;
    BUG_ON(!d);
    spin_lock(&d->arch.deferred_lock);
    if (!f->deferred_next) {
        frame_get_again(f);
        f->deferred_next = d->arch.deferred_head ? d->arch.deferred_head : DEFERRED_END;
        d->arch.deferred_head = mfn_raw(frame_to_mfn(f));
    }
    spin_unlock(&d->arch.deferred_lock);
}

static struct frame *deferred_pop(struct domain *d)
{
    struct frame *f = NULL;

    spin_lock(&d->arch.deferred_lock);
    if (d->arch.deferred_head) {
        f = mfn_to_frame(mfn_from(d->arch.deferred_head));
        d->arch.deferred_head = f->deferred_next == DEFERRED_END ? 0 : f->deferred_next;
        f->deferred_next = 0;
    }
    spin_unlock(&d->arch.deferred_lock);
    return f;
}

static int release_partial(struct frame *f, bool preemptible)
{
    u64 x = READ_ONCE(f->type);

    do {
        if (!(x & FT_PARTIAL))
            return 0;
    } while (!try_cmpxchg(&f->type, &x, (x & FT_MASK) | FT_VALIDATING | 1));
    return release_table(f, x & FT_MASK, true, preemptible);
}

int frame_drain_deferred(struct domain *d, bool preemptible)
{
    struct frame *f;
    int rc = 0;

    while (!rc && (f = deferred_pop(d)) != NULL) {
        rc = release_partial(f, preemptible);
        frame_put(f);
        if (!rc && preemptible && frame_has_deferred(d) && hypercall_preempt_check())
            rc = -ERESTART;
    }
    return rc;
}

/* ---- the update lock ---- */

bool frame_lock_table(struct frame *f)
{
    u64 x = READ_ONCE(f->type);

    for (;;) {
        if (!(x & FT_VALIDATED) || !(x & FT_COUNT_MASK) || !is_table(x & FT_MASK) ||
            !((x + 1) & FT_COUNT_MASK))
            return false;
        if (unlikely(x & FT_LOCKED)) {
            cpu_relax();
            x = READ_ONCE(f->type);
            continue;
        }
        if (likely(try_cmpxchg(&f->type, &x, (x + 1) | FT_LOCKED)))
            return true;
    }
}

bool frame_lock_l1_slow(struct frame *f)
{
    if (!frame_lock_table(f))
        return false;
    if ((READ_ONCE(f->type) & FT_MASK) == FT_L1)
        return true;
    frame_unlock_table(f);
    return false;
}
