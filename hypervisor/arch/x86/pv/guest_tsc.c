/* SPDX-License-Identifier: MIT */
/*
 * The TSC as a guest sees it: the machine's, or, where the domain's mode asks for it, one of a
 * frequency of its own that every vCPU reads by trapping (CR4.TSD) and that stands still while the
 * domain is saved. No locks: the mode changes while the domain is paused.
 * ABI: domctl.h (tsc_info), Xen's page on TSC modes.
 */
#include <asm/tsc.h>
#include <hv/arch.h>
#include <hv/errno.h>
#include <hv/sched.h>
#include <xen/domctl.h>

#include "internal.h"

#define TSC_MODE_DEFAULT        0
#define TSC_MODE_ALWAYS_EMULATE 1
#define TSC_MODE_NEVER_EMULATE  2
/* A guest may have lived before this machine was up; a hundred years leave room to count. */
#define LONGEST_ELAPSED_NS (100 * 366 * 86400UL * SECONDS(1))

/* Seconds and the rest apart, so that no product overflows. */
static u64 emulated_at(const struct domain *d, s_time_t now)
{
    u64 ns = (u64)(now - d->arch.vtsc_start), sec = ns / SECONDS(1), rest = ns % SECONDS(1);

    return sec * d->arch.tsc_khz * 1000 + rest * d->arch.tsc_khz / 1000000;
}

u64 pv_guest_tsc(const struct domain *d)
{
    return d->arch.vtsc ? emulated_at(d, now_ns()) : rdtsc();
}

void pv_tsc_time_params(const struct domain *d, u64 *stamp, s_time_t *stime, struct time_scale *s)
{
    tsc_time_params(stamp, stime, s);
    if (likely(!d->arch.vtsc))
        return;
    *stamp = emulated_at(d, *stime);
    *s = tsc_scale_from_khz(d->arch.tsc_khz);
}

void pv_get_tsc_info(struct domain *d, struct xen_domctl_tsc_info *info)
{
    *info = (struct xen_domctl_tsc_info){
        .tsc_mode = d->arch.tsc_mode,
        .incarnation = d->arch.tsc_incarnation,
    };
    if (d->arch.tsc_mode == TSC_MODE_NEVER_EMULATE)
        return;
    info->gtsc_khz = (u32)d->arch.tsc_khz;
    info->elapsed_nsec = (u64)(now_ns() - d->arch.vtsc_start);
}

/*
 * By default a guest reads the machine's, unless it has seen another speed before it was saved: a
 * difference of more than a thousandth is none of measuring.
 */
static bool shall_emulate(const struct xen_domctl_tsc_info *info)
{
    u64 khz = tsc_khz();

    if (info->tsc_mode != TSC_MODE_DEFAULT || !info->gtsc_khz)
        return info->tsc_mode == TSC_MODE_ALWAYS_EMULATE;
    return info->gtsc_khz > khz + khz / 1000 || info->gtsc_khz < khz - khz / 1000;
}

long pv_set_tsc_info(struct domain *d, const struct xen_domctl_tsc_info *info)
{
    struct vcpu *v;

    if (info->tsc_mode > TSC_MODE_NEVER_EMULATE || info->elapsed_nsec > LONGEST_ELAPSED_NS)
        return -EINVAL;
    /* A CPU that holds a vCPU's state holds CR4.TSD as the old mode has it. */
    for_each_vcpu(d, v)
        vcpu_sync_state(v);
    d->arch.tsc_mode = info->tsc_mode;
    d->arch.tsc_incarnation = info->incarnation + 1;
    d->arch.vtsc = shall_emulate(info);
    d->arch.vtsc_start = now_ns() - (s_time_t)info->elapsed_nsec;
    d->arch.tsc_khz = info->gtsc_khz && info->tsc_mode != TSC_MODE_NEVER_EMULATE ? info->gtsc_khz
                                                                                : tsc_khz();
    return 0;
}
