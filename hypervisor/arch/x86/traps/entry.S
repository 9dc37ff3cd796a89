/* SPDX-License-Identifier: MIT */
/*
 * The gates of the IDT: each saves a struct cpu_user_regs and calls its C handler. Entries from
 * ring
 * 3 build the frame in guest_regs at the top of the CPU's stack (TSS.RSP0 points there) and leave
 * through return_to_guest (pv/entry.S); entries from ring 0 build it where they are and go back.
 * NMI, #MC, #DF and #DB arrive on stacks of their own, since they can come while RSP is the
 * guest's.
 * trap_entry_table[] lists the 256 addresses for cpu/percpu_area.c. Facts: Intel SDM vol. 3 ch. 6.
 */
#include <asm/entry_macros.h>
#include <asm/smap.h>
#include <asm/traps.h>

#define HAS_ERROR_CODE (TRAP_HAS_ERROR_CODE | 1 << 29 | 1 << 30) /* also #VC, #SX */

    .section .text.entry, "ax", @progbits

/* Pushes the missing error code and the vector n, then goes to \to. One gate every 16 bytes. */
.macro GATE to:req
    .balign 16
    .if n >= 32 || ((HAS_ERROR_CODE >> (n & 31)) & 1) == 0
    pushq $0
    .endif
    movl $n, 4(%rsp)
    jmp \to
    .set n, n + 1
.endm
.macro GATES count:req to:req
    .rept \count
    GATE \to
    .endr
.endm

    .balign 16
gates:
    .set n, 0
    GATE exception_common
    GATE debug_common               /* 1 */
    GATE nmi_common                 /* 2 */
    GATES 5, exception_common
    GATE double_fault_common        /* 8 */
    GATES 9, exception_common
    GATE machine_check_common       /* 18 */
    GATES 13, exception_common
    GATES 96, interrupt_common      /* from 32 */
    GATE int80_common               /* 128 */
    GATES 127, interrupt_common

exception_common:
    SAVE_GPRS
    cld
    ASM_CLAC
    testb $3, REGS_cs(%rsp)
    jz exception_ring0
exception_from_guest:
    ENTER_FROM_GUEST
    CLEAR_GPRS
    movq %rsp, %rdi
    subq $8, %rsp
    call handle_exception
    jmp return_to_guest

exception_ring0:
    leaq handle_exception(%rip), %rdx
    jmp call_ring0

interrupt_common:
    SAVE_GPRS
    cld
    ASM_CLAC
    testb $3, REGS_cs(%rsp)
    jz interrupt_ring0
    ENTER_FROM_GUEST
    movzbl REGS_entry_vector(%rsp), %esi
    CLEAR_GPRS
    movq %rsp, %rdi
    subq $8, %rsp
    call do_interrupt
    jmp return_to_guest

interrupt_ring0:
    leaq do_interrupt(%rip), %rdx

/* C function RDX(regs, vector) on this stack, then back to where the exception came from. */
call_ring0:
    PTI_ENTER_RING0
    movq %rsp, %rdi
    movzbl REGS_entry_vector(%rsp), %esi
    movq %rsp, %rbx
    andq $-16, %rsp
    call __x86_indirect_thunk_rdx
    movq %rbx, %rsp
    PTI_LEAVE_RING0
    RESTORE_GPRS
    addq $8, %rsp
    iretq

/* `int $0x80` straight from a guest's process. */
int80_common:
    SAVE_GPRS
    cld
    ASM_CLAC
    ENTER_FROM_GUEST
    CLEAR_GPRS
    movq %rsp, %rdi
    subq $8, %rsp
    sti
    call pv_int80
    jmp return_to_guest

/*
 * On an IST stack (or, before those exist, on the boot stack). From ring 3 the frame moves to the
 * CPU's stack and the handler runs there, so that it may schedule; else it stays here, and this
 * stack's own struct cpu_info is filled so that per-CPU data is found by masking RSP as ever.
 */
.macro IST_GATE name:req handler:req after:req
\name:
    SAVE_GPRS
    cld
    ASM_CLAC
    testb $3, REGS_cs(%rsp)
    jz 1f
    call ist_to_main_stack
    ENTER_FROM_GUEST
    CLEAR_GPRS
    movq %rsp, %rdi
    subq $8, %rsp
    call \handler
    jmp \after
1:  leaq \handler(%rip), %rdx
    jmp ist_ring0
.endm

    IST_GATE debug_common handle_exception return_to_guest
    IST_GATE nmi_common handle_nmi unblock_nmi_and_return
    IST_GATE machine_check_common handle_machine_check return_to_guest
    IST_GATE double_fault_common handle_double_fault return_to_guest

/* Copies the frame above the return address to guest_regs and continues there. */
ist_to_main_stack:
    popq %rax
    movq %rsp, %rsi
    movq %rsp, %rdi
    andq $-PERCPU_STRIDE, %rdi
    addq $(PERCPU_INFO + CPUINFO_guest_regs), %rdi
    movq %rdi, %rdx
    movl $REGS_QWORDS, %ecx
    rep movsq
    movq %rdx, %rsp
    jmp __x86_indirect_thunk_rax

ist_ring0:
    movq %rsp, %rax
    sarq $39, %rax
    cmpq $(PERCPU_AREA_SLOT - 512), %rax
    jne call_ring0
    movq %rsp, %rsi
    movq %rsp, %rdi
    andq $-PERCPU_STRIDE, %rsi
    orq $(STACK_SIZE - 1), %rdi
    addq $(PERCPU_INFO + CPUINFO_cpu), %rsi
    addq $(CPUINFO_cpu - CPU_INFO_BYTES + 1), %rdi
    movl $((CPU_INFO_BYTES - CPUINFO_cpu) / 8), %ecx
    rep movsq
    jmp call_ring0

/* NMIs stay blocked until an IRET, and the guest may be left by SYSRET: do one here. */
unblock_nmi_and_return:
    movq %rsp, %rax
    pushq $HV_DS
    pushq %rax
    pushfq
    pushq $HV_CS
    leaq return_to_guest(%rip), %rax
    pushq %rax
    iretq

    .section .rodata, "a", @progbits
    .balign 8
    .globl trap_entry_table
trap_entry_table:
    .set n, 0
    .rept 256
    .quad gates + n * 16
    .set n, n + 1
    .endr
    .type trap_entry_table, @object
    .size trap_entry_table, . - trap_entry_table

    .section .note.GNU-stack, "", @progbits
