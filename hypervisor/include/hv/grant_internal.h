/* SPDX-License-Identifier: MIT */
/*
 * What the files of common/grant/ share. Entries: an active record stands beside each entry of a
 * domain's table and remembers, while the entry is in use (pinned), by whom and as which frame;
 * what the guest writes into the entry meanwhile does not matter. Mappings ("maptrack"): one
 * record for each handle that a mapper holds.
 *
 * References on frames: every pin by device or copy holds one on the frame (and one writable use,
 * unless read-only). A host mapping's belong to the page-table entry: they go when the entry is
 * cleared, by unmap or by whatever else the mapper does to its tables.
 *
 * Locks: table->lock guards size and version; active->lock one entry's record, the status bits of
 * the shared entry, and the flags of mappings of that entry; maptrack_lock the free list. Order:
 * table->lock, active->lock (two, under table->lock: by reference number), maptrack_lock. All with
 * interrupts on. Arrays have their final size from the start, so readers need no lock; slots only
 * fill, but for status frames, which are read with a record locked or table->lock held: while a
 * record is locked, the version of the table does not change (see grant_version.c).
 */
#ifndef HV_GRANT_INTERNAL_H
#define HV_GRANT_INTERNAL_H

#include <hv/domain.h>
#include <xen/grant_table.h>

struct active_grant {
    spinlock_t lock;
    domid_t domid;          /* the user, while pinned */
    u16 host_r, host_w, dev_r, dev_w; /* pins */
    mfn_t mfn;              /* the frame, while pinned */
    u16 start, length;      /* the part of it that may be used */
    bool copy_only;         /* a part of a page, or passed on: never mapped */
    bool is_passed_on;      /* each pin holds one of the entry below, too */
    domid_t via_domid;
    grant_ref_t via_ref;
};

/* Records stand for the entries of version 1; a table of version 2 uses the first half of them. */
#define GRANT_ENTRIES_PER_FRAME (PAGE_SIZE / sizeof(grant_entry_v1_t))
#define GRANT_ENTRIES_PER_FRAME_V2 (PAGE_SIZE / sizeof(grant_entry_v2_t))
#define GRANT_STATUS_PER_FRAME (PAGE_SIZE / sizeof(grant_status_t))
#define GRANT_VERSION_CHANGES 0x80000000U /* with the version that was */

struct grant_mapping {
    domid_t domid;          /* the granter */
    u16 flags;              /* GNTMAP_* bits 0..4, MAPPING_*; 0: free */
    grant_ref_t ref;
    u32 next_free;          /* handle + 1; 0: end of list */
    u32 pad;
};
#define MAPPING_HOST_ENDING 0x100 /* cleared, but not yet flushed and released */
#define MAPPING_DEV_ENDING 0x200
#define MAPPINGS_PER_FRAME (PAGE_SIZE / sizeof(struct grant_mapping))
_Static_assert(sizeof(struct grant_mapping) == 16, "mappings fill a page");

struct grant_table {
    struct domain *domain;
    u32 version, max_version;
    u32 nr_frames, max_frames, nr_status_frames;
    spinlock_t lock;
    void **shared;                    /* max_frames slots of entries as the version has them */
    struct active_grant **active;     /* max_frames slots of GRANT_ENTRIES_PER_FRAME */
    grant_status_t **status;          /* as many slots as max_frames can need */

    spinlock_t maptrack_lock;
    u32 maptrack_frames, max_maptrack_frames;
    u32 free_mapping;                 /* handle + 1; 0: none */
    u32 release_next;                 /* teardown: handles from here on are released */
    struct grant_mapping **maptrack;  /* max_maptrack_frames slots */
};

/* grant_entry.c */

/* What a pin is for. */
enum grant_use {
    GRANT_READONLY = 1, /* else for writing too */
    GRANT_HOST = 2,     /* a mapping or a copy by the hypervisor */
    GRANT_DEVICE = 4,
    GRANT_MAP = 8,      /* a mapping: the entry must give the whole page */
};
/** The record of ref, locked, or NULL. */
struct active_grant *grant_lock_active(struct grant_table *t, grant_ref_t ref);
static inline bool grant_is_pinned(const struct active_grant *a)
{
    return a->host_r | a->host_w | a->dev_r | a->dev_w;
}

/* The shared entry of a reference whose record is locked, by version of the table. */
static inline grant_entry_v1_t *grant_entry_v1(const struct grant_table *t, grant_ref_t ref)
{
    grant_entry_v1_t *frame;

    ref = (grant_ref_t)array_index_nospec(ref, t->nr_frames * GRANT_ENTRIES_PER_FRAME);
    frame = t->shared[ref / GRANT_ENTRIES_PER_FRAME];
    return &frame[ref % GRANT_ENTRIES_PER_FRAME];
}
static inline grant_entry_v2_t *grant_entry_v2(const struct grant_table *t, grant_ref_t ref)
{
    grant_entry_v2_t *frame;

    ref = (grant_ref_t)array_index_nospec(ref, t->nr_frames * GRANT_ENTRIES_PER_FRAME_V2);
    frame = t->shared[ref / GRANT_ENTRIES_PER_FRAME_V2];
    return &frame[ref % GRANT_ENTRIES_PER_FRAME_V2];
}
static inline grant_status_t *grant_status_v2(const struct grant_table *t, grant_ref_t ref)
{
    ref = (grant_ref_t)array_index_nospec(ref, t->nr_frames * GRANT_ENTRIES_PER_FRAME_V2);
    return &t->status[ref / GRANT_STATUS_PER_FRAME][ref % GRANT_STATUS_PER_FRAME];
}
/* Flags in the low half, domid in the high one, as either version begins. */
static inline u32 *grant_header(const struct grant_table *t, grant_ref_t ref)
{
    return likely(t->version == 1) ? (u32 *)(void *)grant_entry_v1(t, ref)
                                   : (u32 *)(void *)grant_entry_v2(t, ref);
}
static inline u32 grant_status_frames_for(u32 nr_frames)
{
    return (u32)(((u64)nr_frames * GRANT_ENTRIES_PER_FRAME_V2 + GRANT_STATUS_PER_FRAME - 1) /
                 GRANT_STATUS_PER_FRAME);
}

struct granted_frame {
    struct frame *frame;    /* one reference, the caller's */
    u16 start, length;
    u32 cache_flags;        /* GTF_PWT, GTF_PCD, GTF_PAT as the granter wants it */
    struct domain *via;     /* of a grant passed on: pinned there as well; referenced */
    grant_ref_t via_ref;
};
/** Pin d's entry for user as `use` (enum grant_use). GNTST_okay or why not. */
s16 grant_pin(struct domain *d, grant_ref_t ref, const struct domain *user, u32 use,
              struct granted_frame *out);
/** The same with the record locked. */
s16 grant_pin_locked(struct domain *d, struct active_grant *a, grant_ref_t ref,
                     const struct domain *user, u32 use, struct granted_frame *out);
void grant_unpin(struct domain *d, grant_ref_t ref, u32 use);
/**
 * For a copy: follows an entry that passes on another domain's grant, too. *via and via_ref of *out
 * are for grant_unpin_copy().
 */
s16 grant_pin_copy(struct domain *d, grant_ref_t ref, const struct domain *user, u32 use,
                   struct granted_frame *out);
void grant_unpin_copy(struct domain *d, grant_ref_t ref, u32 use, struct domain *via,
                      grant_ref_t via_ref);
/** May user use the entry so, as its header reads? type: the GTF_* it must have. */
bool grant_header_allows(u32 header, const struct active_grant *a, domid_t user, u32 use,
                         u16 type);
/** Say in the entry that it is in use; again checks the header. A status code. */
s16 grant_mark(const struct grant_table *t, const struct active_grant *a, grant_ref_t ref,
               domid_t user, u32 use, u16 type);
/** Take back what no pin stands for any more. */
void grant_clear_marks(const struct grant_table *t, const struct active_grant *a,
                       grant_ref_t ref);
void grant_count_pin(struct active_grant *a, u32 use);
bool grant_pins_full(struct active_grant *a, u32 use);
/** The same with the record locked; the pin must exist. */
void grant_unpin_locked(struct grant_table *t, struct active_grant *a, grant_ref_t ref, u32 use);
bool grant_has_pin(const struct active_grant *a, u32 use);

/* grant_dump.c */
/** Debug key: the grants of every domain that are in use. */
void grant_dump_all(unsigned char key);

/* grant_table.c */
/** Make the first n frames exist. 0, -EINVAL (beyond the limit), -ENOMEM. */
int grant_table_grow(struct grant_table *t, u32 n);
/** The domain named, referenced, if the caller may ask about it; else NULL and *status. */
struct domain *grant_named_domain(domid_t id, s16 *status);

/* grant_version.c */
extern u32 opt_grant_max_version;
extern bool opt_grant_transitive, opt_grant_transfer;
/** Under table->lock: make the first n status frames exist. 0, -ENOMEM. */
int grant_status_grow(struct grant_table *t, u32 n);
void grant_status_free(struct grant_table *t);
long grant_set_version(u64 uop, u32 count, u32 *done);
void grant_get_status_frames(void *op);
/** One element of a batch: decodes, applies, and leaves the result in *op. */
typedef void (*grant_element_fn)(void *op);

/* Elements and batches. A batch answers 0 or -errno and counts the elements it is through with. */
void grant_map_one(void *op);
long grant_unmap_batch(u64 uop, u32 count, u32 *done);
long grant_replace_batch(u64 uop, u32 count, u32 *done);
long grant_copy_batch(u64 uop, u32 count, u32 *done);
void grant_transfer_one(void *op);
void grant_swap_one(void *op);
long grant_cache_flush_batch(u64 uop, u32 count, u32 *done);
void grant_maptrack_free(struct grant_table *t);

#endif
