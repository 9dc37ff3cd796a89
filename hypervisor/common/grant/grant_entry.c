/* SPDX-License-Identifier: MIT */
/*
 * Entries of grant tables: pinning and unpinning. The entry itself lies in memory that the granter
 * writes at will: it is read whole, and changed by compare-and-exchange only, a bounded number of
 * times. Locks: the active record's. ABI facts: public grant_table.h, version 1.
 */
#include <asm/frame.h>
#include <hv/atomic.h>
#include <hv/grant_internal.h>
#include <hv/grant_table.h>

#define MAX_TRIES 5 /* of changing an entry that the granter keeps changing */

struct active_grant *grant_lock_active(struct grant_table *t, grant_ref_t ref)
{
    u32 nr = READ_ONCE(t->nr_frames) * (u32)GRANT_ENTRIES_PER_FRAME;
    struct active_grant *a;

    if (ref >= nr)
        return NULL;
    smp_rmb(); /* the slots were filled before nr_frames rose */
    ref = (grant_ref_t)array_index_nospec(ref, nr);
    a = &t->active[ref / GRANT_ENTRIES_PER_FRAME][ref % GRANT_ENTRIES_PER_FRAME];
    spin_lock(&a->lock);
    return a;
}

/* flags in the low half, domid in the high one, as they lie in memory. */
static inline u32 *status_word(grant_entry_v1_t *e)
{
    return (u32 *)(void *)e;
}

/* Say in the entry that it is being read (and written). */
static s16 mark_entry(grant_entry_v1_t *e, const struct active_grant *a, domid_t user, u32 use)
{
    u16 mask = GTF_type_mask | (use & GRANT_MAP ? GTF_sub_page : 0);
    u16 marks = use & GRANT_READONLY ? GTF_reading : GTF_reading | GTF_writing;
    u32 old = READ_ONCE(*status_word(e));

    for (unsigned int i = 0; i < MAX_TRIES; i++) {
        u16 flags = (u16)old;
        u32 seen;

        if (!grant_is_pinned(a) && ((flags & mask) != GTF_permit_access || old >> 16 != user))
            return GNTST_general_error;
        if (!(use & GRANT_READONLY) && flags & GTF_readonly)
            return GNTST_general_error;
        seen = cmpxchg(status_word(e), old, old | marks);
        if (seen == old)
            return GNTST_okay;
        old = seen;
    }
    return GNTST_general_error;
}

static void clear_marks(grant_entry_v1_t *e, const struct active_grant *a)
{
    u16 marks = 0;

    if (!a->host_w && !a->dev_w)
        marks |= GTF_writing;
    if (!grant_is_pinned(a))
        marks |= GTF_reading;
    if (marks)
        atomic_and(&e->flags, (u16)~marks);
}

static inline u16 *pin_of(struct active_grant *a, u32 use, enum grant_use where)
{
    if (where == GRANT_HOST)
        return use & GRANT_READONLY ? &a->host_r : &a->host_w;
    return use & GRANT_READONLY ? &a->dev_r : &a->dev_w;
}

static bool pins_full(struct active_grant *a, u32 use)
{
    return (use & GRANT_HOST && *pin_of(a, use, GRANT_HOST) == 0xffff) ||
           (use & GRANT_DEVICE && *pin_of(a, use, GRANT_DEVICE) == 0xffff);
}

bool grant_has_pin(const struct active_grant *a, u32 use)
{
    struct active_grant *b = (struct active_grant *)a;

    return (!(use & GRANT_HOST) || *pin_of(b, use, GRANT_HOST)) &&
           (!(use & GRANT_DEVICE) || *pin_of(b, use, GRANT_DEVICE));
}

/* The frame of an entry that is not in use yet, referenced. */
static s16 resolve(struct domain *d, const grant_entry_v1_t *e, struct active_grant *a,
                   struct frame **out)
{
    mfn_t mfn = mfn_from(READ_ONCE(e->frame));

    if (!mfn_valid(mfn) || !frame_get(mfn_to_frame(mfn), d))
        return GNTST_bad_page;
    a->mfn = mfn;
    a->start = 0;
    a->length = (u16)PAGE_SIZE;
    *out = mfn_to_frame(mfn);
    return GNTST_okay;
}

static s16 pin_locked(struct domain *d, struct active_grant *a, grant_entry_v1_t *e,
                      const struct domain *user, u32 use, struct granted_frame *out)
{
    bool was_pinned = grant_is_pinned(a);
    s16 rc;

    if (was_pinned && (a->domid != user->domid || pins_full(a, use)))
        return GNTST_general_error;
    if (!was_pinned || (!(use & GRANT_READONLY) && !a->host_w && !a->dev_w)) {
        rc = mark_entry(e, a, user->domid, use);
        if (rc)
            return rc;
    }
    if (!was_pinned) {
        rc = resolve(d, e, a, &out->frame);
    } else {
        out->frame = mfn_to_frame(a->mfn);
        rc = frame_get(out->frame, d) ? GNTST_okay : GNTST_bad_page;
    }
    if (rc) {
        clear_marks(e, a);
        return rc;
    }
    a->domid = user->domid;
    if (use & GRANT_HOST)
        ++*pin_of(a, use, GRANT_HOST);
    if (use & GRANT_DEVICE)
        ++*pin_of(a, use, GRANT_DEVICE);
    out->start = a->start;
    out->length = a->length;
    out->cache_flags = READ_ONCE(e->flags) & (GTF_PWT | GTF_PCD | GTF_PAT);
    return GNTST_okay;
}

s16 grant_pin(struct domain *d, grant_ref_t ref, const struct domain *user, u32 use,
              struct granted_frame *out)
{
    struct grant_table *t = d->grant_table;
    struct active_grant *a = grant_lock_active(t, ref);
    s16 rc;

    if (!a)
        return GNTST_bad_gntref;
    rc = pin_locked(d, a, grant_entry_v1(t, ref), user, use, out);
    spin_unlock(&a->lock);
    return rc;
}

void grant_unpin_locked(struct grant_table *t, struct active_grant *a, grant_ref_t ref, u32 use)
{
    ASSERT(grant_has_pin(a, use));
    if (use & GRANT_HOST)
        --*pin_of(a, use, GRANT_HOST);
    if (use & GRANT_DEVICE)
        --*pin_of(a, use, GRANT_DEVICE);
    clear_marks(grant_entry_v1(t, ref), a);
}

void grant_unpin(struct domain *d, grant_ref_t ref, u32 use)
{
    struct active_grant *a = grant_lock_active(d->grant_table, ref);

    BUG_ON(!a);
    grant_unpin_locked(d->grant_table, a, ref, use);
    spin_unlock(&a->lock);
}

void grant_table_each_device_pin(struct domain *d,
                                 void (*fn)(struct frame *f, u32 readers, u32 writers))
{
    const struct grant_table *t = d->grant_table;

    for (u32 ref = 0; ref < t->nr_frames * GRANT_ENTRIES_PER_FRAME; ref++) {
        const struct active_grant *a =
            &t->active[ref / GRANT_ENTRIES_PER_FRAME][ref % GRANT_ENTRIES_PER_FRAME];

        if (a->dev_r | a->dev_w)
            fn(mfn_to_frame(a->mfn), a->dev_r, a->dev_w);
    }
}
