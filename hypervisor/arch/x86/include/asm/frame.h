/* SPDX-License-Identifier: MIT */
/*
 * The frame table: one record a RAM frame, saying who owns it, how often it is referenced and as
 * what it is used (mm/frame.c). The invariant all of PV safety rests on: a frame has at most one
 * type at a time, so a frame that is writable is neither a page table nor a descriptor table.
 *
 * count: references. Bits 0..55 number of references; flags above. A frame with FC_ALLOCATED holds
 *        one for its allocation; when the count falls to zero it returns to the heap.
 * type:  bits 0..47 number of uses under the present type; flags above. Changing type needs use
 *        count zero. Both words change by compare-and-exchange only.
 *
 * States of the type word, by use count and flags:
 *   0, VALIDATED       writable or segment page out of use: may be used again without a check
 *   0, neither         never used, or a released page table: contents unchecked
 *   0, PARTIAL         entries [0, nr_validated) hold references; the state itself holds one
 *                      reference on the frame; only the same type may take it up again
 *   1, VALIDATING      one CPU checks or releases the contents; others of the same type wait
 *   >0, VALIDATED      in use; PINNED and LOCKED only here, LOCKED holds one of the uses
 */
#ifndef ASM_FRAME_H
#define ASM_FRAME_H

#include <asm/page.h>
#include <asm/tlb.h>
#include <hv/domain.h>
#include <hv/lib.h>

struct frame {
    u64 count;
    u64 type;
    u32 owner;          /* domid + 1; 0: nobody. DOMID_XEN and DOMID_IO count as owners */
    u32 twin;           /* reserved: mfn of the log-dirty twin, 0 none */
    /* page_list / heap list by frame number; 0: none (frame 0 is never listed) */
    u32 list_next;
    u32 list_prev;
    union {
        struct {        /* page tables: how far a preempted (de)validation has come */
            union {
                u16 nr_validated;  /* entries [0, nr_validated) hold references */
                /* Writable frames: another domain dropped a mapping; it may not have flushed. */
                u16 foreign_writer;
            };
            s16 linear_count;      /* linear-mapping accounting, see mm/frame.c */
            u32 tlb_stamp;
        };
        struct {        /* free frames */
            u8 order;
            u8 need_scrub;
            u8 need_flush;         /* guests may have mapped it */
            u8 pad;
            u32 free_stamp;        /* TLB clock when freed: flushed everywhere before reuse */
        };
    };
    union {
        u64 deferred_next;  /* list of half-released tables, see mm/frame.c; 0: not on it */
        u32 dirty_by;       /* free frames: whose data they still hold, domain->memory_serial */
    };
};
_Static_assert(sizeof(struct frame) == 48, "frame records are counted in memory overhead");
#define FRAME_FOREIGN_WRITER 0xffff /* no count of entries */

#define FC_ALLOCATED (1UL << 63)
#define FC_HV (1UL << 62)          /* owned by the hypervisor heap */
#define FC_FREE (1UL << 61)
#define FC_BROKEN (1UL << 60)
#define FC_CACHE_SHIFT 57          /* PAT index of non-WB guest mappings, 3 bits */
#define FC_CACHE_MASK (7UL << FC_CACHE_SHIFT)
#define FC_EXTRA (1UL << 56)       /* MEMF_NO_REFCOUNT page */
#define FC_COUNT_MASK (FC_EXTRA - 1)

#define FT_SHIFT 60
#define FT_MASK (15UL << FT_SHIFT)
#define FT_NONE 0UL
#define FT_L1 (1UL << FT_SHIFT)
#define FT_L2 (2UL << FT_SHIFT)
#define FT_L3 (3UL << FT_SHIFT)
#define FT_L4 (4UL << FT_SHIFT)
#define FT_SEG (5UL << FT_SHIFT)      /* GDT or LDT page */
#define FT_WRITABLE (7UL << FT_SHIFT)
#define FT_SHARED (8UL << FT_SHIFT)   /* reserved */
#define FT_PINNED (1UL << 59)
#define FT_VALIDATED (1UL << 58)
#define FT_VALIDATING (1UL << 57)     /* one CPU is at it; others wait or restart */
#define FT_PARTIAL (1UL << 56)        /* preempted half-way: nr_validated tells */
#define FT_LOCKED (1UL << 55)         /* the table's update lock */
#define FT_COUNT_MASK ((1UL << 48) - 1)

extern struct frame *const frame_table; /* FRAME_TABLE_START */
extern u64 max_frame;                   /* exclusive */

static inline struct frame *mfn_to_frame(mfn_t m)
{
    return (struct frame *)FRAME_TABLE_START + m.m;
}
static inline mfn_t frame_to_mfn(const struct frame *f)
{
    return mfn_from((u64)(f - (struct frame *)FRAME_TABLE_START));
}
static inline void *frame_to_virt(const struct frame *f) { return mfn_to_virt(frame_to_mfn(f)); }
/* By machine address of the page's start: (pa >> 12) * 48 without the detour. */
static inline struct frame *paddr_to_frame(paddr_t pa)
{
    _Static_assert(sizeof(struct frame) == 48, "48 / 4096 == 3 / 256");
    return (struct frame *)(FRAME_TABLE_START + (pa >> 8) * 3);
}
/** True when mfn has a frame record (it is RAM we know, not a hole or device). */
bool mfn_valid(mfn_t mfn);
u64 ram_total_pages(void);  /* all RAM above 1 MiB, ours included */

/** Owner, or NULL (nobody, or a domain that is gone). No reference is taken: hold the frame. */
struct domain *frame_owner(const struct frame *f);
void frame_set_owner(struct frame *f, const struct domain *d);

/* frame.c: the last reference is gone. */
void frame_release(struct frame *f);

/* One more reference, unless there is none yet or the count is full. */
static inline bool frame_count_up(struct frame *f)
{
    u64 x = READ_ONCE(f->count);

    do {
        if (unlikely(((x + 1) & FC_COUNT_MASK) <= 1))
            return false;
    } while (unlikely(!__atomic_compare_exchange_n(&f->count, &x, x + 1, false, __ATOMIC_SEQ_CST,
                                                   __ATOMIC_SEQ_CST)));
    return true;
}
static inline void frame_put(struct frame *f)
{
    u64 now = __atomic_sub_fetch(&f->count, 1, __ATOMIC_SEQ_CST);

    if (unlikely(!(now & FC_COUNT_MASK)))
        frame_release(f);
}
/** Take a reference if d owns the frame and it is in use. False otherwise or on overflow. */
static inline bool __must_check frame_get(struct frame *f, const struct domain *d)
{
    if (unlikely(!frame_count_up(f)))
        return false;
    if (likely(READ_ONCE(f->owner) == (u32)d->domid + 1))
        return true;
    frame_put(f);
    return false;
}
/** Take a reference whoever owns it; returns the owner or NULL. */
struct domain *frame_get_any(struct frame *f);
/** One more reference, when the caller holds one already. */
void frame_get_again(struct frame *f);
/** Give up the allocation's own reference (once, however often it is called). Hold another one. */
void frame_put_allocation(struct frame *f);

/**
 * Use the frame as `type` (FT_WRITABLE, FT_SEG, FT_L1..FT_L4); the caller holds a reference.
 * Validates page and descriptor tables. 0; -EINVAL: in use as another type; another errno: contents
 * not acceptable; -EINTR: preempted before anything was done; -ERESTART: half done, recorded in
 * the frame, the same call continues. Only the preemptible form returns the last two.
 */
int __must_check frame_get_type(struct frame *f, u64 type);
int __must_check frame_get_type_preemptible(struct frame *f, u64 type);
void frame_put_type(struct frame *f);
/**
 * The use is given up in any case. 0, or -ERESTART: what the frame's contents held is not yet
 * released; it stands on the owner's deferred list (frame_drain_deferred()).
 */
int frame_put_type_preemptible(struct frame *f);
/** Release what preempted puts left behind. 0, or (preemptible only) -ERESTART. */
int frame_drain_deferred(struct domain *d, bool preemptible);
static inline bool frame_has_deferred(const struct domain *d) { return d->arch.deferred_head; }
/** A PARTIAL frame that nobody will continue goes to the deferred list (teardown). */
void frame_abandon_partial(struct frame *f);

/** The type word's top bits say "validated table of this level", pinned or not. */
static inline bool frame_type_is_table(u64 type, u64 level)
{
    _Static_assert(FT_SHIFT == 60 && FT_PINNED == 1UL << 59 && FT_VALIDATED == 1UL << 58, "layout");
    return (type >> 58 | 2) == (level << 2 | 3);
}

/**
 * The update lock of a validated page table (L1..L4): false when the frame is none. It is a use
 * of its
 * own, and whoever else holds the last other use cannot give it up meanwhile, so neither type
 * nor owner can change and no reference is needed. Check the owner after locking. Not across guest
 * copies; tables are locked one at a time.
 */
bool __must_check frame_lock_table(struct frame *f);
bool __must_check frame_lock_l1_slow(struct frame *f);
/** The same for L1 tables only. */
static inline bool __must_check frame_lock_l1(struct frame *f)
{
    u64 x = READ_ONCE(f->type);

    if (likely(frame_type_is_table(x, 1) && !(x & FT_LOCKED) && (u32)~x) &&
        likely(__atomic_compare_exchange_n(&f->type, &x, (x + 1) | FT_LOCKED, false,
                                           __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST)))
        return true;
    return frame_lock_l1_slow(f);
}
static inline void frame_unlock_table(struct frame *f)
{
    __atomic_sub_fetch(&f->type, FT_LOCKED + 1, __ATOMIC_SEQ_CST);
}
static inline bool frame_is_owned_by(const struct frame *f, const struct domain *d)
{
    return READ_ONCE(f->owner) == (u32)d->domid + 1;
}

/* How table and descriptor contents are checked; pv_mm/validate_table.c registers these at boot. */
struct frame_type_ops {
    /** Take references for entries [nr_validated, end), keeping nr_validated. 0, -EINTR (no entry
     *  done), -ERESTART, or an errno with nr_validated entries still held. */
    int (*validate)(struct frame *f, u64 type, bool preemptible);
    /** Drop those of [0, nr_validated) from the end. 0 or -ERESTART. */
    int (*devalidate)(struct frame *f, u64 type, bool preemptible);
    bool (*segment_valid)(struct frame *f);
};
void frame_register_type_ops(const struct frame_type_ops *ops);

/* The same for FT_WRITABLE, with the usual case in line. */
static inline bool __must_check frame_get_writable(struct frame *f)
{
    u64 x = READ_ONCE(f->type);

    if (likely((x & ~FT_COUNT_MASK) == (FT_WRITABLE | FT_VALIDATED) &&
               (x & FT_COUNT_MASK) != FT_COUNT_MASK) &&
        likely(__atomic_compare_exchange_n(&f->type, &x, x + 1, false, __ATOMIC_SEQ_CST,
                                           __ATOMIC_SEQ_CST)))
        return true;
    return !frame_get_type(f, FT_WRITABLE);
}
/*
 * Stamped while the use still stands, in case it is the last. Somebody else's later stamp must not
 * be lost under ours because an interrupt came between reading the clock and writing.
 */
static inline void frame_stamp(struct frame *f)
{
    u32 now;

    do
        WRITE_ONCE(f->tlb_stamp, now = tlb_stamp_now());
    while (unlikely(tlb_stamp_now() != now));
}
static inline void frame_put_writable(struct frame *f)
{
    frame_stamp(f);
    __atomic_sub_fetch(&f->type, 1, __ATOMIC_SEQ_CST);
}

static inline bool frame_get_and_type(struct frame *f, const struct domain *d, u64 type)
{
    if (!frame_get(f, d))
        return false;
    if (frame_get_type(f, type)) {
        frame_put(f);
        return false;
    }
    return true;
}
static inline void frame_put_and_type(struct frame *f)
{
    frame_put_type(f);
    frame_put(f);
}

/**
 * Make a hypervisor page visible to d (shared_info, grant frames, ...): owner d, type writable
 * or read-only (SHARE_RO), never counted in d's allocation.
 */
enum share_mode { SHARE_RW, SHARE_RO };
void frame_share_with_guest(void *hv_page, struct domain *d, enum share_mode mode);
/**
 * Undo it. True: the caller is to free the page now (not to reuse it: freeing sees to stale
 * translations). False: guests still hold references; the page has passed to them and is freed with
 * the last one, do not touch it again.
 */
bool frame_unshare(void *hv_page);
/** The same, only if nobody else has a reference; else false, and it stays shared as it is. */
bool frame_unshare_unused(void *hv_page);
void frame_share_with_privileged(void *hv_page, enum share_mode mode); /* owner DOMID_XEN */

/** The PAT index under which guests map a frame that is held (0: write-back); flushes caches. */
void frame_set_cache(struct frame *f, unsigned int pat_index);
static inline unsigned int frame_cache(const struct frame *f)
{
    return (f->count & FC_CACHE_MASK) >> FC_CACHE_SHIFT;
}

/* Device frames that even their owner maps read-only (MSI-X tables); made by pv_mm_init(). */
extern struct rangeset *mmio_ro_ranges;

/* Machine-to-phys. */
void m2p_set(mfn_t mfn, u64 pfn);
u64 m2p_get(mfn_t mfn); /* ~0: none, or no RAM */
/** First frame of the table's 2 MiB chunk i (one for each GiB of RAM); 0: not present. */
mfn_t m2p_chunk_mfn(u64 chunk);

/* hv_map.c: our own page tables; every root gets the slots of hv_root. */
extern pte_t hv_root[PT_ENTRIES];
int hv_map_pages(u64 va, mfn_t mfn, u64 nr_pages, u64 flags);
void hv_unmap_pages(u64 va, u64 nr_pages);
void *vmap_device(paddr_t pa, size_t bytes, u64 flags); /* NULL: no room */
void vunmap_device(const void *va, size_t bytes);
/** Fill a guest L4's slots 256..271 (with the per-domain linear slot none). */
void hv_root_fill(pte_t *l4);

#endif
