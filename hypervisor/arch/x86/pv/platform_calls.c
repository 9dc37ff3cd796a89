/* SPDX-License-Identifier: MIT */
/*
 * Hypercalls about hardware that PV guests ask for and mostly do without: machine checks and the
 * performance unit; and what XENVER says about this architecture. No locks.
 * ABI: arch-x86/xen-mca.h, pmu.h, features.h.
 */
#include <asm/platform.h>
#include <hv/access.h>
#include <hv/arch.h>
#include <hv/errno.h>
#include <hv/guest_access.h>
#include <hv/hypercall.h>
#include <hv/irq.h>
#include <xen/arch-x86/xen-mca.h>
#include <xen/features.h>

#include "internal.h"

long hc_xenpmu_op(unsigned long a1, unsigned long a2, unsigned long a3, unsigned long a4,
                  unsigned long a5)
{
    (void)a1, (void)a2, (void)a3, (void)a4, (void)a5;
    return -EOPNOTSUPP; /* no virtual performance counters */
}

/* --- machine checks: errors end in a panic, so there is nothing to fetch --- */

static void describe_cpu(unsigned int cpu, xen_mc_logical_cpu_t *c)
{
    struct cpuid_regs features = cpuid(1, 0), vendor = cpuid(0, 0);

    memset(c, 0, sizeof(*c));
    c->mc_cpunr = cpu;
    c->mc_chipid = c->mc_apicid = apic_id_of_cpu(cpu);
    c->mc_ncores = c->mc_ncores_active = c->mc_nthreads = 1;
    c->mc_vendor = cpu_features.vendor == VENDOR_AMD ? 2 : 0;
    c->mc_family = cpu_features.family;
    c->mc_model = cpu_features.model;
    c->mc_step = cpu_features.stepping;
    c->mc_cpuid_level = (int)cpu_features.max_leaf;
    c->mc_cpu_caps[0] = features.d;
    c->mc_cpu_caps[4] = features.c;
    memcpy(c->mc_vendorid, &vendor.b, 4);
    memcpy(c->mc_vendorid + 4, &vendor.d, 4);
    memcpy(c->mc_vendorid + 8, &vendor.c, 4);
}

static long physcpuinfo(struct xen_mc_physcpuinfo *info)
{
    u32 room = info->ncpus;

    info->ncpus = nr_cpus;
    if (!info->info.p)
        return 0;
    if (room < nr_cpus)
        return -EINVAL;
    for (unsigned int i = 0; i < nr_cpus; i++) {
        xen_mc_logical_cpu_t c;

        describe_cpu(i, &c);
        if (copy_to_guest_offset(info->info, i, &c, 1))
            return -EFAULT;
    }
    return 0;
}

static long fetch(struct xen_mc_fetch *f)
{
    f->flags = f->flags & XEN_MC_ACK ? XEN_MC_OK : XEN_MC_NODATA;
    return 0;
}

long hc_mca(unsigned long a1, unsigned long a2, unsigned long a3, unsigned long a4,
            unsigned long a5)
{
    struct xen_mc op;
    long rc;

    (void)a2, (void)a3, (void)a4, (void)a5;
    if (!is_control_domain(current->domain))
        return -EPERM;
    if (copy_from_guest_va(&op, a1, sizeof(op)))
        return -EFAULT;
    if (op.interface_version != XEN_MCA_INTERFACE_VERSION)
        return -EACCES;
    switch (op.cmd) {
    case XEN_MC_fetch: rc = fetch(&op.u.mc_fetch); break;
    case XEN_MC_physcpuinfo: rc = physcpuinfo(&op.u.mc_physcpuinfo); break;
    default: return -EINVAL;
    }
    if (!rc && copy_to_guest_va(a1, &op, sizeof(op)))
        rc = -EFAULT;
    return rc;
}

/* --- what we can do --- */

u32 arch_xen_features(const struct domain *d, unsigned int idx)
{
    if (idx)
        return 0;
    return BIT(XENFEAT_pae_pgdir_above_4gb) | BIT(XENFEAT_mmu_pt_update_preserve_ad) |
           BIT(XENFEAT_highmem_assist) | BIT(XENFEAT_gnttab_map_avail_bits) |
           BIT(XENFEAT_memory_op_vnode_supported) | BIT(XENFEAT_direct_mapped) |
           (is_hardware_domain(d) ? BIT(XENFEAT_dom0) : 0);
}

void arch_capabilities_string(char *buf, size_t size)
{
    strlcpy(buf, "xen-3.0-x86_64 ", size);
}
