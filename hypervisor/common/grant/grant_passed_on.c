/* SPDX-License-Identifier: MIT */
/*
 * Grants passed on: an entry of type transitive names an entry of a third domain, which has granted
 * its frame to the owner of the first. Only copies follow it, and one step only. Each pin of the
 * first entry holds one of the second, taken before and given back after; no two records are ever
 * locked at once, so what was read is checked again before it counts.
 * Locks: the active records, one at a time. ABI facts: public grant_table.h.
 */
#include <asm/frame.h>
#include <hv/grant_internal.h>

#define MAX_TRIES 5 /* of an entry that its owner keeps changing */

struct via {
    domid_t domid;
    grant_ref_t ref;
};

/* A pinned entry is what it was when it was pinned first. */
static bool passes_on(const struct grant_table *t, const struct active_grant *a, grant_ref_t ref)
{
    if (grant_is_pinned(a))
        return a->is_passed_on;
    return (READ_ONCE(*grant_header(t, ref)) & GTF_type_mask) == GTF_transitive;
}

static struct via via_of(const struct grant_table *t, const struct active_grant *a, grant_ref_t ref)
{
    const grant_entry_v2_t *e = grant_entry_v2(t, ref);

    if (grant_is_pinned(a))
        return (struct via){a->via_domid, a->via_ref};
    return (struct via){READ_ONCE(e->transitive.trans_domid), READ_ONCE(e->transitive.gref)};
}

/* The record is locked. GNTST_okay: *via is to be pinned next. */
static s16 read_entry(const struct grant_table *t, struct active_grant *a, grant_ref_t ref,
                      const struct domain *user, u32 use, struct via *via)
{
    if (grant_is_pinned(a) && (a->domid != user->domid || grant_pins_full(a, use)))
        return GNTST_general_error;
    if (!opt_grant_transitive ||
        !grant_header_allows(READ_ONCE(*grant_header(t, ref)), a, user->domid, use,
                             GTF_transitive))
        return GNTST_general_error;
    *via = via_of(t, a, ref);
    return via->domid == t->domain->domid ? GNTST_general_error : GNTST_okay;
}

/* The record is locked again, and *out is pinned at its source: is the entry still the same? */
static bool is_unchanged(const struct grant_table *t, struct active_grant *a, grant_ref_t ref,
                         const struct domain *user, u32 use, struct via via,
                         const struct granted_frame *out)
{
    struct via now;

    if (t->version != 2 || !passes_on(t, a, ref) || read_entry(t, a, ref, user, use, &now))
        return false;
    if (now.domid != via.domid || now.ref != via.ref)
        return false;
    return !grant_is_pinned(a) || (mfn_equal(a->mfn, frame_to_mfn(out->frame)) &&
                                   a->start == out->start && a->length == out->length);
}

static s16 finish(struct domain *d, struct active_grant *a, grant_ref_t ref,
                  const struct domain *user, u32 use, struct via via,
                  const struct granted_frame *out)
{
    bool was_pinned = grant_is_pinned(a);
    s16 rc;

    if (!was_pinned || (!(use & GRANT_READONLY) && !a->host_w && !a->dev_w)) {
        rc = grant_mark(d->grant_table, a, ref, user->domid, use, GTF_transitive);
        if (rc)
            return rc;
    }
    if (!was_pinned) {
        a->domid = user->domid;
        a->mfn = frame_to_mfn(out->frame);
        a->start = out->start;
        a->length = out->length;
        a->copy_only = a->is_passed_on = true;
        a->via_domid = via.domid;
        a->via_ref = via.ref;
    }
    grant_count_pin(a, use);
    return GNTST_okay;
}

/* GNTST_eagain: the entry has changed meanwhile. */
static s16 try_once(struct domain *d, grant_ref_t ref, const struct domain *user, u32 use,
                    struct granted_frame *out)
{
    struct active_grant *a = grant_lock_active(d->grant_table, ref);
    struct domain *source;
    struct via via;
    s16 rc;

    if (!a)
        return GNTST_bad_gntref;
    rc = d->grant_table->version == 2 ? read_entry(d->grant_table, a, ref, user, use, &via)
                                      : GNTST_eagain;
    spin_unlock(&a->lock);
    if (rc)
        return rc;
    source = domain_get_by_id(via.domid);
    if (!source)
        return GNTST_general_error;
    rc = grant_pin(source, via.ref, d, use, out);
    if (rc)
        goto put;
    rc = GNTST_eagain;
    a = grant_lock_active(d->grant_table, ref);
    if (a && is_unchanged(d->grant_table, a, ref, user, use, via, out))
        rc = finish(d, a, ref, user, use, via, out);
    if (a)
        spin_unlock(&a->lock);
    if (!rc) {
        out->via = source;
        out->via_ref = via.ref;
        return GNTST_okay;
    }
    frame_put(out->frame);
    grant_unpin(source, via.ref, use);
put:
    domain_put(source);
    return rc;
}

s16 grant_pin_copy(struct domain *d, grant_ref_t ref, const struct domain *user, u32 use,
                   struct granted_frame *out)
{
    struct grant_table *t = d->grant_table;
    s16 rc;

    for (unsigned int i = 0; i < MAX_TRIES; i++) {
        struct active_grant *a = grant_lock_active(t, ref);

        if (!a)
            return GNTST_bad_gntref;
        if (likely(t->version == 1) || !passes_on(t, a, ref)) {
            out->via = NULL;
            rc = grant_pin_locked(d, a, ref, user, use, out);
            spin_unlock(&a->lock);
            return rc;
        }
        spin_unlock(&a->lock);
        rc = try_once(d, ref, user, use, out);
        if (rc != GNTST_eagain)
            return rc;
    }
    return GNTST_general_error;
}

void grant_unpin_copy(struct domain *d, grant_ref_t ref, u32 use, struct domain *via,
                      grant_ref_t via_ref)
{
    grant_unpin(d, ref, use);
    if (likely(!via))
        return;
    grant_unpin(via, via_ref, use);
    domain_put(via);
}
