/* SPDX-License-Identifier: MIT */
/*
 * Finding the L1 entry behind a virtual address or an entry's machine address, and the owner a call
 * names. Upper tables are read without locks, so what is found on the way is only a proposal:
 * a frame whose record says "validated table of this level" is RAM and may be looked at, whatever
 * it holds by then; the L1 table itself is referenced, locked and checked for its owner.
 */
#include "internal.h"


/*
 * Machine address of the table an upper entry proposes, if its record says that it is one of this
 * level; 0: no.
 */
static inline paddr_t table_of(pte_t e, unsigned int level)
{
    paddr_t pa = e & PTE_ADDR_MASK;

    if (unlikely(!(e & PTE_PRESENT) || pa >> PAGE_SHIFT >= max_frame))
        return 0;
    return likely(frame_type_is_table(READ_ONCE(paddr_to_frame(pa)->type), level)) ? pa : 0;
}

static inline pte_t *entry_at(paddr_t table, u64 va, unsigned int shift)
{
    return (pte_t *)((char *)paddr_to_virt(table) + (va >> (shift - 3) & (511 << 3)));
}

static inline bool va_is_guests(u64 va)
{
    return va < 0x800000000000UL || va >= HV_VIRT_END;
}

/* The L1 table for va under v's present root; 0: none. */
static inline __attribute__((always_inline)) paddr_t l1_table_of(const struct vcpu *v, u64 va)
{
    paddr_t pa = v->arch.guest_root << PAGE_SHIFT;

    if (unlikely(!va_is_guests(va) || !pa))
        return 0;
    pa = table_of(READ_ONCE(*entry_at(pa, va, L4_SHIFT)), 3);
    if (likely(pa))
        pa = table_of(READ_ONCE(*entry_at(pa, va, L3_SHIFT)), 2);
    return likely(pa) ? table_of(READ_ONCE(*entry_at(pa, va, L2_SHIFT)), 1) : 0;
}

/* The frame becomes locked if it is an L1 table of d. */
static inline bool lock_l1(struct frame *f, const struct domain *d)
{
    if (unlikely(!frame_lock_l1(f)))
        return false;
    if (likely(frame_is_owned_by(f, d)))
        return true;
    frame_unlock_table(f);
    return false;
}

pte_t l1_entry_by_va(const struct vcpu *v, u64 va)
{
    paddr_t pa = l1_table_of(v, va);

    return pa ? READ_ONCE(*entry_at(pa, va, L1_SHIFT)) : 0;
}

struct frame *l1_lock_by_va(struct vcpu *v, u64 va, pte_t **slot)
{
    paddr_t pa = l1_table_of(v, va);
    struct frame *f = paddr_to_frame(pa);

    if (unlikely(!pa || !lock_l1(f, v->domain)))
        return NULL;
    *slot = entry_at(pa, va, L1_SHIFT);
    return f;
}

struct frame *l1_lock_by_address(struct domain *d, paddr_t entry, pte_t **slot)
{
    u64 mfn = entry >> PAGE_SHIFT;
    struct frame *f;

    if (unlikely(entry % sizeof(pte_t) || mfn >= max_frame))
        return NULL;
    f = mfn_to_frame(mfn_from(array_index_nospec(mfn, max_frame)));
    if (unlikely(!lock_l1(f, d)))
        return NULL;
    *slot = paddr_to_virt(entry);
    return f;
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
