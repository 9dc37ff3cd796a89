/* SPDX-License-Identifier: MIT */
/* Our own descriptors, gates and the TSS (Intel SDM vol. 3 ch. 3, 6, 7). */
#ifndef ASM_DESCRIPTOR_H
#define ASM_DESCRIPTOR_H

#include <hv/types.h>

struct idt_gate {
    u64 low, high;
};

struct tss64 {
    u32 reserved0;
    u64 rsp[3];
    u64 reserved1;
    u64 ist[7];
    u64 reserved2;
    u16 reserved3, iomap_base;
} __attribute__((packed));

struct table_register {
    u16 limit;
    u64 base;
} __attribute__((packed));

static inline u64 gate_low(u64 target, u16 selector, u8 ist, u8 dpl)
{
    return (target & 0xffff) | (u64)selector << 16 | (u64)ist << 32 | (u64)(0x8e | dpl << 5) << 40 |
           (target >> 16 & 0xffff) << 48;
}

/* GDT page 14: descriptors at selector GDT_SEL(n). The flat guest selectors are the ABI's
 * (FLAT_RING3_CS64 0xe033, SS64/DS 0xe02b, CS32 0xe023). */
#define GDT_HV_CODE      1 /* 0xe008 */
#define GDT_HV_DATA      2 /* 0xe010 */
#define GDT_RING1_UNUSED 3
#define GDT_RING3_CS32   4  /* 0xe023 */
#define GDT_RING3_DS     5  /* 0xe02b */
#define GDT_RING3_CS64   6  /* 0xe033 */
#define GDT_TSS          8  /* 0xe040, two slots */
#define GDT_LDT          10 /* 0xe050, two slots */

/** The CPU's own GDT page (page 14 of its window), writable. */
u64 *percpu_gdt_page(unsigned int cpu);
struct tss64 *percpu_tss(unsigned int cpu);
static inline u64 percpu_area(unsigned int cpu)
{
    return 0xffff808000000000UL + (u64)cpu * 0x200000;
}
/** L1 table of the CPU's area: entry n maps page n of it. For the GDT and LDT windows. */
u64 *percpu_area_l1(unsigned int cpu);

/** Addresses of the 256 entry stubs, made by traps/entry.S. */
extern const u64 trap_entry_table[256];

#endif
