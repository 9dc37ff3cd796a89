/* SPDX-License-Identifier: MIT */
/*
 * Pinning: the flag PINNED stands for one reference and one use of a table, held by nobody in
 * particular. Atomic bit operations; it is only set on a validated table in use.
 */
#include "mmuext.h"

#include <hv/bitops.h>

#define PINNED_BIT 59

static struct frame *own_frame_get(struct domain *d, u64 mfn)
{
    struct frame *f;

    if (mfn >= max_frame)
        return NULL;
    f = mfn_to_frame(mfn_from(array_index_nospec(mfn, max_frame)));
    return frame_get(f, d) ? f : NULL;
}

static void drop_pin(struct frame *f)
{
    (void)frame_put_type_preemptible(f); /* a leftover is on the deferred list */
    frame_put(f);
}

int mmuext_pin(struct domain *d, const struct mmuext_op *op)
{
    u64 type = (u64)(op->cmd - MMUEXT_PIN_L1_TABLE + 1) << FT_SHIFT;
    struct frame *f = own_frame_get(d, op->arg1.mfn);
    int rc;

    if (!f)
        return -EINVAL;
    rc = frame_get_type_preemptible(f, type);
    if (unlikely(rc)) {
        frame_put(f);
        return rc;
    }
    if (unlikely(test_and_set_bit(PINNED_BIT, &f->type))) {
        drop_pin(f);
        return -EINVAL;
    }
    /* Teardown may have looked for pinned frames just before. */
    if (unlikely(d != current->domain && READ_ONCE(d->dying)) &&
        test_and_clear_bit(PINNED_BIT, &f->type))
        drop_pin(f);
    return 0;
}

int mmuext_unpin(struct domain *d, const struct mmuext_op *op)
{
    struct frame *f = own_frame_get(d, op->arg1.mfn);

    if (!f)
        return -EINVAL;
    if (!test_and_clear_bit(PINNED_BIT, &f->type)) {
        frame_put(f);
        return -EINVAL;
    }
    drop_pin(f);
    frame_put(f);
    return 0;
}

bool pv_unpin_frame(struct frame *f)
{
    if (!(READ_ONCE(f->type) & FT_PINNED) || !test_and_clear_bit(PINNED_BIT, &f->type))
        return false;
    drop_pin(f);
    return true;
}
