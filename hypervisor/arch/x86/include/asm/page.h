/* SPDX-License-Identifier: MIT */
/* Page-table entries and address arithmetic (facts: Intel SDM vol. 3 ch. 4). */
#ifndef ASM_PAGE_H
#define ASM_PAGE_H

#include <asm/address_map.h>
#include <hv/types.h>

typedef u64 pte_t; /* an entry at any level */

#define PTE_PRESENT 0x001UL
#define PTE_RW 0x002UL
#define PTE_USER 0x004UL
#define PTE_PWT 0x008UL
#define PTE_PCD 0x010UL
#define PTE_ACCESSED 0x020UL
#define PTE_DIRTY 0x040UL
#define PTE_PSE 0x080UL
#define PTE_PAT 0x080UL /* in an L1 entry */
#define PTE_GLOBAL 0x100UL
#define PTE_AVAIL 0xe00UL
#define PTE_GUEST_KERNEL (1UL << 52) /* ABI: a PV kernel's own mapping, U added by us */
#define PTE_AVAIL_HIGH (0x7ffUL << 52)
#define PTE_NX (1UL << 63)
#define PTE_ADDR_MASK 0x000ffffffffff000UL

#define L1_SHIFT 12
#define L2_SHIFT 21
#define L3_SHIFT 30
#define L4_SHIFT 39
#define PT_ENTRIES 512
#define l1_index(va) (((va) >> L1_SHIFT) & 511)
#define l2_index(va) (((va) >> L2_SHIFT) & 511)
#define l3_index(va) (((va) >> L3_SHIFT) & 511)
#define l4_index(va) (((va) >> L4_SHIFT) & 511)
#define PAGE_SIZE_2M (1UL << L2_SHIFT)

static inline mfn_t pte_mfn(pte_t e) { return mfn_from((e & PTE_ADDR_MASK) >> PAGE_SHIFT); }
static inline u64 pte_flags(pte_t e) { return e & ~PTE_ADDR_MASK; }
static inline pte_t pte_from(mfn_t m, u64 flags) { return (mfn_raw(m) << PAGE_SHIFT) | flags; }

#define is_canonical(va) (((s64)(va) >> 47) == 0 || ((s64)(va) >> 47) == -1)

/* Direct map: valid for RAM frames below the limit only. */
static inline void *paddr_to_virt(paddr_t pa) { return (void *)(pa + DIRECTMAP_START); }
static inline paddr_t virt_to_paddr(const void *va) { return (u64)va - DIRECTMAP_START; }
static inline void *mfn_to_virt(mfn_t m) { return paddr_to_virt(mfn_to_paddr(m)); }
static inline mfn_t virt_to_mfn(const void *va) { return paddr_to_mfn(virt_to_paddr(va)); }
/** Machine address of an object in the hypervisor image (text, data, bss). */
paddr_t image_to_paddr(const void *va);

/* Hypervisor mappings. PAT is programmed to the ABI's layout: WB WT UC- UC WC WP
 * (0x050100070406). */
#define PAGE_HV_RO (PTE_PRESENT | PTE_ACCESSED | PTE_DIRTY | PTE_NX)
#define PAGE_HV_RW (PAGE_HV_RO | PTE_RW)
#define PAGE_HV_RX (PTE_PRESENT | PTE_ACCESSED | PTE_DIRTY)
#define PAGE_HV_UC (PAGE_HV_RW | PTE_PCD | PTE_PWT)
#define PAGE_HV_WC (PAGE_HV_RW | PTE_PAT)
#define PAT_ABI 0x0000050100070406UL

#endif
