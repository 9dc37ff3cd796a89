/* SPDX-License-Identifier: MIT */
/*
 * Page-table roots of vCPUs. A vCPU's kernel_root and user_root each hold a reference and a use as
 * L4 on the frame they name, so that a root may be loaded whenever the vCPU runs. Changed by the
 * vCPU itself, or while it is paused and its state is saved.
 */
#include "internal.h"

#include <hv/irq.h>

/*
 * The M2P in a validated L4. A kernel root always shows it. Otherwise: a root that was never a
 * kernel's hides it, unless the guest has VMASST_TYPE_m2p_strict, with which roots begin by
 * showing it and lose it when they become a user root.
 */
void pv_root_show_m2p(struct frame *l4, bool show)
{
    pte_t *slot = (pte_t *)frame_to_virt(l4) + M2P_SLOT;

    WRITE_ONCE(*slot, show ? hv_root[M2P_SLOT] : 0);
}

int pv_root_get(struct domain *d, u64 mfn, enum pv_root_kind kind)
{
    struct frame *f;
    int rc;

    if (mfn >= max_frame)
        return -EINVAL;
    f = mfn_to_frame(mfn_from(array_index_nospec(mfn, max_frame)));
    if (!frame_get(f, d))
        return -EINVAL;
    rc = frame_get_type_preemptible(f, FT_L4);
    if (rc)
        frame_put(f);
    else if (kind == PV_ROOT_KERNEL)
        pv_root_show_m2p(f, true);
    else if (unlikely(d->vm_assist & BIT(VMASST_TYPE_m2p_strict)))
        pv_root_show_m2p(f, false);
    return rc;
}

void pv_root_put(u64 mfn)
{
    struct frame *f = mfn_to_frame(mfn_from(mfn));

    (void)frame_put_type_preemptible(f); /* a leftover is on the deferred list */
    frame_put(f);
}

static void mark_root_dirty(void *unused)
{
    (void)unused;
    pv_l4_changed();
}

/* Uses beyond the update lock, the pin and our own roots: other vCPUs may be running on it. */
static bool used_elsewhere(const struct frame *l4)
{
    const struct pv_vcpu *pv = &current->arch.pv;
    u64 mfn = mfn_raw(frame_to_mfn(l4)), type = READ_ONCE(l4->type);
    u64 known = !!(type & FT_LOCKED) + !!(type & FT_PINNED);

    if (!current->is_idle)
        known += (pv->kernel_root == mfn) + (pv->user_root == mfn);
    return (type & FT_COUNT_MASK) > known;
}

void pv_root_changed(struct frame *l4)
{
    u64 cpus;

    if (likely(!cpu_features.pti))
        return;
    pv_l4_changed();
    if (!used_elsewhere(l4))
        return;
    cpus = domain_dirty_cpus(frame_owner(l4)) & ~BIT(smp_processor_id());
    if (cpus)
        smp_call(cpus, mark_root_dirty, NULL);
}
