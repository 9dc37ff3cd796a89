/* SPDX-License-Identifier: MIT */
/*
 * Whole tables: what mm/frame.c calls when a frame becomes, or ceases to be, a page or descriptor
 * table. The frame is marked VALIDATING, so this CPU alone looks at it. Levels 2 to 4 may stop
 * between entries when preemptible; frame->nr_validated says how many entries hold references.
 * L1 tables are done in one go.
 */
#include "internal.h"

#include <hv/printk.h>
#include <hv/rangeset.h>

static inline bool slot_is_ours(unsigned int level, unsigned int i)
{
    return level == 4 && i >= HV_FIRST_SLOT && i <= HV_LAST_SLOT;
}

/* One entry: 0, -EINTR (a CPU is at the table below), -ERESTART, or the ABI's errno. */
static int validate_entry(struct frame *f, struct domain *d, unsigned int level, pte_t *slot,
                          bool preemptible)
{
    pte_t e = *slot, old = e;
    int rc = upper_entry_get(f, d, level, e, preemptible);

    if (!rc && !(e & PTE_USER))
        pte_store(f, slot, &old, e | PTE_USER, PTE_UNSEEN);
    return rc;
}

static int validate_entries(struct frame *f, struct domain *d, unsigned int level, bool preemptible)
{
    pte_t *t = frame_to_virt(f);
    unsigned int i, first = f->nr_validated;
    bool worked = false;
    int rc = 0;

    for (i = first; i < PT_ENTRIES; i++) {
        if (slot_is_ours(level, i) || (!(t[i] & PTE_PRESENT) && absent_entry_ok(d, t[i])))
            continue;
        if (preemptible && worked && hypercall_preempt_check())
            rc = -ERESTART;
        else if (!(t[i] & PTE_PRESENT))
            rc = -EPERM;
        else
            rc = validate_entry(f, d, level, &t[i], preemptible);
        if (rc)
            break;
        worked = true;
    }
    f->nr_validated = (u16)i;
    if (rc == -EINTR && i > first)
        rc = -ERESTART;
    if (rc && rc != -EINTR && rc != -ERESTART)
        gprintk(LOG_GUEST_DEBUG, "L%u table %#lx: entry %u (%#lx) refused: %d\n", level,
                mfn_raw(frame_to_mfn(f)), i, t[i], rc);
    return rc;
}

static int validate(struct frame *f, u64 type, bool preemptible)
{
    struct domain *d = frame_owner(f);
    unsigned int level = (unsigned int)(type >> FT_SHIFT);
    int rc;

    if (level == 1)
        return l1_table_validate(f, d);
    rc = validate_entries(f, d, level, preemptible);
    if (!rc && level == 4) {
        hv_root_fill(frame_to_virt(f));
        pv_root_show_m2p(f, d->vm_assist & BIT(VMASST_TYPE_m2p_strict));
    }
    return rc;
}

static int devalidate(struct frame *f, u64 type, bool preemptible)
{
    struct domain *d = frame_owner(f);
    const pte_t *t = frame_to_virt(f);
    unsigned int level = (unsigned int)(type >> FT_SHIFT), i;
    bool worked = false;

    if (level == 1) {
        l1_table_devalidate(f, d);
        return 0;
    }
    for (i = f->nr_validated; i > 0; i--) {
        if (!(t[i - 1] & PTE_PRESENT) || slot_is_ours(level, i - 1))
            continue;
        if (preemptible && worked && hypercall_preempt_check())
            break;
        upper_entry_put(f, level, t[i - 1], preemptible);
        worked = true;
    }
    f->nr_validated = (u16)i;
    return i ? -ERESTART : 0;
}

void __init pv_mm_init(void)
{
    static const struct frame_type_ops ops = {
        .validate = validate,
        .devalidate = devalidate,
        .segment_valid = pv_descriptor_page_valid,
    };

    frame_register_type_ops(&ops);
    pv_audit_init();
    mmio_ro_ranges = rangeset_create();
    if (!mmio_ro_ranges)
        panic("No memory for the set of read-only device frames\n");
}
