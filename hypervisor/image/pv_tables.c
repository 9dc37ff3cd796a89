/* SPDX-License-Identifier: MIT */
/*
 * Start-of-day page tables: what each of their entries says.
 *
 * Owns nothing; works on a layout that pv_layout_compute() has accepted. ABI: x86-64 page table
 * entries; <xen/xen.h>: the boot tables are mapped read-only, everything else read-write.
 */
#include <image/pv_layout.h>

#define PAGE_SHIFT      12
#define PTE_PRESENT     0x001ull
#define PTE_WRITE       0x002ull
#define PTE_USER        0x004ull
#define PTE_ACCESSED    0x020ull
#define PTE_DIRTY       0x040ull
#define PTE_FRAME_SHIFT 12

static uint64_t tables_total(const struct pv_tables *t)
{
    return t->count[0] + t->count[1] + t->count[2] + t->count[3];
}

uint64_t pv_layout_nr_tables(const struct pv_layout *layout)
{
    return tables_total(&layout->boot) + tables_total(&layout->p2m);
}

static bool in_tables(const struct pv_tables *t, uint64_t pfn)
{
    return pfn >= t->pfn_start && pfn - t->pfn_start < tables_total(t);
}

bool pv_layout_is_table(const struct pv_layout *layout, uint64_t pfn)
{
    return in_tables(&layout->boot, pfn) || in_tables(&layout->p2m, pfn);
}

/* The set and the level (0 is L1) of the i-th table; its place within them in *nth. */
static const struct pv_tables *find_table(const struct pv_layout *layout, uint64_t i,
                                          unsigned int *level, uint64_t *nth)
{
    const struct pv_tables *t = &layout->boot;

    if (i >= tables_total(t)) {
        i -= tables_total(t);
        t = &layout->p2m;
    }
    for (unsigned int l = 4; l-- > 0;) {
        if (i < t->count[l]) {
            *level = l;
            *nth = i;
            return t;
        }
        i -= t->count[l];
    }
    return NULL;
}

void pv_layout_table(const struct pv_layout *layout, uint64_t i, uint64_t *pfn, unsigned int *level)
{
    unsigned int l = 0;
    uint64_t nth = 0;
    const struct pv_tables *t = find_table(layout, i, &l, &nth);

    *pfn = t ? t->first[l] + nth : 0;
    *level = t ? l + 1 : 0;
}

/* The pfn of the table with this number at this level, from either set. */
static bool table_at(const struct pv_layout *layout, unsigned int l, uint64_t index, uint64_t *pfn)
{
    const struct pv_tables *sets[2] = { &layout->boot, &layout->p2m };

    for (unsigned int s = 0; s < 2; s++) {
        if (index < sets[s]->index[l] || index - sets[s]->index[l] >= sets[s]->count[l])
            continue;
        *pfn = sets[s]->first[l] + (index - sets[s]->index[l]);
        return true;
    }
    return false;
}

/* The pfn that the boot mapping or the p2m mapping has at page number vpn (48-bit). */
static bool page_at(const struct pv_layout *layout, uint64_t vpn, uint64_t *pfn)
{
    uint64_t mask = (1ull << 36) - 1;
    uint64_t boot_vpn = (layout->virt_base >> PAGE_SHIFT) & mask;
    uint64_t p2m_vpn = (layout->p2m_list.va >> PAGE_SHIFT) & mask;

    if (vpn - boot_vpn < layout->mapped_pages) {
        *pfn = vpn - boot_vpn;
        return true;
    }
    if (vpn - p2m_vpn < layout->p2m_list.pages) {
        *pfn = layout->p2m_list.pfn + (vpn - p2m_vpn);
        return true;
    }
    return false;
}

static uint64_t leaf_entry(const struct pv_layout *layout, uint64_t vpn,
                           uint64_t (*frame_of)(void *ctx, uint64_t pfn), void *ctx)
{
    uint64_t flags = PTE_PRESENT | PTE_ACCESSED;
    uint64_t pfn;

    if (!page_at(layout, vpn, &pfn))
        return 0;
    if (!pv_layout_is_table(layout, pfn))
        flags |= PTE_WRITE;
    return frame_of(ctx, pfn) << PTE_FRAME_SHIFT | flags;
}

static uint64_t upper_entry(const struct pv_layout *layout, unsigned int l, uint64_t index,
                            uint64_t (*frame_of)(void *ctx, uint64_t pfn), void *ctx)
{
    uint64_t pfn;

    if (!table_at(layout, l, index, &pfn))
        return 0;
    return frame_of(ctx, pfn) << PTE_FRAME_SHIFT | PTE_PRESENT | PTE_WRITE | PTE_USER |
           PTE_ACCESSED | PTE_DIRTY;
}

void pv_layout_table_fill(const struct pv_layout *layout, uint64_t i,
                          uint64_t (*frame_of)(void *ctx, uint64_t pfn), void *ctx,
                          uint64_t *entries)
{
    unsigned int l = 0;
    uint64_t nth = 0;
    const struct pv_tables *t = find_table(layout, i, &l, &nth);

    for (unsigned int e = 0; t && e < 512; e++) {
        uint64_t number = (t->index[l] + nth) * 512 + e;

        entries[e] = l == 0 ? leaf_entry(layout, number, frame_of, ctx)
                            : upper_entry(layout, l - 1, number, frame_of, ctx);
    }
}
