/* SPDX-License-Identifier: MIT */
/*
 * Frames and page tables of a guest with direct paging.
 *
 * The guest's own frames are mapped linearly from VIRT_BASE as far as the builder mapped them.
 * Pages for use come from a pool inside the image, so their addresses, pfns and mfns are known
 * without any mapping work. Page-table frames are read-only in that linear map.
 */
#ifndef SDK_MM_H
#define SDK_MM_H

#include <stdbool.h>
#include <stdint.h>

#include <xen/xen.h>

#define VIRT_BASE 0xffffffff80000000UL
#define PAGE_SHIFT 12
#define PAGE_SIZE 4096UL

#define PTE_P 1UL
#define PTE_RW 2UL
#define PTE_US 4UL
#define PTE_PWT 8UL
#define PTE_PCD 16UL
#define PTE_A 32UL
#define PTE_D 64UL
#define PTE_PSE 128UL
#define PTE_G 256UL
#define PTE_NX (1UL << 63)
#define PTE_FRAME 0x000ffffffffff000UL
/* The usual kinds of page. */
#define PTE_RO_PAGE (PTE_P | PTE_A)
#define PTE_RW_PAGE (PTE_P | PTE_RW | PTE_A | PTE_D)
#define PTE_TABLE (PTE_P | PTE_RW | PTE_US | PTE_A | PTE_D)

/* Machine-to-phys table; the ABI fixes its place. */
#define M2P ((const uint64_t *)0xffff800000000000UL)

static inline unsigned long pfn_of(const void *va)
{
    return ((unsigned long)va - VIRT_BASE) >> PAGE_SHIFT;
}

static inline void *va_of_pfn(unsigned long pfn)
{
    return (void *)(VIRT_BASE + (pfn << PAGE_SHIFT));
}

/* The phys-to-machine list, writable: one mfn for each pfn. */
unsigned long *p2m(void);

static inline unsigned long mfn_of(const void *va)
{
    return p2m()[pfn_of(va)];
}

static inline uint64_t maddr_of(const void *va)
{
    return (uint64_t)mfn_of(va) << PAGE_SHIFT | ((unsigned long)va & (PAGE_SIZE - 1));
}

static inline uint64_t pte_make(unsigned long mfn, uint64_t flags)
{
    return (uint64_t)mfn << PAGE_SHIFT | flags;
}

void mm_init(void);

/* A zeroed page of the pool, mapped read-write; never fails (an empty pool ends the guest). */
void *page_alloc(void);
/* Gives a page back; it must be mapped read-write again, and not be a table any more. */
void page_free(void *page);

/* A pfn above the mapped part of memory, whose frame nothing maps; see page_alloc(). */
unsigned long pfn_alloc(void);

/* Index of @va in a table of @level (1-4). */
static inline unsigned int table_index(unsigned long va, unsigned int level)
{
    return (va >> (PAGE_SHIFT + 9 * (level - 1))) & 511;
}

/* The linear address of the top table that the kernel runs on. */
uint64_t *root_table(void);

/*
 * The entry of @level that translates @va under @root, as a readable pointer in the linear map;
 * NULL if a higher entry is not present or the table lies outside the linear map.
 */
uint64_t *entry_find(uint64_t *root, unsigned long va, unsigned int level);

/* One mmu_update with NORMAL_PT_UPDATE of the entry at the linear address @entry. */
long entry_set(uint64_t *entry, uint64_t value);

/* Changes how a pool page is mapped in the linear map: 0 or negative errno. */
long page_protect(void *page, uint64_t flags);

/* Maps @pte at @va under @root, adding tables from the pool where they are missing. */
long page_map(uint64_t *root, unsigned long va, uint64_t pte);

/* One mmuext_op with one command for DOMID_SELF. */
long mmuext(unsigned int cmd, unsigned long arg1, unsigned long arg2);

#endif
