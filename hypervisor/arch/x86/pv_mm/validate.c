/* SPDX-License-Identifier: MIT */
/*
 * May a guest have this page-table entry, and what does it refer to? Every entry of a validated
 * table holds a reference on its frame and a use: L1 entries with RW a writable one, upper entries
 * one of the level below. Device frames and read-only mappings hold no use. No locks of its own.
 *
 * Linear ("recursive") tables: an upper entry may point at a table of its own level, read-only, if
 * that table is validated already. A table either contains such entries or is the target of
 * such entries, never both, so that no chain or cycle keeps tables alive; an entry that points at
 * its own table holds nothing.
 *
 * ABI facts (flags, error codes): public xen.h and observation of Xen 4.17.
 */
#include "internal.h"

#include <hv/access.h>
#include <hv/atomic.h>
#include <hv/printk.h>
#include <hv/rangeset.h>

#define L1_REFUSED    PTE_CACHE_BITS
#define UPPER_REFUSED (PTE_PWT | PTE_PCD | PTE_PSE | PTE_GLOBAL)

static inline struct frame *frame_below_max(u64 mfn)
{
    return mfn_to_frame(mfn_from(array_index_nospec(mfn, max_frame)));
}

/* ---- L1 entries: the unusual cases ---- */

/* Only who has devices may choose cache attributes. */
static bool may_set_cache(const struct domain *d)
{
    return d == dom_io || !rangeset_is_empty(d->iomem) || !rangeset_is_empty(d->ioports);
}

static int get_device_frame(pte_t *e, struct domain *pt_dom, struct domain *pg_dom)
{
    u64 mfn = mfn_raw(pte_mfn(*e));

    if (mfn == PTE_ADDR_MASK >> PAGE_SHIFT)
        return -EINVAL; /* the ABI's "no frame" */
    if (mfn >> (cpu_features.phys_bits - PAGE_SHIFT))
        return -EPERM;
    if (pg_dom == dom_io)
        pg_dom = current->domain;
    if (!access_iomem(pg_dom, mfn, mfn) || (pg_dom != pt_dom && !access_iomem(pt_dom, mfn, mfn)))
        return -EPERM;
    if (*e & PTE_RW && rangeset_contains(mmio_ro_ranges, mfn, mfn))
        *e &= ~PTE_RW;
    return 0;
}

/* Somebody else's frame, whom pg_dom may hand on. */
static int get_other_frame(struct domain *pt_dom, struct domain *pg_dom, struct frame *f)
{
    struct domain *owner = frame_get_any(f);

    if (!owner)
        return -EBUSY;
    if (owner != pg_dom && (pg_dom == pt_dom || access_map_foreign(pg_dom, owner))) {
        frame_put(f);
        return -EBUSY;
    }
    return 0;
}

static unsigned int cache_index(pte_t e)
{
    return (e & PTE_PWT ? 1 : 0) | (e & PTE_PCD ? 2 : 0) | (e & PTE_PAT ? 4 : 0);
}

/* All mappings of a frame have one cache attribute; the newest decides. */
static int change_cache(struct frame *f, pte_t e)
{
    if (f->count & FC_HV)
        return -EACCES;
    frame_set_cache(f, cache_index(e));
    return 0;
}

/* ---- L1 entries ---- */

/* The frame is no RAM, or not pg_dom's. On success a RAM frame is referenced: *f, else NULL. */
static int __attribute__((noinline))
get_unusual(pte_t *e, struct domain *pt_dom, struct domain *pg_dom, struct frame **f)
{
    if (mfn_raw(pte_mfn(*e)) >= max_frame || !mfn_valid(pte_mfn(*e))) {
        *f = NULL;
        return get_device_frame(e, pt_dom, pg_dom);
    }
    return get_other_frame(pt_dom, pg_dom, *f);
}

static int __attribute__((noinline)) get_cache_change(pte_t e, struct frame *f)
{
    int rc = change_cache(f, e);

    if (rc) {
        if (e & PTE_RW)
            frame_put_writable(f);
        frame_put(f);
    }
    return rc;
}

static inline __attribute__((always_inline)) int get_l1e(pte_t *e, struct domain *pt_dom,
                                                         struct domain *pg_dom)
{
    u64 mfn = mfn_raw(pte_mfn(*e));
    struct frame *f = frame_below_max(mfn);
    int rc;

    if (unlikely(*e & L1_REFUSED) && !may_set_cache(pt_dom))
        return -EINVAL;
    if (unlikely(mfn >= max_frame || !frame_get(f, pg_dom))) {
        rc = get_unusual(e, pt_dom, pg_dom, &f);
        if (rc)
            return rc;
        if (!f)
            goto accepted;
    }
    if (*e & PTE_RW && unlikely(!frame_get_writable(f))) {
        frame_put(f);
        return -EBUSY;
    }
    if (unlikely((*e & PTE_CACHE_BITS) | (f->count & FC_CACHE_MASK)) &&
        cache_index(*e) != frame_cache(f)) {
        rc = get_cache_change(*e, f);
        if (rc)
            return rc;
    }
accepted:
    *e = l1e_adjust(*e);
    return 0;
}

int l1e_get(pte_t *e, struct domain *pt_dom, struct domain *pg_dom)
{
    return get_l1e(e, pt_dom, pg_dom);
}

/* A frame in an LDT window may go when the guest unmaps it; the window's use would keep its type.
 */
static void __attribute__((noinline)) put_segment_page(struct frame *f, struct domain *pt_dom)
{
    if (READ_ONCE(f->type) & FT_COUNT_MASK && frame_owner(f) == pt_dom)
        pv_ldt_release_domain(pt_dom);
    frame_put(f);
}

static inline __attribute__((always_inline)) void put_l1e(pte_t e, struct domain *pt_dom)
{
    u64 mfn = mfn_raw(pte_mfn(e));
    struct frame *f;

    if (!(e & PTE_PRESENT))
        return;
    f = frame_below_max(mfn);
    /* Device frames have no record, or one without references: a mapped RAM frame has some. */
    if (unlikely(mfn >= max_frame) || unlikely(!(READ_ONCE(f->count) & FC_COUNT_MASK)))
        return;
    if (e & PTE_RW) {
        if (unlikely(!frame_is_owned_by(f, pt_dom)))
            WRITE_ONCE(f->foreign_writer, FRAME_FOREIGN_WRITER);
        frame_put_writable(f);
    } else if (unlikely((READ_ONCE(f->type) & FT_MASK) == FT_SEG))
        return put_segment_page(f, pt_dom);
    frame_put(f);
}

void l1e_put(pte_t e, struct domain *pt_dom)
{
    put_l1e(e, pt_dom);
}

/* Hot: everything below is expanded in line. */
int l1_update(struct frame *table, pte_t *slot, pte_t entry, struct domain *pt_dom,
              struct domain *pg_dom, bool keep_ad)
{
    enum pte_store_mode mode = keep_ad ? PTE_KEEP_AD : PTE_REPLACE;
    pte_t old = READ_ONCE(*slot);
    int rc;

    if (entry & PTE_PRESENT) {
        if (!pte_changed(old, entry)) {
            pte_store(table, slot, &old, l1e_adjust(entry), mode);
            return 0;
        }
        rc = get_l1e(&entry, pt_dom, pg_dom);
        if (unlikely(rc))
            return rc;
    } else if (!absent_entry_ok(pt_dom, entry)) {
        return -EPERM;
    }
    pte_store(table, slot, &old, entry, mode);
    put_l1e(old, pt_dom);
    return 0;
}

/* Whole tables, here so that the two above are expanded in line. */
int l1_table_validate(struct frame *table, struct domain *d)
{
    pte_t *t = frame_to_virt(table);
    int rc = 0;

    for (unsigned int i = 0; i < PT_ENTRIES; i++) {
        pte_t old = t[i], e = old;

        if (!(e & PTE_PRESENT)) {
            if (absent_entry_ok(d, e))
                continue;
            rc = -EPERM;
        } else {
            rc = get_l1e(&e, d, d);
        }
        if (unlikely(rc)) {
            gprintk(LOG_GUEST_DEBUG, "L1 table %#lx: entry %u (%#lx) refused: %d\n",
                    mfn_raw(frame_to_mfn(table)), i, old, rc);
            while (i-- > 0)
                put_l1e(t[i], d);
            return rc;
        }
        if (e != old)
            pte_store(table, &t[i], &old, e, PTE_UNSEEN);
    }
    table->nr_validated = PT_ENTRIES;
    return 0;
}

void l1_table_devalidate(struct frame *table, struct domain *d)
{
    const pte_t *t = frame_to_virt(table);

    for (unsigned int i = 0; i < PT_ENTRIES; i++)
        put_l1e(t[i], d);
    table->nr_validated = 0;
}

/* ---- linear tables ---- */

/* linear_count: positive, entries in this table; negative, entries elsewhere that point here. */
static bool linear_count_move(struct frame *f, int by)
{
    s16 x = READ_ONCE(f->linear_count);

    do {
        if (by > 0 ? x < 0 || x == 0x7fff : x > 0 || x == -0x8000)
            return false;
    } while (!__atomic_compare_exchange_n(&f->linear_count, &x, (s16)(x + by), false,
                                          __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST));
    return true;
}

static void linear_count_undo(struct frame *f, int by)
{
    __atomic_fetch_sub(&f->linear_count, (s16)by, __ATOMIC_SEQ_CST);
}

/* One more use of a table that is validated as this level already. */
static bool use_validated(struct frame *f, u64 type)
{
    u64 x = READ_ONCE(f->type);

    do {
        if ((x & (FT_MASK | FT_VALIDATED)) != (type | FT_VALIDATED) || !(x & FT_COUNT_MASK) ||
            !((x + 1) & FT_COUNT_MASK))
            return false;
    } while (!__atomic_compare_exchange_n(&f->type, &x, x + 1, false, __ATOMIC_SEQ_CST,
                                          __ATOMIC_SEQ_CST));
    return true;
}

static int linear_get(struct frame *table, struct domain *d, unsigned int level, pte_t e,
                      struct frame *f)
{
    if (e & PTE_RW)
        return -EINVAL;
    if (f == table)
        return 0;
    if (!frame_get(f, d))
        return -EINVAL;
    if (!linear_count_move(table, 1))
        goto put;
    if (!linear_count_move(f, -1))
        goto undo_table;
    if (use_validated(f, (u64)level << FT_SHIFT))
        return 0;
    linear_count_undo(f, -1);
undo_table:
    linear_count_undo(table, 1);
put:
    frame_put(f);
    return -EINVAL;
}

/* ---- entries of levels 2 to 4 ---- */

int upper_entry_get(struct frame *table, struct domain *d, unsigned int level, pte_t e,
                    bool preemptible)
{
    u64 type = (u64)(level - 1) << FT_SHIFT, mfn = mfn_raw(pte_mfn(e));
    struct frame *f;
    int rc;

    if (e & UPPER_REFUSED || mfn >= max_frame)
        return -EINVAL;
    f = frame_below_max(mfn);
    if (!frame_get(f, d))
        return -EINVAL;
    rc = preemptible ? frame_get_type_preemptible(f, type) : frame_get_type(f, type);
    if (!rc)
        return 0;
    frame_put(f);
    return rc == -EINVAL ? linear_get(table, d, level, e, f) : rc;
}

void upper_entry_put(struct frame *table, unsigned int level, pte_t e, bool preemptible)
{
    struct frame *f;

    if (!(e & PTE_PRESENT))
        return;
    f = mfn_to_frame(pte_mfn(e));
    if (f == table)
        return;
    if ((READ_ONCE(f->type) & FT_MASK) == (u64)level << FT_SHIFT) {
        linear_count_undo(f, -1);
        linear_count_undo(table, 1);
    }
    if (preemptible)
        (void)frame_put_type_preemptible(f); /* a leftover is on the deferred list */
    else
        frame_put_type(f);
    frame_put(f);
}
