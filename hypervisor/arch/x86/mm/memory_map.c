/* SPDX-License-Identifier: MIT */
/*
 * The x86 part of hypercall memory_op: memory maps and the machine-to-physical table.
 * e820_lock protects a domain's own map; nothing is copied to a guest while it is held.
 * ABI: public memory.h; error codes as observed from Xen 4.17 for PV guests.
 */
#include "internal.h"

#include <asm/cpu.h>
#include <hv/access.h>
#include <hv/arch.h>
#include <hv/errno.h>
#include <hv/guest_access.h>
#include <hv/page_alloc.h>
#include <hv/rangeset.h>
#include <xen/memory.h>

#define MAP_MAX_ENTRIES 1024

struct map_entry { /* as the firmware call lays it out */
    u64 start, size;
    u32 type;
} __packed;

static int target_get(domid_t id, struct domain **out)
{
    struct domain *d = domain_get_by_any_id(id);

    if (!d)
        return -ESRCH;
    if (d != current->domain && access_memory_op(current->domain, d)) {
        domain_put(d);
        return -EPERM;
    }
    *out = d;
    return 0;
}

/* ---- the map that the toolstack gives a domain ---- */

static void replace_map(struct domain *d, void *map, u32 n)
{
    void *old;

    spin_lock(&d->arch.e820_lock);
    old = d->arch.e820;
    d->arch.e820 = map;
    d->arch.e820_nr = (u16)n;
    spin_unlock(&d->arch.e820_lock);
    hv_free(old);
}

static long set_memory_map(unsigned long arg)
{
    struct xen_foreign_memory_map in;
    struct domain *d;
    void *map;
    int rc;

    if (copy_from_guest_va(&in, arg, sizeof(in)))
        return -EFAULT;
    if (in.map.nr_entries > MAP_MAX_ENTRIES)
        return -EINVAL;
    rc = target_get(in.domid, &d);
    if (rc)
        return rc;
    map = hv_zalloc_array(in.map.nr_entries, sizeof(struct map_entry));
    if (!map) {
        rc = -ENOMEM;
    } else if (copy_from_guest_va(map, (u64)in.map.buffer.p,
                                  in.map.nr_entries * sizeof(struct map_entry))) {
        hv_free(map);
        rc = -EFAULT;
    } else {
        replace_map(d, map, in.map.nr_entries);
    }
    domain_put(d);
    return rc;
}

static long memory_map(unsigned long arg)
{
    struct domain *d = current->domain;
    struct xen_memory_map out;
    struct map_entry *copy;
    u32 n;

    if (copy_from_guest_va(&out, arg, sizeof(out)))
        return -EFAULT;
    if (!d->arch.e820_nr)
        return -ENOSYS;
    copy = hv_zalloc_array(MAP_MAX_ENTRIES, sizeof(*copy));
    if (!copy)
        return -ENOMEM;
    spin_lock(&d->arch.e820_lock);
    n = MIN((u32)d->arch.e820_nr, out.nr_entries);
    memcpy(copy, d->arch.e820, n * sizeof(*copy));
    spin_unlock(&d->arch.e820_lock);
    out.nr_entries = n;
    n = copy_to_guest_va((u64)out.buffer.p, copy, n * sizeof(*copy)) ||
        copy_to_guest_va(arg, &out, sizeof(out));
    hv_free(copy);
    return n ? -EFAULT : 0;
}

/* ---- the machine's map, for dom0 ---- */

struct machine_map {
    struct xen_memory_map out;
    u32 n;
    u64 next_frame; /* everything below is told */
};

static int tell(struct machine_map *m, u64 start, u64 size, u32 type)
{
    struct map_entry e = {start, size, type};
    u64 at = (u64)m->out.buffer.p + m->n * sizeof(e);

    if (m->out.buffer.p && m->out.nr_entries <= m->n + 1)
        return -EINVAL;
    if (m->out.buffer.p && copy_to_guest_va(at, &e, sizeof(e)))
        return -EFAULT;
    m->n++; /* without a buffer the entries are counted only */
    return 0;
}

/* Frames up to `first` that dom0 may not use are told as reserved. */
static int tell_gap(struct machine_map *m, u64 first)
{
    if (first <= m->next_frame || first >> (cpu_features.phys_bits - PAGE_SHIFT))
        return 0;
    return tell(m, m->next_frame << PAGE_SHIFT, (first - m->next_frame) << PAGE_SHIFT,
                E820_TYPE_RESERVED);
}

/* Between two entries of the machine's map: where dom0 has no permission, there is a gap. */
static int tell_gaps_below(struct machine_map *m, u64 end)
{
    const struct domain *d = current->domain;
    u64 first, last;
    int rc = 0;

    while (!rc && m->next_frame < end && rangeset_next(d->iomem, m->next_frame, &first, &last) &&
           first < end) {
        rc = tell_gap(m, first);
        m->next_frame = last >= end - 1 ? end : last + 1;
    }
    return rc ? rc : tell_gap(m, end);
}

static long machine_memory_map(unsigned long arg)
{
    struct machine_map m = {};
    int rc = access_control_op(current->domain);

    if (rc)
        return rc;
    if (copy_from_guest_va(&m.out, arg, sizeof(m.out)))
        return -EFAULT;
    for (u32 i = 0; i < boot_info.nr_e820 && !rc; i++) {
        const struct boot_e820 *e = &boot_info.e820[i];

        rc = tell_gaps_below(&m, PFN_DOWN(e->start));
        if (!rc)
            rc = tell(&m, e->start, e->size, e->type);
        m.next_frame = PFN_UP(e->start + e->size);
    }
    if (!rc)
        rc = tell_gaps_below(&m, 1UL << (cpu_features.phys_bits - PAGE_SHIFT));
    if (rc)
        return rc;
    m.out.nr_entries = m.n;
    return copy_to_guest_va(arg, &m.out, sizeof(m.out)) ? -EFAULT : 0;
}

/* ---- machine to physical ---- */

static long machphys_mapping(unsigned long arg)
{
    struct xen_machphys_mapping map = {
        .v_start = RO_M2P_VIRT_START,
        .v_end = RO_M2P_VIRT_END,
        .max_mfn = (RO_M2P_VIRT_END - RO_M2P_VIRT_START) / sizeof(u64) - 1,
    };

    if (is_hardware_domain(current->domain))
        map.max_mfn = max_frame - 1;
    return copy_to_guest_va(arg, &map, sizeof(map)) ? -EFAULT : 0;
}

/* Where a chunk is not present, the one before it is repeated. */
static long machphys_mfn_list(unsigned long arg)
{
    struct xen_machphys_mfn_list list;
    u64 chunks = DIV_ROUND_UP(max_frame, M2P_FRAMES_PER_CHUNK);
    xen_pfn_t last = 0;
    u32 i;

    if (copy_from_guest_va(&list, arg, sizeof(list)))
        return -EFAULT;
    for (i = 0; i < list.max_extents && i < chunks; i++) {
        mfn_t mfn = m2p_chunk_mfn(i);

        if (mfn_raw(mfn))
            last = mfn_raw(mfn);
        if (copy_to_guest_va((u64)(list.extent_start.p + i), &last, sizeof(last)))
            return -EFAULT;
    }
    list.nr_extents = i;
    return copy_to_guest_va(arg, &list, sizeof(list)) ? -EFAULT : 0;
}

/* ---- what PV guests do not have ---- */

static long no_shared_pages(unsigned long arg)
{
    (void)arg;
    return 0;
}

/* Populate-on-demand is for translated guests. */
static long pod_target(unsigned long arg)
{
    struct xen_pod_target target;
    struct domain *d;

    if (copy_from_guest_va(&target, arg, sizeof(target)))
        return -EFAULT;
    d = domain_get_by_any_id(target.domid);
    if (!d)
        return -ESRCH;
    domain_put(d);
    return -EINVAL;
}

/* So is watching another domain's accesses; nobody watches himself. */
static long access_op(unsigned long arg)
{
    xen_mem_access_op_t op;
    struct domain *d;
    long rc;

    if (copy_from_guest_va(&op, arg, sizeof(op)))
        return -EFAULT;
    d = domain_get_by_id(op.domid);
    if (!d)
        return -ESRCH;
    rc = d == current->domain ? -EPERM : -EINVAL;
    domain_put(d);
    return rc;
}

/* The table for 32-bit guests. */
static long no_compat_table(unsigned long arg)
{
    (void)arg;
    return -EOPNOTSUPP;
}

long arch_memory_op(unsigned int cmd, unsigned long arg)
{
    static long (*const command[])(unsigned long arg) = {
        [XENMEM_machphys_mfn_list] = machphys_mfn_list,
        [XENMEM_memory_map] = memory_map,
        [XENMEM_machine_memory_map] = machine_memory_map,
        [XENMEM_machphys_mapping] = machphys_mapping,
        [XENMEM_set_memory_map] = set_memory_map,
        [XENMEM_set_pod_target] = pod_target,
        [XENMEM_get_pod_target] = pod_target,
        [XENMEM_access_op] = access_op,
        [XENMEM_machphys_compat_mfn_list] = no_compat_table,
        [XENMEM_get_sharing_freed_pages] = no_shared_pages,
        [XENMEM_get_sharing_shared_pages] = no_shared_pages,
    };

    if (cmd >= ARRAY_SIZE(command))
        return -ENOSYS;
    cmd = (unsigned int)array_index_nospec(cmd, ARRAY_SIZE(command));
    return command[cmd] ? command[cmd](arg) : -ENOSYS;
}
