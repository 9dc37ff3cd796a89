/* SPDX-License-Identifier: MIT */
/*
 * The instructions that touch guest memory, each with an exception-table entry. C side:
 * mm/guest_access.c. A fault inside a quadword is tried again byte by byte, so that the number of
 * bytes left is exact.
 */
#include <asm/smap.h>
#include <asm/traps.h>

    .section .text, "ax", @progbits

/* unsigned long guest_copy_raw(void *dst, const void *src, unsigned long bytes): bytes left. */
    .balign 16
    .globl guest_copy_raw
guest_copy_raw:
    movq %rdx, %rcx
    andl $7, %edx
    shrq $3, %rcx
    ASM_STAC
1:  rep movsq
    movl %edx, %ecx
2:  rep movsb
3:  ASM_CLAC
    movq %rcx, %rax
    ret
4:  leaq (%rdx,%rcx,8), %rcx
    jmp 2b
    EXTABLE_ENTRY 1b, 4b
    EXTABLE_ENTRY 2b, 3b

/* unsigned long guest_clear_raw(void *dst, unsigned long bytes): bytes left. */
    .balign 16
    .globl guest_clear_raw
guest_clear_raw:
    movq %rsi, %rcx
    movl %esi, %edx
    andl $7, %edx
    shrq $3, %rcx
    xorl %eax, %eax
    ASM_STAC
1:  rep stosq
    movl %edx, %ecx
2:  rep stosb
3:  ASM_CLAC
    movq %rcx, %rax
    ret
4:  leaq (%rdx,%rcx,8), %rcx
    jmp 2b
    EXTABLE_ENTRY 1b, 4b
    EXTABLE_ENTRY 2b, 3b
