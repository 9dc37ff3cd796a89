/* SPDX-License-Identifier: MIT */
/*
 * Real-mode start of secondary CPUs, copied to a page below 1 MiB. Goes to protected mode and on
 * to ap_entry32 in the image (head.S). The copy is patched by smp.c.
 * Kept short: no stack, no data but its own.
 */
        .section .init.rodata, "a"
        .balign 16
        .globl  ap_trampoline, ap_trampoline_end
        .globl  ap_tramp_l4, ap_tramp_image, ap_tramp_entry, ap_tramp_gdtr, ap_tramp_far
        .code16
ap_trampoline:
        cli
        cld
        mov     %cs, %ax
        mov     %ax, %ds
        movzx   %ax, %ebx
        shl     $4, %ebx                /* ebx: address of this page, kept */
        lgdtl   ap_tramp_gdtr - ap_trampoline
        mov     %cr0, %eax
        or      $1, %eax
        mov     %eax, %cr0
        ljmpl   *(ap_tramp_far - ap_trampoline)

        .code32
        .globl  ap_tramp_32
ap_tramp_32:
        mov     $0x10, %eax
        mov     %eax, %ds
        mov     %eax, %es
        mov     %eax, %ss
        mov     (ap_tramp_image - ap_trampoline)(%ebx), %esi
        mov     (ap_tramp_l4 - ap_trampoline)(%ebx), %eax
        jmp     *(ap_tramp_entry - ap_trampoline)(%ebx)

        .balign 8
ap_tramp_gdt:
        .quad   0
        .quad   0x00af9a000000ffff      /* 0x08: 64-bit code */
        .quad   0x00cf92000000ffff      /* 0x10: data */
        .quad   0x00cf9a000000ffff      /* 0x18: 32-bit code */
ap_tramp_gdtr:
        .short  . - ap_tramp_gdt - 1
        .long   0
ap_tramp_far:
        .long   0
        .short  0x18
        .balign 8
ap_tramp_l4:    .long 0
ap_tramp_image: .long 0
ap_tramp_entry: .long 0
ap_trampoline_end:
