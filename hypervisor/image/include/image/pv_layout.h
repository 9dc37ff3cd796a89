/* SPDX-License-Identifier: MIT */
/*
 * The memory of a PV domain at its first instruction.
 *
 * Computes where everything goes and what the boot page tables contain; it touches no memory of
 * the domain. One contiguous virtual region from VIRT_BASE holds, in this order: kernel image,
 * ramdisk (unless it stays unmapped), p2m list (unless at INIT_P2M), start_info, xenstore and
 * console rings (not for dom0), page tables, boot stack, at least 512 KiB free; it ends at
 * a multiple of 4 MiB and maps pseudo-physical frames from 0 in order. Behind it, in
 * pseudo-physical order only: the tables of an INIT_P2M mapping, the list itself, an unmapped
 * ramdisk. ABI: "Start-of-day memory layout" of <xen/xen.h>, <xen/elfnote.h>.
 */
#ifndef IMAGE_PV_LAYOUT_H
#define IMAGE_PV_LAYOUT_H

#include <stdbool.h>
#include <stdint.h>

#include <image/pv_image.h>

#define PV_UNMAPPED (~0ull)

/* Pages that follow each other; va is PV_UNMAPPED for what only has frames. Empty if pages is 0. */
struct pv_region {
    uint64_t pfn;
    uint64_t pages;
    uint64_t va;
};

/* The tables of one mapping: per level (index 0 is L1) the frames are consecutive in the order of
 * the addresses they cover. */
struct pv_tables {
    uint64_t va_start; /* what is mapped: page-aligned, [va_start, va_end) */
    uint64_t va_end;   /* 0 stands for 2^64 */
    uint64_t pfn_start;
    uint64_t index[4]; /* va >> (12 + 9 * level) of the first table's first entry, >> 9 */
    uint64_t first[4]; /* pfn of the first table */
    uint64_t count[4];
};

struct pv_layout_request {
    const struct pv_image *image;
    uint64_t nr_pages;      /* of the domain: also the number of p2m entries */
    uint64_t ramdisk_bytes; /* 0: none */
    bool is_dom0;
};

struct pv_layout {
    uint64_t virt_base;
    struct pv_region kernel;
    struct pv_region ramdisk;
    struct pv_region p2m_list; /* the list alone */
    struct pv_region start_info;
    struct pv_region xenstore;    /* empty for dom0 */
    struct pv_region console;     /* empty for dom0 */
    struct pv_region page_tables; /* of the boot mapping; the first is the L4 */
    struct pv_region stack;       /* one page; RSP starts at its end */
    struct pv_region p2m_tables;  /* empty unless INIT_P2M */

    uint64_t mapped_pages; /* of the boot mapping, from pfn 0 */
    uint64_t used_pages;   /* pfns below are spoken for or padding; the rest is free memory */
    uint64_t needed_pages; /* the least nr_pages with which this layout works; set on failure too */

    /* What start_info says. */
    uint64_t pt_base; /* virtual */
    uint64_t nr_pt_frames;
    uint64_t mfn_list;      /* virtual */
    uint64_t first_p2m_pfn; /* tables of an INIT_P2M mapping included */
    uint64_t nr_p2m_frames;
    uint64_t mod_start; /* virtual, or a pfn if mod_start_is_pfn */
    bool mod_start_is_pfn;

    struct pv_tables boot;
    struct pv_tables p2m; /* counts are 0 unless INIT_P2M; tables shared with boot are not in it */
};

/* 0, -IMAGE_E_MEMORY_TOO_SMALL (needed_pages says how much would do), -IMAGE_E_P2M_ADDRESS,
 * -IMAGE_E_VIRT_RANGE. */
int pv_layout_compute(const struct pv_layout_request *request, struct pv_layout *layout);

/* Number of boot page-table frames, those of an INIT_P2M mapping included. */
uint64_t pv_layout_nr_tables(const struct pv_layout *layout);

/* The i-th of them: pfn and level (1 to 4). Index 0 is the L4. */
void pv_layout_table(const struct pv_layout *layout, uint64_t i, uint64_t *pfn,
                     unsigned int *level);

/* True for a frame that is one of the tables, and is therefore mapped read-only. */
bool pv_layout_is_table(const struct pv_layout *layout, uint64_t pfn);

/* Writes the 512 entries of the i-th table. frame_of() translates a pfn to the frame number that
 * goes into an entry. Entries are present, accessed and, unless they lead to a table, writable;
 * leaf entries carry no user bit (the kernel's own pages), upper ones do. */
void pv_layout_table_fill(const struct pv_layout *layout, uint64_t i,
                          uint64_t (*frame_of)(void *ctx, uint64_t pfn), void *ctx,
                          uint64_t *entries);

#endif
