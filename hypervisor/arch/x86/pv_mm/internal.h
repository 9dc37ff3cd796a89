/* SPDX-License-Identifier: MIT */
/*
 * Between the files of pv_mm/; nobody else includes this. pte_store() is the one place that writes
 * a live guest table: whatever has to follow such tables (log-dirty twins later) hangs there.
 */
#ifndef PV_MM_INTERNAL_H
#define PV_MM_INTERNAL_H

#include <asm/cpu.h>
#include <asm/frame.h>
#include <asm/pv.h>
#include <asm/pv_mm.h>
#include <hv/errno.h>
#include <hv/hypercall.h>
#include <hv/lib.h>

/* What a guest may change in a present entry without the frame being checked again. */
#define PTE_SOFT_BITS \
    (PTE_NX | PTE_AVAIL_HIGH | PTE_AVAIL | PTE_GLOBAL | PTE_DIRTY | PTE_ACCESSED | PTE_USER)
#define PTE_CACHE_BITS (PTE_PWT | PTE_PCD | PTE_PAT)

static inline bool pte_changed(pte_t a, pte_t b)
{
    return (a ^ b) & ~PTE_SOFT_BITS;
}

enum pte_store_mode {
    PTE_UNSEEN,  /* no CPU walks the table yet */
    PTE_REPLACE, /* hardware's accessed and dirty bits may be lost */
    PTE_KEEP_AD, /* they are kept */
    PTE_EXACT,   /* only where *old still stands there */
};

/**
 * Write an entry of a table whose update lock is held (or that is being validated). *old: what the
 * caller read; on return what was replaced. False only for PTE_EXACT: *old is what stands there.
 */
static inline bool pte_store(struct frame *table, pte_t *slot, pte_t *old, pte_t entry,
                             enum pte_store_mode mode)
{
    (void)table;
    /*
     * What an old entry referred to is given up next, with a stamp of the flush clock: a CPU that
     * flushes after the stamp must not find the old entry any more, so the store goes out before.
     */
    if (mode == PTE_REPLACE && *old & PTE_PRESENT) {
        *old = __atomic_exchange_n(slot, entry, __ATOMIC_SEQ_CST);
        return true;
    }
    if (mode <= PTE_REPLACE) {
        WRITE_ONCE(*slot, entry);
        return true;
    }
    for (;;) {
        pte_t keep = mode == PTE_KEEP_AD ? *old & (PTE_ACCESSED | PTE_DIRTY) : 0;

        if (likely(__atomic_compare_exchange_n(slot, old, entry | keep, false, __ATOMIC_SEQ_CST,
                                               __ATOMIC_SEQ_CST)))
            return true;
        if (mode == PTE_EXACT)
            return false;
    }
}

/* A 64-bit PV kernel runs in ring 3: its own mappings get U and a mark, user mappings G. */
static inline pte_t l1e_adjust(pte_t e)
{
    return (e & (PTE_USER | PTE_GUEST_KERNEL)) == PTE_USER ? e | PTE_GLOBAL
                                                           : e | PTE_USER | PTE_GUEST_KERNEL;
}

/* validate.c */
/** Check *e for a table of pt_dom mapping a frame of pg_dom and take its references; *e becomes
 * what is to be stored. 0, -EINVAL (flags), -EPERM (device), -EBUSY, -EACCES. */
int l1e_get(pte_t *e, struct domain *pt_dom, struct domain *pg_dom);
void l1e_put(pte_t e, struct domain *pt_dom);
/** The same for an entry of a table of level 2 to 4 of d. put leaves leftovers on the deferred
 * list. */
int upper_entry_get(struct frame *table, struct domain *d, unsigned int level, pte_t e,
                    bool preemptible);
void upper_entry_put(struct frame *table, unsigned int level, pte_t e, bool preemptible);

/** All entries of an L1 table. On error none is held. */
int l1_table_validate(struct frame *table, struct domain *d);
void l1_table_devalidate(struct frame *table, struct domain *d);

/* Apply one new value to an entry; the table's update lock is held. l1_update: validate.c. */
int l1_update(struct frame *table, pte_t *slot, pte_t entry, struct domain *pt_dom,
              struct domain *pg_dom, bool keep_ad);
int upper_update(struct frame *table, unsigned int level, pte_t *slot, pte_t entry,
                 struct domain *pt_dom, bool keep_ad);

/* pt_lookup.c */
/** The L1 entry that maps va under v's present root, read without locks; 0: none. */
pte_t l1_entry_by_va(const struct vcpu *v, u64 va);
/** The L1 entry that maps va under v's present root: its table locked; NULL if none. */
struct frame *l1_lock_by_va(struct vcpu *v, u64 va, pte_t **slot);
/** The same by the entry's machine address, for tables of d. */
struct frame *l1_lock_by_address(struct domain *d, paddr_t entry, pte_t **slot);

/** foreigndom of mmu_update and friends: DOMID_SELF, IO, XEN or a domain; NULL: unknown, or the
 *  caller by its number. Held until page_owner_put(). */
struct domain *page_owner_get(domid_t id);
void page_owner_put(struct domain *d);

/* l1tf.c */
/** Whether an entry that is not present may be stored; if not, a domain's own doing is its end. */
bool pv_l1tf_safe(struct domain *d, pte_t absent);
static inline bool absent_entry_ok(struct domain *d, pte_t e)
{
    return likely(!d->arch.l1tf_guard) || pv_l1tf_safe(d, e);
}

/* root.c */
/** Show or hide the read-only M2P in a validated L4. */
void pv_root_show_m2p(struct frame *l4, bool show);

/* audit.c */
void pv_audit_init(void);

/* mmuext_pin.c */
/** Teardown: take the pin away if there is one. */
bool pv_unpin_frame(struct frame *f);

#endif
