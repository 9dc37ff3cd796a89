/* SPDX-License-Identifier: MIT */
/*
 * Giving pages away (GNTTABOP_transfer), and what is done to entries and frames without mapping
 * them: swap_grant_ref, cache_flush. Locks: the active records, see hv/grant_internal.h.
 * ABI facts: public grant_table.h; answers as Xen 4.17's on x86.
 */
#include <asm/frame.h>
#include <hv/atomic.h>
#include <hv/errno.h>
#include <hv/grant_internal.h>
#include <hv/guest_access.h>
#include <hv/hypercall.h>
#include <hv/page_alloc.h>

#define MAX_TRIES 5

/* ---- transfer ---- */

/* The receiver offers this entry to the sender, and for one page only. */
static bool commit_entry(struct grant_table *t, grant_ref_t ref, domid_t sender)
{
    struct active_grant *a = grant_lock_active(t, ref);
    const u32 wanted = GTF_accept_transfer | (u32)sender << 16;
    bool done = false;

    if (!a)
        return false;
    if (!grant_is_pinned(a))
        done = cmpxchg(grant_header(t, ref), wanted, wanted | GTF_transfer_committed) == wanted;
    spin_unlock(&a->lock);
    return done;
}

/* Is there an entry still: the receiver may have changed the version of its table meanwhile. */
static void complete_entry(struct grant_table *t, grant_ref_t ref, mfn_t mfn)
{
    struct active_grant *a = grant_lock_active(t, ref);

    if (!a)
        return;
    if (t->version == 1)
        WRITE_ONCE(grant_entry_v1(t, ref)->frame, (u32)mfn_raw(mfn));
    else
        WRITE_ONCE(grant_entry_v2(t, ref)->full_page.frame, mfn_raw(mfn));
    smp_wmb(); /* the frame first: the receiver polls the flag */
    atomic_or(grant_header(t, ref), GTF_transfer_completed);
    spin_unlock(&a->lock);
}

static void withdraw_entry(struct grant_table *t, grant_ref_t ref)
{
    struct active_grant *a = grant_lock_active(t, ref);

    if (!a)
        return;
    atomic_and(grant_header(t, ref), ~GTF_transfer_committed);
    spin_unlock(&a->lock);
}

/*
 * f belongs to nobody now. Translations of it may linger on any CPU: the giver's, and of those whom
 * the giver let map it.
 */
static s16 give(struct frame *f, struct domain *receiver, grant_ref_t ref)
{
    mfn_t mfn = frame_to_mfn(f);

    tlb_flush_stale(~0UL, tlb_stamp_now());
    if (mfn_raw(mfn) > ~0U && READ_ONCE(receiver->grant_table->version) == 1) {
        free_anonymous_frames(f, 0);
        return GNTST_address_too_big;
    }
    if (!commit_entry(receiver->grant_table, ref, current->domain->domid)) {
        free_anonymous_frames(f, 0);
        return GNTST_general_error;
    }
    if (domain_assign_frames(receiver, f, 0, 0)) {
        free_anonymous_frames(f, 0);
        withdraw_entry(receiver->grant_table, ref);
        return GNTST_general_error;
    }
    complete_entry(receiver->grant_table, ref, mfn);
    return GNTST_okay;
}

void grant_transfer_one(void *arg)
{
    gnttab_transfer_t *op = arg;
    struct domain *d = current->domain, *receiver;
    mfn_t mfn = mfn_from(op->mfn);

    if (!mfn_valid(mfn)) {
        op->status = GNTST_bad_page;
        return;
    }
    receiver = domain_get_by_id(op->domid);
    if (!receiver) {
        op->status = GNTST_bad_domain;
        return;
    }
    if (receiver == d || domain_steal_frame(d, mfn_to_frame(mfn), 0))
        op->status = GNTST_bad_page;
    else
        op->status = give(mfn_to_frame(mfn), receiver, op->ref);
    domain_put(receiver);
}

/* ---- swap ---- */

static void exchange(struct grant_table *t, grant_ref_t x, grant_ref_t y)
{
    if (t->version == 1) {
        grant_entry_v1_t kept = *grant_entry_v1(t, x);

        *grant_entry_v1(t, x) = *grant_entry_v1(t, y);
        *grant_entry_v1(t, y) = kept;
    } else {
        grant_entry_v2_t kept = *grant_entry_v2(t, x);

        *grant_entry_v2(t, x) = *grant_entry_v2(t, y);
        *grant_entry_v2(t, y) = kept; /* unpinned, so that their status is the same: none */
    }
}

static s16 swap_entries(struct grant_table *t, grant_ref_t lower, grant_ref_t higher)
{
    struct active_grant *a, *b;
    s16 rc = GNTST_bad_gntref;

    spin_lock(&t->lock); /* who changes the version goes through all records */
    a = grant_lock_active(t, lower);
    b = grant_lock_active(t, higher);
    if (a && b && (grant_is_pinned(a) || grant_is_pinned(b))) {
        rc = GNTST_eagain;
    } else if (a && b) {
        exchange(t, lower, higher);
        rc = GNTST_okay;
    }
    if (b)
        spin_unlock(&b->lock);
    if (a)
        spin_unlock(&a->lock);
    spin_unlock(&t->lock);
    return rc;
}

void grant_swap_one(void *arg)
{
    gnttab_swap_grant_ref_t *op = arg;
    struct grant_table *t = current->domain->grant_table;
    u64 nr = (u64)READ_ONCE(t->nr_frames) * GRANT_ENTRIES_PER_FRAME;

    if (op->ref_a >= nr || op->ref_b >= nr)
        op->status = GNTST_bad_gntref;
    else if (op->ref_a == op->ref_b)
        op->status = GNTST_okay;
    else
        op->status = swap_entries(t, MIN(op->ref_a, op->ref_b), MAX(op->ref_a, op->ref_b));
}

/* ---- cache flush ---- */

/* Does current hold a grant of this frame? */
static bool holds_grant(struct domain *owner, mfn_t mfn)
{
    struct grant_table *t = owner->grant_table;
    u32 nr = READ_ONCE(t->nr_frames) * (u32)GRANT_ENTRIES_PER_FRAME;
    domid_t id = current->domain->domid;

    for (u32 ref = 0; ref < nr; ref++) {
        struct active_grant *a =
            &t->active[ref / GRANT_ENTRIES_PER_FRAME][ref % GRANT_ENTRIES_PER_FRAME];
        bool found;

        if (READ_ONCE(a->mfn.m) != mfn_raw(mfn) || READ_ONCE(a->domid) != id)
            continue;
        spin_lock(&a->lock);
        found = grant_is_pinned(a) && a->domid == id && mfn_equal(a->mfn, mfn);
        spin_unlock(&a->lock);
        if (found)
            return true;
    }
    return false;
}

static long write_back(const gnttab_cache_flush_t *op)
{
    mfn_t mfn = paddr_to_mfn(op->a.dev_bus_addr);
    struct domain *owner;
    long rc = 0;

    if (!mfn_valid(mfn))
        return -EINVAL;
    owner = frame_get_any(mfn_to_frame(mfn));
    if (!owner)
        return -EPERM;
    if (owner != current->domain && (!owner->grant_table || !holds_grant(owner, mfn))) {
        rc = -EPERM;
    } else if (op->op == GNTTAB_CACHE_INVAL) {
        rc = -EOPNOTSUPP; /* dropping unwritten lines is not for guests */
    } else {
        cache_clean_range((const char *)mfn_to_virt(mfn) + op->offset, op->length);
    }
    frame_put(mfn_to_frame(mfn));
    return rc;
}

static long cache_flush_one(const gnttab_cache_flush_t *op)
{
    if (op->offset >= PAGE_SIZE || op->length > PAGE_SIZE ||
        (u32)op->offset + op->length > PAGE_SIZE)
        return -EINVAL;
    if (!op->length || !op->op)
        return 0;
    if (op->op & GNTTAB_CACHE_SOURCE_GREF)
        return -EOPNOTSUPP;
    if (op->op & ~(GNTTAB_CACHE_CLEAN | GNTTAB_CACHE_INVAL))
        return -EINVAL;
    return write_back(op);
}

long grant_cache_flush_batch(u64 uop, u32 count, u32 *done)
{
    for (; *done < count; ++*done, uop += sizeof(gnttab_cache_flush_t)) {
        gnttab_cache_flush_t op;
        long rc;

        if (*done && hypercall_preempt_check())
            return 0;
        if (copy_from_guest_va(&op, uop, sizeof(op)))
            return -EFAULT;
        rc = cache_flush_one(&op);
        if (rc)
            return rc;
    }
    return 0;
}
