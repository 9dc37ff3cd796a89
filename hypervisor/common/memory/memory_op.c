/* SPDX-License-Identifier: MIT */
/*
 * Hypercall memory_op: the table of commands, and those that only ask or set a number.
 * Reservations, exchange and resources have files of their own; maps and the M2P are
 * arch_memory_op()'s. The upper bits of the command carry the extent that a preempted call goes on
 * with. ABI: public memory.h; error codes as observed from Xen 4.17 for PV guests.
 */
#include <asm/frame.h>
#include <hv/access.h>
#include <hv/arch.h>
#include <hv/errno.h>
#include <hv/guest_access.h>
#include <hv/hypercall.h>
#include <hv/page_alloc.h>

#include "internal.h"

int memory_target_get(domid_t id, struct domain **out)
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

/* Orders as Debian's Xen is configured: 2 MiB for guests, 16 MiB for dom0, 1 GiB for who controls.
 */
unsigned int memory_max_order(const struct domain *d)
{
    if (is_control_domain(d))
        return MAX_ORDER;
    return is_hardware_domain(d) ? 12 : 9;
}

/* ---- questions ---- */

static long maximum_ram_page(unsigned long arg, unsigned int start)
{
    (void)arg;
    return start ? -EINVAL : (long)page_alloc_max_mfn();
}

static u64 maximum_gpfn(const struct domain *d)
{
    u64 max_pfn = d->shared_info ? READ_ONCE(d->shared_info->arch.max_pfn) : 0;

    return (max_pfn ? max_pfn : 1) - 1;
}

static long domain_number(unsigned long arg, unsigned int start, unsigned int cmd)
{
    struct xen_memory_domain what;
    struct domain *d;
    long rc;

    if (start)
        return -EINVAL;
    if (copy_from_guest_va(&what, arg, sizeof(what)))
        return -EFAULT;
    rc = memory_target_get(what.domid, &d);
    if (rc)
        return rc;
    if (cmd == XENMEM_current_reservation)
        rc = (long)d->tot_pages;
    else if (cmd == XENMEM_maximum_reservation)
        rc = (long)d->max_pages;
    else
        rc = (long)maximum_gpfn(d);
    domain_put(d);
    return rc;
}

static long current_reservation(unsigned long arg, unsigned int start)
{
    return domain_number(arg, start, XENMEM_current_reservation);
}

static long maximum_reservation(unsigned long arg, unsigned int start)
{
    return domain_number(arg, start, XENMEM_maximum_reservation);
}

static long maximum_gpfn_op(unsigned long arg, unsigned int start)
{
    return domain_number(arg, start, XENMEM_maximum_gpfn);
}

static long get_vnumainfo(unsigned long arg, unsigned int start)
{
    struct xen_vnuma_topology_info info;
    struct domain *d;
    int rc;

    (void)start;
    if (copy_from_guest_va(&info, arg, sizeof(info)))
        return -EFAULT;
    if (info.pad)
        return -EINVAL;
    rc = memory_target_get(info.domid, &d);
    if (rc)
        return rc;
    domain_put(d);
    return -EOPNOTSUPP; /* no domain has a virtual NUMA layout */
}

static long reserved_device_memory(unsigned long arg, unsigned int start)
{
    struct xen_reserved_device_memory_map map;

    if (start)
        return -EINVAL;
    if (copy_from_guest_va(&map, arg, sizeof(map)))
        return -EFAULT;
    if (map.flags & ~(u32)XENMEM_RDM_ALL)
        return -EINVAL;
    map.nr_entries = 0; /* such regions come with an IOMMU */
    return copy_to_guest_va(arg, &map, sizeof(map)) ? -EFAULT : 0;
}

/* ---- physmap: only translated guests have one ---- */

/* Whose physmap it is about matters less than that there is none. */
static long not_translated(domid_t id)
{
    struct domain *d = domain_get_by_any_id(id);

    if (!d)
        return -ESRCH;
    domain_put(d);
    return -EACCES;
}

static long add_to_physmap(unsigned long arg, unsigned int start)
{
    struct xen_add_to_physmap what;

    (void)start;
    if (copy_from_guest_va(&what, arg, sizeof(what)))
        return -EFAULT;
    if (what.space == XENMAPSPACE_gmfn_foreign)
        return -ENOSYS;
    return not_translated(what.domid);
}

static long add_to_physmap_batch(unsigned long arg, unsigned int start)
{
    struct xen_add_to_physmap_batch b;

    if (copy_from_guest_va(&b, arg, sizeof(b)))
        return -EFAULT;
    if (b.space == XENMAPSPACE_gmfn_range)
        return -EOPNOTSUPP;
    return b.size < start ? -EILSEQ : not_translated(b.domid);
}

static long remove_from_physmap(unsigned long arg, unsigned int start)
{
    struct xen_remove_from_physmap what;

    if (start)
        return -EINVAL;
    if (copy_from_guest_va(&what, arg, sizeof(what)))
        return -EFAULT;
    return not_translated(what.domid);
}

/* ---- claims ---- */

static long claim_pages(unsigned long arg, unsigned int start)
{
    struct xen_memory_reservation r;
    struct domain *d;
    long rc;

    if (start)
        return -EINVAL;
    if (copy_from_guest_va(&r, arg, sizeof(r)))
        return -EFAULT;
    if (r.extent_start.p || r.extent_order || r.mem_flags)
        return -EINVAL;
    d = domain_get_by_id(r.domid);
    if (!d)
        return -EINVAL;
    rc = access_control_op(current->domain);
    if (!rc)
        rc = domain_set_claim(d, r.nr_extents);
    domain_put(d);
    return rc;
}

static long acquire_resource(unsigned long arg, unsigned int start)
{
    return memory_acquire_resource(arg, start);
}

static long exchange(unsigned long arg, unsigned int start)
{
    return start ? -EINVAL : memory_exchange(arg);
}

static long (*const command[])(unsigned long arg, unsigned int start) = {
    [XENMEM_increase_reservation] = memory_increase,
    [XENMEM_decrease_reservation] = memory_decrease,
    [XENMEM_populate_physmap] = memory_populate,
    [XENMEM_maximum_ram_page] = maximum_ram_page,
    [XENMEM_current_reservation] = current_reservation,
    [XENMEM_maximum_reservation] = maximum_reservation,
    [XENMEM_maximum_gpfn] = maximum_gpfn_op,
    [XENMEM_add_to_physmap] = add_to_physmap,
    [XENMEM_add_to_physmap_batch] = add_to_physmap_batch,
    [XENMEM_remove_from_physmap] = remove_from_physmap,
    [XENMEM_exchange] = exchange,
    [XENMEM_claim_pages] = claim_pages,
    [XENMEM_get_vnumainfo] = get_vnumainfo,
    [XENMEM_reserved_device_memory_map] = reserved_device_memory,
    [XENMEM_acquire_resource] = acquire_resource,
};

long hc_memory_op(unsigned long a1, unsigned long arg, unsigned long a3, unsigned long a4,
                  unsigned long a5)
{
    unsigned int cmd = a1 & COMMAND_MASK, start = (unsigned int)(a1 >> EXTENT_SHIFT);

    (void)a3;
    (void)a4;
    (void)a5;
    if (cmd < ARRAY_SIZE(command) && command[array_index_nospec(cmd, ARRAY_SIZE(command))])
        return command[array_index_nospec(cmd, ARRAY_SIZE(command))](arg, start);
    return arch_memory_op((unsigned int)a1, arg);
}
