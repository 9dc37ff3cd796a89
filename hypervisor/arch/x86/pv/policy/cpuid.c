/* SPDX-License-Identifier: MIT */
/*
 * What CPUID answers a PV guest: its domain's policy, completed by what depends on the vCPU and the
 * moment, and our own leaves. Read-only, no locks. Also the MSR that makes a bare CPUID fault.
 * ABI: arch-x86/cpuid.h (leaves 0x40000000 to 5). Facts: Intel SDM vol. 2.
 */
#include <asm/cpu_policy.h>
#include <asm/tsc.h>
#include <hv/page_alloc.h>
#include <hv/time.h>
#include <xen/arch-x86/cpuid.h>

#include "../internal.h"

#define HV_LEAF        XEN_CPUID_FIRST_LEAF
#define LEAF1C_OSXSAVE (1u << 27)
#define LEAF1D_MTRR    (1u << 12)
#define XSTATE1A_COMPACTS (2u | 8u) /* XSAVEC, XSAVES */

static DEFINE_PER_CPU(bool, faulting_now);

static void hv_time_leaf(const struct domain *d, u32 subleaf, struct cpuid_regs *r)
{
    u64 stamp;
    s_time_t stime;
    struct time_scale s;

    switch (subleaf) {
    case 0:
        r->a =
            d->arch.vtsc | (cpu_features.invariant_tsc ? 2u : 0) | (cpu_features.rdtscp ? 4u : 0);
        r->b = d->arch.tsc_mode;
        r->c = (u32)d->arch.tsc_khz;
        r->d = d->arch.tsc_incarnation;
        return;
    case 1:
        pv_tsc_time_params(d, &stamp, &stime, &s);
        r->a = (u32)d->arch.vtsc_start;
        r->b = (u32)((u64)d->arch.vtsc_start >> 32);
        r->c = s.mul;
        r->d = (u32)s.shift;
        return;
    case 2:
        r->a = (u32)tsc_khz();
        return;
    default:
        return;
    }
}

/* The policy may name fewer leaves than there are: at least the two that identify us. 0: all. */
static u32 hv_last_leaf(const struct domain *d)
{
    u32 limit = d->arch.policy->hv_limit;

    if (!limit || limit > POLICY_HV - 1)
        limit = POLICY_HV - 1;
    return HV_LEAF + MAX(limit, 2u);
}

static void hv_leaf(const struct domain *d, u32 leaf, u32 subleaf, struct cpuid_regs *r)
{
    if (leaf > hv_last_leaf(d))
        return;
    switch (leaf - HV_LEAF) {
    case 0:
        *r = (struct cpuid_regs){ hv_last_leaf(d), XEN_CPUID_SIGNATURE_EBX, XEN_CPUID_SIGNATURE_ECX,
                                  XEN_CPUID_SIGNATURE_EDX };
        return;
    case 1:
        r->a = HV_XEN_MAJOR << 16 | HV_XEN_MINOR;
        return;
    case 2:
        r->a = 1; /* pages of the hypercall page; its MSR comes next */
        r->b = HV_LEAF;
        r->c = XEN_CPUID_FEAT1_MMU_PT_UPDATE_PRESERVE_AD;
        return;
    case 3:
        hv_time_leaf(d, subleaf, r);
        return;
    case 5:
        if (subleaf == 0)
            r->b = PAGE_SHIFT + 1 + fls64(page_alloc_max_mfn() - 1);
        return;
    default:
        return;
    }
}

static void leaf_1(const struct vcpu *v, struct cpuid_regs *r)
{
    r->b |= v->vcpu_id * 2 << 24;
    /* Guests take it for "XSAVE works" before they set their CR4 bit. */
    if (r->c & 1u << 26 && hv_cr4 & CR4_OSXSAVE)
        r->c |= LEAF1C_OSXSAVE;
    if (is_hardware_domain(v->domain))
        r->d |= cpu_policy_host.basic[1].d & LEAF1D_MTRR;
}

/* Subleaf 0 EBX is the size that the enabled components need now. */
static void leaf_d(const struct vcpu *v, u32 subleaf, struct cpuid_regs *r)
{
    const struct cpu_policy *p = v->domain->arch.policy;
    u32 end = 576;

    if (subleaf >= POLICY_XSTATE)
        return;
    *r = p->xstate[array_index_nospec(subleaf, POLICY_XSTATE)];
    if (subleaf > 1 || !p->xstate[0].a || (subleaf && !(r->a & XSTATE1A_COMPACTS)))
        return;
    for (u32 i = 2; i < POLICY_XSTATE; i++)
        if (v->arch.pv.xcr0 >> i & 1) {
            u32 from = subleaf ? end : p->xstate[i].b; /* subleaf 1: compacted */

            end = MAX(end, from + p->xstate[i].a);
        }
    r->b = end;
}

static void from_array(const struct cpuid_regs *a, u32 n, u32 i, struct cpuid_regs *r)
{
    if (i < n)
        *r = a[array_index_nospec(i, n)];
}

static void basic_leaf(const struct vcpu *v, u32 leaf, u32 subleaf, struct cpuid_regs *r)
{
    const struct cpu_policy *p = v->domain->arch.policy;

    if (leaf > p->basic[0].a)
        return;
    switch (leaf) {
    case 4:
        from_array(p->cache, POLICY_CACHE, subleaf, r);
        return;
    case 7:
        if (subleaf <= p->feat[0].a)
            from_array(p->feat, POLICY_FEAT, subleaf, r);
        return;
    case 0xb:
        from_array(p->topo, POLICY_TOPO, subleaf, r);
        return;
    case 0xd:
        leaf_d(v, subleaf, r);
        return;
    default:
        from_array(p->basic, POLICY_BASIC, leaf, r);
        break;
    }
    if (leaf == 1)
        leaf_1(v, r);
}

void pv_cpuid(const struct vcpu *v, u32 leaf, u32 subleaf, struct cpuid_regs *r)
{
    const struct cpu_policy *p = v->domain->arch.policy;

    *r = (struct cpuid_regs){ 0 };
    if (leaf < HV_LEAF)
        basic_leaf(v, leaf, subleaf, r);
    else if (leaf < HV_LEAF + 0x100)
        hv_leaf(v->domain, leaf, subleaf, r);
    else if (leaf >= 0x80000000 && leaf <= p->ext[0].a)
        from_array(p->ext, POLICY_EXT, leaf - 0x80000000, r);
    if (leaf == 0x80000001 && is_hardware_domain(v->domain))
        r->d |= cpu_policy_host.ext[1].d & LEAF1D_MTRR;
}

/* --- CPUID faulting --- */

/* Guests other than dom0 are shown the policy even by a bare CPUID, where the hardware can do that.
 */
void pv_cpuid_faulting_load(const struct vcpu *v)
{
    bool want;

    if (!(cpu_policy_raw.platform_info & 1UL << 31))
        return;
    want = v->arch.pv.cpuid_faulting || !is_control_domain(v->domain);
    if (this_cpu(faulting_now) == want)
        return;
    wrmsr(MSR_MISC_FEATURES_ENABLES, want);
    this_cpu(faulting_now) = want;
}
