/* SPDX-License-Identifier: MIT */
/*
 * Offsets and sizes that assembly needs. Written by hand so that the .S files stand alone;
 * pv/asm_offsets.c proves each against the C declarations.
 */
#ifndef ASM_ASM_OFFSETS_H
#define ASM_ASM_OFFSETS_H

#include <asm/address_map.h>

/* struct cpu_user_regs */
#define REGS_r11 48
#define REGS_rax 80
#define REGS_rcx 88
#define REGS_error_code 120
#define REGS_entry_vector 124
#define REGS_rip 128
#define REGS_cs 136
#define REGS_rflags 144
#define REGS_rsp 152
#define REGS_ss 160
#define REGS_es 168
#define REGS_QWORDS 21 /* r15 up to ss */

/* struct cpu_info */
#define CPUINFO_guest_regs 8
#define CPUINFO_cpu 208
#define CPUINFO_hw_cr3 232
#define CPUINFO_hv_cr3 240
#define CPUINFO_exit_state 248 /* pti_active, root_dirty, verw and one more: 32 bits */
#define CPUINFO_root_dirty 249
#define CPUINFO_verw 250
#define CPUINFO_verw_sel 252
#define CPUINFO_entry_work 254

/* cpu_info.entry_work */
#define ENTRY_WORK_ROOT 1 /* load the full root (page-table isolation) */
#define ENTRY_WORK_RSB 2  /* overwrite the return stack buffer */

/* The CPU's own struct cpu_info from the start of its per-CPU area. */
#define PERCPU_INFO (PERCPU_STACK + STACK_SIZE - CPU_INFO_BYTES)

/* entry_vector of entries that are no exception: what tells SYSRET that RCX and R11 are dead. */
#define ENTRY_SYSCALL 0x100
#define ENTRY_SYSENTER 0x200
#define ENTRY_IRET_FAULT 0x400

#endif
