/* SPDX-License-Identifier: MIT */
/* Between page_alloc.c and domain_memory.c; nobody else includes this. */
#ifndef HV_PAGE_ALLOC_INTERNAL_H
#define HV_PAGE_ALLOC_INTERNAL_H

#include <hv/types.h>

struct frame;

/* What the allocator must know of who asks. */
struct block_user {
    bool claimed;   /* the caller's own claim covers the block */
    bool clear;     /* zero what is not clean */
    u32 serial;     /* and not this domain's own old data; 0: nobody's */
};
/** 2^order frames, or NULL. */
struct frame *block_alloc(unsigned int order, unsigned int memflags, const struct block_user *user);
/** Frames without references, uses and owner; they hold data of the domain with this serial, 0: of
 *  somebody. */
void block_free(struct frame *f, unsigned int order, bool was_guest_visible, u32 dirty_by);

/** The sum of all claims changes by delta. */
void claims_adjust(s64 delta);
/** Promise pages if so many are free and not promised yet. */
bool claims_try_add(u64 pages);

#endif
