/* SPDX-License-Identifier: MIT */
/*
 * Physical memory (common/memory/page_alloc.c): a buddy allocator over the frame table.
 * Context: no interrupt handler; takes the heap lock (leaf) and, for domain pages,
 * domain->page_lock first.
 */
#ifndef HV_PAGE_ALLOC_H
#define HV_PAGE_ALLOC_H

#include <hv/types.h>

struct domain;
struct frame;

#define MAX_ORDER 18 /* 1 GiB */

#define MEMF_NO_REFCOUNT 0x1u /* not counted in the domain's tot_pages and no reference taken */
#define MEMF_ZERO        0x2u /* contents zeroed (domain pages are always scrubbed) */
#define MEMF_NO_OWNER    0x4u /* reserve for the domain's accounting but leave owner unset */
#define MEMF_NO_SCRUB \
    0x8u /* contents may be what an earlier owner or the firmware left: dom0 at boot */
#define MEMF_BITS(n) ((n) << 8) /* address width limit in bits; 0: none */

/** Give RAM [start,end) to the allocator at boot; page aligned. */
void page_alloc_add_range(paddr_t start, paddr_t end);

/** Hypervisor's own pages: mapped, contents undefined unless MEMF_ZERO. NULL when out of memory. */
void *hv_alloc_pages(unsigned int order, unsigned int memflags);
void hv_free_pages(void *va, unsigned int order);
static inline void *hv_alloc_page(void)
{
    return hv_alloc_pages(0, 0x2u);
}
static inline void hv_free_page(void *va)
{
    hv_free_pages(va, 0);
}

/**
 * Allocate 2^order frames to d: owner set, one allocation reference on each, put on d->page_list,
 * scrubbed. d NULL: anonymous. Refused (NULL) beyond d->max_pages, when d is dying, or when
 * memory is claimed by others.
 */
struct frame *domain_alloc_frames(struct domain *d, unsigned int order, unsigned int memflags);
/** Called by the last frame_put(); d's accounting is updated; frames are scrubbed before reuse. */
void domain_free_frame(struct frame *f);
/** Put frames of nobody under d (steal/exchange/transfer). 0, -EINVAL (dying or over max_pages). */
int domain_assign_frames(struct domain *d, struct frame *f, unsigned int order,
                         unsigned int memflags);

/**
 * Take a frame away from d that nobody refers to: off the list, owner cleared, no reference left.
 * 0 or -EINVAL (not d's, shared by the hypervisor, or in use). The caller gives it to somebody by
 * domain_assign_frames() or back by free_anonymous_frames(). MEMF_NO_REFCOUNT: d's count is kept.
 */
int domain_steal_frame(struct domain *d, struct frame *f, unsigned int memflags);
/** n frames stolen with MEMF_NO_REFCOUNT are not replaced: they no longer count as d's. */
void domain_forget_frames(struct domain *d, u64 n);
/** Free frames without owner: stolen, or allocated with MEMF_NO_OWNER and not assigned. */
void free_anonymous_frames(struct frame *f, unsigned int order);

/** Set or release (pages 0) a claim of d: total it may still grow to. -ENOMEM, -EINVAL, -E2BIG as
 * the ABI. */
int domain_set_claim(struct domain *d, u64 pages);
u64 page_alloc_free_pages(void);
u64 page_alloc_total_pages(void);
u64 page_alloc_outstanding_claims(void);
/** Idle loop: scrub a bounded number of freed frames; returns at once when softirqs are pending. */
void page_alloc_scrub_idle(void);
u64 page_alloc_max_mfn(void); /* exclusive upper bound of RAM frames */

/*
 * alloc_fault.c, in debug builds: true when the allocation that is about to be made is to fail;
 * objects that come and go are counted; the debug keys for both.
 */
#ifdef CONFIG_DEBUG
bool alloc_should_fail(const char *what, size_t bytes, const void *caller);
void alloc_count_live(long change);
void alloc_fault_init(void);
#else
static inline bool alloc_should_fail(const char *what, size_t bytes, const void *caller)
{
    (void)what, (void)bytes, (void)caller;
    return false;
}
static inline void alloc_count_live(long change)
{
    (void)change;
}
static inline void alloc_fault_init(void) {}
#endif

/* heap.c: byte-sized objects from pages; zeroed. NULL when out of memory. */
void *hv_zalloc(size_t bytes);
void *hv_zalloc_array(size_t n, size_t size); /* overflow-checked */
void hv_free(void *p);                        /* NULL is fine */
#define zalloc_obj(type)     ((type *)hv_zalloc(sizeof(type)))
#define zalloc_objs(type, n) ((type *)hv_zalloc_array(n, sizeof(type)))

#endif
