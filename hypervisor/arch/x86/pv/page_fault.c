/* SPDX-License-Identifier: MIT */
/*
 * Page faults of a PV guest: our descriptor-table windows, writes to page tables, stale copies of a
 * root, and the rest, which is the guest's own business. Takes no lock itself.
 * ABI: #GP and #PF that a descriptor fetch would raise appear at the guest's own addresses.
 */
#include <asm/descriptor.h>
#include <asm/frame.h>
#include <hv/arch.h>

#include "internal.h"

bool pv_emulate_ptwr(struct cpu_user_regs *regs, u64 cr2); /* pv/ptwr.c */

#define GDT_WINDOW_BYTES (FIRST_RESERVED_GDT_PAGE * PAGE_SIZE)
#define LDT_WINDOW_BYTES 0x10000UL

bool pv_ldt_window_fault(u64 cr2)
{
    u64 offset = cr2 - (percpu_area(smp_processor_id()) + PERCPU_LDT);

    /* Mapping takes a frame type and may wait for other CPUs. */
    if (offset >= LDT_WINDOW_BYTES || current->is_idle || !irq_is_enabled())
        return false;
    return pv_ldt_map_page(current, (unsigned int)(offset >> PAGE_SHIFT));
}

/* The guest loaded a selector whose descriptor lies in a page that is not in the window. */
static bool window_fault(struct cpu_user_regs *regs, u64 cr2)
{
    u64 offset = cr2 - percpu_area(smp_processor_id());
    struct vcpu *v = current;

    if (offset < PERCPU_GDT + GDT_WINDOW_BYTES) {
        pv_inject_exception(TRAP_GP, (u32)(offset - PERCPU_GDT) & 0xfff8);
        return true;
    }
    offset -= PERCPU_LDT;
    if (offset >= LDT_WINDOW_BYTES)
        return false;
    if (pv_ldt_map_page(v, (unsigned int)(offset >> PAGE_SHIFT)))
        return true;
    if (!is_canonical(v->arch.pv.ldt_base + offset))
        pv_inject_exception(TRAP_GP, ((u32)offset & 0xfff8) | 4);
    else
        pv_inject_page_fault(v->arch.pv.ldt_base + offset, regs->error_code);
    return true;
}

/* Under PTI this CPU's copy of the root may lag behind an entry that another CPU has added. */
static bool root_copy_stale(u64 cr2, u32 error_code)
{
    if (likely(!get_cpu_info()->pti_active) || error_code & PFEC_PRESENT)
        return false;
    if (!page_fault_is_spurious(cr2, error_code))
        return false;
    pv_l4_changed();
    return true;
}

void pv_handle_page_fault(struct cpu_user_regs *regs, u64 cr2)
{
    u32 error_code = regs->error_code;

    if (unlikely(cr2 >= HV_VIRT_START && cr2 < HV_VIRT_END)) {
        /* A descriptor fetch counts as the system's; the guest's own access is like any other. */
        if (!(error_code & PFEC_USER) && window_fault(regs, cr2))
            return;
    } else if ((error_code & (PFEC_PRESENT | PFEC_WRITE | PFEC_RESERVED)) ==
                   (PFEC_PRESENT | PFEC_WRITE) &&
               pv_kernel_mode(current)) {
        if (pv_emulate_ptwr(regs, cr2))
            return;
    } else if (root_copy_stale(cr2, error_code)) {
        return;
    }
    pv_inject_page_fault(cr2, error_code);
}
