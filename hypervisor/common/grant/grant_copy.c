/* SPDX-License-Identifier: MIT */
/*
 * GNTTABOP_copy: bytes between two pages, each named by a grant or by a frame of the caller. A side
 * stays claimed (pinned, referenced, writable use held) over the elements of a batch that name it
 * again, which network backends do most of the time; it is given up before the hypercall ends.
 * Locks: none held while copying. ABI facts: public grant_table.h.
 */
#include <asm/frame.h>
#include <hv/errno.h>
#include <hv/grant_internal.h>
#include <hv/guest_access.h>
#include <hv/hypercall.h>

/* One side as claimed. */
struct copy_side {
    struct domain *domain;   /* NULL: nothing is claimed */
    struct frame *frame;     /* referenced, and typed when written to */
    domid_t domid;           /* as the element named it */
    bool by_ref, readonly;
    u64 name;                /* grant reference or frame number */
    u16 start, length;       /* the part that may be used */
    struct domain *via;      /* of a grant that by_ref passes on; see struct granted_frame */
    grant_ref_t via_ref;
};

static inline u32 use_of(const struct copy_side *s)
{
    return GRANT_HOST | (s->readonly ? GRANT_READONLY : 0);
}

static void side_release(struct copy_side *s)
{
    if (!s->domain)
        return;
    if (!s->readonly)
        frame_put_type(s->frame);
    frame_put(s->frame);
    if (s->by_ref)
        grant_unpin_copy(s->domain, (grant_ref_t)s->name, use_of(s), s->via, s->via_ref);
    s->domain = NULL;
}

static s16 claim_grant(struct copy_side *s, struct domain *d)
{
    struct granted_frame g;
    s16 rc = grant_pin_copy(d, (grant_ref_t)s->name, current->domain, use_of(s), &g);

    if (rc)
        return rc;
    s->frame = g.frame;
    s->start = g.start;
    s->length = g.length;
    s->via = g.via;
    s->via_ref = g.via_ref;
    return GNTST_okay;
}

static s16 claim_own(struct copy_side *s, struct domain *d)
{
    mfn_t mfn = mfn_from(s->name);

    if (!mfn_valid(mfn) || !frame_get(mfn_to_frame(mfn), d))
        return GNTST_bad_page;
    s->frame = mfn_to_frame(mfn);
    s->start = 0;
    s->length = (u16)PAGE_SIZE;
    return GNTST_okay;
}

static s16 side_claim(struct copy_side *s, const struct gnttab_copy_ptr *p, bool by_ref,
                      bool readonly)
{
    struct domain *d;
    s16 rc;

    d = domain_find(p->domid);
    if (!d)
        return GNTST_bad_domain;
    if (p->domid != DOMID_SELF && !by_ref)
        return GNTST_permission_denied;
    s->domid = p->domid;
    s->by_ref = by_ref;
    s->readonly = readonly;
    s->name = by_ref ? p->u.ref : p->u.gmfn;
    rc = by_ref ? claim_grant(s, d) : claim_own(s, d);
    if (!rc && !readonly && frame_get_type(s->frame, FT_WRITABLE)) {
        frame_put(s->frame);
        if (by_ref)
            grant_unpin_copy(d, (grant_ref_t)s->name, use_of(s), s->via, s->via_ref);
        rc = GNTST_general_error;
    }
    if (!rc)
        s->domain = d;
    return rc;
}

static bool is_claimed(const struct copy_side *s, const struct gnttab_copy_ptr *p, bool by_ref)
{
    return s->domain && s->domid == p->domid && s->by_ref == by_ref &&
           s->name == (by_ref ? p->u.ref : p->u.gmfn);
}

static s16 side_prepare(struct copy_side *s, const struct gnttab_copy_ptr *p, bool by_ref,
                        bool readonly)
{
    if (is_claimed(s, p, by_ref))
        return GNTST_okay;
    side_release(s);
    return side_claim(s, p, by_ref, readonly);
}

static inline bool is_within(const struct copy_side *s, u32 offset, u32 len)
{
    return offset >= s->start && offset + len <= (u32)s->start + s->length;
}

static s16 copy_one(const gnttab_copy_t *op, struct copy_side *src, struct copy_side *dst)
{
    s16 rc;

    rc = side_prepare(src, &op->source, op->flags & GNTCOPY_source_gref, true);
    if (!rc)
        rc = side_prepare(dst, &op->dest, op->flags & GNTCOPY_dest_gref, false);
    if (rc)
        return rc;
    if ((u32)op->source.offset + op->len > PAGE_SIZE || (u32)op->dest.offset + op->len > PAGE_SIZE)
        return GNTST_bad_copy_arg;
    if (!is_within(src, op->source.offset, op->len) || !is_within(dst, op->dest.offset, op->len))
        return GNTST_general_error;
    /* The same page may stand on both sides. */
    memmove((char *)frame_to_virt(dst->frame) + op->dest.offset,
            (const char *)frame_to_virt(src->frame) + op->source.offset, op->len);
    return GNTST_okay;
}

long grant_copy_batch(u64 uop, u32 count, u32 *done)
{
    struct copy_side src = {}, dst = {};
    gnttab_copy_t op;
    long rc = 0;

    for (; *done < count; ++*done, uop += sizeof(op)) {
        if (*done && hypercall_preempt_check())
            break;
        if (copy_from_guest_va(&op, uop, sizeof(op))) {
            rc = -EFAULT;
            break;
        }
        op.status = copy_one(&op, &src, &dst);
        if (op.status) { /* nothing stays claimed after an error */
            side_release(&src);
            side_release(&dst);
        }
        if (copy_to_guest_va(uop + offsetof(gnttab_copy_t, status), &op.status,
                             sizeof(op.status))) {
            rc = -EFAULT;
            break;
        }
    }
    side_release(&src);
    side_release(&dst);
    return rc;
}
