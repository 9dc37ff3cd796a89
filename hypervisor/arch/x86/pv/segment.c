/* SPDX-License-Identifier: MIT */
/*
 * Data-segment selectors and the FS and GS bases of the running vCPU. We never load DS, ES, FS or
 * GS for ourselves, so what they hold is the guest's: GS.base that of the present mode, the shadow
 * base that of the other mode, the GS selector the process's. Takes no lock.
 * ABI: set_segment_base, stack_switch; a selector that cannot be loaded raises the failsafe
 * callback.
 */
#include <asm/page.h>
#include <hv/errno.h>
#include <hv/hypercall.h>

#include "internal.h"

/* What the base registers hold, where reading them takes an RDMSR: see pv_segments_load(). */
#define UNKNOWN_BASE (1UL << 63) /* not canonical: nobody's base */
static DEFINE_PER_CPU(u64, fs_base_now);
static DEFINE_PER_CPU(u64, gs_base_now);
static DEFINE_PER_CPU(u64, gs_shadow_now);

/* CR4 holds the guest's choice: see pv_cr4_of(). */
static inline bool fsgsbase_is_on(void)
{
    return READ_CR(4) & CR4_FSGSBASE;
}

u64 pv_get_fs_base(void)
{
    u64 v;

    if (!fsgsbase_is_on())
        return rdmsr(MSR_FS_BASE);
    __asm__ volatile("rdfsbase %0" : "=r"(v));
    return v;
}

void pv_set_fs_base(u64 base)
{
    if (fsgsbase_is_on())
        __asm__ volatile("wrfsbase %0" ::"r"(base));
    else
        wrmsr(MSR_FS_BASE, base);
}

u64 pv_get_gs_base(void)
{
    u64 v;

    if (!fsgsbase_is_on())
        return rdmsr(MSR_GS_BASE);
    __asm__ volatile("rdgsbase %0" : "=r"(v));
    return v;
}

void pv_set_gs_base(u64 base)
{
    if (fsgsbase_is_on())
        __asm__ volatile("wrgsbase %0" ::"r"(base));
    else
        wrmsr(MSR_GS_BASE, base);
}

/* No interrupt handler of ours uses GS, so a pair of SWAPGS needs no protection. */
u64 pv_get_gs_shadow(void)
{
    u64 v;

    if (!fsgsbase_is_on())
        return rdmsr(MSR_SHADOW_GS_BASE);
    __asm__ volatile("swapgs; rdgsbase %0; swapgs" : "=r"(v));
    return v;
}

void pv_set_gs_shadow(u64 base)
{
    if (fsgsbase_is_on())
        __asm__ volatile("swapgs; wrgsbase %0; swapgs" ::"r"(base));
    else
        wrmsr(MSR_SHADOW_GS_BASE, base);
}

#define READ_SELECTOR(reg)                                  \
    ({                                                      \
        u16 _s;                                             \
        __asm__ volatile("mov %%" #reg ", %0" : "=rm"(_s)); \
        _s;                                                 \
    })

/* A selector that faults is replaced by the null selector; false then. */
#define LOAD_SELECTOR(reg, sel)                                                     \
    ({                                                                              \
        bool _ok = true;                                                            \
        __asm__ goto("1: mov %k0, %%" #reg "\n" EXTABLE("1b", "%l[fault_" #reg "]") \
                     :                                                              \
                     : "r"((u32)(sel))                                              \
                     : "memory"                                                     \
                     : fault_##reg);                                                \
        if (0) {                                                                    \
            fault_##reg : __asm__ volatile("mov %k0, %%" #reg ::"r"(0));            \
            _ok = false;                                                            \
        }                                                                           \
        _ok;                                                                        \
    })

void pv_segments_save(struct vcpu *v, struct cpu_user_regs *regs)
{
    struct pv_vcpu *pv = &v->arch.pv;
    u64 fs = pv_get_fs_base(), gs = pv_get_gs_base(), shadow = pv_get_gs_shadow();

    regs->ds = READ_SELECTOR(ds);
    regs->es = READ_SELECTOR(es);
    regs->fs = READ_SELECTOR(fs);
    regs->gs = READ_SELECTOR(gs);
    pv->fs_base = fs;
    pv->gs_base_kernel = pv_kernel_mode(v) ? gs : shadow;
    pv->gs_base_user = pv_kernel_mode(v) ? shadow : gs;
    this_cpu(fs_base_now) = fs;
    this_cpu(gs_base_now) = gs;
    this_cpu(gs_shadow_now) = shadow;
}

static bool load_selectors(const struct cpu_user_regs *regs)
{
    bool ok = true;

    /* A null selector in place of a null selector changes nothing; any other may have a new
     * meaning. */
    if (regs->ds | READ_SELECTOR(ds))
        ok &= LOAD_SELECTOR(ds, regs->ds);
    if (regs->es | READ_SELECTOR(es))
        ok &= LOAD_SELECTOR(es, regs->es);
    if (regs->fs | READ_SELECTOR(fs)) {
        ok &= LOAD_SELECTOR(fs, regs->fs);
        this_cpu(fs_base_now) = UNKNOWN_BASE;
    }
    if (regs->gs | READ_SELECTOR(gs)) {
        ok &= LOAD_SELECTOR(gs, regs->gs);
        this_cpu(gs_base_now) = UNKNOWN_BASE;
    }
    return ok;
}

/* A WRMSR is slow: only for a base that is not there already. */
static void set_if_changed(u64 *now, u64 want, void (*set)(u64 base))
{
    if (*now == want)
        return;
    set(want);
    *now = want;
}

bool pv_segments_load(struct vcpu *v, const struct cpu_user_regs *regs)
{
    const struct pv_vcpu *pv = &v->arch.pv;
    bool kernel = pv_kernel_mode(v);
    bool ok = load_selectors(regs);

    /* Bases are restored whatever the selectors: the guest can set the one without the other. */
    set_if_changed(&this_cpu(fs_base_now), pv->fs_base, pv_set_fs_base);
    set_if_changed(&this_cpu(gs_shadow_now), kernel ? pv->gs_base_user : pv->gs_base_kernel,
                   pv_set_gs_shadow);
    set_if_changed(&this_cpu(gs_base_now), kernel ? pv->gs_base_kernel : pv->gs_base_user,
                   pv_set_gs_base);
    return ok;
}

/* --- set_segment_base --- */

static long set_fs(u64 base)
{
    pv_set_fs_base(base);
    return 0;
}

static long set_gs_user(u64 base)
{
    pv_set_gs_shadow(base);
    return 0;
}

static long set_gs_kernel(u64 base)
{
    pv_set_gs_base(base);
    return 0;
}

/* The selector's base belongs to the process: it must end in the shadow register. */
static long set_gs_user_selector(u64 value)
{
    u32 sel = (u16)value;

    if (sel > 3)
        sel |= 3;
    else if (cpu_features.vendor == VENDOR_AMD) {
        /* There a null selector leaves the base as it was: load a flat one first. */
        __asm__ volatile("swapgs; mov %k0, %%gs; mov %k1, %%gs; swapgs" ::"r"(FLAT_RING3_DS32),
                         "r"(sel)
                         : "memory");
        return 0;
    }
    __asm__ volatile("swapgs" ::: "memory");
    LOAD_SELECTOR(gs, sel);
    __asm__ volatile("swapgs" ::: "memory");
    return 0;
}

long hc_set_segment_base(unsigned long a1, unsigned long a2, unsigned long a3, unsigned long a4,
                         unsigned long a5)
{
    static long (*const set[])(u64) = {
        [SEGBASE_FS] = set_fs,
        [SEGBASE_GS_USER] = set_gs_user,
        [SEGBASE_GS_KERNEL] = set_gs_kernel,
        [SEGBASE_GS_USER_SEL] = set_gs_user_selector,
    };
    unsigned int which = (unsigned int)a1;

    (void)a3, (void)a4, (void)a5;
    if (which >= ARRAY_SIZE(set) || (which != SEGBASE_GS_USER_SEL && !is_canonical(a2)))
        return -EINVAL;
    return set[array_index_nospec(which, ARRAY_SIZE(set))](a2);
}

/* --- stack_switch --- */

long hc_stack_switch(unsigned long a1, unsigned long a2, unsigned long a3, unsigned long a4,
                     unsigned long a5)
{
    struct pv_vcpu *pv = &current->arch.pv;

    (void)a3, (void)a4, (void)a5;
    pv->kernel_ss = (u16)a1 | 3;
    pv->kernel_sp = a2;
    return 0;
}
