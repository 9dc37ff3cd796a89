/* SPDX-License-Identifier: MIT */
/* Between common/page_alloc.c and common/domain_memory.c; nobody else includes this. */
#ifndef HV_PAGE_ALLOC_INTERNAL_H
#define HV_PAGE_ALLOC_INTERNAL_H

#include <hv/types.h>

struct frame;

/** 2^order frames, or NULL. claimed: the caller's own claim covers them. clear: contents zeroed. */
struct frame *block_alloc(unsigned int order, unsigned int memflags, bool claimed, bool clear);
/** Frames without references, uses and owner; their contents count as dirty. */
void block_free(struct frame *f, unsigned int order, bool was_guest_visible);
void frames_clear(struct frame *f, unsigned int order);

/** The sum of all claims changes by delta. */
void claims_adjust(s64 delta);
/** Promise pages if so many are free and not promised yet. */
bool claims_try_add(u64 pages);

#endif
