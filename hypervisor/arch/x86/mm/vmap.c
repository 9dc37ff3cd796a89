/* SPDX-License-Identifier: MIT */
/*
 * Windows onto device memory and firmware tables, in a part of the address space of its own. Pages
 * are found in a bitmap under vmap_lock (a leaf), with one unmapped page behind each window.
 */
#include "internal.h"

#include <hv/bitops.h>
#include <hv/spinlock.h>

#define VMAP_PAGES (256UL << 10) /* 1 GiB of addresses */

static unsigned long used[BITS_TO_LONGS(VMAP_PAGES)];
static DEFINE_SPINLOCK(vmap_lock);

/* First run of n free pages, or VMAP_PAGES. */
static u64 find_run(u64 n)
{
    u64 start = find_next_zero_bit(used, VMAP_PAGES, 0);

    while (start + n <= VMAP_PAGES) {
        u64 end = find_next_bit(used, start + n, start);

        if (end >= start + n)
            return start;
        start = find_next_zero_bit(used, VMAP_PAGES, end);
    }
    return VMAP_PAGES;
}

static void mark(u64 start, u64 n, bool set)
{
    for (u64 i = start; i < start + n; i++)
        set ? __set_bit(i, used) : __clear_bit(i, used);
}

void *vmap_device(paddr_t pa, size_t bytes, u64 flags)
{
    u64 pages = PFN_UP((pa & ~PAGE_MASK) + bytes), start;

    if (!bytes || pages >= VMAP_PAGES)
        return NULL;
    spin_lock(&vmap_lock);
    start = find_run(pages + 1);
    if (start < VMAP_PAGES)
        mark(start, pages + 1, true);
    spin_unlock(&vmap_lock);
    if (start == VMAP_PAGES)
        return NULL;
    if (hv_map_pages(VMAP_START + (start << PAGE_SHIFT), paddr_to_mfn(pa), pages, flags)) {
        spin_lock(&vmap_lock);
        mark(start, pages + 1, false);
        spin_unlock(&vmap_lock);
        return NULL;
    }
    return (void *)(VMAP_START + (start << PAGE_SHIFT) + (pa & ~PAGE_MASK));
}

void vunmap_device(const void *va, size_t bytes)
{
    u64 start = ((u64)va - VMAP_START) >> PAGE_SHIFT;
    u64 pages = PFN_UP(((u64)va & ~PAGE_MASK) + bytes);

    if (!va)
        return;
    hv_unmap_pages(VMAP_START + (start << PAGE_SHIFT), pages);
    spin_lock(&vmap_lock);
    mark(start, pages + 1, false);
    spin_unlock(&vmap_lock);
}
