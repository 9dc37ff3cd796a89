/* SPDX-License-Identifier: MIT */
/*
 * Translation caches (mm/tlb.c). Full flushes advance a clock; every CPU remembers when it last
 * flushed, and a frame remembers when its last writable (or table) use ended, so that most flushes
 * can be left out. A CPU needs one if it has not flushed since the stamp was taken.
 *
 * Context: flushing other CPUs waits for them, so interrupts are on and no lock is held that is
 * ever taken with interrupts off.
 */
#ifndef ASM_TLB_H
#define ASM_TLB_H

#include <hv/types.h>

struct domain;
struct vcpu;

void tlb_flush_local(void);              /* everything, global entries too */
void tlb_flush_one_local(u64 va);
void tlb_flush_mask(u64 cpus);
void tlb_flush_one_mask(u64 cpus, u64 va);
void tlb_flush_all_cpus(void);
void cache_flush_mask(u64 cpus);         /* WBINVD */
/** Write back and drop the cache lines of [p, p+n), n not 0, from every cache. */
static inline void cache_clean_range(const char *p, u64 n)
{
    for (u64 i = 0; i < n; i += 32)
        __asm__ volatile("clflush %0" ::"m"(p[i]));
    __asm__ volatile("clflush %0; mfence" ::"m"(p[n - 1]) : "memory");
}

extern u64 tlb_clock;
/** Stamp for "translations made until now may linger". */
static inline u32 tlb_stamp_now(void) { return (u32)*(volatile u64 *)&tlb_clock; }
/** Those of cpus that have not flushed since the stamp. */
u64 tlb_filter(u64 cpus, u32 stamp);
/** Flush those. */
void tlb_flush_stale(u64 cpus, u32 stamp);
/** CR3 := root with everything flushed and the clock advanced. Keeps CR4.PGE as it is. */
void tlb_load_root(paddr_t root);

/**
 * Which CPUs may hold translations of d. A CPU enters before it loads one of d's roots and leaves
 * after it has loaded another; while idle it stays.
 */
u64 domain_dirty_cpus(const struct domain *d);
/** Before CR3 is loaded for next (NULL or idle: no change of roots, nothing noted). */
void tlb_note_switch(struct vcpu *prev, struct vcpu *next);
/** After CR3 holds next's root (NULL: our own root): prev's domain is gone from this CPU. */
void tlb_note_switched(struct vcpu *prev, struct vcpu *next);

#endif
