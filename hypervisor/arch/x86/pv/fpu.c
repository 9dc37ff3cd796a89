/* SPDX-License-Identifier: MIT */
/*
 * x87, SSE and AVX state of vCPUs: saved and restored whole at every switch, in the processor's
 * standard XSAVE layout. Between switches the hardware holds the state of the vCPU in pv_loaded.
 * We use no such register ourselves, so CR0.TS is simply what the guest asked for. No locks.
 *
 * Saving and restoring cover all that this machine has enabled, whatever the guest's XCR0 says: a
 * component that one guest has switched off must not carry another guest's values.
 * ABI: fpu_taskswitch; #NM clears TS. Facts: Intel SDM vol. 1 ch. 13.
 */
#include <asm/page.h>
#include <hv/errno.h>
#include <hv/hypercall.h>
#include <hv/page_alloc.h>

#include "internal.h"

#define XSTATE_FP_SSE 3UL
#define XSTATE_YMM    4UL
#define XSTATE_AVX512 0xe0UL
#define FCW_DEFAULT   0x37f
#define MXCSR_DEFAULT 0x1f80

static DEFINE_PER_CPU(u64, xcr0_now);

static unsigned int area_order(void)
{
    unsigned int order = 0;

    while (PAGE_SIZE << order < cpu_features.xsave_bytes)
        order++;
    return order;
}

int pv_fpu_create(struct vcpu *v)
{
    v->arch.xsave = hv_alloc_pages(area_order(), MEMF_ZERO);
    if (!v->arch.xsave)
        return -ENOMEM;
    pv_fpu_reset(v);
    return 0;
}

void pv_fpu_free(struct vcpu *v)
{
    if (v->arch.xsave)
        hv_free_pages(v->arch.xsave, area_order());
    v->arch.xsave = NULL;
}

void pv_fpu_reset(struct vcpu *v)
{
    u8 *area = v->arch.xsave;

    memset(area, 0, cpu_features.xsave_bytes);
    *(u16 *)area = FCW_DEFAULT;
    *(u32 *)(area + 24) = MXCSR_DEFAULT;
    if (cpu_features.xsave)
        *(u64 *)(area + 512) = XSTATE_FP_SSE;
    v->arch.pv.xcr0 = cpu_features.xsave ? 1 : 0;
    v->arch.pv.ctrlreg[0] &= ~CR0_TS;
}

/* The processor writes it into every FXSAVE image; 0 there stands for the default of old ones. */
u32 pv_mxcsr_mask(void)
{
    static u32 mask;

    if (!mask) {
        u8 image[512] __aligned(16) = { 0 };

        __asm__ volatile("fxsaveq %0" : "=m"(image));
        mask = *(u32 *)(image + 28);
        if (!mask)
            mask = 0xffbf;
    }
    return mask;
}

static void xcr0_write(u64 value)
{
    if (this_cpu(xcr0_now) == value)
        return;
    __asm__ volatile("xsetbv" ::"c"(0), "a"((u32)value), "d"((u32)(value >> 32)));
    this_cpu(xcr0_now) = value;
}

void pv_fpu_save(struct vcpu *v)
{
    void *area = v->arch.xsave;

    if (v->arch.pv.ctrlreg[0] & CR0_TS)
        __asm__ volatile("clts");
    if (!cpu_features.xsave) {
        __asm__ volatile("fxsaveq (%0)" ::"r"(area) : "memory");
        return;
    }
    xcr0_write(cpu_features.xcr0_mask);
    if (cpu_features.xsaveopt)
        __asm__ volatile("xsaveopt64 (%0)" ::"r"(area), "a"(~0u), "d"(~0u) : "memory");
    else
        __asm__ volatile("xsave64 (%0)" ::"r"(area), "a"(~0u), "d"(~0u) : "memory");
}

/* AMD: with no exception pending the x87 pointers are not restored: the last guest's stay. */
static bool keeps_x87_pointers(void)
{
    static s8 keeps = -1;

    if (keeps < 0)
        keeps = cpu_features.vendor == VENDOR_AMD && (cpu_features.max_ext_leaf < 0x80000008 ||
                                                      !(cpuid(0x80000008, 0).b & BIT(2)));
    return keeps;
}

/* An instruction of ours becomes the last one. It must not fault on what is still loaded. */
static void forget_x87_pointers(void)
{
    static const u32 zero;

    __asm__ volatile("fnclex; ffree %%st(7); fildl %0" ::"m"(zero));
}

static void restore(void *area)
{
    __asm__ volatile("xrstor64 (%0)" ::"r"(area), "a"(~0u), "d"(~0u) : "memory");
}

/* CR0.TS is clear on entry: pv_fpu_save() of the one before, or this CPU's start, has cleared it.
 */
void pv_fpu_load(struct vcpu *v)
{
    void *area = v->arch.xsave;

    if (keeps_x87_pointers())
        forget_x87_pointers();
    if (cpu_features.xsave) {
        xcr0_write(cpu_features.xcr0_mask);
        restore(area);
        /* Before it sets CR4.OSXSAVE a guest has only what FXSAVE knows; XCR0 1 is the reset value.
         */
        xcr0_write(v->arch.pv.xcr0 ? v->arch.pv.xcr0 : 1);
    } else {
        __asm__ volatile("fxrstorq (%0)" ::"r"(area) : "memory");
    }
    if (v->arch.pv.ctrlreg[0] & CR0_TS)
        WRITE_CR(0, READ_CR(0) | CR0_TS);
}

void pv_set_task_switched(struct vcpu *v, bool ts)
{
    if (ts) {
        v->arch.pv.ctrlreg[0] |= CR0_TS;
        WRITE_CR(0, READ_CR(0) | CR0_TS);
    } else {
        v->arch.pv.ctrlreg[0] &= ~CR0_TS;
        __asm__ volatile("clts");
    }
}

bool pv_xcr0_valid(u64 value)
{
    if (!cpu_features.xsave || value & ~cpu_features.xcr0_mask || !(value & 1))
        return false;
    if (value & XSTATE_YMM && !(value & 2))
        return false;
    if (value & XSTATE_AVX512 &&
        ((value & XSTATE_AVX512) != XSTATE_AVX512 || !(value & XSTATE_YMM)))
        return false;
    return true;
}

int pv_set_xcr0(struct vcpu *v, u64 value)
{
    if (!pv_xcr0_valid(value))
        return -EINVAL;
    v->arch.pv.xcr0 = value;
    xcr0_write(value);
    return 0;
}

long hc_fpu_taskswitch(unsigned long a1, unsigned long a2, unsigned long a3, unsigned long a4,
                       unsigned long a5)
{
    (void)a2, (void)a3, (void)a4, (void)a5;
    pv_set_task_switched(current, a1 != 0);
    return 0;
}
