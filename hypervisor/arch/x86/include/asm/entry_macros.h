/* SPDX-License-Identifier: MIT */
/*
 * Macros of the entry code (assembly only): saving and restoring struct cpu_user_regs, leaving the
 * guest's page-table root under PTI, and clearing what the guest left in registers.
 */
#ifndef ASM_ENTRY_MACROS_H
#define ASM_ENTRY_MACROS_H

#include <asm/asm_offsets.h>

/* RSP at the error_code slot; afterwards at the whole struct cpu_user_regs. */
.macro SAVE_GPRS
    pushq %rdi
    pushq %rsi
    pushq %rdx
    pushq %rcx
    pushq %rax
    pushq %r8
    pushq %r9
    pushq %r10
    pushq %r11
    pushq %rbx
    pushq %rbp
    pushq %r12
    pushq %r13
    pushq %r14
    pushq %r15
.endm

/* Afterwards RSP is at the error_code slot. */
.macro RESTORE_GPRS
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
.endm

/*
 * No value of the guest's survives in a register that speculation in C could use. RDI and RSI are
 * left: every caller loads them next. RBP 0 ends backtraces.
 */
.macro CLEAR_GPRS
    xorl %eax, %eax
    xorl %ebx, %ebx
    xorl %ecx, %ecx
    xorl %edx, %edx
    xorl %ebp, %ebp
    xorl %r8d, %r8d
    xorl %r9d, %r9d
    xorl %r10d, %r10d
    xorl %r11d, %r11d
    xorl %r12d, %r12d
    xorl %r13d, %r13d
    xorl %r14d, %r14d
    xorl %r15d, %r15d
.endm

/* Entered from the guest, RSP at guest_regs, GPRs saved: load the full root if PTI is on. Uses
 * RCX. */
.macro PTI_ENTER
    movq (CPUINFO_hv_cr3 - CPUINFO_guest_regs)(%rsp), %rcx
    testq %rcx, %rcx
    jz 665f
    movq %rcx, %cr3
665:
.endm

/*
 * Entered from ring 0, GPRs saved: under PTI the interrupted code may be the few instructions that
 * run on the guest's root copy. R12: that copy's CR3 value to go back to, else 0. Uses RAX, RCX.
 */
.macro PTI_ENTER_RING0
    xorl %r12d, %r12d
    movq %rsp, %rax
    orq $(STACK_SIZE - 1), %rax
    movq (CPUINFO_hv_cr3 - CPU_INFO_BYTES + 1)(%rax), %rcx
    testq %rcx, %rcx
    jz 666f
    movq %cr3, %r12
    cmpq (CPUINFO_hw_cr3 - CPU_INFO_BYTES + 1)(%rax), %r12
    movq %rcx, %rax
    movl $0, %ecx
    cmovneq %rcx, %r12
    jne 666f
    movq %rax, %cr3
666:
.endm
.macro PTI_LEAVE_RING0
    testq %r12, %r12
    jz 667f
    movq %r12, %cr3
667:
.endm

#endif
