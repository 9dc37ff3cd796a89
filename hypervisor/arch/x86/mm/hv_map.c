/* SPDX-License-Identifier: MIT */
/*
 * The hypervisor's own page tables. Slots 256 to 271 get their L3 tables at boot and never change
 * at the top level again, so a guest root that has copied them stays right. Mappings below are made
 * and removed under map_lock (a leaf). Intermediate tables come from boot_alloc() until the heap
 * exists, from the heap afterwards, and are never freed.
 */
#include "internal.h"

#include <asm/cpu.h>
#include <hv/errno.h>
#include <hv/page_alloc.h>
#include <hv/printk.h>

#define PTE_TABLE (PTE_PRESENT | PTE_RW | PTE_USER | PTE_ACCESSED | PTE_DIRTY)

pte_t hv_root[PT_ENTRIES] __section(".bss.page_aligned") __aligned(4096);
static bool heap_ready, have_1g_pages;
static DEFINE_SPINLOCK(map_lock);

/* A zeroed page for a table; 0 when there is none. */
static paddr_t table_alloc(void)
{
    void *page;

    if (!heap_ready) {
        paddr_t pa = boot_alloc(PAGE_SIZE, PAGE_SIZE, BOOT_MAPPED_LIMIT);

        memset(paddr_to_virt(pa), 0, PAGE_SIZE);
        return pa;
    }
    page = hv_alloc_page();
    return page ? virt_to_paddr(page) : 0;
}

/* A superpage entry becomes a table of entries of the next size with the same attributes. */
static paddr_t shatter(pte_t e, unsigned int shift)
{
    u64 step = 1UL << (shift - 9), flags = pte_flags(e) & ~PTE_PSE;
    paddr_t base = e & PTE_ADDR_MASK & ~((1UL << shift) - 1), pa = table_alloc();
    pte_t *t = pa ? paddr_to_virt(pa) : NULL;

    for (unsigned int i = 0; t && i < PT_ENTRIES; i++)
        t[i] = (base + i * step) | flags | (shift > L2_SHIFT ? PTE_PSE : 0);
    return pa;
}

/* The entry for va in the table that maps pages of 2^shift; tables above are made. NULL: no memory.
 */
static pte_t *entry_make(u64 va, unsigned int shift)
{
    pte_t *e = &hv_root[l4_index(va)];

    for (unsigned int s = L4_SHIFT; s > shift; s -= 9) {
        if (!(*e & PTE_PRESENT) || (s < L4_SHIFT && *e & PTE_PSE)) {
            paddr_t pa = *e & PTE_PRESENT ? shatter(*e, s) : table_alloc();

            if (!pa)
                return NULL;
            WRITE_ONCE(*e, pa | PTE_TABLE);
        }
        e = (pte_t *)mfn_to_virt(pte_mfn(*e)) + (va >> (s - 9) & 511);
    }
    return e;
}

pte_t *hv_entry_of(u64 va, unsigned int *shift)
{
    pte_t *e = &hv_root[l4_index(va)];

    for (unsigned int s = L4_SHIFT;; s -= 9) {
        if (!(*e & PTE_PRESENT))
            return NULL;
        if (s == L1_SHIFT || (s < L4_SHIFT && *e & PTE_PSE)) {
            *shift = s;
            return e;
        }
        e = (pte_t *)mfn_to_virt(pte_mfn(*e)) + (va >> (s - 9) & 511);
    }
}

static unsigned int page_shift_for(u64 va, paddr_t pa, u64 bytes)
{
    if (have_1g_pages && !((va | pa) & (PAGE_SIZE_1G - 1)) && bytes >= PAGE_SIZE_1G)
        return L3_SHIFT;
    if (!((va | pa) & (PAGE_SIZE_2M - 1)) && bytes >= PAGE_SIZE_2M)
        return L2_SHIFT;
    return L1_SHIFT;
}

/* PTE_PAT is bit 7 in 4 KiB entries only; nothing maps write-combining with large pages. */
static int map_locked(u64 va, paddr_t pa, u64 bytes, u64 flags, bool large)
{
    while (bytes) {
        unsigned int shift = large ? page_shift_for(va, pa, bytes) : L1_SHIFT;
        pte_t *e = entry_make(va, shift);

        if (!e)
            return -ENOMEM;
        WRITE_ONCE(*e, pa | flags | (shift > L1_SHIFT ? PTE_PSE : 0));
        va += 1UL << shift;
        pa += 1UL << shift;
        bytes -= 1UL << shift;
    }
    return 0;
}

int hv_map_range(u64 va, paddr_t pa, u64 bytes, u64 flags)
{
    int rc;

    ASSERT(va >= HV_VIRT_START && va + bytes <= HV_VIRT_END);
    spin_lock(&map_lock);
    rc = map_locked(va, pa, bytes, flags, true);
    spin_unlock(&map_lock);
    return rc;
}

int hv_map_pages(u64 va, mfn_t mfn, u64 nr_pages, u64 flags)
{
    int rc;

    ASSERT(va >= HV_VIRT_START && va + (nr_pages << PAGE_SHIFT) <= HV_VIRT_END);
    spin_lock(&map_lock);
    rc = map_locked(va, mfn_to_paddr(mfn), nr_pages << PAGE_SHIFT, flags, false);
    spin_unlock(&map_lock);
    return rc;
}

void hv_unmap_pages(u64 va, u64 nr_pages)
{
    spin_lock(&map_lock);
    for (u64 i = 0; i < nr_pages; i++) {
        unsigned int shift;
        pte_t *e = hv_entry_of(va + (i << PAGE_SHIFT), &shift);

        if (e && shift == L1_SHIFT)
            WRITE_ONCE(*e, 0);
    }
    spin_unlock(&map_lock);
    tlb_flush_all_cpus();
}

void hv_root_fill(pte_t *l4)
{
    for (unsigned int i = HV_FIRST_SLOT; i <= HV_LAST_SLOT; i++)
        WRITE_ONCE(l4[i], hv_root[i]);
}

static void __init must_map(u64 va, paddr_t pa, u64 bytes, u64 flags)
{
    if (hv_map_range(va, pa, bytes, flags))
        panic("No memory for the hypervisor's page tables\n");
}

/* The first 2 MiB as a whole: the BIOS area, VGA memory and the CPUs' start-up page. */
static void __init map_direct(void)
{
    must_map(DIRECTMAP_START, 0, PAGE_SIZE_2M, PAGE_HV_RW);
    for (unsigned int i = 0; i < nr_ram_ranges; i++) {
        paddr_t start = MAX(ram_ranges[i].start, PAGE_SIZE_2M), end = ram_ranges[i].end;

        if (start < end)
            must_map(DIRECTMAP_START + start, start, end - start, PAGE_HV_RW);
    }
}

static void __init map_section(const char *start, const char *end, u64 flags)
{
    if (start < end && hv_map_pages((u64)start, paddr_to_mfn(image_to_paddr(start)),
                                    (u64)(end - start) >> PAGE_SHIFT, flags))
        panic("No memory for the hypervisor's page tables\n");
}

static void __init map_image(void)
{
    map_section(_stext, _etext, PAGE_HV_RX);
    map_section(_srodata, _erodata, PAGE_HV_RO);
    map_section(_sinit_text, _einit_text, PAGE_HV_RX);
    map_section(_sinit_data, _einit, PAGE_HV_RW);
    map_section(_sro_after_init, _ero_after_init, PAGE_HV_RW);
    map_section(_sdata, _edata, PAGE_HV_RW);
    map_section(_sbss, _end, PAGE_HV_RW);
}

void __init hv_map_init(void)
{
    have_1g_pages = cpuid(0x80000001, 0).d & (1u << 26);
    boot_alloc_init();
    max_frame = ram_ranges[nr_ram_ranges - 1].end >> PAGE_SHIFT;
    for (unsigned int i = HV_FIRST_SLOT; i <= HV_LAST_SLOT; i++)
        hv_root[i] = table_alloc() | (PTE_TABLE & ~(i == M2P_SLOT ? 0 : PTE_USER));
    map_direct();
    frame_table_map();
    map_image();
    tlb_load_root(image_to_paddr(hv_root));
    frame_table_fill();
}

void __init mm_init_heap(void)
{
    boot_alloc_finish(page_alloc_add_range);
    heap_ready = true;
    if (!page_alloc_free_pages())
        panic("No memory is left for the heap\n");
}

/* Read-only now, in the image's own mapping and in the direct map's alias. */
static void seal(const char *start, const char *end)
{
    u64 pages = (u64)(end - start) >> PAGE_SHIFT;
    mfn_t mfn = paddr_to_mfn(image_to_paddr(start));

    if (hv_map_pages((u64)mfn_to_virt(mfn), mfn, pages, PAGE_HV_RO))
        printk(LOG_WARN "No memory to protect the image's alias in the direct map\n");
}

/* Not in the init section itself: it goes away here. */
void mm_free_init_sections(void)
{
    paddr_t start = image_to_paddr(_sinit);
    u64 bytes = (u64)(_einit - _sinit);

    seal(_stext, _etext);
    seal(_srodata, _erodata);
    seal(_sro_after_init, _ero_after_init);
    if (_ero_after_init - _sro_after_init > 0)
        hv_map_pages((u64)_sro_after_init, paddr_to_mfn(image_to_paddr(_sro_after_init)),
                     (u64)(_ero_after_init - _sro_after_init) >> PAGE_SHIFT, PAGE_HV_RO);
    hv_unmap_pages((u64)_sinit, bytes >> PAGE_SHIFT);
    page_alloc_add_range(start, start + bytes);
    printk(LOG_INFO "Freed %lu KiB of initialisation code and data\n", bytes >> 10);
}
