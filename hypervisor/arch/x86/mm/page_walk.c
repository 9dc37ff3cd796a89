/* SPDX-License-Identifier: MIT */
/*
 * Was a page fault spurious: is the access permitted by the tables now? Translations may be stale
 * after permissions were widened, and hardware then faults once. Reads the tables that CR3 holds
 * through the direct map; no locks, the answer is only a reason to try again.
 */
#include "internal.h"

#include <asm/cpu.h>
#include <asm/traps.h>

static bool entry_permits(pte_t e, u64 need, u64 forbid)
{
    return (e & need) == need && !(e & forbid);
}

bool page_fault_is_spurious(u64 cr2, u32 error_code)
{
    u64 need = PTE_PRESENT, forbid = 0;
    mfn_t table = paddr_to_mfn(READ_CR(3) & PTE_ADDR_MASK);

    if (error_code & PFEC_RESERVED || !is_canonical(cr2))
        return false;
    /* A supervisor read that hit a present entry was refused by SMAP, not by a stale entry. */
    if ((error_code & (PFEC_PRESENT | PFEC_WRITE | PFEC_USER | PFEC_INSN)) == PFEC_PRESENT)
        return false;
    if (error_code & PFEC_WRITE)
        need |= PTE_RW;
    if (error_code & PFEC_USER)
        need |= PTE_USER;
    if (error_code & PFEC_INSN)
        forbid |= PTE_NX;
    for (unsigned int shift = L4_SHIFT;; shift -= 9) {
        pte_t e;

        if (!mfn_valid(table))
            return false;
        e = READ_ONCE(((const pte_t *)mfn_to_virt(table))[cr2 >> shift & 511]);
        if (!entry_permits(e, need, forbid))
            return false;
        if (shift == L1_SHIFT || (shift < L4_SHIFT && e & PTE_PSE))
            return true;
        table = pte_mfn(e);
    }
}
