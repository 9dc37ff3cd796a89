/* SPDX-License-Identifier: MIT */
/*
 * Translation caches: flushing, the flush clock, and which CPUs may hold translations of a domain.
 * Owns tlb_clock, tlb_time and arch.dirty_cpus; no locks. The clock is 64 bits wide, stamps keep
 * its low half: a CPU further than half the stamp's range behind is taken for one that needs a
 * flush, so a stamp can be misread only towards flushing too much.
 */
#include <asm/cpu.h>
#include <asm/current.h>
#include <asm/tlb.h>
#include <hv/arch.h>
#include <hv/domain.h>
#include <hv/irq.h>
#include <hv/percpu.h>

u64 tlb_clock = 1;
static DEFINE_PER_CPU(u64, tlb_time); /* clock when this CPU last flushed everything */

#define NO_ROOT (~(paddr_t)0) /* stay on the present one */

/* The clock is read before, so that a frame given up meanwhile counts as not flushed. */
static void flush_hardware(paddr_t root)
{
    u64 now = atomic_inc_return(&tlb_clock), cr4 = READ_CR(4);

    /* Changing CR4.PGE drops everything, global entries too; without them CR3 is enough. */
    if (cr4 & CR4_PGE)
        WRITE_CR(4, cr4 & ~CR4_PGE);
    if (root != NO_ROOT)
        WRITE_CR(3, root);
    if (cr4 & CR4_PGE)
        WRITE_CR(4, cr4);
    this_cpu(tlb_time) = now;
}

void tlb_load_root(paddr_t root)
{
    flush_hardware(root);
}

/* An interrupt between the two CR3 accesses may make an idle CPU give up a guest's root. */
void tlb_flush_local(void)
{
    unsigned long flags = irq_save();

    flush_hardware(READ_CR(4) & CR4_PGE ? NO_ROOT : READ_CR(3));
    irq_restore(flags);
}

void tlb_flush_one_local(u64 va)
{
    invlpg(va);
}

static u64 others(u64 cpus)
{
    return cpus & cpu_online_map.bits & ~BIT(smp_processor_id());
}

static void flush_here(void *unused)
{
    (void)unused;
    tlb_flush_local();
}

static void flush_one_here(void *va)
{
    tlb_flush_one_local(*(u64 *)va);
}

static void cache_flush_here(void *unused)
{
    (void)unused;
    __asm__ volatile("wbinvd" ::: "memory");
}

static void run_on(u64 cpus, void (*fn)(void *), void *data)
{
    u64 rest = others(cpus);

    if (rest)
        smp_call(rest, fn, data);
    if (cpus & BIT(smp_processor_id()))
        fn(data);
}

void tlb_flush_mask(u64 cpus)
{
    run_on(cpus, flush_here, NULL);
}

void tlb_flush_one_mask(u64 cpus, u64 va)
{
    run_on(cpus, flush_one_here, &va);
}

void tlb_flush_all_cpus(void)
{
    tlb_flush_mask(cpu_online_map.bits | BIT(smp_processor_id()));
}

void cache_flush_mask(u64 cpus)
{
    run_on(cpus, cache_flush_here, NULL);
}

static bool is_stale(u64 cpu_time, u64 now, u32 stamp)
{
    if (now - cpu_time >= BIT(31))
        return true;
    return (s32)((u32)cpu_time - stamp) <= 0;
}

u64 tlb_filter(u64 cpus, u32 stamp)
{
    u64 now = atomic_read(&tlb_clock), stale = 0;

    cpus &= cpu_online_map.bits | BIT(smp_processor_id());
    for (u64 rest = cpus; rest; rest &= rest - 1) {
        unsigned int cpu = ffs64(rest);

        if (is_stale(atomic_read(&per_cpu(tlb_time, cpu)), now, stamp))
            stale |= BIT(cpu);
    }
    return stale;
}

void tlb_flush_stale(u64 cpus, u32 stamp)
{
    u64 stale = tlb_filter(cpus, stamp);

    if (stale)
        tlb_flush_mask(stale);
}

u64 domain_dirty_cpus(const struct domain *d)
{
    return atomic_read(&d->arch.dirty_cpus);
}

void tlb_note_switch(struct vcpu *prev, struct vcpu *next)
{
    u64 bit = BIT(smp_processor_id());

    (void)prev;
    if (next && !next->is_idle && !(domain_dirty_cpus(next->domain) & bit))
        atomic_or(&next->domain->arch.dirty_cpus, bit);
}

void tlb_note_switched(struct vcpu *prev, struct vcpu *next)
{
    if (!prev || prev->is_idle || (next && (next->is_idle || next->domain == prev->domain)))
        return;
    atomic_and(&prev->domain->arch.dirty_cpus, ~BIT(smp_processor_id()));
}
