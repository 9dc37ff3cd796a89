/* SPDX-License-Identifier: MIT */
/*
 * Hypercall mmuext_op: roots, flushes, descriptor table, page contents; pinning is in mmuext_pin.c.
 * A table of commands, one short function each. Preemptible between and within commands: what is
 * left stands in the arguments (count with PREEMPTED), *done has the sum; leftovers of released
 * trees stand on the owner's deferred list, which is emptied before each command. ABI: public
 * xen.h; error codes as observed from Xen 4.17.
 */
#include "mmuext.h"

#include <asm/guest_access.h>
#include <hv/access.h>
#include <hv/guest_access.h>
#include <hv/rangeset.h>

#define PREEMPTED 0x80000000u

/* ---- roots ---- */

int pv_new_kernel_root(u64 mfn)
{
    struct vcpu *v = current;
    struct domain *d = v->domain;
    u64 old = v->arch.pv.kernel_root;
    int rc;

    if (mfn == old) {
        pv_root_load(v);
        return 0;
    }
    rc = pv_root_get(d, mfn, PV_ROOT_KERNEL);
    if (unlikely(rc))
        return rc;
    pv_ldt_release(v);
    v->arch.pv.kernel_root = mfn;
    pv_root_load(v);
    if (likely(old))
        pv_root_put(old);
    return 0;
}

static int new_baseptr(struct domain *d, const struct mmuext_op *op)
{
    (void)d;
    return pv_new_kernel_root(op->arg1.mfn);
}

static int new_user_baseptr(struct domain *d, const struct mmuext_op *op)
{
    struct vcpu *v = current;
    u64 old = v->arch.pv.user_root, mfn = op->arg1.mfn;
    int rc;

    if (mfn == old)
        return 0;
    if (mfn) {
        rc = pv_root_get(d, mfn, PV_ROOT_USER);
        if (unlikely(rc))
            return rc;
    }
    v->arch.pv.user_root = mfn;
    if (old)
        pv_root_put(old);
    return 0;
}

/* ---- flushes ---- */

static int flush_local(struct domain *d, const struct mmuext_op *op)
{
    (void)d;
    (void)op;
    tlb_flush_local();
    return 0;
}

static int invlpg_local(struct domain *d, const struct mmuext_op *op)
{
    (void)d;
    if (likely(guest_range_ok(op->arg1.linear_addr, 1)))
        tlb_flush_one_local(op->arg1.linear_addr);
    return 0;
}

static int flush_multi(struct domain *d, const struct mmuext_op *op)
{
    u64 cpus;

    if (pv_vcpu_bitmap_to_cpus(d, (u64)op->arg2.vcpumask.p, &cpus))
        return -EINVAL;
    tlb_flush_mask(cpus);
    return 0;
}

static int invlpg_multi(struct domain *d, const struct mmuext_op *op)
{
    u64 cpus;

    if (pv_vcpu_bitmap_to_cpus(d, (u64)op->arg2.vcpumask.p, &cpus))
        return -EINVAL;
    if (guest_range_ok(op->arg1.linear_addr, 1))
        tlb_flush_one_mask(cpus, op->arg1.linear_addr);
    return 0;
}

static int flush_all(struct domain *d, const struct mmuext_op *op)
{
    (void)op;
    tlb_flush_mask(domain_dirty_cpus(d));
    return 0;
}

static int invlpg_all(struct domain *d, const struct mmuext_op *op)
{
    if (guest_range_ok(op->arg1.linear_addr, 1))
        tlb_flush_one_mask(domain_dirty_cpus(d), op->arg1.linear_addr);
    return 0;
}

/* Only who has devices has a reason to write caches back. */
static bool may_flush_cache(const struct domain *d)
{
    return !rangeset_is_empty(d->iomem) || !rangeset_is_empty(d->ioports);
}

static int flush_cache(struct domain *d, const struct mmuext_op *op)
{
    (void)op;
    if (!may_flush_cache(d))
        return -EACCES;
    cache_flush_mask(BIT(smp_processor_id()));
    return 0;
}

static int flush_cache_global(struct domain *d, const struct mmuext_op *op)
{
    (void)op;
    if (!may_flush_cache(d))
        return -EINVAL;
    cache_flush_mask(~0UL);
    return 0;
}

/* ---- the rest ---- */

static int set_ldt(struct domain *d, const struct mmuext_op *op)
{
    u64 entries = op->arg2.nr_ents, base = entries ? op->arg1.linear_addr : 0;

    (void)d;
    return guest_range_ok(base, 1) ? (int)pv_set_ldt(base, entries) : -EINVAL;
}

static struct frame *writable_page_get(struct domain *d, u64 mfn)
{
    struct frame *f;

    if (mfn >= max_frame)
        return NULL;
    f = mfn_to_frame(mfn_from(array_index_nospec(mfn, max_frame)));
    return frame_get_and_type(f, d, FT_WRITABLE) ? f : NULL;
}

static int clear_page(struct domain *d, const struct mmuext_op *op)
{
    struct frame *f = writable_page_get(d, op->arg1.mfn);

    if (!f)
        return -EINVAL;
    memset(frame_to_virt(f), 0, PAGE_SIZE);
    frame_put_and_type(f);
    return 0;
}

static int copy_page(struct domain *d, const struct mmuext_op *op)
{
    u64 mfn = op->arg2.src_mfn;
    struct frame *from, *to;

    if (mfn >= max_frame)
        return -EINVAL;
    from = mfn_to_frame(mfn_from(array_index_nospec(mfn, max_frame)));
    if (!frame_get(from, d))
        return -EINVAL;
    to = writable_page_get(d, op->arg1.mfn);
    if (to) {
        memcpy(frame_to_virt(to), frame_to_virt(from), PAGE_SIZE);
        frame_put_and_type(to);
    }
    frame_put(from);
    return to ? 0 : -EINVAL;
}

static int superpage(struct domain *d, const struct mmuext_op *op)
{
    (void)d;
    (void)op;
    return -EOPNOTSUPP;
}

static const struct {
    int (*fn)(struct domain *d, const struct mmuext_op *op);
    bool own_only; /* -EPERM on behalf of another domain */
} command[] = {
    [MMUEXT_PIN_L1_TABLE] = { mmuext_pin, false },
    [MMUEXT_PIN_L2_TABLE] = { mmuext_pin, false },
    [MMUEXT_PIN_L3_TABLE] = { mmuext_pin, false },
    [MMUEXT_PIN_L4_TABLE] = { mmuext_pin, false },
    [MMUEXT_UNPIN_TABLE] = { mmuext_unpin, false },
    [MMUEXT_NEW_BASEPTR] = { new_baseptr, true },
    [MMUEXT_TLB_FLUSH_LOCAL] = { flush_local, true },
    [MMUEXT_INVLPG_LOCAL] = { invlpg_local, true },
    [MMUEXT_TLB_FLUSH_MULTI] = { flush_multi, true },
    [MMUEXT_INVLPG_MULTI] = { invlpg_multi, true },
    [MMUEXT_TLB_FLUSH_ALL] = { flush_all, true },
    [MMUEXT_INVLPG_ALL] = { invlpg_all, true },
    [MMUEXT_FLUSH_CACHE] = { flush_cache, true },
    [MMUEXT_SET_LDT] = { set_ldt, true },
    [MMUEXT_NEW_USER_BASEPTR] = { new_user_baseptr, true },
    [MMUEXT_CLEAR_PAGE] = { clear_page, false },
    [MMUEXT_COPY_PAGE] = { copy_page, false },
    [MMUEXT_FLUSH_CACHE_GLOBAL] = { flush_cache_global, true },
    [MMUEXT_MARK_SUPER] = { superpage, false },
    [MMUEXT_UNMARK_SUPER] = { superpage, false },
};

static int one_command(struct domain *d, const struct mmuext_op *op)
{
    unsigned int cmd = op->cmd;
    int rc;

    if (cmd >= ARRAY_SIZE(command))
        return -ENOSYS;
    cmd = (unsigned int)array_index_nospec(cmd, ARRAY_SIZE(command));
    if (!command[cmd].fn)
        return -ENOSYS;
    if (command[cmd].own_only && d != current->domain)
        return -EPERM;
    rc = command[cmd].fn(d, op);
    return rc == -EINTR ? -ERESTART : rc;
}

static int all_commands(struct domain *d, u64 ops, unsigned int count, unsigned int *done)
{
    struct mmuext_op op;
    int rc = 0;

    for (*done = 0; *done < count; ++*done) {
        if (unlikely(frame_has_deferred(d)) && frame_drain_deferred(d, true))
            return -ERESTART;
        if (*done && hypercall_preempt_check())
            return -ERESTART;
        if (copy_from_guest_va(&op, ops + *done * sizeof(op), sizeof(op)))
            return -EFAULT;
        rc = one_command(d, &op);
        if (unlikely(rc))
            return rc;
    }
    if (unlikely(frame_has_deferred(d)) && frame_drain_deferred(d, true))
        return -ERESTART;
    return 0;
}

long hc_mmuext_op(unsigned long ops, unsigned long a2, unsigned long pdone, unsigned long domid,
                  unsigned long a5)
{
    unsigned int count = (unsigned int)a2 & ~PREEMPTED, done, sum = 0;
    struct domain *d = page_owner_get((domid_t)domid);
    long rc = -EFAULT;

    (void)a5;
    if (unlikely(!d))
        return -ESRCH;
    if (unlikely(d != current->domain) && access_mmuext(current->domain, d)) {
        rc = -EPERM;
        goto out;
    }
    if (unlikely(a2 & PREEMPTED && pdone && copy_from_guest_va(&sum, pdone, sizeof(sum))))
        goto out;
    if (unlikely(!guest_range_ok(ops, (u64)count * sizeof(struct mmuext_op))))
        goto out;
    rc = all_commands(d, ops, count, &done);
    sum += done;
    if (pdone)
        (void)copy_to_guest_va(pdone, &sum, sizeof(sum)); /* a bad pointer: the commands are done */
    if (unlikely(rc == -ERESTART))
        rc =
            hypercall_continuation(__HYPERVISOR_mmuext_op, 4, ops + done * sizeof(struct mmuext_op),
                                   (unsigned long)((count - done) | PREEMPTED), pdone, domid);
out:
    page_owner_put(d);
    return rc;
}
