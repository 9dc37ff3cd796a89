/* SPDX-License-Identifier: MIT */
/*
 * The one table of hypervisor virtual addresses. The ABI gives us L4 slots 256 to 271
 * (0xffff800000000000 to 0xffff87ffffffffff) and fixes the guest-visible M2P at the first of them.
 *
 *  slot  start                what                                     guest may read
 *  256   0xffff800000000000   machine-to-phys table, read-only alias   yes
 *  257   0xffff808000000000   per-CPU area (stacks, GDT, IDT, TSS)     no (mapped under PTI)
 *  258   0xffff810000000000   machine-to-phys table, writable          no
 *  259   0xffff818000000000   frame table                              no
 *  260   0xffff820000000000   hypervisor image                         no (entry text under PTI)
 *  261   0xffff828000000000   vmap: devices, ACPI tables               no
 *  262   0xffff830000000000   direct map of RAM, 10 slots, 5 TiB       no
 */
#ifndef ASM_ADDRESS_MAP_H
#define ASM_ADDRESS_MAP_H

#define L4_SLOT_BYTES (1 << 39)
#define HV_FIRST_SLOT 256
#define HV_LAST_SLOT 271
#define HV_VIRT_START 0xffff800000000000
#define HV_VIRT_END 0xffff880000000000 /* exclusive; guest kernels live above */

#define M2P_SLOT 256
#define RO_M2P_VIRT_START 0xffff800000000000
#define RO_M2P_VIRT_END 0xffff804000000000 /* what XENMEM_machphys_mapping reports to a domU */
#define PERCPU_AREA_SLOT 257
#define PERCPU_AREA_START 0xffff808000000000
#define M2P_VIRT_START 0xffff810000000000
#define FRAME_TABLE_START 0xffff818000000000
#define HV_TEXT_SLOT 260
#define HV_TEXT_START 0xffff820000000000
#define VMAP_START 0xffff828000000000
#define VMAP_END 0xffff830000000000
#define DIRECTMAP_START 0xffff830000000000
#define DIRECTMAP_END 0xffff880000000000
#define DIRECTMAP_MAX_BYTES (DIRECTMAP_END - DIRECTMAP_START)

/*
 * Per-CPU area, one stride per CPU, one L1 table each. Windows and stacks are separated by
 * unmapped guard pages. The stack is aligned to its size: masking RSP finds struct cpu_info.
 */
#define PERCPU_STRIDE 0x200000
#define PERCPU_GDT 0x00000     /* 14 pages of the running guest's GDT, then ours */
#define PERCPU_LDT 0x10000     /* 16 pages: the running guest's LDT */
#define PERCPU_IDT 0x21000
#define PERCPU_TSS 0x23000
#define PERCPU_STUBS 0x25000   /* SYSCALL entry stubs that know their stack */
#define PERCPU_STACK 0x30000   /* STACK_SIZE bytes */
/* NR_IST stacks, IST_STRIDE apart, the top IST_SIZE of each mapped */
#define PERCPU_IST 0x40000
#define STACK_PAGES 8
#define STACK_SIZE 0x8000
#define CPU_INFO_BYTES 0x100   /* sizeof(struct cpu_info), at the top of the stack */
#define NR_IST 4               /* NMI, #MC, #DF, #DB: IST index 1..4 */
/* == STACK_SIZE: masking RSP finds a struct cpu_info here too, which */
#define IST_STRIDE 0x8000
/* the entry code fills; so TSS.IST points CPU_INFO_BYTES below the end */
#define IST_SIZE 0x2000
#define PERCPU_IST_TOP(n) (PERCPU_IST + (n) * IST_STRIDE - CPU_INFO_BYTES) /* n from 1 */

/* GDT as the ABI lays it out: guest descriptors in pages 0..13, ours from entry 7168 (selector
 * 0xe000). */
#if defined(__ASSEMBLY__) && !defined(FIRST_RESERVED_GDT_PAGE) /* C has these from xen.h */
#define FIRST_RESERVED_GDT_PAGE 14
#define FIRST_RESERVED_GDT_ENTRY (FIRST_RESERVED_GDT_PAGE * 512)
#endif
#define GDT_SEL(n) (0xe000 + (n) * 8)
#define TSS_SEL 0xe040         /* two entries */
#define LDT_SEL 0xe050         /* two entries */
#define HV_CS 0xe008           /* ring 0 64-bit code */
#define HV_DS 0xe010           /* ring 0 data (never loaded but in SS: see SYSCALL) */

#endif
