/* SPDX-License-Identifier: MIT */
/*
 * First instructions. Entered in 32-bit protected mode without paging by Multiboot 1 or 2, at the
 * linked load address or relocated. Builds boot page tables, switches to long mode and calls
 * start_hypervisor(magic, info) on the boot CPU's stack.
 *
 * Boot page tables: machine 0..4 GiB at 0 and at DIRECTMAP_START, 16 MiB of image at
 * HV_TEXT_START. mm/hv_map.c replaces them.
 *
 * Facts: Multiboot 0.6.96, Multiboot2 2.0, Intel SDM vol. 3 (entering IA-32e mode).
 */
#include <asm/address_map.h>

#define LOAD_BASE 0x200000
#define PHYS(sym) ((sym) - HV_TEXT_START + LOAD_BASE)
#define REL(sym) ((sym) - HV_TEXT_START)

#define MB1_MAGIC 0x1badb002
#define MB1_FLAGS 0x00010003 /* page align, memory map, address fields valid */
#define MB2_MAGIC 0xe85250d6

        .section .text.head, "ax"
        .code32

        .balign 8
mb1_header:
        .long MB1_MAGIC, MB1_FLAGS, -(MB1_MAGIC + MB1_FLAGS)
        .long PHYS(mb1_header)
        .long PHYS(_start)
        .long PHYS(_edata)
        .long PHYS(_end)
        .long PHYS(boot_entry)

        .balign 8
mb2_header:
        .long MB2_MAGIC, 0, mb2_end - mb2_header
        .long -(MB2_MAGIC + (mb2_end - mb2_header))
        .short 2, 0                     /* address */
        .long 24
        .long PHYS(mb2_header), PHYS(_start), PHYS(_edata), PHYS(_end)
        .short 3, 0                     /* entry address */
        .long 12
        .long PHYS(boot_entry)
        .balign 8
        .short 1, 0                     /* information wanted: memory map, modules, cmdline */
        .long 20
        .long 1, 3, 6
        .balign 8
        .short 5, 1                     /* framebuffer, optional: any mode */
        .long 20
        .long 0, 0, 0
        .balign 8
        .short 6, 1                     /* modules page aligned */
        .long 8
        .short 10, 1                    /* relocatable, optional */
        .long 24
        .long 0x200000, 0xffffffff, 0x200000, 0
        .short 0, 0
        .long 8
mb2_end:

        .globl boot_entry
boot_entry:
        cli
        cld
        mov     %eax, %edi              /* magic */
        /* Where are we? No stack yet: borrow the second word of the info structure. */
        mov     4(%ebx), %ecx
        lea     8(%ebx), %esp
        call    1f
1:      pop     %esi
        mov     %ecx, 4(%ebx)
        sub     $REL(1b), %esi          /* esi: machine address of _start */

        /* Zero bss, in case the loader did not. */
        mov     %edi, %edx
        lea     REL(_sbss)(%esi), %edi
        mov     $REL(_end), %ecx
        sub     $REL(_sbss), %ecx
        shr     $2, %ecx
        xor     %eax, %eax
        rep stosl
        mov     %edx, %edi

        lea     REL(boot_stack_top)(%esi), %esp

        /* Long mode is a must. */
        mov     $0x80000000, %eax
        push    %ebx
        cpuid
        pop     %ebx
        cmp     $0x80000001, %eax
        jb      no_long_mode
        push    %ebx
        mov     $0x80000001, %eax
        cpuid
        pop     %ebx
        bt      $29, %edx
        jnc     no_long_mode
        mov     %edx, %ebp              /* keep: NX is bit 20 */

        /* L2 tables of 0..4 GiB */
        lea     REL(boot_l2)(%esi), %edx
        mov     $0x83, %eax             /* present, writable, 2 MiB */
        mov     $2048, %ecx
1:      mov     %eax, (%edx)
        movl    $0, 4(%edx)
        add     $0x200000, %eax
        add     $8, %edx
        dec     %ecx
        jnz     1b

        /* L3: four L2 tables */
        lea     (REL(boot_l2) + 3)(%esi), %eax
        lea     REL(boot_l3)(%esi), %edx
        mov     $4, %ecx
1:      mov     %eax, (%edx)
        add     $4096, %eax
        add     $8, %edx
        dec     %ecx
        jnz     1b

        /* Image: L3 and L2 of its own */
        lea     (REL(boot_image_l2) + 3)(%esi), %eax
        mov     %eax, REL(boot_image_l3)(%esi)
        lea     0x83(%esi), %eax
        lea     REL(boot_image_l2)(%esi), %edx
        mov     $8, %ecx
1:      mov     %eax, (%edx)
        add     $0x200000, %eax
        add     $8, %edx
        dec     %ecx
        jnz     1b

        lea     (REL(boot_l3) + 3)(%esi), %eax
        mov     %eax, REL(boot_l4)(%esi)
        mov     %eax, (REL(boot_l4) + 8 * 262)(%esi)
        lea     (REL(boot_image_l3) + 3)(%esi), %eax
        mov     %eax, (REL(boot_l4) + 8 * HV_TEXT_SLOT)(%esi)

        /* The descriptor table and the far pointer hold addresses: fill them in. */
        lea     REL(boot_gdt)(%esi), %eax
        mov     %eax, (REL(boot_gdtr) + 2)(%esi)
        lgdt    REL(boot_gdtr)(%esi)
        lea     REL(boot_entry64)(%esi), %eax
        mov     %eax, REL(boot_far)(%esi)

        lea     REL(boot_l4)(%esi), %eax
        call    enable_long_mode
        ljmp    *REL(boot_far)(%esi)

/* eax: L4 machine address; ebp: CPUID 0x80000001 EDX. Turns paging on; clobbers eax ecx edx. */
enable_long_mode:
        mov     %eax, %cr3
        mov     %cr4, %eax
        or      $0x20, %eax             /* PAE */
        mov     %eax, %cr4
        mov     $0xc0000080, %ecx
        rdmsr
        or      $0x101, %eax            /* LME, SCE */
        bt      $20, %ebp
        jnc     1f
        or      $0x800, %eax            /* NX */
1:      wrmsr
        mov     %cr0, %eax
        and     $0x9fffffff, %eax       /* caches on */
        or      $0x80010001, %eax       /* PG, WP, PE */
        mov     %eax, %cr0
        ret

no_long_mode:
        lea     REL(no_long_mode_text)(%esi), %esi
        mov     $0xb8000, %edi
1:      lodsb
        test    %al, %al
        jz      3f
        mov     $0x0f, %ah
        stosw
        mov     %eax, %ebx
        mov     $0x3fd, %edx
2:      inb     %dx, %al
        test    $0x20, %al
        jz      2b
        mov     $0x3f8, %edx
        mov     %bl, %al
        outb    %al, %dx
        jmp     1b
3:      hlt
        jmp     3b
no_long_mode_text:
        .asciz  "Domus needs a 64-bit processor; this one has no long mode.\r\n"

        .code64
boot_entry64:
        mov     $0x10, %eax
        mov     %eax, %ds
        mov     %eax, %es
        mov     %eax, %ss
        xor     %eax, %eax
        mov     %eax, %fs
        mov     %eax, %gs
        mov     %esi, %edx              /* image base: third argument */
        mov     %ebx, %esi              /* info: second argument; edi holds the magic */
        mov     %edi, %edi
        movabs  $1f, %rax
        jmp     *%rax
1:      lea     boot_cpu_stack + STACK_SIZE - CPU_INFO_BYTES(%rip), %rsp
        xor     %ebp, %ebp
        pushq   $0
        pushfq                          /* a frame end for backtraces */
        popfq
        call    start_hypervisor
        ud2

/*
 * Secondary CPUs: ap_start.S's real-mode trampoline comes here in 32-bit protected mode with
 * esi = image base, eax = L4 to use; then to boot_ap64 with the stack that smp.c chose.
 */
        .code32
        .globl  ap_entry32
ap_entry32:
        lea     REL(boot_stack_top)(%esi), %esp /* one CPU at a time comes here */
        mov     %eax, %edi
        mov     $0x80000001, %eax
        cpuid
        mov     %edx, %ebp
        mov     %edi, %eax
        call    enable_long_mode
        ljmp    *REL(ap_far)(%esi)
        .code64
ap_entry64:
        mov     $0x10, %eax
        mov     %eax, %ds
        mov     %eax, %es
        mov     %eax, %ss
        movabs  $1f, %rax
        jmp     *%rax
1:      mov     ap_stack_top(%rip), %rsp
        xor     %ebp, %ebp
        pushq   $0
        call    start_secondary
        ud2

        .section .init.data, "aw"
        .balign 16
        .globl  boot_gdt, boot_gdtr, ap_far
boot_gdt:
        .quad   0
        .quad   0x00af9a000000ffff      /* 0x08: 64-bit code */
        .quad   0x00cf92000000ffff      /* 0x10: data */
        .quad   0x00cf9a000000ffff      /* 0x18: 32-bit code */
boot_gdtr:
        .short  . - boot_gdt - 1
        .long   0, 0
boot_far:
        .long   0
        .short  0x08
        .balign 8
ap_far: .long   0                       /* set by smp.c: machine address of ap_entry64 */
        .short  0x08
        .balign 8
        .globl  ap_entry64_rel
ap_entry64_rel:
        .quad   REL(ap_entry64)
        .globl  ap_entry32_rel
ap_entry32_rel:
        .quad   REL(ap_entry32)
        .globl  ap_stack_top
ap_stack_top:
        .quad   0

        .section .bss.page_aligned, "aw", @nobits
        .balign STACK_SIZE
        .globl  boot_cpu_stack
boot_cpu_stack:
        .skip   STACK_SIZE
        .balign 4096
        .globl  boot_l4
boot_l4:        .skip 4096
boot_l3:        .skip 4096
boot_image_l3:  .skip 4096
boot_image_l2:  .skip 4096
boot_l2:        .skip 4 * 4096
boot_stack_bottom: .skip 1024
boot_stack_top:
