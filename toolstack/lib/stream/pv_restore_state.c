/* SPDX-License-Identifier: MIT */
/*
 * What a restored guest finds when it goes on: where its pages are now, its rings, page tables in
 * use, virtual CPUs and clock.
 *
 * Owns nothing. Locks: none. ABI: <xen/xen.h> (start_info, shared_info), <xen/domctl.h>; what a
 * guest may rely on after its suspend call is what libxc gives it.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "pv_restore_internal.h"
#include "sys/foreign_map.h"

/* ---- memory --------------------------------------------------------------------------- */

/* The guest's own list of its frames. Two parts of it may lie in the same page, if neither has an
 * entry. */
int restore_write_p2m(struct pv_restore *r, struct error *e)
{
    for (uint64_t i = 0; i < r->plan.p2m_frames; i++) {
        uint64_t left = r->plan.nr_pfns - i * P2M_PER_FRAME;
        void *page;
        int rc = build_map(&r->build, r->plan.p2m_pfns[i], 1, &page, e);

        if (rc)
            return rc;
        memcpy(page, &r->build.frames[i * P2M_PER_FRAME],
               (left < P2M_PER_FRAME ? left : P2M_PER_FRAME) * sizeof(xen_pfn_t));
        foreign_unmap(page, 1);
    }
    return 0;
}

/* The guest has put the rings' pfns there before it suspended itself. */
int restore_write_start_info(struct pv_restore *r, struct error *e)
{
    struct xen_domctl_getdomaininfo domain;
    struct pv_domain *result = &r->build.result;
    struct start_info *info;
    void *page;
    int rc = domctl_get_info(r->build.ctl, r->build.domid, &domain);

    if (rc)
        return restore_fail(r, e, rc, "the new domain cannot be asked: %s", error_clause(rc));
    result->shared_info_frame = domain.shared_info_frame;
    rc = build_map(&r->build, stream_plan_start_info(&r->plan), 1, &page, e);
    if (rc)
        return rc;
    info = page;
    if (restore_frame_of(r, info->store_mfn, &result->xenstore_frame) &&
        restore_frame_of(r, info->console.domU.mfn, &result->console_frame)) {
        info->nr_pages = r->plan.nr_pfns;
        info->shared_info = result->shared_info_frame << PAGE_SHIFT;
        info->flags = 0;
        info->store_mfn = result->xenstore_frame;
        info->store_evtchn = result->xenstore_port;
        info->console.domU.mfn = result->console_frame;
        info->console.domU.evtchn = result->console_port;
    } else {
        rc = restore_fail(r, e, -EBADMSG, "the guest's rings are not in its memory");
    }
    foreign_unmap(page, 1);
    return rc;
}

/* Events that were on their way are gone with their channels. */
int restore_write_shared_info(struct pv_restore *r, struct error *e)
{
    const struct shared_info *saved = r->plan.shared_info;
    struct shared_info *shared;
    void *page;
    int rc = foreign_map(&r->build.ctl->privcmd, r->build.domid, &r->build.result.shared_info_frame,
                         1, PROT_READ | PROT_WRITE, &page);

    if (rc)
        return restore_fail(r, e, rc, "the new domain's shared_info cannot be mapped: %s",
                            error_clause(rc));
    shared = page;
    memcpy(shared->vcpu_info, saved->vcpu_info, sizeof(shared->vcpu_info));
    memcpy(&shared->arch, &saved->arch, sizeof(shared->arch));
    shared->arch.pfn_to_mfn_frame_list_list = 0;
    shared->arch.p2m_cr3 = 0;
    for (unsigned int i = 0; i < XEN_LEGACY_MAX_VCPUS; i++)
        shared->vcpu_info[i].evtchn_pending_sel = 0;
    memset(shared->evtchn_pending, 0, sizeof(shared->evtchn_pending));
    memset(shared->evtchn_mask, 0xff, sizeof(shared->evtchn_mask));
    foreign_unmap(page, 1);
    return 0;
}

/* ---- page tables ---------------------------------------------------------------------- */

static int pin(struct pv_restore *r, uint8_t *levels, xen_pfn_t *frames, struct error *e)
{
    unsigned int count = 0, done;
    int rc;

    for (uint64_t pfn = 0; pfn < r->plan.nr_pfns; pfn++) {
        unsigned int type = r->plan.types[pfn];

        if (!page_type_level(type) || !(type & PAGE_TYPE_PINNED))
            continue;
        levels[count] = (uint8_t)page_type_level(type);
        frames[count++] = r->build.frames[pfn];
    }
    rc = mmuext_pin_tables(r->build.ctl, r->build.domid, levels, frames, count, &done);
    if (rc)
        return restore_fail(r, e, rc,
                            "page table %u of %u that its guest had in use is not one: %s",
                            done + 1, count, error_clause(rc));
    return 0;
}

int restore_pin_tables(struct pv_restore *r, struct error *e)
{
    uint8_t *levels = calloc(r->plan.nr_pages, sizeof(*levels));
    xen_pfn_t *frames = calloc(r->plan.nr_pages, sizeof(*frames));
    int rc = -ENOMEM;

    if (levels && frames)
        rc = pin(r, levels, frames, e);
    else
        restore_fail(r, e, rc, "dom0 has not enough memory");
    free(levels);
    free(frames);
    return rc;
}

/* ---- virtual CPUs --------------------------------------------------------------------- */

static int set_basic(struct pv_restore *r, uint32_t vcpu, const void *part, uint32_t bytes)
{
    vcpu_guest_context_t context;
    const char *bad;
    int rc;

    (void)bytes; /* the stream's reader has checked it */
    memcpy(&context, part, sizeof(context));
    rc = pv_context_from_stream(&context, vcpu, restore_frame_of, r, &bad);
    return rc ? rc : domctl_set_vcpu_context(r->build.ctl, r->build.domid, vcpu, &context);
}

static int set_extended(struct pv_restore *r, uint32_t vcpu, const void *part, uint32_t bytes)
{
    struct xen_domctl_ext_vcpucontext context = { 0 };

    memcpy(&context, part, bytes < sizeof(context) ? bytes : sizeof(context));
    if (context.size > sizeof(context))
        context.size = sizeof(context);
    return domctl_set_vcpu_extended(r->build.ctl, r->build.domid, vcpu, &context);
}

static int set_xsave(struct pv_restore *r, uint32_t vcpu, const void *part, uint32_t bytes)
{
    return domctl_set_vcpu_xsave(r->build.ctl, r->build.domid, vcpu, part, bytes);
}

static int set_msrs(struct pv_restore *r, uint32_t vcpu, const void *part, uint32_t bytes)
{
    return domctl_set_vcpu_msrs(r->build.ctl, r->build.domid, vcpu, part,
                                bytes / (uint32_t)sizeof(xen_domctl_vcpu_msr_t));
}

static int set_vcpu(struct pv_restore *r, uint32_t vcpu, struct error *e)
{
    static const struct {
        const char *what;
        int (*set)(struct pv_restore *r, uint32_t vcpu, const void *part, uint32_t bytes);
    } parts[VCPU_PARTS] = {
        [VCPU_BASIC] = { "registers", set_basic },
        [VCPU_EXTENDED] = { "entry points", set_extended },
        [VCPU_XSAVE] = { "extended registers", set_xsave },
        [VCPU_MSRS] = { "MSRs", set_msrs },
    };
    const struct plan_vcpu *plan = &r->plan.vcpus[vcpu];

    for (unsigned int i = 0; i < VCPU_PARTS; i++) {
        int rc = plan->part[i] ? parts[i].set(r, vcpu, plan->part[i], plan->bytes[i]) : 0;

        if (rc)
            return restore_fail(r, e, rc, "the %s of virtual CPU %u were refused: %s",
                                parts[i].what, vcpu, error_clause(rc));
    }
    return 0;
}

int restore_set_vcpus(struct pv_restore *r, struct error *e)
{
    int rc = 0;

    for (uint32_t vcpu = 0; !rc && vcpu < r->plan.nr_vcpus; vcpu++)
        rc = set_vcpu(r, vcpu, e);
    return rc;
}

int restore_set_clock(struct pv_restore *r, struct error *e)
{
    const struct tsc_info_record *saved = &r->plan.tsc;
    struct xen_domctl_tsc_info info = {
        .tsc_mode = saved->mode,
        .gtsc_khz = saved->khz,
        .incarnation = saved->incarnation,
        .elapsed_nsec = saved->nsec,
    };
    int rc = r->plan.has_tsc ? domctl_set_tsc_info(r->build.ctl, r->build.domid, &info) : 0;

    return rc ? restore_fail(r, e, rc, "its clock (tsc_mode %u) was refused: %s", saved->mode,
                             error_clause(rc))
              : 0;
}
