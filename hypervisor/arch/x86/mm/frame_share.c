/* SPDX-License-Identifier: MIT */
/*
 * Owners of frames, and our own pages shown to guests. A frame record names its owner by domid,
 * which stays taken until the last of the domain's pages is given back. A shared page is FC_HV with
 * one reference for the sharing; read-only sharing is one use of type NONE, which keeps every other
 * type away.
 */
#include "internal.h"

#include <hv/atomic.h>
#include <hv/page_alloc.h>
#include <hv/rangeset.h>

struct rangeset *mmio_ro_ranges;

struct domain *frame_owner(const struct frame *f)
{
    u32 owner = READ_ONCE(f->owner);

    return owner ? READ_ONCE(domain_table[owner - 1]) : NULL;
}

void frame_set_owner(struct frame *f, const struct domain *d)
{
    WRITE_ONCE(f->owner, d ? (u32)d->domid + 1 : 0);
}

/* ---- sharing ---- */

static void share(void *hv_page, u32 owner, enum share_mode mode)
{
    struct frame *f = mfn_to_frame(virt_to_mfn(hv_page));

    BUG_ON(f->count & FC_COUNT_MASK);
    f->owner = owner;
    f->type = (mode == SHARE_RO ? FT_NONE : FT_WRITABLE) | FT_VALIDATED | 1;
    f->tlb_stamp = 0;
    smp_wmb();
    WRITE_ONCE(f->count, FC_HV | FC_ALLOCATED | 1);
}

void frame_share_with_guest(void *hv_page, struct domain *d, enum share_mode mode)
{
    share(hv_page, (u32)d->domid + 1, mode);
}

void frame_share_with_privileged(void *hv_page, enum share_mode mode)
{
    share(hv_page, DOMID_XEN + 1, mode);
}

/* Without owner no new reference can be had; the sharing's own use and reference go. */
bool frame_unshare(void *hv_page)
{
    struct frame *f = mfn_to_frame(virt_to_mfn(hv_page));

    if (!f->owner)
        return true; /* was never shared, or alone when unshared before */
    WRITE_ONCE(f->owner, 0);
    m2p_set(frame_to_mfn(f), ~0UL);
    atomic_dec(&f->type);
    atomic_and(&f->count, ~FC_ALLOCATED);
    /* The type word stays: it tells hv_free_pages() that translations of guests may linger. */
    if (__atomic_sub_fetch(&f->count, 1, __ATOMIC_SEQ_CST) & FC_COUNT_MASK)
        return false;
    f->count = FC_HV;
    return true;
}

bool frame_unshare_unused(void *hv_page)
{
    struct frame *f = mfn_to_frame(virt_to_mfn(hv_page));
    u64 alone = FC_HV | FC_ALLOCATED | 1;

    /* From a count of none no reference can be had. */
    if (!__atomic_compare_exchange_n(&f->count, &alone, FC_HV, false, __ATOMIC_SEQ_CST,
                                     __ATOMIC_SEQ_CST))
        return false;
    WRITE_ONCE(f->owner, 0);
    m2p_set(frame_to_mfn(f), ~0UL);
    atomic_dec(&f->type);
    return true;
}

/* ---- cache attributes ---- */

static void clflush_page(const char *p)
{
    for (unsigned int i = 0; i < PAGE_SIZE; i += 32)
        __asm__ volatile("clflush %0" ::"m"(p[i]));
    __asm__ volatile("mfence" ::: "memory");
}

/*
 * Our direct map stays write-back; lines that it or another alias may have brought into a cache are
 * written back before the new attribute is used and again when it ends.
 */
void frame_set_cache(struct frame *f, unsigned int pat_index)
{
    u64 bits = (u64)pat_index << FC_CACHE_SHIFT, x = READ_ONCE(f->count);

    while (!__atomic_compare_exchange_n(&f->count, &x, (x & ~FC_CACHE_MASK) | bits, false,
                                        __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST))
        ;
    clflush_page(frame_to_virt(f));
}
