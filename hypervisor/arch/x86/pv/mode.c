/* SPDX-License-Identifier: MIT */
/*
 * The virtual ring of a PV vCPU, its page-table roots, hypercall dispatch and what is due before a
 * guest runs again. Touches current, its guest_regs and its CPU's cpu_info only; takes no lock.
 * ABI: 64-bit PV guests have a root each for kernel and user; SYSCALL in kernel mode is a
 * hypercall.
 */
#include <asm/page.h>
#include <asm/tlb.h>
#include <hv/arch.h>
#include <hv/errno.h>
#include <hv/event_channel.h>
#include <hv/hypercall.h>
#include <hv/trace.h>
#include <hv/printk.h>
#include <hv/softirq.h>

#include "internal.h"

unsigned int pv_prepare_exit(struct cpu_info *info);
void pv_syscall(struct cpu_user_regs *regs);
void pv_syscall32(struct cpu_user_regs *regs);
void pv_sysenter(struct cpu_user_regs *regs);
void pv_int80(struct cpu_user_regs *regs);
void pv_iret_fault(struct cpu_user_regs *regs);

/* Under PTI the guest runs on this CPU's copy of the root, and hv_cr3 is the root itself. */
static inline void root_note(struct cpu_info *info, u64 cr3)
{
    if (info->pti_active) {
        info->hv_cr3 = cr3;
        info->root_dirty = 1;
    } else {
        info->hw_cr3 = cr3;
    }
}

void pv_root_load(struct vcpu *v)
{
    u64 root = pv_kernel_mode(v) ? v->arch.pv.kernel_root : v->arch.pv.user_root;

    v->arch.guest_root = root;
    v->arch.hw_root = root;
    root_note(get_cpu_info(), root << PAGE_SHIFT);
    tlb_load_root(root << PAGE_SHIFT); /* user mappings are global: only a full flush drops them */
}

void pv_toggle_mode(struct vcpu *v)
{
    u64 old = v->arch.hw_root;
    u64 root;

    v->arch.flags ^= TF_KERNEL_MODE;
    /* The base of the other mode waits in the shadow register. */
    __asm__ volatile("swapgs" ::: "memory");
    root = pv_kernel_mode(v) ? v->arch.pv.kernel_root : v->arch.pv.user_root;
    v->arch.guest_root = root;
    v->arch.hw_root = root;
    if (root != old) {
        root_note(get_cpu_info(), root << PAGE_SHIFT);
        WRITE_CR(3, root << PAGE_SHIFT); /* the process's global mappings stay */
    }
}

/* --- entries --- */

/* A hypercall while the trace is on: its number and arguments first, since it may change them. */
static long __attribute__((noinline)) traced(const struct cpu_user_regs *regs, hypercall_fn fn)
{
    u64 nr = regs->rax, a3 = regs->rdx;
    long rc;

    trace_hypercall(nr, regs->rdi, regs->rsi);
    rc = fn(regs->rdi, regs->rsi, regs->rdx, regs->r10, regs->r8);
    trace_hypercall_end(nr, (u64)rc, a3);
    return rc;
}

static inline void hypercall(struct cpu_user_regs *regs)
{
    unsigned long nr = regs->rax;
    hypercall_fn fn = NULL;
    long rc;

    if (likely(nr < NR_HYPERCALLS))
        fn = hypercall_table[array_index_nospec(nr, NR_HYPERCALLS)].fn;
    if (unlikely(!fn)) {
        regs->rax = (u64)-ENOSYS;
        return;
    }
    rc = unlikely(trace_enabled) ? traced(regs, fn)
                                 : fn(regs->rdi, regs->rsi, regs->rdx, regs->r10, regs->r8);
    /* A continuation has already put the registers so that the instruction runs again. */
    if (likely(rc != -ERESTART))
        regs->rax = (u64)rc;
}

/* Without a callback the instruction does not exist. */
static void callback(struct cpu_user_regs *regs, u64 rip, bool mask_events)
{
    if (unlikely(!rip)) {
        regs->rip -= 2;
        regs->entry_vector = TRAP_UD;
        pv_inject_exception(TRAP_UD, PV_NO_ERROR_CODE);
        return;
    }
    pv_bounce(regs, rip, mask_events ? BOUNCE_MASK_EVENTS : 0, 0);
}

void pv_syscall(struct cpu_user_regs *regs)
{
    struct vcpu *v = container_of(regs, struct cpu_info, guest_regs)->curr;

    if (likely(pv_kernel_mode(v)))
        hypercall(regs);
    else
        callback(regs, v->arch.pv.syscall_callback, v->arch.pv.syscall_masks_events);
}

void pv_syscall32(struct cpu_user_regs *regs)
{
    struct vcpu *v = current;

    callback(regs, v->arch.pv.syscall32_callback, v->arch.pv.syscall32_masks_events);
}

/* Where the process was is unknown (the hardware does not say): the frame's RIP and RSP are 0. */
void pv_sysenter(struct cpu_user_regs *regs)
{
    struct vcpu *v = current;

    regs->rflags |= X86_EFLAGS_IF;
    if (!v->arch.pv.sysenter_callback) {
        pv_inject_exception(TRAP_GP, 0);
        return;
    }
    callback(regs, v->arch.pv.sysenter_callback, v->arch.pv.sysenter_masks_events);
}

void pv_int80(struct cpu_user_regs *regs)
{
    if (!pv_inject_soft_interrupt(regs, 0x80)) {
        regs->rip -= 2;
        pv_inject_exception(TRAP_GP, 0x80 << 3 | 2);
    }
}

/* IRET to what the guest asked for has faulted: as if that context had. */
void pv_iret_fault(struct cpu_user_regs *regs)
{
    struct fixed_fault f = this_cpu(last_fixed_fault);
    u64 cr2 = READ_CR(2);

    irq_enable(); /* mapping an LDT page may have to wait for other CPUs */
    regs->entry_vector = f.vector;
    regs->error_code = f.error_code;
    if (f.vector == TRAP_PF)
        pv_handle_page_fault(regs, cr2);
    else
        pv_inject_exception(f.vector & 31, f.error_code);
}

/* --- the way out --- */

/* Deliver what waits for the guest. True: something changed, look again from the start. */
static bool deliver_asynchronous(struct vcpu *v, struct cpu_user_regs *regs)
{
    const struct trap_entry *nmi = &v->arch.pv.traps[TRAP_NMI];

    if (unlikely(v->nmi_pending) && !v->arch.pv.nmi_masked) {
        v->nmi_pending = false;
        if (nmi->address) {
            v->arch.pv.nmi_masked = true;
            pv_bounce(regs, nmi->address, nmi->flags & 4 ? BOUNCE_MASK_EVENTS : 0, 0);
            return true;
        }
    }
    if (vcpu_events_deliverable(v)) {
        pv_bounce(regs, v->arch.pv.event_callback, BOUNCE_MASK_EVENTS, 0);
        return true;
    }
    return false;
}

static inline bool can_sysret(const struct cpu_user_regs *regs)
{
    return (regs->entry_vector & ENTRY_SYSCALL) && regs->cs == FLAT_RING3_CS64 &&
           regs->ss == FLAT_RING3_SS64 && is_canonical(regs->rip) &&
           !(regs->rflags & (X86_EFLAGS_TF | X86_EFLAGS_RF));
}

static bool ldt_selectors_unmapped(const struct vcpu *v, const struct cpu_user_regs *regs)
{
    u32 mapped = v->arch.pv.shadow_ldt_mapped;

    return ((regs->cs & 4) && !(mapped >> (regs->cs >> 12) & 1)) ||
           ((regs->ss & 4) && !(mapped >> (regs->ss >> 12) & 1));
}

/*
 * IRET fetches LDT descriptors through the window, with interrupts off, when pages can no longer be
 * mapped: map them first. What cannot be mapped faults, and the guest hears of it.
 */
static void map_ldt_selectors(struct vcpu *v, const struct cpu_user_regs *regs)
{
    irq_enable();
    if (regs->cs & 4)
        pv_ldt_map_page(v, regs->cs >> 12);
    if (regs->ss & 4)
        pv_ldt_map_page(v, regs->ss >> 12);
    irq_disable();
}

static inline bool work_is_due(const struct cpu_info *info, const struct vcpu *v)
{
    return percpu_relocate(softirq_bits, info->percpu_offset) || v->nmi_pending ||
           vcpu_events_deliverable(v);
}

/* Until nothing is left. Softirqs may leave for another vCPU and never come back here. */
static void do_work(struct cpu_info *info, struct vcpu *v)
{
    struct cpu_user_regs *regs = &info->guest_regs;
    bool ldt_tried = false;

    for (;;) {
        if (percpu_relocate(softirq_bits, info->percpu_offset)) {
            irq_enable();
            softirq_run();
            irq_disable();
        } else if ((v->nmi_pending || vcpu_events_deliverable(v)) &&
                   deliver_asynchronous(v, regs)) {
            continue;
        } else if (!ldt_tried && (regs->cs | regs->ss) & 4 && ldt_selectors_unmapped(v, regs)) {
            map_ldt_selectors(v, regs);
            ldt_tried = true;
        } else {
            return;
        }
    }
}

static unsigned int __attribute__((noinline)) exit_after_work(struct cpu_info *info)
{
    struct vcpu *v = current;

    do_work(info, v);
    return can_sysret(&info->guest_regs);
}

/* Interrupts off on entry and return. Short, since every way out passes here. */
unsigned int pv_prepare_exit(struct cpu_info *info)
{
    const struct cpu_user_regs *regs = &info->guest_regs;

    if (unlikely(work_is_due(info, info->curr)))
        return exit_after_work(info);
    if (likely(can_sysret(regs)))
        return 1;
    if (unlikely((regs->cs | regs->ss) & 4))
        return exit_after_work(info);
    return 0;
}
