/* SPDX-License-Identifier: MIT */
/*
 * Page-table isolation: while a guest runs, CR3 holds a per-CPU copy of its root that maps, of
 * ours, only the read-only M2P, this CPU's area and the entry text. The copy is refreshed on the
 * way out when the root has changed. Made once a CPU; no locks.
 */
#include <asm/descriptor.h>
#include <asm/frame.h>
#include <asm/page.h>
#include <hv/sections.h>
#include <hv/boot.h>
#include <hv/page_alloc.h>
#include <hv/printk.h>

#include "internal.h"

#define TABLE_FLAGS (PTE_PRESENT | PTE_RW | PTE_ACCESSED | PTE_DIRTY)

static DEFINE_PER_CPU(pte_t *, root_copy);
static pte_t entry_text_l4e; /* the same for all CPUs */

static pte_t *new_table(void)
{
    pte_t *t = hv_alloc_page();

    if (!t)
        panic("No memory for page-table isolation\n");
    return t;
}

static pte_t table_entry(const pte_t *table)
{
    return pte_from(virt_to_mfn(table), TABLE_FLAGS);
}

/* Tables for slot 260 that map the entry text only. */
static pte_t map_entry_text(void)
{
    pte_t *l3 = new_table(), *l2 = new_table(), *l1 = new_table();
    u64 first = (u64)_sentry, last = (u64)_eentry - 1;

    if (first >> L2_SHIFT != last >> L2_SHIFT)
        panic("The entry text crosses a 2 MiB boundary\n");
    l3[l3_index(first)] = table_entry(l2);
    l2[l2_index(first)] = table_entry(l1);
    for (u64 va = first; va <= last; va += PAGE_SIZE)
        l1[l1_index(va)] = pte_from(paddr_to_mfn(image_to_paddr((const void *)va)), PAGE_HV_RX);
    return table_entry(l3);
}

void pti_cpu_init(unsigned int cpu)
{
    struct cpu_info *info = percpu_cpu_info(cpu);
    u64 area = percpu_area(cpu);
    pte_t *l4, *l3, *l2;

    if (!cpu_features.pti || per_cpu(root_copy, cpu))
        return;
    if (!entry_text_l4e)
        entry_text_l4e = map_entry_text();
    l4 = new_table();
    l3 = new_table();
    l2 = new_table();
    l2[l2_index(area)] = table_entry(percpu_area_l1(cpu));
    l3[l3_index(area)] = table_entry(l2);
    l4[PERCPU_AREA_SLOT] = table_entry(l3);
    l4[HV_TEXT_SLOT] = entry_text_l4e;
    l4[M2P_SLOT] = hv_root[M2P_SLOT];
    per_cpu(root_copy, cpu) = l4;
    info->hv_cr3 = image_to_paddr(hv_root);
    info->hw_cr3 = virt_to_paddr(l4);
    info->root_dirty = 1;
    info->pti_active = 1;
}

/* Interrupts off, just before the guest runs. */
void pti_root_refresh(struct cpu_info *info)
{
    const pte_t *root = paddr_to_virt(info->hv_cr3 & PTE_ADDR_MASK);
    pte_t *copy = this_cpu(root_copy);

    memcpy(copy, root, (M2P_SLOT + 1) * sizeof(*copy)); /* shown or hidden as in the root */
    memcpy(copy + HV_LAST_SLOT + 1, root + HV_LAST_SLOT + 1,
           (PT_ENTRIES - HV_LAST_SLOT - 1) * sizeof(*copy));
    info->root_dirty = 0;
}
