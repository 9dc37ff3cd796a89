/* SPDX-License-Identifier: MIT */
/*
 * Traps of the guest delivered to the guest's kernel. The frame, lowest address first: RCX, R11,
 * [DS, ES, FS, GS for the failsafe callback,] [error code,] RIP, CS with the upcall mask of before
 * in bits 32-39, RFLAGS whose IF stands for that mask, RSP, SS. A kernel-mode CS shows RPL 0.
 * Touches current, guest_regs and guest memory; takes no lock.
 * ABI: arch-x86/xen.h (trap_info), arch-x86/xen-x86_64.h (iret_context is the way back).
 */
#include <asm/guest_access.h>
#include <asm/smap.h>
#include <hv/arch.h>
#include <hv/printk.h>

#include "internal.h"

/* Room that any frame needs, aligned as the frame's top is. */
#define FRAME_MAX_BYTES 96
#define HANDLER_CLEARS \
    (X86_EFLAGS_AC | X86_EFLAGS_VM | X86_EFLAGS_RF | X86_EFLAGS_NT | X86_EFLAGS_TF)

/* Three stores to guest memory; on a fault goto fault with AC still set. */
#define PUT3(p, off, a, b, c, fault)                                                     \
    __asm__ goto("1: movq %1, " off "(%0)\n"                                             \
                 "2: movq %2, 8+" off "(%0)\n"                                           \
                 "3: movq %3, 16+" off "(%0)\n" EXTABLE("1b", "%l[" #fault "]")          \
                     EXTABLE("2b", "%l[" #fault "]") EXTABLE("3b", "%l[" #fault "]")     \
                 : : "r"(p), "r"((u64)(a)), "r"((u64)(b)), "r"((u64)(c)) : "memory" : fault)
#define PUT2(p, off, a, b, fault)                                                        \
    __asm__ goto("1: movq %1, " off "(%0)\n"                                             \
                 "2: movq %2, 8+" off "(%0)\n" EXTABLE("1b", "%l[" #fault "]")           \
                     EXTABLE("2b", "%l[" #fault "]")                                     \
                 : : "r"(p), "r"((u64)(a)), "r"((u64)(b)) : "memory" : fault)
#define PUT1(p, off, a, fault)                                                           \
    __asm__ goto("1: movq %1, " off "(%0)\n" EXTABLE("1b", "%l[" #fault "]")             \
                 : : "r"(p), "r"((u64)(a)) : "memory" : fault)

static int put_failsafe_words(u64 sp, const struct cpu_user_regs *regs)
{
    PUT2(sp, "0", regs->ds, regs->es, fault);
    PUT2(sp, "16", regs->fs, regs->gs, fault);
    return 0;
fault:
    return -1;
}

/*
 * Writes the frame below top; returns the new stack pointer, 0 after a fault. The range was
 * checked.
 */
static u64 put_frame(u64 top, const struct cpu_user_regs *regs, u64 cs, u64 rflags,
                     unsigned int flags, u32 error_code)
{
    u64 sp = top - 40;

    stac();
    PUT2(sp, "24", regs->rsp, regs->ss, fault);
    PUT3(sp, "0", regs->rip, cs, rflags, fault);
    if (flags & BOUNCE_ERROR_CODE) {
        sp -= 8;
        PUT1(sp, "0", error_code, fault);
    }
    if (unlikely(flags & BOUNCE_FAILSAFE)) {
        sp -= 32;
        if (put_failsafe_words(sp, regs))
            goto fault;
    }
    sp -= 16;
    PUT2(sp, "0", regs->rcx, regs->r11, fault);
    clac();
    return sp;
fault:
    clac();
    return 0;
}

static void __cold __attribute__((noinline)) no_handler(struct vcpu *v,
                                                        const struct cpu_user_regs *regs)
{
    domain_crash(v->domain,
                 "vCPU %u: no handler for entry vector 0x%x, error code 0x%x, at %04x:%lx",
                 v->vcpu_id, regs->entry_vector, regs->error_code, regs->cs, regs->rip);
}

static void __cold __attribute__((noinline)) no_stack(struct vcpu *v,
                                                      const struct cpu_user_regs *regs, u64 top)
{
    domain_crash(v->domain, "vCPU %u: kernel stack at %lx cannot take a frame (entry vector 0x%x, "
                 "at %04x:%lx)", v->vcpu_id, top, regs->entry_vector, regs->cs, regs->rip);
}

/* RFLAGS as the guest sees them: IF for "events are not masked", a virtual IOPL if it wants one. */
static inline u64 flags_shown(const struct vcpu *v, u64 rflags, u8 mask)
{
    rflags &= ~(u64)(X86_EFLAGS_IF | X86_EFLAGS_IOPL);
    if (!mask)
        rflags |= X86_EFLAGS_IF;
    if (unlikely(v->domain->vm_assist & BIT(VMASST_TYPE_architectural_iopl)))
        rflags |= (u64)v->arch.pv.iopl << 12;
    return rflags;
}

void pv_bounce(struct cpu_user_regs *regs, u64 rip, unsigned int flags, u32 error_code)
{
    struct vcpu *v = container_of(regs, struct cpu_info, guest_regs)->curr;
    u64 cs = regs->cs, sp, top = regs->rsp;
    u8 mask;

    if (unlikely(!rip)) {
        no_handler(v, regs);
        return;
    }
    if (pv_kernel_mode(v)) {
        cs &= ~3UL;
    } else {
        pv_toggle_mode(v);
        top = v->arch.pv.kernel_sp;
    }
    top &= ~15UL;
    if (unlikely(!pv_keeps_clear(top - FRAME_MAX_BYTES, FRAME_MAX_BYTES))) {
        no_stack(v, regs, top);
        return;
    }
    mask = v->vcpu_info->evtchn_upcall_mask;
    sp = put_frame(top, regs, cs | (u64)mask << 32, flags_shown(v, regs->rflags, mask), flags,
                   error_code);
    if (unlikely(!sp)) {
        no_stack(v, regs, top);
        return;
    }
    if (flags & BOUNCE_MASK_EVENTS)
        v->vcpu_info->evtchn_upcall_mask = 1;
    /* The handler finds RCX and R11 on its stack, so SYSRET, which destroys them, may be used. */
    regs->entry_vector = ENTRY_SYSCALL;
    regs->rip = rip;
    regs->cs = FLAT_KERNEL_CS;
    regs->rflags &= ~(u64)HANDLER_CLEARS;
    regs->rsp = sp;
    regs->ss = FLAT_KERNEL_SS;
}

_Static_assert(BOUNCE_MASK_EVENTS == 1, "bit 2 of a trap's flags, shifted");

static inline void bounce_vector(struct cpu_user_regs *regs, unsigned int vector, u32 error_code)
{
    const struct trap_entry *t = &current->arch.pv.traps[vector];
    unsigned int flags = t->flags >> 2 & 1;

    if (error_code != PV_NO_ERROR_CODE)
        flags |= BOUNCE_ERROR_CODE;
    pv_bounce(regs, t->address, flags, error_code);
}

void pv_inject_exception(unsigned int vector, u32 error_code)
{
    bounce_vector(guest_regs(), vector, error_code);
}

void pv_inject_page_fault(u64 cr2, u32 error_code)
{
    struct vcpu *v = current;

    v->arch.pv.ctrlreg[2] = cr2;
    v->vcpu_info->arch.cr2 = cr2;
    error_code &= ~(u32)PFEC_USER;
    if (!pv_kernel_mode(v))
        error_code |= PFEC_USER;
    bounce_vector(guest_regs(), TRAP_PF, error_code);
}

/* A PV kernel counts as ring 1 for the gate's DPL, as ring 0 if it asked for architectural IOPL. */
bool pv_inject_soft_interrupt(struct cpu_user_regs *regs, unsigned int vector)
{
    struct vcpu *v = current;
    const struct trap_entry *t = &v->arch.pv.traps[array_index_nospec(vector, 256)];
    unsigned int ring = 3;

    if (pv_kernel_mode(v))
        ring = v->domain->vm_assist & BIT(VMASST_TYPE_architectural_iopl) ? 0 : 1;
    if (!t->address || (t->flags & 3u) < ring)
        return false;
    pv_bounce(regs, t->address, t->flags & 4 ? BOUNCE_MASK_EVENTS : 0, 0);
    return true;
}

void pv_failsafe(struct cpu_user_regs *regs)
{
    struct vcpu *v = current;

    pv_bounce(regs, v->arch.pv.failsafe_callback,
              BOUNCE_FAILSAFE | (v->arch.pv.failsafe_masks_events ? BOUNCE_MASK_EVENTS : 0), 0);
}

/* --- classes of ring-3 exceptions --- */

static u32 error_code_of(const struct cpu_user_regs *regs)
{
    return TRAP_HAS_ERROR_CODE >> (regs->entry_vector & 31) & 1 ? regs->error_code
                                                                : PV_NO_ERROR_CODE;
}

/*
 * The vector of the `int n` at RIP, when that is what the instruction is; *len is its length.
 * QEMU 7.2 computes the error code of a refused gate differently from hardware (n*16+2, not n*8+2),
 * so the code only confirms what the bytes say.
 */
static int soft_interrupt_vector(const struct cpu_user_regs *regs, unsigned int *len)
{
    u8 insn[15];
    unsigned int n = 0, have;

    have = sizeof(insn) - (unsigned int)copy_from_guest_va(insn, regs->rip, sizeof(insn));
    while (n < have && (insn[n] == 0x66 || insn[n] == 0x67 || insn[n] == 0xf2 ||
                        insn[n] == 0xf3 || insn[n] == 0x2e || insn[n] == 0x36 ||
                        insn[n] == 0x3e || insn[n] == 0x26 || insn[n] == 0x64 ||
                        insn[n] == 0x65 || (insn[n] & 0xf0) == 0x40))
        n++;
    if (n + 1 < have && insn[n] == 0xcd) {
        u32 vector = insn[n + 1];

        if (regs->error_code == vector * 8 + 2 || regs->error_code == vector * 16 + 2) {
            *len = n + 2;
            return (int)vector;
        }
    }
    /* The bytes changed under us or cannot be read: believe the hardware. */
    *len = 2;
    return (int)(regs->error_code >> 3 & 0xff);
}

static void general_protection(struct cpu_user_regs *regs)
{
    unsigned int len = 0;
    int vector;

    if (regs->error_code & 2) { /* the fault is about a gate of the IDT: INT n */
        vector = soft_interrupt_vector(regs, &len);
        regs->rip += len;
        if (pv_inject_soft_interrupt(regs, (unsigned int)vector))
            return;
        regs->rip -= len;
        pv_inject_exception(TRAP_GP, (u32)vector << 3 | 2);
        return;
    }
    if (!regs->error_code && pv_emulate_privileged(regs))
        return;
    pv_inject_exception(TRAP_GP, regs->error_code);
}

static void device_not_available(struct cpu_user_regs *regs)
{
    struct vcpu *v = current;

    (void)regs;
    if (!(v->arch.pv.ctrlreg[0] & CR0_TS))
        return; /* TS was cleared meanwhile */
    pv_set_task_switched(v, false);
    pv_inject_exception(TRAP_NM, PV_NO_ERROR_CODE);
}

static void debug(struct cpu_user_regs *regs)
{
    struct vcpu *v = current;
    u64 dr6;

    (void)regs;
    __asm__ volatile("mov %%dr6, %0" : "=r"(dr6));
    __asm__ volatile("mov %0, %%dr6" ::"r"(0xffff0ff0UL));
    v->arch.pv.dr[6] |= dr6 & 0xe00f;
    pv_inject_exception(TRAP_DB, PV_NO_ERROR_CODE);
}

void pv_handle_trap(struct cpu_user_regs *regs)
{
    switch (regs->entry_vector) {
    case TRAP_GP: general_protection(regs); return;
    case TRAP_NM: device_not_available(regs); return;
    case TRAP_DB: debug(regs); return;
    case TRAP_UD:
        if (pv_emulate_invalid_op(regs))
            return;
        break;
    default:
        break;
    }
    bounce_vector(regs, regs->entry_vector & 31, error_code_of(regs));
}
