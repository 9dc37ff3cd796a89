/* SPDX-License-Identifier: MIT */
/*
 * CPUID and MSR policies (pv/policy/): what a guest sees of the processor. The leaf
 * arrays are those of XEN_SYSCTL_get_cpu_policy and XEN_DOMCTL_{get,set}_cpu_policy.
 */
#ifndef ASM_CPU_POLICY_H
#define ASM_CPU_POLICY_H

#include <asm/cpu.h>
#include <xen/xen.h>

#define POLICY_BASIC     0x0e /* leaves 0..0xd */
#define POLICY_CACHE     6    /* subleaves of 4 */
#define POLICY_FEAT      3    /* subleaves of 7 */
#define POLICY_TOPO      2    /* subleaves of 0xb */
#define POLICY_XSTATE    63   /* subleaves of 0xd */
#define POLICY_EXT       0x22 /* leaves 0x80000000..0x80000021 */
#define POLICY_HV        6    /* leaves 0x40000000..5: only their limit is policy */
#define FEATURESET_WORDS 19   /* of arch-x86/cpufeatureset.h; 16 and 17 stand for MSR 0x10a */

struct cpu_policy {
    struct cpuid_regs basic[POLICY_BASIC];
    struct cpuid_regs cache[POLICY_CACHE];
    struct cpuid_regs feat[POLICY_FEAT];
    struct cpuid_regs topo[POLICY_TOPO];
    struct cpuid_regs xstate[POLICY_XSTATE];
    struct cpuid_regs ext[POLICY_EXT];
    u32 hv_limit, hv2_limit; /* how many leaves from 0x40000000 on (0x40000100) are shown; 0: all */
    u64 platform_info;       /* MSR 0xce: bit 31 CPUID faulting */
    u64 arch_caps;           /* MSR 0x10a as shown */
};

/* Which policy: XEN_SYSCTL_cpu_policy_*. raw: the hardware's; host: what we use of it. */
extern struct cpu_policy cpu_policy_raw, cpu_policy_host, cpu_policy_pv_max, cpu_policy_pv_default;

struct domain;
struct vcpu;
struct cpu_user_regs;

/** A new domain's policy: the default one, dom0's with what only it may see. NULL: no memory. */
struct cpu_policy *cpu_policy_create(const struct domain *d);

/** Features of a policy as XEN_SYSCTL_get_cpu_featureset has them. */
void cpu_policy_featureset(const struct cpu_policy *p, u32 words[FEATURESET_WORDS]);

/* The sub-operations of sysctl and domctl; errors are the operation's own. */
struct xen_sysctl_cpu_policy;
struct xen_sysctl_cpu_featureset;
struct xen_domctl_cpu_policy;
struct xen_sysctl;
struct xen_domctl;
long cpu_policy_sysctl_get(struct xen_sysctl_cpu_policy *op, bool *copyback);
long cpu_policy_sysctl_featureset(struct xen_sysctl_cpu_featureset *op, bool *copyback);
long cpu_policy_domctl_get(struct domain *d, struct xen_domctl_cpu_policy *op, bool *copyback);
long cpu_policy_domctl_set(struct domain *d, struct xen_domctl_cpu_policy *op, bool *copyback);

/** What CPUID answers v. current only where the answer depends on run-time state (OSXSAVE). */
void pv_cpuid(const struct vcpu *v, u32 leaf, u32 subleaf, struct cpuid_regs *out);

#endif
