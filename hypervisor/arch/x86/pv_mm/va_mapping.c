/* SPDX-License-Identifier: MIT */
/*
 * Hypercalls update_va_mapping and update_va_mapping_otherdomain: one L1 entry by the address it
 * maps, and a TLB flush of the guest's choice. Not preemptible.
 * ABI: public xen.h (UVMF_*). The flush is done even if the entry was refused.
 */
#include "internal.h"

#include <asm/guest_access.h>
#include <hv/access.h>

int pv_vcpu_bitmap_to_cpus(const struct domain *d, u64 guest_bitmap, u64 *cpus)
{
    *cpus = 0;
    for (u32 base = 0; base < d->max_vcpus; base += 64) {
        u64 word;

        if (copy_from_guest_va(&word, guest_bitmap + base / 8, sizeof(word)))
            return -EFAULT;
        for (; word; word &= word - 1) {
            u32 id = base + ffs64(word), cpu;

            if (id >= d->max_vcpus)
                return 0;
            id = (u32)array_index_nospec(id, d->max_vcpus);
            if (!d->vcpu[id])
                continue;
            cpu = READ_ONCE(d->vcpu[id]->dirty_cpu);
            if (cpu != VCPU_CPU_CLEAN)
                *cpus |= BIT(cpu);
        }
    }
    return 0;
}

/* Whom a flush concerns: LOCAL, ALL, or a bitmap of vCPUs in guest memory. */
static int flush_targets(const struct domain *d, u64 whom, u64 *cpus)
{
    if (likely(whom == UVMF_LOCAL)) {
        *cpus = BIT(smp_processor_id());
        return 0;
    }
    if (whom == UVMF_ALL) {
        *cpus = domain_dirty_cpus(d);
        return 0;
    }
    return pv_vcpu_bitmap_to_cpus(d, whom, cpus);
}

static long __attribute__((noinline)) flush_after(const struct domain *d, u64 va, u64 flags)
{
    u64 kind = flags & UVMF_FLUSHTYPE_MASK, cpus;
    int rc;

    if (flags == (UVMF_INVLPG | UVMF_LOCAL) && likely(guest_range_ok(va, 1))) {
        tlb_flush_one_local(va);
        return 0;
    }
    if (kind != UVMF_TLB_FLUSH && kind != UVMF_INVLPG)
        return 0;
    rc = flush_targets(d, flags & ~UVMF_FLUSHTYPE_MASK, &cpus);
    if (rc)
        return rc;
    if (kind == UVMF_TLB_FLUSH)
        tlb_flush_mask(cpus);
    else if (guest_range_ok(va, 1))
        tlb_flush_one_mask(cpus, va);
    return 0;
}

static inline __attribute__((always_inline)) long update(u64 va, pte_t entry, u64 flags,
                                                         struct domain *pg_dom)
{
    struct vcpu *v = current;
    struct frame *table;
    pte_t *slot;
    long rc = -EINVAL, flushed;

    table = l1_lock_by_va(v, va, &slot);
    if (likely(table)) {
        rc = l1_update(table, slot, entry, v->domain, pg_dom, false);
        frame_unlock_table(table);
    }
    if (likely(!(flags & UVMF_FLUSHTYPE_MASK)))
        return rc;
    flushed = flush_after(v->domain, va, flags);
    return rc ? rc : flushed;
}

long hc_update_va_mapping(unsigned long va, unsigned long val, unsigned long flags,
                          unsigned long a4, unsigned long a5)
{
    struct domain *d = current->domain;

    (void)a4;
    (void)a5;
    if (unlikely(frame_has_deferred(d)) && frame_drain_deferred(d, true))
        return hypercall_continuation(__HYPERVISOR_update_va_mapping, 3, va, val, flags);
    return update(va, val, flags, d);
}

long hc_update_va_mapping_otherdomain(unsigned long va, unsigned long val, unsigned long flags,
                                      unsigned long domid, unsigned long a5)
{
    struct domain *pg_dom = page_owner_get((domid_t)domid), *caller = current->domain;
    long rc = 0;

    (void)a5;
    if (!pg_dom)
        return -ESRCH;
    /* Unlike mmu_update, this call is not for those who were given devices. */
    if (pg_dom != caller)
        rc = pg_dom == dom_io ? access_control_op(caller) : access_map_foreign(caller, pg_dom);
    if (!rc)
        rc = update(va, val, flags, pg_dom);
    page_owner_put(pg_dom);
    return rc;
}
