/* SPDX-License-Identifier: MIT */
/*
 * Model-specific registers of PV guests: a table of ranges, each with a reader and a writer. What
 * is not in the table is #GP, which kernels expect. current only; no locks.
 * Facts: Intel SDM vol. 4, AMD APM vol. 2; values as a PV kernel finds them on Xen 4.17.
 */
#include <asm/cpu_policy.h>
#include <asm/page.h>
#include <hv/errno.h>

#include "../hypercall_page.h"
#include "../internal.h"

#define MSR_PLATFORM_ID 0x17
#define MSR_P6_PERFCTR0 0xc1
#define MSR_P6_EVNTSEL0 0x186
#define MSR_FIXED_CTR0 0x309
#define MSR_PERF_CAPABILITIES 0x345
#define MSR_FIXED_CTR_CTRL 0x38d
#define MSR_PERF_GLOBAL_OVF 0x390
#define MSR_P5_MC_ADDR 0x0
#define MSR_P5_MC_TYPE 0x1
#define MSR_MCG_CTL 0x17b
#define MSR_PERF_STATUS 0x198
#define MSR_PERF_CTL 0x199
#define MSR_THERM_STATUS 0x19c
#define MSR_MC0_CTL2 0x280
#define MSR_MC31_CTL2 0x29f
#define MC_BANKS 2         /* that MCG_CAP names, of four registers from MSR_MC0_CTL */
#define MSR_MC_LAST 0x47f  /* of 32 banks: the others read as nothing */
#define MSR_HYPERCALL_PAGE 0x40000000
#define MSR_K8_PERFCTR3 0xc0010007
#define MSR_FAM15H_EVNTSEL0 0xc0010200
#define MSR_FAM15H_PERFCTR5 0xc001020b

#define MISC_ENABLE_PERF_AVAIL (1UL << 7)
#define MISC_ENABLE_BTS_UNAVAIL (1UL << 11)
#define MISC_ENABLE_PEBS_UNAVAIL (1UL << 12)
#define MISC_ENABLE_MONITOR (1UL << 18)
#define MISC_ENABLE_XTPR_DISABLE (1UL << 23)
#define HWCR_TSC_FREQ_SEL (1UL << 24)

/* 0, or -EINVAL for #GP. */
typedef int (*read_fn)(struct vcpu *v, u32 msr, u64 *value);
typedef int (*write_fn)(struct vcpu *v, u32 msr, u64 value);

static int read_zero(struct vcpu *v, u32 msr, u64 *value)
{
    (void)v, (void)msr;
    *value = 0;
    return 0;
}

static int write_ignored(struct vcpu *v, u32 msr, u64 value)
{
    (void)v, (void)msr, (void)value;
    return 0;
}

static int read_fs(struct vcpu *v, u32 msr, u64 *value)
{
    (void)v, (void)msr;
    *value = pv_get_fs_base();
    return 0;
}

static int write_fs(struct vcpu *v, u32 msr, u64 value)
{
    (void)v, (void)msr;
    if (!is_canonical(value))
        return -EINVAL;
    pv_set_fs_base(value);
    return 0;
}

static int read_gs(struct vcpu *v, u32 msr, u64 *value)
{
    (void)v, (void)msr;
    *value = pv_get_gs_base();
    return 0;
}

static int write_gs(struct vcpu *v, u32 msr, u64 value)
{
    (void)v, (void)msr;
    if (!is_canonical(value))
        return -EINVAL;
    pv_set_gs_base(value);
    return 0;
}

static int read_gs_shadow(struct vcpu *v, u32 msr, u64 *value)
{
    (void)v, (void)msr;
    *value = pv_get_gs_shadow();
    return 0;
}

static int write_gs_shadow(struct vcpu *v, u32 msr, u64 value)
{
    (void)v, (void)msr;
    if (!is_canonical(value))
        return -EINVAL;
    pv_set_gs_shadow(value);
    return 0;
}

static int read_tsc(struct vcpu *v, u32 msr, u64 *value)
{
    (void)msr;
    *value = pv_guest_tsc(v->domain);
    return 0;
}

static int read_apic_base(struct vcpu *v, u32 msr, u64 *value)
{
    (void)msr;
    *value = 0xfee00800 | (v->vcpu_id == 0 ? 0x100 : 0);
    return 0;
}

static int read_pat(struct vcpu *v, u32 msr, u64 *value)
{
    (void)v, (void)msr;
    *value = PAT_ABI;
    return 0;
}

static int read_efer(struct vcpu *v, u32 msr, u64 *value)
{
    (void)v, (void)msr;
    *value = EFER_SCE | EFER_LME | EFER_LMA | EFER_NX;
    return 0;
}

/* Registers that may be written with what they hold. */
static int write_same(struct vcpu *v, u32 msr, u64 value)
{
    u64 now;

    return pv_rdmsr(v, msr, &now) || now != value ? -EINVAL : 0;
}

static int read_mcg_cap(struct vcpu *v, u32 msr, u64 *value)
{
    (void)v, (void)msr;
    *value = MC_BANKS;
    return 0;
}

/* Nothing is ever reported; a control register reads as all errors enabled. */
static int read_mc_bank(struct vcpu *v, u32 msr, u64 *value)
{
    (void)v;
    *value = (msr - MSR_MC0_CTL) % 4 || msr >= MSR_MC0_CTL + 4 * MC_BANKS ? 0 : ~0UL;
    return 0;
}

static int read_microcode(struct vcpu *v, u32 msr, u64 *value)
{
    (void)v, (void)msr;
    return rdmsr_safe(MSR_UCODE_REV, value) ? -EINVAL : 0;
}

static bool is_intel(void) { return cpu_features.vendor == VENDOR_INTEL; }
static bool is_amd(void) { return cpu_features.vendor == VENDOR_AMD; }

static int read_zero_intel(struct vcpu *v, u32 msr, u64 *value)
{
    return is_intel() ? read_zero(v, msr, value) : -EINVAL;
}

static int write_ignored_intel(struct vcpu *v, u32 msr, u64 value)
{
    return is_intel() ? write_ignored(v, msr, value) : -EINVAL;
}

static int read_zero_amd(struct vcpu *v, u32 msr, u64 *value)
{
    return is_amd() ? read_zero(v, msr, value) : -EINVAL;
}

static int write_ignored_amd(struct vcpu *v, u32 msr, u64 value)
{
    return is_amd() ? write_ignored(v, msr, value) : -EINVAL;
}

static int read_feature_control(struct vcpu *v, u32 msr, u64 *value)
{
    (void)v, (void)msr;
    if (!is_intel())
        return -EINVAL;
    *value = 1; /* locked, with everything off */
    return 0;
}

static int read_platform_info(struct vcpu *v, u32 msr, u64 *value)
{
    (void)msr;
    *value = v->domain->arch.policy->platform_info;
    return 0;
}

static int read_arch_caps(struct vcpu *v, u32 msr, u64 *value)
{
    (void)msr;
    if (!(v->domain->arch.policy->feat[0].d & BIT(29)))
        return -EINVAL;
    *value = v->domain->arch.policy->arch_caps;
    return 0;
}

static int read_misc_features(struct vcpu *v, u32 msr, u64 *value)
{
    (void)msr;
    *value = v->arch.pv.misc_features_enables;
    return 0;
}

static int write_misc_features(struct vcpu *v, u32 msr, u64 value)
{
    (void)msr;
    if (value & ~1UL ||
        (value && !(v->domain->arch.policy->platform_info & BIT(31))))
        return -EINVAL;
    v->arch.pv.misc_features_enables = value;
    v->arch.pv.cpuid_faulting = value & 1;
    pv_cpuid_faulting_load(v);
    return 0;
}

static int read_misc_enable(struct vcpu *v, u32 msr, u64 *value)
{
    (void)v, (void)msr;
    if (!is_intel() || rdmsr_safe(MSR_MISC_ENABLE, value))
        return -EINVAL;
    *value &= ~(MISC_ENABLE_PERF_AVAIL | MISC_ENABLE_MONITOR);
    *value |= MISC_ENABLE_BTS_UNAVAIL | MISC_ENABLE_PEBS_UNAVAIL | MISC_ENABLE_XTPR_DISABLE;
    return 0;
}

static bool has_tsc_aux(const struct vcpu *v)
{
    const struct cpu_policy *p = v->domain->arch.policy;

    return cpu_features.rdtscp && (p->ext[1].d & BIT(27) || p->feat[0].c & BIT(22));
}

static int read_tsc_aux(struct vcpu *v, u32 msr, u64 *value)
{
    (void)msr;
    if (!has_tsc_aux(v))
        return -EINVAL;
    *value = v->arch.pv.msr_tsc_aux;
    return 0;
}

static int write_tsc_aux(struct vcpu *v, u32 msr, u64 value)
{
    (void)msr;
    if (!has_tsc_aux(v) || value >> 32)
        return -EINVAL;
    v->arch.pv.msr_tsc_aux = value;
    wrmsr(MSR_TSC_AUX, value);
    return 0;
}

static int read_hwcr(struct vcpu *v, u32 msr, u64 *value)
{
    (void)v, (void)msr;
    if (!is_amd())
        return -EINVAL;
    *value = HWCR_TSC_FREQ_SEL; /* the TSC runs at the rated frequency */
    return 0;
}

/* Linux would set it where LFENCE does not serialise; we have done so if it is possible. */
static int read_de_cfg(struct vcpu *v, u32 msr, u64 *value)
{
    (void)v, (void)msr;
    if (!is_amd())
        return -EINVAL;
    *value = cpu_features.lfence_serialises ? DE_CFG_LFENCE_SERIALISES : 0;
    return 0;
}

static int write_hypercall_page(struct vcpu *v, u32 msr, u64 value)
{
    (void)msr;
    /* The low bits would choose among several pages: there is one. */
    return value & ~PAGE_MASK ? -EINVAL : pv_hypercall_page_init(v->domain, paddr_to_mfn(value));
}

/* Ascending. */
static const struct msr_range {
    u32 first, last;
    read_fn read;
    write_fn write;
} table[] = {
    {MSR_P5_MC_ADDR, MSR_P5_MC_TYPE, read_zero, NULL},
    {MSR_TSC, MSR_TSC, read_tsc, NULL},
    {MSR_PLATFORM_ID, MSR_PLATFORM_ID, read_zero_intel, NULL},
    {MSR_APIC_BASE, MSR_APIC_BASE, read_apic_base, write_same},
    {MSR_FEATURE_CONTROL, MSR_FEATURE_CONTROL, read_feature_control, NULL},
    {MSR_UCODE_REV, MSR_UCODE_REV, read_microcode, write_ignored_intel},
    {MSR_P6_PERFCTR0, MSR_P6_PERFCTR0 + 7, read_zero_intel, write_ignored_intel},
    {MSR_PLATFORM_INFO, MSR_PLATFORM_INFO, read_platform_info, NULL},
    {MSR_ARCH_CAPABILITIES, MSR_ARCH_CAPABILITIES, read_arch_caps, NULL},
    {MSR_MISC_FEATURES_ENABLES, MSR_MISC_FEATURES_ENABLES, read_misc_features,
     write_misc_features},
    {MSR_MCG_CAP, MSR_MCG_CAP, read_mcg_cap, NULL},
    {MSR_MCG_STATUS, MSR_MCG_STATUS, read_zero, write_ignored},
    {MSR_MCG_CTL, MSR_MCG_CTL, read_zero, write_ignored},
    {MSR_P6_EVNTSEL0, MSR_P6_EVNTSEL0 + 7, read_zero_intel, write_ignored_intel},
    {MSR_PERF_STATUS, MSR_PERF_STATUS, read_zero_intel, NULL},
    {MSR_PERF_CTL, MSR_PERF_CTL, read_zero_intel, write_ignored_intel},
    {MSR_THERM_STATUS, MSR_THERM_STATUS, read_zero_intel, NULL},
    {MSR_MISC_ENABLE, MSR_MISC_ENABLE, read_misc_enable, write_same},
    {MSR_PAT, MSR_PAT, read_pat, write_same},
    {MSR_MC0_CTL2, MSR_MC31_CTL2, read_zero, write_ignored},
    {MSR_FIXED_CTR0, MSR_FIXED_CTR0 + 2, read_zero_intel, write_ignored_intel},
    {MSR_PERF_CAPABILITIES, MSR_PERF_CAPABILITIES, read_zero, NULL},
    {MSR_FIXED_CTR_CTRL, MSR_PERF_GLOBAL_OVF, read_zero_intel, write_ignored_intel},
    {MSR_MC0_CTL, MSR_MC_LAST, read_mc_bank, write_ignored},
    {MSR_HYPERCALL_PAGE, MSR_HYPERCALL_PAGE, read_zero, write_hypercall_page},
    {MSR_EFER, MSR_EFER, read_efer, write_same},
    {MSR_FS_BASE, MSR_FS_BASE, read_fs, write_fs},
    {MSR_GS_BASE, MSR_GS_BASE, read_gs, write_gs},
    {MSR_SHADOW_GS_BASE, MSR_SHADOW_GS_BASE, read_gs_shadow, write_gs_shadow},
    {MSR_TSC_AUX, MSR_TSC_AUX, read_tsc_aux, write_tsc_aux},
    {MSR_K7_EVNTSEL0, MSR_K8_PERFCTR3, read_zero_amd, write_ignored_amd},
    {MSR_K8_SYSCFG, MSR_K8_SYSCFG, read_zero_amd, NULL},
    {MSR_K8_HWCR, MSR_K8_HWCR, read_hwcr, write_ignored_amd},
    {MSR_NB_CFG, MSR_NB_CFG, read_zero_amd, write_ignored_amd},
    {MSR_FAM15H_EVNTSEL0, MSR_FAM15H_PERFCTR5, read_zero_amd, write_ignored_amd},
    {MSR_AMD_DE_CFG, MSR_AMD_DE_CFG, read_de_cfg, write_ignored_amd},
};

static const struct msr_range *find(u32 msr)
{
    unsigned int low = 0, high = ARRAY_SIZE(table);

    while (low < high) {
        unsigned int mid = (low + high) / 2;

        if (msr > table[mid].last)
            low = mid + 1;
        else if (msr < table[mid].first)
            high = mid;
        else
            return &table[mid];
    }
    return NULL;
}

int pv_rdmsr(struct vcpu *v, u32 msr, u64 *value)
{
    const struct msr_range *r = find(msr);

    return r && r->read ? r->read(v, msr, value) : -EINVAL;
}

int pv_wrmsr(struct vcpu *v, u32 msr, u64 value)
{
    const struct msr_range *r = find(msr);

    return r && r->write ? r->write(v, msr, value) : -EINVAL;
}
