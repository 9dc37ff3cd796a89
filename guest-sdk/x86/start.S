/* SPDX-License-Identifier: MIT */
/*
 * First instruction of the guest: stores the registers as the builder set them, then moves to
 * a stack of our own. Uses neither flags nor the given stack before they are recorded.
 */
#include <sdk/cpu.h>

    .text
    .globl _start
_start:
    movq %rax, start_regs+0x00(%rip)
    movq %rbx, start_regs+0x08(%rip)
    movq %rcx, start_regs+0x10(%rip)
    movq %rdx, start_regs+0x18(%rip)
    movq %rsi, start_regs+0x20(%rip)
    movq %rdi, start_regs+0x28(%rip)
    movq %rbp, start_regs+0x30(%rip)
    movq %rsp, start_regs+0x38(%rip)
    movq %r8, start_regs+0x40(%rip)
    movq %r9, start_regs+0x48(%rip)
    movq %r10, start_regs+0x50(%rip)
    movq %r11, start_regs+0x58(%rip)
    movq %r12, start_regs+0x60(%rip)
    movq %r13, start_regs+0x68(%rip)
    movq %r14, start_regs+0x70(%rip)
    movq %r15, start_regs+0x78(%rip)
    leaq boot_stack+STACK_SIZE(%rip), %rsp
    pushfq
    popq start_regs+0x80(%rip)
    movw %cs, start_regs+0x88(%rip)
    movw %ss, start_regs+0x90(%rip)
    movw %ds, start_regs+0x98(%rip)
    movw %es, start_regs+0xa0(%rip)
    movw %fs, start_regs+0xa8(%rip)
    movw %gs, start_regs+0xb0(%rip)
    cld
    movq %rsi, %rdi
    xorl %ebp, %ebp
    call sdk_start
    ud2

    .bss
    .balign STACK_SIZE
    .globl boot_stack
boot_stack:
    .skip STACK_SIZE
    .section .data.start_regs, "aw"
    .balign 8
    .globl start_regs
start_regs:
    .skip 0xb8

    .section .note.GNU-stack, "", @progbits
