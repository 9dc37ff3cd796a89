/* SPDX-License-Identifier: MIT */
/*
 * Entries of grant tables: pinning and unpinning. The entry itself lies in memory that the granter
 * writes at will: it is read whole, and changed by compare-and-exchange only, a bounded number of
 * times. Locks: the active record's. ABI facts: public grant_table.h.
 */
#include <asm/frame.h>
#include <hv/atomic.h>
#include <hv/grant_internal.h>
#include <hv/grant_table.h>

#define MAX_TRIES 5 /* of changing an entry that the granter keeps changing */

/* The record is locked, and the table was not of version 1. False: lock it once more. */
static bool version_stays(struct grant_table *t, struct active_grant *a)
{
    if (likely(!(READ_ONCE(t->version) & GRANT_VERSION_CHANGES)))
        return true;
    spin_unlock(&a->lock);
    while (READ_ONCE(t->version) & GRANT_VERSION_CHANGES)
        cpu_relax();
    return false;
}

struct active_grant *grant_lock_active(struct grant_table *t, grant_ref_t ref)
{
    u32 nr = READ_ONCE(t->nr_frames) * (u32)GRANT_ENTRIES_PER_FRAME;
    struct active_grant *a;

    if (ref >= nr)
        return NULL;
    smp_rmb(); /* the slots were filled before nr_frames rose */
    ref = (grant_ref_t)array_index_nospec(ref, nr);
    a = &t->active[ref / GRANT_ENTRIES_PER_FRAME][ref % GRANT_ENTRIES_PER_FRAME];
    do {
        spin_lock(&a->lock);
    } while (READ_ONCE(t->version) != 1 && !version_stays(t, a));
    if (likely(t->version == 1) || ref < t->nr_frames * GRANT_ENTRIES_PER_FRAME_V2)
        return a;
    spin_unlock(&a->lock);
    return NULL;
}

bool grant_header_allows(u32 header, const struct active_grant *a, domid_t user, u32 use, u16 type)
{
    u16 mask = GTF_type_mask | (use & GRANT_MAP ? GTF_sub_page : 0);

    if (!grant_is_pinned(a) && (((u16)header & mask) != type || header >> 16 != user))
        return false;
    return use & GRANT_READONLY || !(header & GTF_readonly);
}

/* Version 1: the marks stand in the entry itself. */
static s16 mark_v1(const struct grant_table *t, const struct active_grant *a, grant_ref_t ref,
                   domid_t user, u32 use)
{
    u16 marks = use & GRANT_READONLY ? GTF_reading : GTF_reading | GTF_writing;
    u32 *header = (u32 *)(void *)grant_entry_v1(t, ref), old = READ_ONCE(*header);

    for (unsigned int i = 0; i < MAX_TRIES; i++) {
        u32 seen;

        if (!grant_header_allows(old, a, user, use, GTF_permit_access))
            return GNTST_general_error;
        seen = cmpxchg(header, old, old | marks);
        if (seen == old)
            return GNTST_okay;
        old = seen;
    }
    return GNTST_general_error;
}

/* Version 2: they stand apart, so that the entry is looked at once more after they are set. */
static s16 mark_v2(const struct grant_table *t, const struct active_grant *a, grant_ref_t ref,
                   domid_t user, u32 use, u16 type)
{
    u16 marks = use & GRANT_READONLY ? GTF_reading : GTF_reading | GTF_writing;
    const u32 *header = grant_header(t, ref);

    if (!grant_header_allows(READ_ONCE(*header), a, user, use, type))
        return GNTST_general_error;
    atomic_or(grant_status_v2(t, ref), marks);
    if (grant_header_allows(READ_ONCE(*header), a, user, use, type))
        return GNTST_okay;
    grant_clear_marks(t, a, ref);
    return GNTST_general_error;
}

s16 grant_mark(const struct grant_table *t, const struct active_grant *a, grant_ref_t ref,
               domid_t user, u32 use, u16 type)
{
    return likely(t->version == 1) ? mark_v1(t, a, ref, user, use)
                                   : mark_v2(t, a, ref, user, use, type);
}

void grant_clear_marks(const struct grant_table *t, const struct active_grant *a, grant_ref_t ref)
{
    u16 marks = 0;

    if (!a->host_w && !a->dev_w)
        marks |= GTF_writing;
    if (!grant_is_pinned(a))
        marks |= GTF_reading;
    if (marks)
        atomic_and(t->version == 1 ? &grant_entry_v1(t, ref)->flags : grant_status_v2(t, ref),
                   (u16)~marks);
}

static inline u16 *pin_of(struct active_grant *a, u32 use, enum grant_use where)
{
    if (where == GRANT_HOST)
        return use & GRANT_READONLY ? &a->host_r : &a->host_w;
    return use & GRANT_READONLY ? &a->dev_r : &a->dev_w;
}

bool grant_pins_full(struct active_grant *a, u32 use)
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

/* What an entry that is not in use yet names. */
static mfn_t named_frame(const struct grant_table *t, struct active_grant *a, grant_ref_t ref)
{
    const grant_entry_v2_t *e;

    a->start = 0;
    a->length = (u16)PAGE_SIZE;
    a->copy_only = a->is_passed_on = false;
    if (likely(t->version == 1))
        return mfn_from(READ_ONCE(grant_entry_v1(t, ref)->frame));
    e = grant_entry_v2(t, ref);
    if (READ_ONCE(e->hdr.flags) & GTF_sub_page) {
        a->copy_only = true;
        a->start = READ_ONCE(e->sub_page.page_off);
        a->length = READ_ONCE(e->sub_page.length);
    }
    return mfn_from(READ_ONCE(e->full_page.frame));
}
_Static_assert(offsetof(grant_entry_v2_t, full_page.frame) ==
               offsetof(grant_entry_v2_t, sub_page.frame), "either way the frame is found");

/* Its frame, referenced. */
static s16 resolve(struct domain *d, struct active_grant *a, grant_ref_t ref, struct frame **out)
{
    mfn_t mfn = named_frame(d->grant_table, a, ref);

    if (!mfn_valid(mfn) || !frame_get(mfn_to_frame(mfn), d))
        return GNTST_bad_page;
    a->mfn = mfn;
    *out = mfn_to_frame(mfn);
    return GNTST_okay;
}

void grant_count_pin(struct active_grant *a, u32 use)
{
    if (use & GRANT_HOST)
        ++*pin_of(a, use, GRANT_HOST);
    if (use & GRANT_DEVICE)
        ++*pin_of(a, use, GRANT_DEVICE);
}

s16 grant_pin_locked(struct domain *d, struct active_grant *a, grant_ref_t ref,
                     const struct domain *user, u32 use, struct granted_frame *out)
{
    const struct grant_table *t = d->grant_table;
    bool was_pinned = grant_is_pinned(a);
    s16 rc;

    if (was_pinned && (a->domid != user->domid || grant_pins_full(a, use) ||
                       (use & GRANT_MAP && a->copy_only)))
        return GNTST_general_error;
    if (!was_pinned || (!(use & GRANT_READONLY) && !a->host_w && !a->dev_w)) {
        rc = grant_mark(t, a, ref, user->domid, use, GTF_permit_access);
        if (rc)
            return rc;
    }
    if (!was_pinned) {
        rc = resolve(d, a, ref, &out->frame);
    } else {
        out->frame = mfn_to_frame(a->mfn);
        rc = frame_get(out->frame, d) ? GNTST_okay : GNTST_bad_page;
    }
    if (rc) {
        grant_clear_marks(t, a, ref);
        return rc;
    }
    a->domid = user->domid;
    grant_count_pin(a, use);
    out->start = a->start;
    out->length = a->length;
    out->cache_flags = READ_ONCE(*grant_header(t, ref)) & (GTF_PWT | GTF_PCD | GTF_PAT);
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
    rc = grant_pin_locked(d, a, ref, user, use, out);
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
    grant_clear_marks(t, a, ref);
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
