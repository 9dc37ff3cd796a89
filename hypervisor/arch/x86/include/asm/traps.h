/* SPDX-License-Identifier: MIT */
/*
 * Entry from and exit to guests. traps/entry.S saves a frame and calls the handle_*() functions;
 * traps/exception.c classifies; what a guest in ring 3 caused goes to the pv_*() functions, which
 * pv/ provides (the one kind of guest that traps this way).
 */
#ifndef ASM_TRAPS_H
#define ASM_TRAPS_H

#define TRAP_DE 0
#define TRAP_DB 1
#define TRAP_NMI 2
#define TRAP_BP 3
#define TRAP_OF 4
#define TRAP_BR 5
#define TRAP_UD 6
#define TRAP_NM 7
#define TRAP_DF 8
#define TRAP_TS 10
#define TRAP_NP 11
#define TRAP_SS 12
#define TRAP_GP 13
#define TRAP_PF 14
#define TRAP_MF 16
#define TRAP_AC 17
#define TRAP_MC 18
#define TRAP_XM 19
#define TRAP_HAS_ERROR_CODE 0x227d00 /* vectors that push one: 8, 10-14, 17, 21 */

#define PFEC_PRESENT 0x01
#define PFEC_WRITE 0x02
#define PFEC_USER 0x04
#define PFEC_RESERVED 0x08
#define PFEC_INSN 0x10

#define X86_EFLAGS_CF 0x00000001
#define X86_EFLAGS_MBS 0x00000002
#define X86_EFLAGS_TF 0x00000100
#define X86_EFLAGS_IF 0x00000200
#define X86_EFLAGS_DF 0x00000400
#define X86_EFLAGS_IOPL 0x00003000
#define X86_EFLAGS_NT 0x00004000
#define X86_EFLAGS_RF 0x00010000
#define X86_EFLAGS_VM 0x00020000
#define X86_EFLAGS_AC 0x00040000

#ifndef __ASSEMBLY__
#include <asm/current.h>

/* Called by traps/entry.S with interrupts off; regs->entry_vector and error_code are set. */
void handle_exception(struct cpu_user_regs *regs);  /* vectors 0..31 except NMI, #DF, #MC */
void handle_nmi(struct cpu_user_regs *regs);
void handle_machine_check(struct cpu_user_regs *regs);
void handle_double_fault(struct cpu_user_regs *regs);
/* Vectors 32..255: do_interrupt() in hv/irq.h. */

/* A ring-3 trap of the running guest. Interrupts are on, CR2 already read for #PF. */
void pv_handle_trap(struct cpu_user_regs *regs);
void pv_handle_page_fault(struct cpu_user_regs *regs, u64 cr2);
/* Ring 0 touched the LDT window (e.g. IRET loading a guest selector): map it. True: retry. */
bool pv_ldt_window_fault(u64 cr2);
/* A page fault the hardware raised on access that is permitted by now: retry it. */
bool page_fault_is_spurious(u64 cr2, u32 error_code);

/* What the exception table last set right on this CPU; read at once, with interrupts off. */
struct fixed_fault { u32 vector, error_code; };
extern struct fixed_fault percpu_last_fixed_fault;

/* Exception table (traps/extable.c): place to go on after a fault at rip; 0: none. */
u64 extable_lookup(u64 rip);
#define EXTABLE(from, to) \
    ".pushsection .extable, \"a\"; .balign 4; .long " from " - .; .long " to " - .; .popsection\n"

/* Page-table roots while a guest runs (pv/). */
void return_to_guest(void);     /* label: RSP must point to guest_regs */
void idle_return(void);
#else
/* In .S files: EXTABLE_ENTRY from, to */
.macro EXTABLE_ENTRY from:req to:req
    .pushsection .extable, "a"
    .balign 4
    .long \from - .
    .long \to - .
    .popsection
.endm
#endif

#endif
