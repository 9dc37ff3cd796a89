/* SPDX-License-Identifier: MIT */
/*
 * The machine-to-physical table: for each machine frame the pseudo-physical number its owner gave
 * it, ~0 for none. Guests read it at RO_M2P_VIRT_START; only we write it. Nothing of ours depends
 * on its contents. No locks: entries are words.
 */
#include "internal.h"

static u64 *const m2p = (u64 *)M2P_VIRT_START;

/* Callers know that the frame is RAM: chunks without RAM are not mapped. */
void m2p_set(mfn_t mfn, u64 pfn)
{
    WRITE_ONCE(m2p[mfn_raw(mfn)], pfn);
}

u64 m2p_get(mfn_t mfn)
{
    return mfn_valid(mfn) ? READ_ONCE(m2p[mfn_raw(mfn)]) : ~0UL;
}

mfn_t m2p_chunk_mfn(u64 chunk)
{
    unsigned int shift;
    u64 va = M2P_VIRT_START + chunk * PAGE_SIZE_2M;
    const pte_t *e = hv_entry_of(va, &shift);
    u64 inside = e ? va & ((1UL << shift) - 1) : 0;

    return e ? paddr_to_mfn((*e & PTE_ADDR_MASK & ~((1UL << shift) - 1)) + inside) : mfn_from(0);
}
