/* SPDX-License-Identifier: MIT */
/* The shortest possible handlers: they touch nothing but what they must, and return by iret. */
    .text

.macro leave_by_iret flags
    pushq $\flags
    pushq %rcx
    pushq %r11
    pushq %rax
    movl $23, %eax
    syscall
    ud2
.endm

/* Exception without an error code: two bytes on. */
    .globl bench_trap_entry
bench_trap_entry:
    popq %rcx
    popq %r11
    incq bench_traps_taken(%rip)
    addq $2, (%rsp)
    leave_by_iret 0

/* Exception with one. */
    .globl bench_error_entry
bench_error_entry:
    popq %rcx
    popq %r11
    addq $8, %rsp
    incq bench_traps_taken(%rip)
    addq $2, (%rsp)
    leave_by_iret 0

/* System call: back, as one. */
    .globl bench_syscall_entry
bench_syscall_entry:
    popq %rcx
    popq %r11
    incq bench_traps_taken(%rip)
    leave_by_iret 0x100

/* Upcall: clears what one event has set. */
    .globl bench_event_entry
bench_event_entry:
    popq %rcx
    popq %r11
    pushq %rax
    incq bench_upcalls(%rip)
    movq shared_info(%rip), %rax
    movb $0, (%rax)
    movq $0, 8(%rax)
    movq bench_pending_word(%rip), %rax
    movq $0, (%rax)
    popq %rax
    leave_by_iret 0

    .section .note.GNU-stack, "", @progbits
