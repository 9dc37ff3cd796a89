/* SPDX-License-Identifier: MIT */
/*
 * Entries from the hypervisor and the way back. Found on the stack: RCX, R11, [error code,] RIP,
 * CS, RFLAGS, RSP, SS; the failsafe callback has DS, ES, FS, GS between R11 and RIP.
 * Built from it: struct trap_frame, whose upper part is what the iret hypercall reads.
 */
#include <sdk/cpu.h>

#define FRAME_VECTOR 0x60
#define FRAME_RAX 0x68
#define FRAME_ERROR 0x80
#define HC_iret 23

    .text

/* With the vector pushed above RAX, R11, RCX: completes the frame and calls C. */
common_entry:
    pushq %rdx
    pushq %rsi
    pushq %rdi
    pushq %r8
    pushq %r9
    pushq %r10
    pushq %rbx
    pushq %rbp
    pushq %r12
    pushq %r13
    pushq %r14
    pushq %r15
    cld
    movq %rsp, %rdi
    call trap_dispatch
    movq %rsp, %rdi
    movq $0, FRAME_ERROR(%rdi)

/* trap_return(frame): everything from *frame; error_code holds the VGCF flags. */
    .globl trap_return
trap_return:
    movq %rdi, %rsp
    popq %r15
    popq %r14
    popq %r13
    popq %r12
    popq %rbp
    popq %rbx
    popq %r10
    popq %r9
    popq %r8
    popq %rdi
    popq %rsi
    popq %rdx
    addq $8, %rsp
    movl $HC_iret, %eax
    syscall
    ud2

/* RCX and R11 move below the error code, where iret wants them. */
.macro trap_entry vector, has_error
    .balign 32
    .globl trap_entry_\vector
trap_entry_\vector:
    popq %rcx
    popq %r11
    .if !\has_error
    pushq $0
    .endif
    pushq %rcx
    pushq %r11
    pushq %rax
    pushq $\vector
    jmp common_entry
.endm

    .globl trap_entries
    .balign 32
trap_entries:
.irp v, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, \
    24, 25, 26, 27, 28, 29, 30, 31
    trap_entry \v, ((\v == 8) || (\v >= 10 && \v <= 14) || (\v == 17) || (\v == 21) || (\v == 30))
.endr
    .balign 32

/* Callbacks without an error code. */
    .globl event_entry
event_entry:
    popq %rcx
    popq %r11
    pushq $0
    pushq %rcx
    pushq %r11
    pushq %rax
    pushq $256
    jmp common_entry

    .globl syscall_entry
syscall_entry:
    popq %rcx
    popq %r11
    pushq $0
    pushq %rcx
    pushq %r11
    pushq %rax
    pushq $258
    jmp common_entry

    .globl syscall32_entry
syscall32_entry:
    popq %rcx
    popq %r11
    pushq $0
    pushq %rcx
    pushq %r11
    pushq %rax
    pushq $259
    jmp common_entry

/* RCX, R11, DS, ES, FS, GS, RIP, CS, ...: the selectors go to a record of the CPU. */
    .globl failsafe_entry
failsafe_entry:
    popq %rcx
    popq %r11
    popq failsafe_selectors+0(%rip)
    popq failsafe_selectors+8(%rip)
    popq failsafe_selectors+16(%rip)
    popq failsafe_selectors+24(%rip)
    pushq $0
    pushq %rcx
    pushq %r11
    pushq %rax
    pushq $257
    jmp common_entry

/* bool trap_try(fn, arg): callee-saved registers on the stack, RSP in the CPU's record. */
    .globl trap_try
trap_try:
    pushq %rbx
    pushq %rbp
    pushq %r12
    pushq %r13
    pushq %r14
    pushq %r15
    subq $8, %rsp
    movq %rdi, %rax
    movq %rsi, %rdi
    movq $trap_try_caught, %rsi
    movq %rsp, %rdx
    movq %rax, %rcx
    call trap_try_call
    xorl %eax, %eax
    jmp 1f
trap_try_caught:
    movl $1, %eax
1:  addq $8, %rsp
    popq %r15
    popq %r14
    popq %r13
    popq %r12
    popq %rbp
    popq %rbx
    ret

/* user_enter(frame, cpu_return_rsp *): parks the callee-saved registers, enters the frame. */
    .globl user_enter
user_enter:
    pushq %rbx
    pushq %rbp
    pushq %r12
    pushq %r13
    pushq %r14
    pushq %r15
    movq %rsp, (%rsi)
    jmp trap_return

/* user_leave(rsp): back into the caller of user_enter(). */
    .globl user_leave
user_leave:
    movq %rdi, %rsp
    popq %r15
    popq %r14
    popq %r13
    popq %r12
    popq %rbp
    popq %rbx
    ret

    .section .note.GNU-stack, "", @progbits
