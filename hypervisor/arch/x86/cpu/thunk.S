/* SPDX-License-Identifier: MIT */
/*
 * Indirect branches. The compilers turn each indirect call and jump of the hypervisor into a direct
 * one to the thunk of the register that holds its target; so does the assembly. A thunk is a
 * retpoline, whose RET is predicted to go to a loop that does nothing, until
 * speculation_patch_thunks() (cpu/speculation.c) writes a plain jump over it where the processor
 * looks after itself. They are entry text, since the entries use them on a guest's root too.
 * Facts: Intel, "Retpoline: A Branch Target Injection Mitigation"; names: GCC's thunk-extern.
 */
    .section .text.entry, "ax", @progbits

/* Where each begins, and the register number, for the patching. */
.macro THUNK name:req number:req
    .balign 32
    .globl __x86_indirect_thunk_\name
    .type __x86_indirect_thunk_\name, @function
__x86_indirect_thunk_\name:
    call 1f
2:  pause
    lfence
    jmp 2b
1:  movq %\name, (%rsp)
    ret
    .size __x86_indirect_thunk_\name, . - __x86_indirect_thunk_\name
    .pushsection .rodata.thunks, "a", @progbits
    .balign 4
    .long __x86_indirect_thunk_\name - ., \number
    .popsection
.endm

    .pushsection .rodata.thunks, "a", @progbits
    .globl thunk_sites, thunk_sites_end
    .balign 4
thunk_sites:
    .popsection

    THUNK rax, 0
    THUNK rcx, 1
    THUNK rdx, 2
    THUNK rbx, 3
    THUNK rbp, 5
    THUNK rsi, 6
    THUNK rdi, 7
    THUNK r8, 8
    THUNK r9, 9
    THUNK r10, 10
    THUNK r11, 11
    THUNK r12, 12
    THUNK r13, 13
    THUNK r14, 14
    THUNK r15, 15

    .pushsection .rodata.thunks, "a", @progbits
thunk_sites_end:
    .popsection

    .section .note.GNU-stack, "", @progbits
