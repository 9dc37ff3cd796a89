/* SPDX-License-Identifier: MIT */
/*
 * Hypercall mmu_update: entries of validated tables, plain words of other frames, and the M2P.
 * Requests are copied in a batch at a time; the table of consecutive requests stays locked within a
 * batch. Preemptible: what is left stands in the arguments (count with MMU_UPDATE_PREEMPTED), and
 * *done has the sum.
 * ABI: public xen.h; error codes as observed from Xen 4.17.
 */
#include "internal.h"

#include <asm/guest_access.h>
#include <hv/access.h>
#include <hv/guest_access.h>

#define PREEMPTED 0x80000000u
#define BATCH     32

struct mmu_call {
    struct domain *pt_dom, *pg_dom;
    struct frame *table; /* locked, or referenced and in use as writable; NULL: none */
    char *page;
    u64 table_mfn, type;
    bool access_checked;
};

/* ---- the frame that requests write to ---- */

static inline void table_close(struct mmu_call *c)
{
    struct frame *f = c->table;

    if (!f)
        return;
    c->table = NULL;
    if (likely(c->type != FT_WRITABLE)) {
        frame_unlock_table(f);
    } else {
        frame_put_writable(f);
        frame_put(f);
    }
}

static int table_open(struct mmu_call *c, u64 mfn)
{
    struct frame *f;

    table_close(c);
    if (unlikely(mfn >= max_frame))
        return -EINVAL;
    f = mfn_to_frame(mfn_from(array_index_nospec(mfn, max_frame)));
    if (likely(frame_lock_l1(f) || frame_lock_table(f))) {
        if (unlikely(!frame_is_owned_by(f, c->pt_dom))) {
            frame_unlock_table(f);
            return -EINVAL;
        }
        c->type = READ_ONCE(f->type) & FT_MASK;
    } else {
        if (!frame_get(f, c->pt_dom))
            return -EINVAL;
        if (!frame_get_writable(f)) {
            frame_put(f);
            return -EINVAL;
        }
        c->type = FT_WRITABLE;
    }
    c->table = f;
    c->page = frame_to_virt(f);
    c->table_mfn = mfn;
    return 0;
}

/* ---- one request ---- */

static int check_access(struct mmu_call *c)
{
    struct domain *caller = current->domain;
    int rc = 0;

    if (c->pg_dom != caller && c->pg_dom != dom_io)
        rc = access_map_foreign(caller, c->pg_dom);
    if (!rc && c->pt_dom != caller)
        rc = access_map_foreign(caller, c->pt_dom);
    c->access_checked = !rc;
    return rc;
}

static int update_upper(struct mmu_call *c, pte_t *slot, pte_t entry, bool keep_ad)
{
    int rc;

    if (c->pg_dom != c->pt_dom)
        return -EINVAL;
    rc = upper_update(c->table, (unsigned int)(c->type >> FT_SHIFT), slot, entry, c->pt_dom,
                      keep_ad);
    return rc == -EINTR ? -ERESTART : rc;
}

static int update_table(struct mmu_call *c, u64 ptr, u64 val, unsigned int cmd)
{
    bool keep_ad = cmd == MMU_PT_UPDATE_PRESERVE_AD;
    pte_t *slot;
    int rc;

    if (!c->table || c->table_mfn != ptr >> PAGE_SHIFT) {
        rc = table_open(c, ptr >> PAGE_SHIFT);
        if (unlikely(rc))
            return rc;
    }
    slot = (pte_t *)(c->page + (ptr & ~PAGE_MASK & ~7UL));
    if (likely(c->type == FT_L1))
        return l1_update(c->table, slot, val, c->pt_dom, c->pg_dom, keep_ad);
    if (c->type != FT_WRITABLE)
        return update_upper(c, slot, val, keep_ad);
    WRITE_ONCE(*slot, val);
    return 0;
}

static int update_m2p(struct mmu_call *c, u64 ptr, u64 val)
{
    u64 mfn = ptr >> PAGE_SHIFT;
    struct frame *f;

    if (c->pt_dom != current->domain)
        return -EPERM;
    if (mfn >= max_frame)
        return -EINVAL;
    f = mfn_to_frame(mfn_from(array_index_nospec(mfn, max_frame)));
    if (!frame_get(f, c->pg_dom))
        return -EINVAL;
    m2p_set(mfn_from(mfn), val);
    frame_put(f);
    return 0;
}

static inline int one_request(struct mmu_call *c, const struct mmu_update *req)
{
    unsigned int cmd = req->ptr & 7;
    int rc;

    if (unlikely(cmd > MMU_PT_UPDATE_NO_TRANSLATE))
        return -ENOSYS;
    if (unlikely(!c->access_checked)) {
        rc = check_access(c);
        if (rc)
            return rc;
    }
    return likely(cmd != MMU_MACHPHYS_UPDATE) ? update_table(c, req->ptr, req->val, cmd)
                                              : update_m2p(c, req->ptr, req->val);
}

/* ---- all of them ---- */

/* Upper levels may have been long work, and have left subtrees to release. */
static int after_upper(struct mmu_call *c, bool more)
{
    if (unlikely(frame_has_deferred(c->pt_dom))) {
        table_close(c);
        if (frame_drain_deferred(c->pt_dom, true))
            return -ERESTART;
    }
    return more && hypercall_preempt_check() ? -ERESTART : 0;
}

/* Requests [0, n) of a batch. *done: how many were. */
static int one_batch(struct mmu_call *c, const struct mmu_update *req, unsigned int n,
                     unsigned int *done)
{
    unsigned int i;
    int rc = 0;

    for (i = 0; i < n; i++) {
        rc = one_request(c, &req[i]);
        if (unlikely(rc))
            break;
        if (unlikely(c->table && c->type != FT_L1 && c->type != FT_WRITABLE)) {
            rc = after_upper(c, i + 1 < n);
            if (rc) {
                i++;
                break;
            }
        }
    }
    table_close(c);
    *done = i;
    return rc;
}

static int all_requests(struct mmu_call *c, u64 reqs, unsigned int count, unsigned int *total)
{
    struct mmu_update req[BATCH];
    unsigned int done;
    int rc = 0;

    for (*total = 0; !rc && *total < count; *total += done) {
        unsigned int n = MIN(count - *total, (unsigned int)BATCH);
        unsigned long missing;

        if (*total && hypercall_preempt_check())
            return -ERESTART;
        missing = copy_from_guest_va(req, reqs + (u64)*total * sizeof(*req), n * sizeof(*req));
        if (unlikely(missing))
            n -= (unsigned int)DIV_ROUND_UP(missing, sizeof(*req));
        rc = one_batch(c, req, n, &done);
        if (unlikely(missing) && !rc)
            rc = -EFAULT;
    }
    return rc;
}

static int owners_get(struct mmu_call *c, u32 foreigndom)
{
    struct domain *caller = current->domain;
    u32 pt_id = foreigndom >> 16;

    c->pt_dom = caller;
    if (unlikely(pt_id && pt_id - 1 != caller->domid)) {
        c->pt_dom = domain_get_by_id((domid_t)(pt_id - 1));
        if (!c->pt_dom)
            return -ESRCH;
        if (!c->pt_dom->vcpu || !c->pt_dom->vcpu[0]) {
            domain_put(c->pt_dom);
            return -EINVAL;
        }
    }
    c->pg_dom = page_owner_get((domid_t)foreigndom);
    if (!c->pg_dom) {
        page_owner_put(c->pt_dom);
        return -ESRCH;
    }
    c->access_checked = c->pt_dom == caller && c->pg_dom == caller;
    return 0;
}

/* A bad pointer is the guest's own loss: the requests are done. */
static void add_to_done(u64 pdone, unsigned int before, unsigned int n)
{
    unsigned int sum = before + n;

    if (pdone)
        (void)copy_to_guest_va(pdone, &sum, sizeof(sum));
}

/* Subtrees that earlier requests replaced: their frames must be free for other uses. */
static int drain(struct domain *d)
{
    return unlikely(frame_has_deferred(d)) ? frame_drain_deferred(d, true) : 0;
}

long hc_mmu_update(unsigned long reqs, unsigned long a2, unsigned long pdone, unsigned long a4,
                   unsigned long a5)
{
    unsigned int count = (unsigned int)a2 & ~PREEMPTED, total = 0, before = 0;
    bool again = a2 & PREEMPTED;
    u32 foreigndom = (u32)a4;
    struct mmu_call c = {};
    long rc;

    (void)a5;
    rc = owners_get(&c, foreigndom);
    if (unlikely(rc)) {
        if (!again)
            add_to_done(pdone, 0, 0);
        return rc;
    }
    rc = -EFAULT;
    if (unlikely(again && pdone && copy_from_guest_va(&before, pdone, sizeof(before))))
        goto out;
    if (unlikely(!guest_range_ok(reqs, (u64)count * sizeof(struct mmu_update))))
        goto out;
    rc = drain(c.pt_dom);
    if (likely(!rc))
        rc = all_requests(&c, reqs, count, &total);
    if (likely(!rc))
        rc = drain(c.pt_dom);
    add_to_done(pdone, before, total);
    if (unlikely(rc == -ERESTART))
        rc = hypercall_continuation(
            __HYPERVISOR_mmu_update, 4, reqs + total * sizeof(struct mmu_update),
            (unsigned long)((count - total) | PREEMPTED), pdone, (unsigned long)foreigndom);
out:
    page_owner_put(c.pg_dom);
    page_owner_put(c.pt_dom);
    return rc;
}
