/* SPDX-License-Identifier: MIT */
/* The usual notes and a hypercall page, which the builder fills before the first instruction. */
#include <sdk/notes.h>

NOTE_STRING(XEN_ELFNOTE_GUEST_OS, "domus-sdk")
NOTE_STRING(XEN_ELFNOTE_XEN_VERSION, "xen-3.0")
NOTE_STRING(XEN_ELFNOTE_LOADER, "generic")
NOTE_QUAD(XEN_ELFNOTE_VIRT_BASE, 0xffffffff80000000)
NOTE_QUAD(XEN_ELFNOTE_ENTRY, _start)
NOTE_QUAD(XEN_ELFNOTE_HYPERCALL_PAGE, hypercall_page)
NOTE_STRING(XEN_ELFNOTE_FEATURES, "!writable_page_tables|pae_pgdir_above_4gb")
NOTE_LONG(XEN_ELFNOTE_SUPPORTED_FEATURES, 1 << XENFEAT_dom0)

    .section .text.hypercall_page, "ax"
    .balign 4096
    .globl hypercall_page
hypercall_page:
    .skip 4096

    .text
/* long page_iret(void): returns 7 through the page's iret entry, with a flags word below RIP. */
    .globl page_iret
page_iret:
    movq %rsp, %rdx
    movq %ss, %rax
    pushq %rax
    leaq 8(%rdx), %rdx
    pushq %rdx
    pushq $0x202
    pushq $0xe030
    pushq -8(%rdx)
    pushq $0
    movl $7, %eax
    movl $0x1234, %ecx
    movl $0x5678, %r11d
    jmp hypercall_page + 23 * 32

    .section .note.GNU-stack, "", @progbits
