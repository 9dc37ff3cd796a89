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

/*
 * 32 calls whose returns are predicted to go to loops that do nothing, so that none of the guest's
 * are left. Uses RCX.
 */
.macro OVERWRITE_RSB
    movl $16, %ecx
660: call 662f
661: pause
    lfence
    jmp 661b
662: call 664f
663: pause
    lfence
    jmp 663b
664: decl %ecx
    jnz 660b
    addq $(32 * 8), %rsp
.endm

/* Entered from the guest, RSP at guest_regs, GPRs saved: what must be before any C. Uses RCX. */
.macro ENTER_FROM_GUEST
    cmpb $0, (CPUINFO_entry_work - CPUINFO_guest_regs)(%rsp)
    je 669f
    testb $ENTRY_WORK_ROOT, (CPUINFO_entry_work - CPUINFO_guest_regs)(%rsp)
    jz 668f
    movq (CPUINFO_hv_cr3 - CPUINFO_guest_regs)(%rsp), %rcx
    movq %rcx, %cr3
668:
    testb $ENTRY_WORK_RSB, (CPUINFO_entry_work - CPUINFO_guest_regs)(%rsp)
    jz 669f
    OVERWRITE_RSB
669:
.endm

/* Jump to the address that stands at \target, with no register free: as a retpoline does. */
.macro JUMP_THROUGH target:req
    call 671f
670: pause
    lfence
    jmp 670b
671: .byte 0xff, 0x35               /* pushq \target(%rip) */
    .long \target - (. + 4)
    popq (%rsp)                      /* onto the return address: RSP counts after the pop */
    ret
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
