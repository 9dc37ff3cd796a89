/* SPDX-License-Identifier: MIT */
/*
 * dom0's memory while it is built: frames from the allocator in large pieces, and access to them by
 * pseudo-physical address through the direct map. Boot only, one CPU.
 */
#include <asm/frame.h>
#include <hv/page_alloc.h>
#include <hv/printk.h>
#include <hv/softirq.h>

#include "internal.h"

#define CHUNK_ORDER 9 /* 2 MiB: what an allocator that is not new still has */

static void *map_alloc(u64 bytes, unsigned int *order)
{
    void *p;

    *order = 0;
    while (PAGE_SIZE << *order < bytes)
        (*order)++;
    p = hv_alloc_pages(*order, 0);
    if (!p)
        panic("No memory to build dom0 (%lu KiB in one piece)\n", bytes >> 10);
    return p;
}

/* The largest piece that fits, halving when the allocator has none of that size. */
static struct frame *alloc_piece(struct dom0_memory *m, u64 left, unsigned int *order)
{
    struct frame *f;

    while (*order && BIT(*order) > left)
        (*order)--;
    /* dom0 may see what the firmware left; clearing all of it would take longer than booting. */
    while (!(f = domain_alloc_frames(m->d, *order, MEMF_NO_SCRUB)))
        if (!(*order)--)
            panic("Memory ran out with %lu of dom0's %lu pages missing\n", left, m->nr_pages);
    return f;
}

void dom0_memory_alloc(struct dom0_memory *m, struct domain *d, u64 nr_pages)
{
    unsigned int order = CHUNK_ORDER;
    u64 pfn = 0;

    m->d = d;
    m->nr_pages = nr_pages;
    m->mfns = map_alloc(nr_pages * sizeof(*m->mfns), &m->order);
    while (pfn < nr_pages) {
        struct frame *f = alloc_piece(m, nr_pages - pfn, &order);
        u64 first = mfn_raw(frame_to_mfn(f));

        for (u64 i = 0; i < BIT(order); i++) {
            m->mfns[pfn + i] = first + i;
            m2p_set(mfn_from(first + i), pfn + i);
        }
        pfn += BIT(order);
        softirq_run_pending_only();
    }
}

void dom0_memory_free_map(struct dom0_memory *m)
{
    hv_free_pages(m->mfns, m->order);
    m->mfns = NULL;
}

void *dom0_page(const struct dom0_memory *m, u64 pfn)
{
    BUG_ON(pfn >= m->nr_pages);
    return mfn_to_virt(mfn_from(m->mfns[pfn]));
}

/* Bytes of [phys, phys + left) in its first page. */
static u64 in_page(u64 phys, u64 left)
{
    return MIN(PAGE_SIZE - (phys & ~PAGE_MASK), left);
}

void dom0_copy(const struct dom0_memory *m, u64 phys, const void *src, u64 bytes)
{
    for (u64 n; bytes; bytes -= n, phys += n, src = (const char *)src + n) {
        n = in_page(phys, bytes);
        memcpy((char *)dom0_page(m, phys >> PAGE_SHIFT) + (phys & ~PAGE_MASK), src, n);
    }
}

void dom0_clear(const struct dom0_memory *m, u64 phys, u64 bytes)
{
    for (u64 n; bytes; bytes -= n, phys += n) {
        n = in_page(phys, bytes);
        memset((char *)dom0_page(m, phys >> PAGE_SHIFT) + (phys & ~PAGE_MASK), 0, n);
    }
}
