/* SPDX-License-Identifier: MIT */
/*
 * Start-of-day layout: who gets which pages.
 *
 * Owns nothing. Image and sizes are hostile: every sum is made of page counts below 2^52, so that
 * nothing overflows before it is compared with the domain's memory. ABI: <xen/xen.h>.
 */
#include <image/pv_layout.h>

#define PAGE_SHIFT  12
#define PAGE_BYTES  (1ull << PAGE_SHIFT)
#define SUPER_PAGES 1024ull      /* 4 MiB */
#define SLACK_PAGES 128ull       /* 512 KiB */
#define COUNT_LIMIT (1ull << 40) /* pages: 52 address bits */

/* Where guests may not be: non-canonical addresses and the hypervisor's own. */
#define HOLE_START 0x0000800000000000ull
#define HOLE_END   0xffff880000000000ull

static uint64_t pages_of(uint64_t bytes)
{
    return (bytes >> PAGE_SHIFT) + ((bytes & (PAGE_BYTES - 1)) != 0);
}

static bool range_is_usable(uint64_t start, uint64_t pages)
{
    uint64_t last;

    if (pages == 0 || pages > COUNT_LIMIT)
        return false;
    last = start + pages * PAGE_BYTES - 1;
    if (last < start)
        return false;
    return last < HOLE_START || start >= HOLE_END;
}

/* ---- page tables ------------------------------------------------------------------------- */

/* Number of the level-l table (0 is L1) that covers va. */
static uint64_t table_index(uint64_t va, unsigned int l)
{
    return (va & 0xffffffffffffull) >> (PAGE_SHIFT + 9 * (l + 1));
}

/* Counts the tables for [va, va + pages). `other`, if not NULL, already has some of them. Both sets
 * are intervals per level, and the other's can only touch ours at an end: one inside ours would
 * mean overlapping mappings, which place_init_p2m() refuses. */
static void count_tables(struct pv_tables *t, uint64_t va, uint64_t pages,
                         const struct pv_tables *other)
{
    t->va_start = va;
    t->va_end = va + pages * PAGE_BYTES;
    for (unsigned int l = 0; l < 4; l++) {
        uint64_t first = table_index(va, l);
        uint64_t last = table_index(va + pages * PAGE_BYTES - 1, l);

        if (other && other->count[l]) {
            uint64_t o_first = other->index[l], o_last = o_first + other->count[l] - 1;

            if (first >= o_first && first <= o_last)
                first = o_last + 1;
            if (last >= o_first && last <= o_last)
                last = o_first - 1;
        }
        t->index[l] = first;
        t->count[l] = first <= last && last + 1 != 0 ? last - first + 1 : 0;
    }
}

static uint64_t tables_total(const struct pv_tables *t)
{
    return t->count[0] + t->count[1] + t->count[2] + t->count[3];
}

/* The L4 comes first, so that pt_base is both the first table and the root. */
static void place_tables(struct pv_tables *t, uint64_t pfn)
{
    t->pfn_start = pfn;
    for (unsigned int l = 4; l-- > 0;) {
        t->first[l] = pfn;
        pfn += t->count[l];
    }
}

/* ---- placing ------------------------------------------------------------------------------ */

struct cursor {
    uint64_t pfn;
    uint64_t virt_base;
};

static struct pv_region take(struct cursor *at, uint64_t pages)
{
    struct pv_region region = {
        .pfn = at->pfn,
        .pages = pages,
        .va = at->virt_base + at->pfn * PAGE_BYTES,
    };

    at->pfn += pages;
    return region;
}

static struct pv_region take_unmapped(struct cursor *at, uint64_t pages)
{
    struct pv_region region = take(at, pages);

    region.va = PV_UNMAPPED;
    return region;
}

/* The boot region up to its page tables. */
static void place_contents(const struct pv_layout_request *request, struct cursor *at,
                           struct pv_layout *layout)
{
    const struct pv_image *image = request->image;

    at->pfn = image->phys_start >> PAGE_SHIFT;
    layout->kernel = take(at, pages_of(image->phys_end) - at->pfn);
    if (request->ramdisk_bytes && !image->mod_start_pfn)
        layout->ramdisk = take(at, pages_of(request->ramdisk_bytes));
    if (!image->has_init_p2m)
        layout->p2m_list = take(at, pages_of(request->nr_pages * sizeof(uint64_t)));
    layout->start_info = take(at, 1);
    if (!request->is_dom0) {
        layout->xenstore = take(at, 1);
        layout->console = take(at, 1);
    }
}

/* Tables map the region that contains them: repeat until their number stands still. It only
 * grows, by ever less than a 512th, so a few rounds do. */
static int place_boot_tables(struct cursor *at, struct pv_layout *layout)
{
    uint64_t tables = 0, pages;

    for (;;) {
        pages = at->pfn + tables + 1 + SLACK_PAGES;
        /* It is the virtual end that is aligned; virt_base need not be. */
        pages += (0 - (at->virt_base / PAGE_BYTES + pages)) & (SUPER_PAGES - 1);
        if (!range_is_usable(at->virt_base, pages))
            return -IMAGE_E_VIRT_RANGE;
        count_tables(&layout->boot, at->virt_base, pages, NULL);
        if (tables_total(&layout->boot) <= tables)
            break;
        tables = tables_total(&layout->boot);
    }
    layout->page_tables = take(at, tables_total(&layout->boot));
    place_tables(&layout->boot, layout->page_tables.pfn);
    layout->stack = take(at, 1);
    layout->mapped_pages = pages;
    at->pfn = pages;
    return 0;
}

static bool ranges_overlap(const struct pv_tables *a, const struct pv_tables *b)
{
    return a->va_start <= b->va_end - 1 && b->va_start <= a->va_end - 1;
}

/* The p2m list at its own address. The L4, and perhaps lower tables, are the boot mapping's. */
static int place_init_p2m(const struct pv_layout_request *request, struct cursor *at,
                          struct pv_layout *layout)
{
    uint64_t va = request->image->init_p2m;
    uint64_t pages = pages_of(request->nr_pages * sizeof(uint64_t));

    if ((va & (PAGE_BYTES - 1)) || !range_is_usable(va, pages))
        return -IMAGE_E_P2M_ADDRESS;
    count_tables(&layout->p2m, va, pages, &layout->boot);
    if (ranges_overlap(&layout->boot, &layout->p2m))
        return -IMAGE_E_P2M_ADDRESS;
    layout->p2m_tables = take_unmapped(at, tables_total(&layout->p2m));
    place_tables(&layout->p2m, layout->p2m_tables.pfn);
    layout->p2m_list = take_unmapped(at, pages);
    layout->p2m_list.va = va;
    return 0;
}

static void fill_start_info(const struct pv_layout_request *request, struct pv_layout *layout)
{
    layout->pt_base = layout->page_tables.va;
    layout->nr_pt_frames = layout->page_tables.pages;
    layout->mfn_list = layout->p2m_list.va;
    layout->first_p2m_pfn = layout->p2m_list.pfn;
    layout->nr_p2m_frames = layout->p2m_list.pages;
    if (request->image->has_init_p2m) {
        layout->first_p2m_pfn = layout->p2m_tables.pfn;
        layout->nr_p2m_frames += layout->p2m_tables.pages;
    }
    if (layout->ramdisk.pages) {
        layout->mod_start_is_pfn = request->image->mod_start_pfn;
        layout->mod_start = layout->mod_start_is_pfn ? layout->ramdisk.pfn : layout->ramdisk.va;
    }
}

static int place_all(const struct pv_layout_request *request, struct pv_layout *layout)
{
    struct cursor at = { .virt_base = request->image->virt_base };
    int rc;

    place_contents(request, &at, layout);
    rc = place_boot_tables(&at, layout);
    if (rc)
        return rc;
    if (request->image->has_init_p2m) {
        rc = place_init_p2m(request, &at, layout);
        if (rc)
            return rc;
    }
    if (request->ramdisk_bytes && request->image->mod_start_pfn)
        layout->ramdisk = take_unmapped(&at, pages_of(request->ramdisk_bytes));
    layout->used_pages = at.pfn;
    return 0;
}

/* The least number of pages that is enough for the layout it leads to. More memory makes a longer
 * list, so this climbs from below; every step asks for what the last one would have used. */
static uint64_t find_needed(const struct pv_layout_request *request)
{
    struct pv_layout_request climb = *request;

    for (climb.nr_pages = 1;;) {
        struct pv_layout trial;

        __builtin_memset(&trial, 0, sizeof(trial));
        if (place_all(&climb, &trial) || trial.used_pages <= climb.nr_pages)
            return climb.nr_pages;
        climb.nr_pages = trial.used_pages;
    }
}

int pv_layout_compute(const struct pv_layout_request *request, struct pv_layout *layout)
{
    int rc;

    __builtin_memset(layout, 0, sizeof(*layout));
    layout->virt_base = request->image->virt_base;
    if (request->nr_pages == 0 || request->nr_pages > COUNT_LIMIT ||
        pages_of(request->ramdisk_bytes) > COUNT_LIMIT ||
        pages_of(request->image->phys_end) > COUNT_LIMIT)
        return -IMAGE_E_MEMORY_TOO_SMALL;
    rc = place_all(request, layout);
    if (rc)
        return rc;
    layout->needed_pages = find_needed(request);
    if (layout->used_pages > request->nr_pages)
        return -IMAGE_E_MEMORY_TOO_SMALL;
    fill_start_info(request, layout);
    return 0;
}
