/* SPDX-License-Identifier: MIT */
/*
 * What of a vCPU is not in vcpu_guest_context: the 32-bit entry points, extended register state and
 * MSRs, for save and restore. The vCPU is paused; the caller holds domctl_lock.
 * ABI: domctl.h (ext_vcpucontext, vcpuextstate, vcpu_msrs). The state buffer is XCR0, all of XCR0
 * that was ever on, then the XSAVE area in standard layout. Facts: Intel SDM vol. 1 ch. 13.
 */
#include <asm/cpu_policy.h>
#include <asm/page.h>
#include <hv/errno.h>
#include <hv/guest_access.h>
#include <hv/page_alloc.h>
#include <hv/sched.h>
#include <xen/domctl.h>

#include "internal.h"

#define HEADER_BYTES 16u /* XCR0 and its accumulation */
#define XSTATE_MIN   576u

/* --- entry points --- */

long pv_set_ext_context(struct vcpu *v, const struct xen_domctl_ext_vcpucontext *c)
{
    struct pv_vcpu *pv = &v->arch.pv;

    if (c->size < offsetof(struct xen_domctl_ext_vcpucontext, mcg_cap))
        return -EINVAL;
    if (!is_canonical(c->syscall32_callback_eip) || !is_canonical(c->sysenter_callback_eip))
        return -EINVAL;
    vcpu_sync_state(v);
    pv->syscall32_callback = c->syscall32_callback_eip;
    pv->syscall32_masks_events = c->syscall32_disables_events;
    pv->sysenter_callback = c->sysenter_callback_eip;
    pv->sysenter_masks_events = c->sysenter_disables_events;
    return 0;
}

void pv_get_ext_context(struct vcpu *v, struct xen_domctl_ext_vcpucontext *c)
{
    const struct pv_vcpu *pv = &v->arch.pv;
    u32 id = c->vcpu;

    memset(c, 0, sizeof(*c));
    c->vcpu = id;
    c->size = sizeof(*c);
    c->syscall32_callback_eip = pv->syscall32_callback;
    c->syscall32_disables_events = pv->syscall32_masks_events;
    c->syscall32_callback_cs = FLAT_KERNEL_CS;
    c->sysenter_callback_eip = pv->sysenter_callback;
    c->sysenter_disables_events = pv->sysenter_masks_events;
    c->sysenter_callback_cs = FLAT_KERNEL_CS;
    c->mcg_cap = 2;
}

/* --- extended state --- */

/* Bytes of the area that the guest's policy and XCR0 can fill. */
static u32 state_bytes(const struct vcpu *v)
{
    return v->domain->arch.policy->xstate[0].c;
}

static u64 state_mask(const struct vcpu *v)
{
    const struct cpuid_regs *l = &v->domain->arch.policy->xstate[0];

    return (u64)l->d << 32 | l->a;
}

static long copy_state_out(struct vcpu *v, u64 to, u32 bytes)
{
    u64 head[2] = { v->arch.pv.xcr0, state_mask(v) };
    const u8 *area = v->arch.xsave;

    if (copy_to_guest_va(to, head, sizeof(head)) ||
        copy_to_guest_va(to + HEADER_BYTES, area, bytes))
        return -EFAULT;
    return 0;
}

long pv_get_extstate(struct vcpu *v, struct xen_domctl_vcpuextstate *s, bool *copyback)
{
    u32 bytes = cpu_features.xsave ? state_bytes(v) : 0;
    u64 size = bytes ? bytes + HEADER_BYTES : 0;

    if (!s->size && !s->xfeature_mask) {
        s->xfeature_mask = bytes ? state_mask(v) : 0;
        s->size = size;
        *copyback = true;
        return 0;
    }
    if (s->xfeature_mask != state_mask(v) || s->size < size)
        return -EINVAL;
    s->size = size;
    *copyback = true;
    if (!size)
        return 0;
    vcpu_sync_state(v);
    return copy_state_out(v, (u64)s->buffer.p, bytes);
}

/* What XRSTOR would fault on must not come in. */
static bool header_ok(const u8 *area, u64 allowed)
{
    const u64 *header = (const u64 *)(area + 512);

    if (header[0] & ~allowed || header[1]) /* no compacted layout */
        return false;
    for (unsigned int i = 2; i < 8; i++)
        if (header[i])
            return false;
    return !(*(const u32 *)(area + 24) & ~pv_mxcsr_mask());
}

static long state_apply(struct vcpu *v, const u8 *buffer, u32 bytes)
{
    const u64 *head = (const u64 *)buffer;
    const u8 *area = buffer + HEADER_BYTES;

    if (!pv_xcr0_valid(head[0] ? head[0] : 1) || head[0] & ~state_mask(v))
        return -EINVAL;
    if (bytes < XSTATE_MIN)
        return bytes ? -EINVAL : 0;
    if (!header_ok(area, state_mask(v)))
        return -EINVAL;
    vcpu_sync_state(v);
    memset(v->arch.xsave, 0, cpu_features.xsave_bytes);
    memcpy(v->arch.xsave, area, bytes);
    v->arch.pv.xcr0 = head[0] ? head[0] : 1;
    return 0;
}

long pv_set_extstate(struct vcpu *v, const struct xen_domctl_vcpuextstate *s)
{
    u8 *buffer;
    long rc;

    if (!s->size)
        return 0;
    if (!cpu_features.xsave)
        return -EINVAL;
    /* xfeature_mask is not looked at: libxc leaves it as its stack was. */
    if (s->size < HEADER_BYTES || s->size > HEADER_BYTES + (u64)state_bytes(v))
        return -EINVAL;
    buffer = hv_zalloc(s->size);
    if (!buffer)
        return -ENOMEM;
    rc = copy_from_guest_va(buffer, (u64)s->buffer.p, s->size)
             ? -EFAULT
             : state_apply(v, buffer, (u32)s->size - HEADER_BYTES);
    hv_free(buffer);
    return rc;
}

/* --- MSRs: those that a guest can have changed --- */

static const u32 saved_msrs[] = { MSR_MISC_FEATURES_ENABLES, MSR_TSC_AUX };

static u64 msr_value(const struct vcpu *v, u32 index)
{
    return index == MSR_TSC_AUX ? v->arch.pv.msr_tsc_aux : v->arch.pv.misc_features_enables;
}

long pv_get_msrs(struct vcpu *v, struct xen_domctl_vcpu_msrs *m, bool *copyback)
{
    u32 room = m->msr_count, n = 0;

    *copyback = true;
    if (guest_handle_is_null(m->msrs)) {
        m->msr_count = ARRAY_SIZE(saved_msrs);
        return 0;
    }
    vcpu_sync_state(v);
    for (u32 i = 0; i < ARRAY_SIZE(saved_msrs); i++) {
        xen_domctl_vcpu_msr_t e = { .index = saved_msrs[i], .value = msr_value(v, saved_msrs[i]) };

        if (!e.value)
            continue;
        if (n < room && copy_to_guest_offset(m->msrs, n, &e, 1))
            return -EFAULT;
        n++;
    }
    m->msr_count = n;
    return n > room ? -ENOBUFS : 0;
}

static long msr_set(struct vcpu *v, const xen_domctl_vcpu_msr_t *e)
{
    if (e->reserved)
        return -EINVAL;
    switch (e->index) {
    case MSR_TSC_AUX:
        if (e->value >> 32)
            return -EINVAL;
        v->arch.pv.msr_tsc_aux = e->value;
        return 0;
    case MSR_MISC_FEATURES_ENABLES:
        if (e->value & ~1UL || (e->value && !v->domain->arch.policy->platform_info))
            return -EINVAL;
        v->arch.pv.misc_features_enables = e->value;
        v->arch.pv.cpuid_faulting = e->value & 1;
        return 0;
    default:
        return -EINVAL;
    }
}

/* On an error msr_count says how many were set. */
long pv_set_msrs(struct vcpu *v, struct xen_domctl_vcpu_msrs *m, bool *copyback)
{
    long rc = 0;
    u32 i;

    if (m->msr_count > ARRAY_SIZE(saved_msrs))
        return -EINVAL;
    vcpu_sync_state(v);
    for (i = 0; i < m->msr_count; i++) {
        xen_domctl_vcpu_msr_t e;

        rc = copy_from_guest_offset(&e, m->msrs, i, 1) ? -EFAULT : msr_set(v, &e);
        if (rc)
            break;
    }
    if (rc) {
        m->msr_count = i;
        *copyback = true;
    }
    return rc;
}
