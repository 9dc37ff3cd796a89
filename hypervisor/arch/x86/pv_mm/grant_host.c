/* SPDX-License-Identifier: MIT */
/*
 * Host mappings of grants: an L1 entry of current's domain that maps a granted frame. The reference
 * and use that the entry stands for belong to the caller, who took them from the granting domain
 * and takes them back; only what an overwritten entry held is dropped here. The entry's table is
 * locked while it is looked at and written. ABI: public grant_table.h (GNTMAP_*, GNTST_*).
 */
#include "internal.h"

#include <hv/grant_table.h>
#include <xen/grant_table.h>

static struct frame *lock_entry(u64 addr, u32 flags, pte_t **slot)
{
    return flags & GNTMAP_contains_pte ? l1_lock_by_address(current->domain, addr, slot)
                                       : l1_lock_by_va(current, addr, slot);
}

/* What every mapping of these flags has, apart from cache and guest-available bits. */
static pte_t basic_flags(u32 flags)
{
    return PTE_PRESENT | PTE_ACCESSED | PTE_DIRTY | (flags & GNTMAP_readonly ? 0 : PTE_RW) |
           (flags & GNTMAP_application_map ? PTE_USER : 0);
}

static pte_t cache_flags_of(mfn_t mfn, u32 cache_flags)
{
    unsigned int index;

    if (mfn_valid(mfn))
        index = frame_cache(mfn_to_frame(mfn));
    else
        index = (cache_flags & GTF_PWT ? 1 : 0) | (cache_flags & GTF_PCD ? 2 : 0) |
                (cache_flags & GTF_PAT ? 4 : 0);
    return (index & 1 ? PTE_PWT : 0) | (index & 2 ? PTE_PCD : 0) | (index & 4 ? PTE_PAT : 0);
}

int arch_grant_map_host(u64 addr, mfn_t mfn, u32 flags, u32 cache_flags)
{
    u64 avail = (u64)(flags >> _GNTMAP_guest_avail0) << 9 & PTE_AVAIL;
    pte_t entry = pte_from(mfn, basic_flags(flags) | avail | cache_flags_of(mfn, cache_flags));
    struct frame *table;
    pte_t *slot, old;

    table = lock_entry(addr, flags, &slot);
    if (!table)
        return GNTST_general_error;
    old = READ_ONCE(*slot);
    pte_store(table, slot, &old, l1e_adjust(entry), PTE_REPLACE);
    frame_unlock_table(table);
    l1e_put(old, current->domain);
    return GNTST_okay;
}

/* unmap_and_replace: the entry at addr is cleared and handed out with all that it holds. */
static int take_entry(u64 addr, pte_t *out)
{
    struct frame *table;
    pte_t *slot;

    table = l1_lock_by_va(current, addr, &slot);
    if (!table)
        return GNTST_general_error;
    *out = READ_ONCE(*slot);
    pte_store(table, slot, out, 0, PTE_REPLACE);
    frame_unlock_table(table);
    return GNTST_okay;
}

static bool maps(pte_t entry, mfn_t mfn, u32 flags)
{
    return mfn_equal(pte_mfn(entry), mfn) &&
           !((entry ^ basic_flags(flags)) & (PTE_PRESENT | PTE_RW));
}

int arch_grant_unmap_host(u64 addr, mfn_t mfn, u64 new_addr, u32 flags)
{
    struct frame *table;
    pte_t *slot, old, entry = 0;
    int rc = GNTST_general_error;

    if (new_addr) {
        if (flags & GNTMAP_contains_pte)
            return GNTST_general_error;
        rc = take_entry(new_addr, &entry);
        if (rc)
            return rc;
        rc = GNTST_general_error;
    }
    table = lock_entry(addr, flags, &slot);
    if (table) {
        old = READ_ONCE(*slot);
        if (maps(old, mfn, flags)) {
            pte_store(table, slot, &old, entry, PTE_REPLACE);
            rc = GNTST_okay;
        }
        frame_unlock_table(table);
    }
    if (rc)
        l1e_put(entry, current->domain); /* it was taken out of new_addr, which stays clear */
    return rc;
}
