/* SPDX-License-Identifier: MIT */
/*
 * Writing what a domain is beside its memory: its kind and CPU policy, clock, shared_info, virtual
 * CPUs.
 *
 * Owns nothing. Locks: none. ABI: stream_format.h; <xen/domctl.h>.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "pv_save_internal.h"

/* ---- static data ---------------------------------------------------------------------- */

int save_write_static(struct pv_save *s, struct error *e)
{
    struct pv_info_record pv = { .guest_width = 8, .levels = 4 };
    struct cpu_policy policy;
    int rc = domctl_get_cpu_policy(s->ctl, s->domid, &policy);

    if (rc)
        return save_fail(s, e, rc, "its CPU policy cannot be read: %s", error_clause(rc));
    rc = save_record(s, LIBXC_X86_PV_INFO, &pv, sizeof(pv), NULL, 0, e);
    if (!rc && policy.nr_leaves)
        rc = save_record(s, LIBXC_X86_CPUID_POLICY, policy.leaves,
                         policy.nr_leaves * sizeof(*policy.leaves), NULL, 0, e);
    if (!rc && policy.nr_msrs)
        rc = save_record(s, LIBXC_X86_MSR_POLICY, policy.msrs,
                         policy.nr_msrs * sizeof(*policy.msrs), NULL, 0, e);
    if (!rc)
        rc = save_record(s, LIBXC_STATIC_DATA_END, NULL, 0, NULL, 0, e);
    cpu_policy_free(&policy);
    return rc;
}

/* ---- one virtual CPU ------------------------------------------------------------------ */

static int refused(struct pv_save *s, struct error *e, int rc, const char *what, uint32_t vcpu)
{
    return save_fail(s, e, rc, "%s of its virtual CPU %u cannot be read: %s", what, vcpu,
                     error_clause(rc));
}

static int write_basic(struct pv_save *s, uint32_t vcpu, struct error *e)
{
    struct vcpu_record header = { vcpu, 0 };
    vcpu_guest_context_t context;
    const char *bad;
    int rc = domctl_get_vcpu_context(s->ctl, s->domid, vcpu, &context);

    if (rc)
        return refused(s, e, rc, "the registers", vcpu);
    rc = pv_context_to_stream(&context, vcpu, save_pfn_of, s, &bad);
    if (rc)
        return save_fail(s, e, rc, "%s of its virtual CPU %u is not in its memory", bad, vcpu);
    return save_record(s, LIBXC_X86_PV_VCPU_BASIC, &header, sizeof(header), &context,
                       sizeof(context), e);
}

static int write_extended(struct pv_save *s, uint32_t vcpu, struct error *e)
{
    struct vcpu_record header = { vcpu, 0 };
    struct xen_domctl_ext_vcpucontext context;
    int rc = domctl_get_vcpu_extended(s->ctl, s->domid, vcpu, &context);

    if (rc)
        return refused(s, e, rc, "the entry points", vcpu);
    return save_record(s, LIBXC_X86_PV_VCPU_EXTENDED, &header, sizeof(header), &context,
                       context.size < sizeof(context) ? context.size : sizeof(context), e);
}

static int write_xsave(struct pv_save *s, uint32_t vcpu, struct error *e)
{
    struct vcpu_record header = { vcpu, 0 };
    uint32_t bytes;
    void *state;
    int rc = domctl_get_vcpu_xsave(s->ctl, s->domid, vcpu, &state, &bytes);

    if (rc)
        return refused(s, e, rc, "the extended registers", vcpu);
    if (bytes)
        rc = save_record(s, LIBXC_X86_PV_VCPU_XSAVE, &header, sizeof(header), state, bytes, e);
    free(state);
    return rc;
}

static int write_msrs(struct pv_save *s, uint32_t vcpu, struct error *e)
{
    struct vcpu_record header = { vcpu, 0 };
    xen_domctl_vcpu_msr_t *msrs;
    uint32_t count;
    int rc = domctl_get_vcpu_msrs(s->ctl, s->domid, vcpu, &msrs, &count);

    if (rc)
        return refused(s, e, rc, "the MSRs", vcpu);
    if (count)
        rc = save_record(s, LIBXC_X86_PV_VCPU_MSRS, &header, sizeof(header), msrs,
                         count * sizeof(*msrs), e);
    free(msrs);
    return rc;
}

static int write_vcpu(struct pv_save *s, uint32_t vcpu, struct error *e)
{
    struct xen_domctl_getvcpuinfo info;
    int rc = domctl_get_vcpu_info(s->ctl, s->domid, vcpu, &info);

    if (rc)
        return refused(s, e, rc, "the state", vcpu);
    if (!info.online)
        return 0;
    rc = write_basic(s, vcpu, e);
    if (!rc)
        rc = write_extended(s, vcpu, e);
    if (!rc)
        rc = write_xsave(s, vcpu, e);
    return rc ? rc : write_msrs(s, vcpu, e);
}

/* ---- all of it ------------------------------------------------------------------------ */

static int write_tsc(struct pv_save *s, struct error *e)
{
    struct xen_domctl_tsc_info info;
    int rc = domctl_get_tsc_info(s->ctl, s->domid, &info);

    if (rc)
        return save_fail(s, e, rc, "its clock cannot be read: %s", error_clause(rc));
    struct tsc_info_record record = {
        .mode = info.tsc_mode,
        .khz = info.gtsc_khz,
        .nsec = info.elapsed_nsec,
        .incarnation = info.incarnation,
    };
    return save_record(s, LIBXC_X86_TSC_INFO, &record, sizeof(record), NULL, 0, e);
}

int save_write_state(struct pv_save *s, struct error *e)
{
    int rc = write_tsc(s, e);

    if (!rc)
        rc = save_record(s, LIBXC_SHARED_INFO, s->shared, STREAM_PAGE_BYTES, NULL, 0, e);
    for (uint32_t vcpu = 0; !rc && vcpu <= s->info.max_vcpu_id; vcpu++)
        rc = write_vcpu(s, vcpu, e);
    return rc;
}
