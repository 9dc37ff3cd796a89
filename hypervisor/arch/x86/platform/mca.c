/* SPDX-License-Identifier: MIT */
/*
 * hypercall mca(op): dom0 asks for the processors and for machine-check records. A machine check
 * stops us (traps/exception.c), so there are never records. No locks.
 * ABI: public arch-x86/xen-mca.h; errors as Xen 4.17. Facts: Intel SDM vol. 2, CPUID; vol. 3 ch.
 * 15.
 */
#include <asm/cpu.h>
#include <asm/platform.h>
#include <hv/access.h>
#include <hv/arch.h>
#include <hv/guest_access.h>
#include <hv/hypercall.h>
#include <hv/irq.h>
#include <hv/page_alloc.h>
#include <xen/arch-x86/xen-mca.h>

static long mc_fetch(struct xen_mc *op, bool *copy_out)
{
    struct xen_mc_fetch *f = &op->u.mc_fetch;
    u32 urgency = f->flags & (XEN_MC_NONURGENT | XEN_MC_URGENT);

    if (urgency != XEN_MC_NONURGENT && urgency != XEN_MC_URGENT)
        return -EINVAL;
    if (f->flags & XEN_MC_ACK) {
        f->flags = XEN_MC_OK;
    } else {
        if (guest_handle_is_null(f->data))
            return -EINVAL;
        f->flags = XEN_MC_OK | XEN_MC_NODATA;
        f->fetch_id = 0;
    }
    *copy_out = true;
    return 0;
}

static long mc_notifydomain(struct xen_mc *op, bool *copy_out)
{
    (void)op;
    (void)copy_out;
    return -EINVAL;
}

/* ---- the processors ---- */

static void fill_names(struct mcinfo_logical_cpu *c)
{
    struct cpuid_regs r = cpuid(0, 0);

    c->mc_cpuid_level = (s32)r.a;
    memcpy(c->mc_vendorid, &r.b, 4);
    memcpy(c->mc_vendorid + 4, &r.d, 4);
    memcpy(c->mc_vendorid + 8, &r.c, 4);
    if (cpu_features.max_ext_leaf < 0x80000004)
        return;
    for (u32 i = 0; i < 3; i++) {
        r = cpuid(0x80000002 + i, 0);
        memcpy(c->mc_brandid + i * 16, &r, 16);
    }
}

static void fill_capabilities(struct mcinfo_logical_cpu *c)
{
    struct cpuid_regs std = cpuid(1, 0), ext = {};

    if (cpu_features.max_ext_leaf >= 0x80000001)
        ext = cpuid(0x80000001, 0);
    c->mc_cpu_caps[MC_CAPS_STD_EDX] = std.d;
    c->mc_cpu_caps[MC_CAPS_STD_ECX] = std.c;
    c->mc_cpu_caps[MC_CAPS_AMD_EDX] = ext.d;
    c->mc_cpu_caps[MC_CAPS_AMD_ECX] = ext.c;
    c->mc_cache_alignment = (std.b >> 8 & 0xff) * 8; /* CLFLUSH line */
    if (cpu_features.max_ext_leaf >= 0x80000006)
        c->mc_cache_size = cpuid(0x80000006, 0).c >> 16; /* KiB of L2 */
}

static void fill_msrs(struct mcinfo_logical_cpu *c)
{
    u64 v;

    if (rdmsr_safe(MSR_MCG_CAP, &v))
        return;
    c->mc_msrvalues[0].reg = MSR_MCG_CAP;
    c->mc_msrvalues[0].value = v;
    c->mc_nmsrvals = 1;
}

/* On each CPU, which fills the record of its number. */
static void fill_cpu(void *data)
{
    u32 cpu = smp_processor_id();
    struct mcinfo_logical_cpu *c = (struct mcinfo_logical_cpu *)data + cpu;
    struct cpuid_regs id = cpuid(1, 0);
    bool has_threads = id.d & BIT(28);

    c->mc_cpunr = cpu;
    c->mc_apicid = apic_id_of_cpu(cpu);
    c->mc_clusterid = id.b >> 24;
    c->mc_ncores = c->mc_ncores_active = c->mc_nthreads = 1;
    if (has_threads)
        c->mc_ncores = c->mc_ncores_active = MAX(id.b >> 16 & 0xff, 1u);
    c->mc_coreid = (u16)(c->mc_apicid % c->mc_ncores);
    c->mc_chipid = c->mc_apicid / c->mc_ncores;
    c->mc_family = cpu_features.family;
    c->mc_model = cpu_features.model;
    c->mc_step = cpu_features.stepping;
    c->mc_vendor = cpu_features.vendor == VENDOR_AMD ? 2 : 0;
    fill_names(c);
    fill_capabilities(c);
    fill_msrs(c);
}

static long mc_physcpuinfo(struct xen_mc *op, bool *copy_out)
{
    struct xen_mc_physcpuinfo *p = &op->u.mc_physcpuinfo;
    struct mcinfo_logical_cpu *all;
    u32 n = nr_cpus;
    long rc = 0;

    if (!guest_handle_is_null(p->info)) {
        if ((s32)p->ncpus <= 0)
            return -EINVAL;
        n = MIN(n, p->ncpus);
        all = zalloc_objs(struct mcinfo_logical_cpu, MAX_CPUS);
        if (!all)
            return -ENOMEM;
        smp_call(cpu_online_map.bits, fill_cpu, all);
        if (copy_to_guest(p->info, all, n))
            rc = -EFAULT;
        hv_free(all);
    }
    p->ncpus = n;
    *copy_out = !rc;
    return rc;
}

/* A made-up machine check would stop the machine as a real one does. */
static long mc_inject(struct xen_mc *op, bool *copy_out)
{
    (void)op;
    (void)copy_out;
    return -ENODEV;
}

static long (*const ops[])(struct xen_mc *op, bool *copy_out) = {
    [XEN_MC_fetch] = mc_fetch,
    [XEN_MC_notifydomain] = mc_notifydomain,
    [XEN_MC_physcpuinfo] = mc_physcpuinfo,
    [XEN_MC_msrinject] = mc_inject,
    [XEN_MC_mceinject] = mc_inject,
    [XEN_MC_inject_v2] = mc_inject,
};

HC(mca)
{
    struct xen_mc op;
    bool copy_out = false;
    long rc = access_control_op(current->domain);

    (void)a2; (void)a3; (void)a4; (void)a5;
    if (rc)
        return rc;
    if (copy_from_guest_va(&op, a1, sizeof(op)))
        return -EFAULT;
    if (op.interface_version != XEN_MCA_INTERFACE_VERSION)
        return -EACCES;
    if (op.cmd >= ARRAY_SIZE(ops) || !ops[array_index_nospec(op.cmd, ARRAY_SIZE(ops))])
        return -EINVAL;
    rc = ops[array_index_nospec(op.cmd, ARRAY_SIZE(ops))](&op, &copy_out);
    if (copy_out && copy_to_guest_va(a1, &op, sizeof(op)))
        return -EFAULT;
    return rc;
}

/* Performance counters are not given to guests: what Xen says when started without vpmu=. */
HC(xenpmu_op)
{
    (void)a1; (void)a2; (void)a3; (void)a4; (void)a5;
    return -EOPNOTSUPP;
}
