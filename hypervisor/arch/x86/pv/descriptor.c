/* SPDX-License-Identifier: MIT */
/*
 * Which descriptors a guest may have, and the hypercall that changes one. A descriptor is safe when
 * loading it can give no more than ring 3: every DPL becomes 3, gates and system segments are
 * refused when present. Frames in use as FT_SEG are written here only, so what was checked stays
 * so. ABI: update_descriptor(machine address, descriptor). Facts: Intel SDM vol. 3 ch. 3.
 */
#include <asm/frame.h>
#include <hv/errno.h>
#include <hv/hypercall.h>

#include "internal.h"

#define DESC_PRESENT      (1UL << 47)
#define DESC_CODE_OR_DATA (1UL << 44)
#define DESC_TYPE         (15UL << 40)
#define DESC_ACCESSED     (1UL << 40)
#define DESC_DPL          (3UL << 45)

/* False: refused. A present code or data descriptor gets DPL 3. */
static bool descriptor_fix(u64 *d)
{
    if (!(*d & DESC_PRESENT))
        return true; /* faults when loaded */
    if (*d & DESC_CODE_OR_DATA) {
        *d |= DESC_DPL;
        return true;
    }
    /* Type 0 is reserved and faults too; call gates could lead to our own code segment. */
    return !(*d & DESC_TYPE);
}

bool pv_descriptor_page_valid(struct frame *f)
{
    u64 *page = frame_to_virt(f);

    for (unsigned int i = 0; i < PAGE_SIZE / 8; i++) {
        u64 d = READ_ONCE(page[i]);
        u64 fixed = d;

        if (!descriptor_fix(&fixed))
            return false;
        if (fixed != d)
            WRITE_ONCE(page[i], fixed);
    }
    return true;
}

long hc_update_descriptor(unsigned long a1, unsigned long a2, unsigned long a3, unsigned long a4,
                          unsigned long a5)
{
    struct domain *d = current->domain;
    mfn_t mfn = paddr_to_mfn(a1);
    struct frame *f;
    u64 value = a2;
    u64 type;
    long rc = -EINVAL;

    (void)a3, (void)a4, (void)a5;
    if (a1 & 7 || !mfn_valid(mfn) || !descriptor_fix(&value))
        return -EINVAL;
    f = mfn_to_frame(mfn);
    if (!frame_get(f, d))
        return -EINVAL;
    type = (READ_ONCE(f->type) & FT_MASK) == FT_SEG ? FT_SEG : FT_WRITABLE;
    if (!frame_get_type(f, type)) {
        WRITE_ONCE(*(u64 *)((char *)frame_to_virt(f) + (a1 & ~PAGE_MASK)), value);
        frame_put_type(f);
        rc = 0;
    }
    frame_put(f);
    return rc;
}
