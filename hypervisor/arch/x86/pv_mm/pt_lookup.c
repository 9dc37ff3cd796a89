/* SPDX-License-Identifier: MIT */
/*
 * Finding the L1 entry behind a virtual address or an entry's machine address, and the owner a call
 * names. Upper tables are read without locks, so what is found on the way is only a proposal:
 * a frame whose record says "validated table of this level" is RAM and may be looked at, whatever
 * it holds by then; the L1 table itself is referenced, locked and checked for its owner.
 */
#include "internal.h"

#include <asm/guest_access.h>

/* The frame an upper entry proposes, if its record says that it is a table of this level. */
static inline struct frame *table_of(pte_t e, unsigned int level)
{
    u64 mfn = mfn_raw(pte_mfn(e));
    struct frame *f;

    if (!(e & PTE_PRESENT) || mfn >= max_frame)
        return NULL;
    f = mfn_to_frame(mfn_from(array_index_nospec(mfn, max_frame)));
    return (READ_ONCE(f->type) & (FT_MASK | FT_VALIDATED)) == ((u64)level << FT_SHIFT | FT_VALIDATED)
               ? f
               : NULL;
}

static inline pte_t entry_in(const struct frame *f, u64 index)
{
    return READ_ONCE(((const pte_t *)frame_to_virt(f))[index]);
}

static struct frame *lock_l1(struct frame *f, const struct domain *d)
{
    if (unlikely(!frame_get(f, d)))
        return NULL;
    if (likely(frame_lock_table(f))) {
        if (likely((READ_ONCE(f->type) & FT_MASK) == FT_L1))
            return f;
        frame_unlock_table(f);
    }
    frame_put(f);
    return NULL;
}

static inline struct frame *l1_table_of(const struct vcpu *v, u64 va)
{
    struct frame *f;

    if (unlikely(!guest_range_ok(va, 1) || !v->arch.guest_root))
        return NULL;
    f = mfn_to_frame(mfn_from(v->arch.guest_root));
    f = table_of(entry_in(f, l4_index(va)), 3);
    if (likely(f))
        f = table_of(entry_in(f, l3_index(va)), 2);
    return likely(f) ? table_of(entry_in(f, l2_index(va)), 1) : NULL;
}

pte_t l1_entry_by_va(const struct vcpu *v, u64 va)
{
    const struct frame *f = l1_table_of(v, va);

    return f ? entry_in(f, l1_index(va)) : 0;
}

struct frame *l1_lock_by_va(struct vcpu *v, u64 va, pte_t **slot)
{
    struct frame *f = l1_table_of(v, va);

    if (likely(f))
        f = lock_l1(f, v->domain);
    if (likely(f))
        *slot = (pte_t *)frame_to_virt(f) + l1_index(va);
    return f;
}

struct frame *l1_lock_by_address(struct domain *d, paddr_t entry, pte_t **slot)
{
    u64 mfn = entry >> PAGE_SHIFT;
    struct frame *f;

    if (entry % sizeof(pte_t) || mfn >= max_frame)
        return NULL;
    f = lock_l1(mfn_to_frame(mfn_from(array_index_nospec(mfn, max_frame))), d);
    if (f)
        *slot = (pte_t *)((char *)frame_to_virt(f) + (entry & ~PAGE_MASK));
    return f;
}

void l1_unlock(struct frame *table)
{
    frame_unlock_table(table);
    frame_put(table);
}

struct domain *page_owner_get(domid_t id)
{
    if (likely(id == DOMID_SELF))
        return current->domain;
    if (id == current->domain->domid)
        return NULL;
    if (id == DOMID_IO)
        return dom_io;
    return id == DOMID_XEN ? dom_xen : domain_get_by_id(id);
}

void page_owner_put(struct domain *d)
{
    if (unlikely(d != current->domain && d != dom_io && d != dom_xen))
        domain_put(d);
}
