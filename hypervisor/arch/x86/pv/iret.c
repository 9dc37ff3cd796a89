/* SPDX-License-Identifier: MIT */
/*
 * The iret hypercall: back to where a trap, an event or SYSCALL came from, from a frame on the
 * guest kernel's stack. Every value is made harmless rather than checked: selectors get RPL 3 and
 * are the business of the real IRET, RFLAGS keeps IF and loses IOPL and VM. No locks. ABI: struct
 * iret_context; a frame that cannot be read or an absent user root is fatal to the guest.
 */
#include <asm/guest_access.h>
#include <asm/smap.h>
#include <hv/hypercall.h>
#include <hv/printk.h>

#include "internal.h"

/* One word of the frame, copied through RAX. */
#define WORD(n) \
#n "1: movq 8*" #n "(%0), %%rax\n movq %%rax, 8*" #n "(%1)\n" EXTABLE(#n "1b", "%l[fault]")
_Static_assert(sizeof(struct iret_context) == 72, "nine words");

/* Unreadable memory leaves by the label, from which SMAP is put back too. */
static inline int read_frame(struct iret_context *f, u64 va)
{
    if (unlikely(!pv_keeps_clear(va, sizeof(*f))))
        return -1;
    stac();
    __asm__ goto(WORD(0) WORD(1) WORD(2) WORD(3) WORD(4) WORD(5) WORD(6) WORD(7) WORD(8)
                 :
                 : "r"(va), "r"(f)
                 : "rax", "memory"
                 : fault);
    clac();
    return 0;
fault:
    clac();
    return -1;
}

long hc_iret(unsigned long a1, unsigned long a2, unsigned long a3, unsigned long a4,
             unsigned long a5)
{
    struct vcpu *v = current;
    struct cpu_user_regs *regs = guest_regs();
    struct iret_context f;

    (void)a1, (void)a2, (void)a3, (void)a4, (void)a5;
    if (unlikely(read_frame(&f, regs->rsp))) {
        domain_crash(v->domain, "vCPU %u: iret: no frame at %lx", v->vcpu_id, regs->rsp);
        return 0;
    }
    if ((f.cs & 3) == 3) {
        if (unlikely(!v->arch.pv.user_root)) {
            domain_crash(v->domain, "vCPU %u: iret to user mode without a user page table",
                         v->vcpu_id);
            return 0;
        }
        pv_toggle_mode(v);
    }
    if (v->domain->vm_assist & BIT(VMASST_TYPE_architectural_iopl))
        v->arch.pv.iopl = f.rflags >> 12 & 3;

    regs->rip = f.rip;
    regs->cs = (u16)f.cs | 3;
    regs->rflags =
        (f.rflags & ~(u64)(X86_EFLAGS_IOPL | X86_EFLAGS_VM)) | X86_EFLAGS_IF | X86_EFLAGS_MBS;
    regs->rsp = f.rsp;
    regs->ss = (u16)f.ss | 3;
    if (!(f.flags & VGCF_in_syscall)) {
        regs->entry_vector &= ~(u32)ENTRY_SYSCALL;
        regs->r11 = f.r11;
        regs->rcx = f.rcx;
    }
    v->vcpu_info->evtchn_upcall_mask = !(f.rflags & X86_EFLAGS_IF);
    v->arch.pv.nmi_masked = false;
    return (long)f.rax;
}
