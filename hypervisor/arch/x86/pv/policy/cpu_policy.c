/* SPDX-License-Identifier: MIT */
/*
 * Builds the CPUID policies at boot: raw (the hardware), host (raw, for now), and what PV guests
 * may have at most and get by default. A feature is shown only if it stands in shown[]: what needs
 * ring 0, large pages or a register that we do not switch stays hidden. Read-only after boot; a
 * domain's own policy is changed only while it is being built, under its domctl_lock. Facts:
 * arch-x86/cpufeatureset.h; Intel SDM and AMD APM on CPUID.
 */
#include <asm/cpu_policy.h>
#include <hv/boot.h>
#include <hv/domain.h>
#include <hv/page_alloc.h>
#include <xen/arch-x86/cpufeatureset.h>

#include "internal.h"

struct cpu_policy cpu_policy_raw, cpu_policy_host, cpu_policy_pv_max, cpu_policy_pv_default;

#define F(name) (1u << (XEN_X86_FEATURE_##name & 31))

#define AVX_1C  (F(FMA) | F(AVX) | F(F16C))
#define AVX_7B0 F(AVX2)
#define AVX_7C0 (F(VAES) | F(VPCLMULQDQ))
#define AVX512_7B0                                                                         \
    (F(AVX512F) | F(AVX512DQ) | F(AVX512_IFMA) | F(AVX512PF) | F(AVX512ER) | F(AVX512CD) | \
     F(AVX512BW) | F(AVX512VL))
#define AVX512_7C0 \
    (F(AVX512_VBMI) | F(AVX512_VBMI2) | F(AVX512_VNNI) | F(AVX512_BITALG) | F(AVX512_VPOPCNTDQ))

static const u32 shown[FEATURESET_WORDS] = {
    [0] = F(FPU) | F(DE) | F(TSC) | F(MSR) | F(PAE) | F(MCE) | F(CX8) | F(APIC) | F(SEP) | F(MCA) |
          F(CMOV) | F(PAT) | F(CLFLUSH) | F(ACPI) | F(MMX) | F(FXSR) | F(SSE) | F(SSE2) | F(SS) |
          F(HTT),
    [1] = F(SSE3) | F(PCLMULQDQ) | F(SSSE3) | F(CX16) | F(SSE4_1) | F(SSE4_2) | F(MOVBE) |
          F(POPCNT) | F(AESNI) | F(XSAVE) | F(RDRAND) | F(HYPERVISOR) | AVX_1C,
    [2] = F(SYSCALL) | F(NX) | F(MMXEXT) | F(FFXSR) | F(RDTSCP) | F(LM) | F(3DNOWEXT) | F(3DNOW),
    [3] = F(LAHF_LM) | F(CMP_LEGACY) | F(ABM) | F(SSE4A) | F(MISALIGNSSE) | F(3DNOWPREFETCH) |
          F(XOP) | F(FMA4) | F(TBM),
    [4] = F(XSAVEOPT) | F(XSAVEC) | F(XGETBV1),
    [5] = F(FSGSBASE) | F(BMI1) | F(FDP_EXCP_ONLY) | F(BMI2) | F(ERMS) | F(NO_FPU_SEL) | F(RDSEED) |
          F(ADX) | F(CLFLUSHOPT) | F(CLWB) | F(SHA) | AVX_7B0 | AVX512_7B0,
    [6] = F(PREFETCHWT1) | F(GFNI) | F(RDPID) | F(CLDEMOTE) | F(MOVDIRI) | F(MOVDIR64B) | AVX_7C0 |
          AVX512_7C0,
    [7] = F(ITSC),
    [8] = F(CLZERO) | F(RSTR_FP_ERR_PTRS) | F(SSB_NO) | F(BTC_NO),
    [9] = F(FSRM) | F(AVX512_4VNNIW) | F(AVX512_4FMAPS) | F(MD_CLEAR) | F(SERIALIZE),
    [10] = F(AVX_VNNI) | F(AVX512_BF16) | F(FZRM) | F(FSRS) | F(FSRCS),
    [11] = F(LFENCE_DISPATCH) | F(NSCB),
};

/* May be asked for, but not given unasked: a guest that has it may not run after migration. */
static const u32 on_request[FEATURESET_WORDS] = {
    [6] = F(MOVDIRI) | F(MOVDIR64B),
    [7] = F(ITSC),
};

#define LINEAR_ADDRESS_BITS 48u /* of four levels of page tables */

#define EXT_COMMON_1D 0x0183f3ffu /* AMD repeats these bits of leaf 1 EDX in 0x80000001 EDX */

void cpu_policy_featureset(const struct cpu_policy *p, u32 w[FEATURESET_WORDS])
{
    memset(w, 0, FEATURESET_WORDS * sizeof(*w));
    w[0] = p->basic[1].d;
    w[1] = p->basic[1].c;
    w[2] = p->ext[1].d & ~EXT_COMMON_1D;
    w[3] = p->ext[1].c;
    w[4] = p->xstate[1].a;
    w[5] = p->feat[0].b;
    w[6] = p->feat[0].c;
    w[7] = p->ext[7].d;
    w[8] = p->ext[8].b;
    w[9] = p->feat[0].d;
    w[10] = p->feat[1].a;
    w[11] = p->ext[0x21].a;
    w[12] = p->feat[1].b;
    w[13] = p->feat[2].d;
    w[14] = p->feat[1].c;
    w[15] = p->feat[1].d;
    w[16] = (u32)p->arch_caps;
    w[17] = (u32)(p->arch_caps >> 32);
    w[18] = p->ext[0x21].c;
}

static void put_features(struct cpu_policy *p, const u32 w[FEATURESET_WORDS])
{
    p->basic[1].d = w[0];
    p->basic[1].c = w[1];
    p->ext[1].d = w[2];
    if (cpu_features.vendor == VENDOR_AMD)
        p->ext[1].d |= w[0] & EXT_COMMON_1D;
    p->ext[1].c = w[3];
    p->xstate[1].a = w[4];
    p->feat[0].b = w[5];
    p->feat[0].c = w[6];
    p->ext[7].d = w[7];
    p->ext[8].b = w[8];
    p->feat[0].d = w[9];
    p->feat[1].a = w[10];
    p->ext[0x21].a = w[11];
    p->feat[1].b = w[12];
    p->feat[2].d = w[13];
    p->feat[1].c = w[14];
    p->feat[1].d = w[15];
    p->arch_caps = w[16] | (u64)w[17] << 32;
    p->ext[0x21].c = w[18];
}

/* What a feature needs, it needs here too. */
static void drop_dependents(u32 w[FEATURESET_WORDS])
{
    if (!(w[1] & F(XSAVE))) {
        w[1] &= ~F(AVX);
        w[4] = 0;
    }
    if (!(w[1] & F(AVX))) {
        w[1] &= ~AVX_1C;
        w[3] &= ~(F(XOP) | F(FMA4));
        w[5] &= ~(AVX_7B0 | AVX512_7B0);
        w[6] &= ~(AVX_7C0 | AVX512_7C0);
        w[10] &= ~F(AVX_VNNI);
    }
    if (!(w[5] & F(AVX512F))) {
        w[5] &= ~AVX512_7B0;
        w[6] &= ~AVX512_7C0;
        w[9] &= ~(F(AVX512_4VNNIW) | F(AVX512_4FMAPS));
        w[10] &= ~F(AVX512_BF16);
    }
}

/* --- the hardware's leaves --- */

static void read_array(struct cpuid_regs *to, u32 n, u32 leaf)
{
    for (u32 i = 0; i < n; i++)
        to[i] = cpuid(leaf, i);
}

static void read_raw(struct cpu_policy *p)
{
    u32 max = cpuid(0, 0).a, ext_max = cpuid(0x80000000, 0).a;

    for (u32 i = 0; i < POLICY_BASIC && i <= max; i++)
        p->basic[i] = cpuid(i, 0);
    if (max >= 4)
        read_array(p->cache, POLICY_CACHE, 4);
    if (max >= 7)
        read_array(p->feat, MIN((u32)POLICY_FEAT, cpuid(7, 0).a + 1), 7);
    if (max >= 0xb)
        read_array(p->topo, POLICY_TOPO, 0xb);
    if (max >= 0xd)
        read_array(p->xstate, POLICY_XSTATE, 0xd);
    for (u32 i = 0; i < POLICY_EXT && ext_max >> 16 == 0x8000 && i <= (ext_max & 0xffff); i++)
        p->ext[i] = cpuid(0x80000000 + i, 0);
    if (cpu_features.arch_caps)
        rdmsr_safe(MSR_ARCH_CAPABILITIES, &p->arch_caps);
    rdmsr_safe(MSR_PLATFORM_INFO, &p->platform_info);
    p->platform_info &= 1UL << 31;
}

/* --- what does not follow from feature bits --- */

static void set_limits(struct cpu_policy *p)
{
    u32 ext_max = cpu_features.vendor == VENDOR_AMD ? 0x80000021 : 0x80000008;

    p->basic[0].a = MIN(p->basic[0].a, (u32)POLICY_BASIC - 1);
    p->feat[0].a = MIN(p->feat[0].a, (u32)POLICY_FEAT - 1);
    p->ext[0].a = MIN(p->ext[0].a, ext_max);
    for (u32 i = (p->ext[0].a & 0xffff) + 1; i < POLICY_EXT; i++)
        p->ext[i] = (struct cpuid_regs){ 0 };
}

/* Extended state: only components that we switch, with the hardware's sizes and offsets. */
static void set_xstate(struct cpu_policy *p)
{
    u64 mask = p->basic[1].c & F(XSAVE) ? cpu_features.xcr0_mask : 0;
    u32 end = 512 + 64;
    u32 features = p->xstate[1].a;

    if (!(p->basic[1].c & F(AVX)))
        mask &= ~4UL;
    if (!(p->feat[0].b & F(AVX512F)))
        mask &= ~0xe0UL;
    for (u32 i = 2; i < POLICY_XSTATE; i++) {
        if (!(mask >> i & 1)) {
            p->xstate[i] = (struct cpuid_regs){ 0 };
            continue;
        }
        p->xstate[i].a = cpu_policy_raw.xstate[i].a;
        p->xstate[i].b = cpu_policy_raw.xstate[i].b;
        p->xstate[i].c = p->xstate[i].d = 0;
        end = MAX(end, p->xstate[i].a + p->xstate[i].b);
    }
    p->xstate[0] = (struct cpuid_regs){ .a = (u32)mask, .d = (u32)(mask >> 32) };
    p->xstate[0].b = p->xstate[0].c = mask ? end : 0;
    p->xstate[1] = (struct cpuid_regs){ .a = mask ? features : 0 };
}

/* Leaves that say nothing true to a guest. */
static void clear_private(struct cpu_policy *p)
{
    static const u8 basic[] = { 3, 5, 6, 8, 9, 0xa, 0xc };
    static const u8 ext[] = { 0xa, 0x1b, 0x1c, 0x1d, 0x1e, 0x1f, 0x20 };

    for (u32 i = 0; i < ARRAY_SIZE(basic); i++)
        p->basic[basic[i]] = (struct cpuid_regs){ 0 };
    for (u32 i = 0; i < ARRAY_SIZE(ext); i++)
        p->ext[ext[i]] = (struct cpuid_regs){ 0 };
    memset(p->topo, 0, sizeof(p->topo));
    /*
     * How many logical processors a package has stays: kernels divide it by the cores of leaf 4 or
     * 0x80000008. The APIC id is set for each vCPU.
     */
    p->basic[1].b &= 0x00ffffff;
    p->ext[7].a = p->ext[7].b = p->ext[7].c = 0;
    p->ext[8].a = (p->ext[8].a & 0xff) | LINEAR_ADDRESS_BITS << 8;
    p->ext[8].c &= 0x0003f0ff;
    p->ext[8].d = 0;
    p->ext[0x21].b = p->ext[0x21].d = 0;
    if (cpu_features.vendor == VENDOR_AMD)
        return;
    p->ext[0].b = p->ext[0].c = p->ext[0].d = 0;
    p->ext[1].a = p->ext[1].b = 0;
    p->ext[5] = (struct cpuid_regs){ 0 };
    p->ext[6] = (struct cpuid_regs){ .c = p->ext[6].c };
    p->ext[8].c = 0;
}

void cpu_policy_limit(struct cpu_policy *p, const struct cpu_policy *max)
{
    u32 w[FEATURESET_WORDS], allowed[FEATURESET_WORDS];

    cpu_policy_featureset(p, w);
    cpu_policy_featureset(max, allowed);
    for (u32 i = 0; i < FEATURESET_WORDS; i++)
        w[i] &= allowed[i];
    w[1] |= F(HYPERVISOR);
    drop_dependents(w);
    put_features(p, w);
    set_limits(p);
    clear_private(p);
    set_xstate(p);
    p->platform_info &= max->platform_info;
    p->arch_caps &= max->arch_caps;
    p->hv2_limit = 0;
}

static void make_max(struct cpu_policy *p)
{
    u32 w[FEATURESET_WORDS];

    *p = cpu_policy_host;
    cpu_policy_featureset(p, w);
    for (u32 i = 0; i < FEATURESET_WORDS; i++)
        w[i] &= shown[i];
    w[1] |= F(HYPERVISOR);
    w[2] |= F(SYSCALL); /* Intel shows it in 64-bit mode only; we are in no other */
    if (cpu_features.vendor == VENDOR_AMD) /* SYSENTER is #UD in long mode's compatibility mode */
        w[0] &= ~F(SEP);
    if (!cpu_features.xsave)
        w[1] &= ~F(XSAVE);
    if (!(cpu_features.xcr0_mask & 4))
        w[1] &= ~F(AVX);
    if ((cpu_features.xcr0_mask & 0xe0) != 0xe0)
        w[5] &= ~F(AVX512F);
    if (!cpu_features.fsgsbase)
        w[5] &= ~F(FSGSBASE);
    put_features(p, w);
    p->arch_caps = 0;
    cpu_policy_limit(p, p);
}

void __init pv_cpu_policy_init(void)
{
    struct cpu_policy *p = &cpu_policy_pv_default;
    u32 w[FEATURESET_WORDS];

    read_raw(&cpu_policy_raw);
    cpu_policy_host = cpu_policy_raw;
    if (cpu_features.vendor == VENDOR_AMD && cpu_features.lfence_serialises) {
        /* Said by a leaf that the processor itself may not reach; Xen shows it, too. */
        cpu_policy_host.ext[0].a = MAX(cpu_policy_host.ext[0].a, 0x80000021U);
        cpu_policy_host.ext[0x21].a |= F(LFENCE_DISPATCH);
    }
    make_max(&cpu_policy_pv_max);
    *p = cpu_policy_pv_max;
    cpu_policy_featureset(p, w);
    for (u32 i = 0; i < FEATURESET_WORDS; i++)
        w[i] &= ~on_request[i];
    put_features(p, w);
}

struct cpu_policy *cpu_policy_create(const struct domain *d)
{
    struct cpu_policy *p = zalloc_obj(struct cpu_policy);

    if (!p)
        return NULL;
    *p = cpu_policy_pv_default;
    if (is_hardware_domain(d)) {
        /* It manages the machine's clocks and may rely on the TSC. */
        p->ext[7].d |= cpu_policy_pv_max.ext[7].d & F(ITSC);
    }
    return p;
}
