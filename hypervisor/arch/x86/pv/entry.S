/* SPDX-License-Identifier: MIT */
/*
 * SYSCALL and SYSENTER from a PV guest, and the one way back to it.
 *
 * LSTAR, CSTAR and SYSENTER_EIP point into a page of the CPU's own area that holds a copy of
 * pv_stubs (pv/cpu_init.c): it reaches the CPU's stack relative to RIP, so nothing depends on GS
 * and the copies are identical. FMASK has cleared IF, TF, DF, NT and AC.
 * Facts: Intel SDM vol. 2 (SYSCALL, SYSRET, SYSENTER); selectors: arch-x86/xen-x86_64.h.
 */
#include <xen/xen.h>

#include <asm/entry_macros.h>
#include <asm/traps.h>

#define STACK_REGS(field) (PERCPU_INFO + CPUINFO_guest_regs + REGS_##field)

    .section .rodata, "a", @progbits
    .balign 16
    .globl pv_stubs, pv_stubs_end, pv_stub_syscall, pv_stub_syscall32, pv_stub_sysenter

/* Displacement from the end of this field to \offset of the per-CPU area. */
.macro AREA_DISP offset:req
    .long \offset - PERCPU_STUBS - (. + 4 - pv_stubs)
.endm

pv_stubs:
pv_stub_syscall:
    .byte 0x48, 0x89, 0x25              /* movq %rsp, guest_regs.rsp */
    AREA_DISP STACK_REGS(rsp)
    .byte 0x48, 0x8d, 0x25              /* leaq guest_regs.rsp, %rsp */
    AREA_DISP STACK_REGS(rsp)
    movq $FLAT_RING3_SS64, 8(%rsp)
    pushq %r11
    pushq $FLAT_RING3_CS64
    pushq %rcx
    pushq $0
    movl $ENTRY_SYSCALL, 4(%rsp)
    JUMP_THROUGH stub_syscall_target

pv_stub_syscall32:
    .byte 0x48, 0x89, 0x25
    AREA_DISP STACK_REGS(rsp)
    .byte 0x48, 0x8d, 0x25
    AREA_DISP STACK_REGS(rsp)
    movq $FLAT_RING3_SS32, 8(%rsp)
    pushq %r11
    pushq $FLAT_RING3_CS32
    pushq %rcx
    pushq $0
    movl $ENTRY_SYSCALL, 4(%rsp)
    JUMP_THROUGH stub_syscall32_target

/* RSP is guest_regs.es already (SYSENTER_ESP). The process's RIP and RSP are not saved by
 * hardware. */
pv_stub_sysenter:
    pushq $FLAT_RING3_SS64
    pushq $0
    pushfq
    pushq $FLAT_RING3_CS32
    pushq $0
    pushq $0
    movl $ENTRY_SYSENTER, 4(%rsp)
    JUMP_THROUGH stub_sysenter_target

    .balign 8
stub_syscall_target:
    .quad syscall_entry
stub_syscall32_target:
    .quad syscall32_entry
stub_sysenter_target:
    .quad sysenter_entry
pv_stubs_end:

    .section .text.entry, "ax", @progbits

syscall_entry:
    SAVE_GPRS
    ENTER_FROM_GUEST
    CLEAR_GPRS
    movq %rsp, %rdi
    subq $8, %rsp
    sti
    call pv_syscall

/*
 * Interrupts off, RSP at struct cpu_info, with guest_regs right above. pv_prepare_exit() does
 * what is
 * due first (softirqs, which may switch to another vCPU; NMI and event upcalls) and says how the
 * guest may be entered: 0 IRET, else SYSRET. return_to_guest comes here from anywhere on the stack.
 */
    cli
prepare:
    movq %rsp, %rdi
    call pv_prepare_exit
    addq $CPUINFO_guest_regs, %rsp
    cmpl $0, (CPUINFO_exit_state - CPUINFO_guest_regs)(%rsp)
    jne leave_slowly
leave:
    testl %eax, %eax
    jz leave_by_iret

    popq %r15
    popq %r14
    popq %r13
    popq %r12
    popq %rbp
    popq %rbx
    popq %r11
    popq %r10
    popq %r9
    popq %r8
    popq %rax
    popq %rcx
    popq %rdx
    popq %rsi
    popq %rdi
    movq (REGS_rip - REGS_error_code)(%rsp), %rcx
    movq (REGS_rflags - REGS_error_code)(%rsp), %r11
    movq (REGS_rsp - REGS_error_code)(%rsp), %rsp
    sysretq

leave_by_iret:
    RESTORE_GPRS
    addq $8, %rsp
iret_to_guest:
    iretq
    EXTABLE_ENTRY iret_to_guest iret_faulted

    .globl return_to_guest
return_to_guest:
    cli
    orq $(STACK_SIZE - 1), %rsp
    subq $(CPU_INFO_BYTES - 1), %rsp
    jmp prepare

/* EAX: how to leave. After CR3 is loaded only this CPU's area and the entry text are mapped
 * (PTI). */
leave_slowly:
    cmpb $0, (CPUINFO_exit_state - CPUINFO_guest_regs)(%rsp)
    je 1f
    cmpb $0, (CPUINFO_root_dirty - CPUINFO_guest_regs)(%rsp)
    je 2f
    movl %eax, %ebx
    leaq -CPUINFO_guest_regs(%rsp), %rsp
    movq %rsp, %rdi
    call pti_root_refresh
    addq $CPUINFO_guest_regs, %rsp
    movl %ebx, %eax
2:  movq (CPUINFO_hw_cr3 - CPUINFO_guest_regs)(%rsp), %rcx
    movq %rcx, %cr3
1:  cmpb $0, (CPUINFO_verw - CPUINFO_guest_regs)(%rsp)
    je leave
    verw (CPUINFO_verw_sel - CPUINFO_guest_regs)(%rsp)
    jmp leave

/*
 * IRET refused the guest's frame; the exception's own handler has sent us here with the guest's
 * GPRs
 * in place and RSP at guest_regs.rip. As an entry from the guest: it gets its failsafe callback.
 */
iret_faulted:
    pushq $0
    movl $ENTRY_IRET_FAULT, 4(%rsp)
    SAVE_GPRS
    ENTER_FROM_GUEST
    CLEAR_GPRS
    movq %rsp, %rdi
    subq $8, %rsp
    call pv_iret_fault
    jmp return_to_guest

syscall32_entry:
    SAVE_GPRS
    ENTER_FROM_GUEST
    CLEAR_GPRS
    movq %rsp, %rdi
    subq $8, %rsp
    sti
    call pv_syscall32
    jmp return_to_guest

/* SYSENTER clears IF only: NT would fault our IRET, AC would lift SMAP, TF would trap. */
sysenter_entry:
    SAVE_GPRS
    ENTER_FROM_GUEST
    CLEAR_GPRS
    pushq $X86_EFLAGS_MBS
    popfq
    movq %rsp, %rdi
    subq $8, %rsp
    sti
    call pv_sysenter
    jmp return_to_guest

    .section .text, "ax", @progbits

/* void reset_stack_and_jump(void (*to)(void)): forget this stack's frames. */
    .globl reset_stack_and_jump
reset_stack_and_jump:
    orq $(STACK_SIZE - 1), %rsp
    subq $(CPU_INFO_BYTES - 1 - CPUINFO_guest_regs + 8), %rsp
    xorl %ebp, %ebp
    jmp __x86_indirect_thunk_rdi

    .section .note.GNU-stack, "", @progbits
