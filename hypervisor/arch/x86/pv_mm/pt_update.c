/* SPDX-License-Identifier: MIT */
/*
 * One new value for an entry of a validated table of levels 2 to 4: check and take what it refers
 * to, store, drop what the old value referred to. The caller holds the table's update lock; nothing
 * fails after the store. Copies of a root learn of it before the old subtree is dropped: whoever
 * takes those frames then flushes, but a CPU that went on with the old copy would walk them again.
 * An old subtree that takes long to release goes to the deferred list.
 */
#include "internal.h"

static void store(struct frame *table, unsigned int level, pte_t *slot, pte_t *old, pte_t entry,
                  enum pte_store_mode mode)
{
    pte_store(table, slot, old, entry, mode);
    if (level == 4)
        pv_root_changed(table);
}

int upper_update(struct frame *table, unsigned int level, pte_t *slot, pte_t entry,
                 struct domain *pt_dom, bool keep_ad)
{
    enum pte_store_mode mode = keep_ad ? PTE_KEEP_AD : PTE_REPLACE;
    unsigned int index = (unsigned int)(((u64)slot & ~PAGE_MASK) / sizeof(pte_t));
    pte_t old = READ_ONCE(*slot);
    int rc;

    if (level == 4 && index >= HV_FIRST_SLOT && index <= HV_LAST_SLOT)
        return -EINVAL;
    if (entry & PTE_PRESENT) {
        bool changed = pte_changed(old, entry);

        if (changed)
            rc = upper_entry_get(table, pt_dom, level, entry, true);
        else
            rc = entry & PTE_GLOBAL ? -EINVAL : 0;
        if (rc)
            return rc;
        entry |= PTE_USER;
        if (!changed) {
            store(table, level, slot, &old, entry, mode);
            return 0;
        }
    } else if (!absent_entry_ok(pt_dom, entry)) {
        return -EPERM;
    }
    store(table, level, slot, &old, entry, mode);
    upper_entry_put(table, level, old, true);
    return 0;
}
