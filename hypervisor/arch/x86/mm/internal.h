/* SPDX-License-Identifier: MIT */
/* Between the files of mm/; nobody else includes this. */
#ifndef MM_INTERNAL_H
#define MM_INTERNAL_H

#include <asm/frame.h>
#include <hv/sections.h>
#include <hv/boot.h>
#include <hv/boot_info.h>

/* boot_alloc.c: memory before the heap exists. */
struct ram_range {
    paddr_t start, end;
};
/** All RAM above 1 MiB that we keep records of, ascending; used for good by mfn_valid(). */
extern struct ram_range ram_ranges[];
extern unsigned int nr_ram_ranges;

void boot_alloc_init(void);
/** Contents undefined; limit: exclusive bound of the whole block, 0 none. Panics when there is
 * none. */
paddr_t boot_alloc(u64 bytes, u64 align, paddr_t limit);
/** Call fn for everything that is still free; no boot_alloc() afterwards. */
void boot_alloc_finish(void (*fn)(paddr_t start, paddr_t end));
#define BOOT_MAPPED_LIMIT 0x100000000UL /* what head.S's direct map covers */

/** Does any RAM range meet [start, end)? */
bool ram_overlaps(paddr_t start, paddr_t end);

/* hv_map.c */
#define PAGE_SIZE_1G (1UL << L3_SHIFT)
/** Map bytes at va to pa with the largest pages that alignment allows. */
int hv_map_range(u64 va, paddr_t pa, u64 bytes, u64 flags);
/** Entry that maps va in our tables and the log2 of its page's size; NULL: not mapped. */
pte_t *hv_entry_of(u64 va, unsigned int *shift);

/* frame_map.c: the frame table and M2P. */
void frame_table_map(void);  /* build phase: old tables are live */
void frame_table_fill(void); /* new tables are live */
/** Chunk i (2 MiB) of the M2P; ~0: nothing there. */
#define M2P_FRAMES_PER_CHUNK (PAGE_SIZE_2M / sizeof(u64))

#endif
