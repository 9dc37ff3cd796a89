/* SPDX-License-Identifier: MIT */
/*
 * Which vCPU's state this CPU holds. Going idle leaves everything as it is: guest_regs, registers,
 * root. Another vCPU, or somebody who needs that state (vcpu_sync_state), has it saved first.
 *
 * Invariant: v->dirty_cpu is the one CPU with pv_loaded == v, or VCPU_CPU_CLEAN; while a CPU holds
 * a vCPU, that vCPU's root is referenced, so a lazily loaded CR3 never dangles. Both change with
 * interrupts off on that CPU. No locks but pv's ldt_lock.
 */
#include <asm/frame.h>
#include <asm/speculation.h>
#include <asm/tlb.h>
#include <hv/arch.h>
#include <hv/irq.h>
#include <hv/sched.h>
#include <hv/softirq.h>

#include "internal.h"

static DEFINE_PER_CPU(u64, cr4_now);
static DEFINE_PER_CPU(u64, tsc_aux_now);

/*
 * We keep DE and OSXSAVE on. FSGSBASE is as the guest's kernel has it: one that does not know the
 * feature relies on its processes not changing their bases.
 */
u64 pv_cr4_of(const struct vcpu *v)
{
    return (hv_cr4 & ~CR4_FSGSBASE) | (v->arch.pv.ctrlreg[4] & (CR4_TSD | CR4_FSGSBASE)) |
           (v->domain->arch.vtsc ? CR4_TSD : 0);
}

static void control_registers_load(struct vcpu *next)
{
    u64 cr4 = pv_cr4_of(next);

    if (this_cpu(cr4_now) != cr4) {
        WRITE_CR(4, cr4);
        this_cpu(cr4_now) = cr4;
    }
    if (cpu_features.rdtscp && this_cpu(tsc_aux_now) != next->arch.pv.msr_tsc_aux) {
        wrmsr(MSR_TSC_AUX, next->arch.pv.msr_tsc_aux);
        this_cpu(tsc_aux_now) = next->arch.pv.msr_tsc_aux;
    }
    pv_cpuid_faulting_load(next);
}

/* Interrupts off. What is in this CPU goes to v's structure. */
static void save_state(struct vcpu *v)
{
    struct cpu_info *info = get_cpu_info();

    v->arch.user_regs = info->guest_regs;
    pv_segments_save(v, &v->arch.user_regs);
    pv_fpu_save(v);
    pv_debugregs_unload(v);
    /* Emulation may have changed it meanwhile. */
    this_cpu(tsc_aux_now) = v->arch.pv.msr_tsc_aux;
    this_cpu(cr4_now) = pv_cr4_of(v);
}

/*
 * The windows are next's from here on. Another CPU that takes LDT pages away from old clears the
 * window under old's lock while it is old's: it must be done with that before the window changes.
 */
static void windows_let_go(struct vcpu *old, struct vcpu *next)
{
    bool shared = old && old->arch.pv.ldt_entries;

    if (unlikely(shared))
        spin_lock(&old->arch.pv.ldt_lock);
    this_cpu(pv_loaded) = next;
    if (unlikely(shared))
        spin_unlock(&old->arch.pv.ldt_lock);
}

/* Interrupts off. old: whose state was here and is saved, or NULL. */
static void load_state(struct vcpu *old, struct vcpu *next)
{
    struct cpu_info *info = get_cpu_info();

    WRITE_ONCE(next->dirty_cpu, info->cpu);
    windows_let_go(old, next);
    tlb_note_switch(old, next);
    pv_windows_load(old, next);
    info->guest_regs = next->arch.user_regs;
    pv_root_load(next);
    tlb_note_switched(old, next);
    if (old)
        WRITE_ONCE(old->dirty_cpu, VCPU_CPU_CLEAN);
    control_registers_load(next);
    pv_fpu_load(next);
    pv_debugregs_load(next);
    /* What next's predecessor taught the branch predictors must not steer next. */
    if (speculation.ibpb)
        wrmsr(MSR_PRED_CMD, 1);
}

/* Interrupts may be off (called by IPI) or on. */
void pv_drop_lazy_state(void)
{
    unsigned long flags = irq_save();
    struct vcpu *v = this_cpu(pv_loaded);

    if (v && current->is_idle) {
        struct cpu_info *info = get_cpu_info();
        u64 cr3 = image_to_paddr(hv_root);

        save_state(v);
        windows_let_go(v, NULL);
        pv_windows_clear(v);
        if (info->pti_active)
            info->hv_cr3 = cr3;
        tlb_load_root(cr3);
        tlb_note_switched(v, NULL);
        WRITE_ONCE(v->dirty_cpu, VCPU_CPU_CLEAN);
    }
    irq_restore(flags);
}

static void drop_lazy_state(void *unused)
{
    (void)unused;
    pv_drop_lazy_state();
}

void vcpu_sync_state(struct vcpu *v)
{
    unsigned int cpu = READ_ONCE(v->dirty_cpu);

    if (cpu == VCPU_CPU_CLEAN || v == current)
        return;
    smp_call(BIT(cpu), drop_lazy_state, NULL);
}

/* Becomes next, whose state is elsewhere or in memory. Interrupts: off on entry, on on return. */
static void switch_guest(struct vcpu *next)
{
    struct vcpu *old;

    if (next->dirty_cpu != VCPU_CPU_CLEAN) {
        irq_enable(); /* that CPU may be waiting for us in the same way */
        vcpu_sync_state(next);
        irq_disable();
    }
    old = this_cpu(pv_loaded);
    if (old)
        save_state(old);
    current = next;
    load_state(old, next);
    irq_enable();
    /* Selectors may fetch descriptors from an LDT page that has to be mapped first. */
    if (!pv_segments_load(next, guest_regs()))
        pv_failsafe(guest_regs());
}

void context_switch(struct vcpu *prev, struct vcpu *next)
{
    if (next->is_idle) {
        current = next;
        context_saved(prev);
        reset_stack_and_jump((void (*)(void))idle_loop);
    }
    if (this_cpu(pv_loaded) == next)
        current = next;
    else
        switch_guest(next);
    context_saved(prev);
    arch_vcpu_time_update(next);
    arch_runstate_update(next);
    irq_disable();
    reset_stack_and_jump(return_to_guest);
}

/* STI takes effect after the next instruction, so an interrupt cannot slip in before HLT. */
void arch_cpu_idle(void)
{
    irq_disable();
    if (softirq_pending(smp_processor_id()))
        irq_enable();
    else
        __asm__ volatile("sti; hlt" ::: "memory");
}
