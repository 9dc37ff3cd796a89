/* SPDX-License-Identifier: MIT */
/*
 * What a saved domain needs: the records other than pages are kept, of the pages the types.
 *
 * Owns the plan's memory. Locks: none.
 */
#include "stream_plan.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "pv_convert.h"

struct planning {
    struct stream_plan *plan;
    const struct stream_in *in;
};

static int no_memory(const struct planning *p, struct error *e)
{
    return error_set(e, -ENOMEM, "there is not enough memory to read %s", p->in->name);
}

static void *copy_of(const void *bytes, size_t count)
{
    void *copy = malloc(count ? count : 1);

    if (copy)
        memcpy(copy, bytes, count);
    return copy;
}

/* ---- pages ---------------------------------------------------------------------------- */

bool stream_plan_has(const struct stream_plan *plan, uint64_t pfn)
{
    return pfn < plan->nr_pfns && plan->types[pfn] != PAGE_TYPE_NONE &&
           plan->types[pfn] != PAGE_TYPE_BROKEN;
}

static int plan_pages(void *arg, const struct stream_page *pages, uint32_t count, bool verify,
                      struct error *e)
{
    struct stream_plan *plan = ((struct planning *)arg)->plan;

    (void)e;
    for (uint32_t i = 0; i < count && !verify; i++) {
        plan->nr_pages -= stream_plan_has(plan, pages[i].pfn);
        plan->types[pages[i].pfn] = (uint8_t)pages[i].type;
        plan->nr_pages += stream_plan_has(plan, pages[i].pfn);
    }
    return 0;
}

/* ---- records -------------------------------------------------------------------------- */

/* The record's form has been checked, and that it begins at or before the end of the earlier. */
static int plan_p2m(struct planning *p, const uint8_t *body, struct error *e)
{
    struct stream_plan *plan = p->plan;
    struct p2m_frames_record header;
    uint64_t pfns, frames, first;
    uint64_t *p2m;
    uint8_t *types;

    memcpy(&header, body, sizeof(header));
    first = header.start_pfn / P2M_PER_FRAME;
    pfns =
        (uint64_t)header.end_pfn + 1 > plan->nr_pfns ? (uint64_t)header.end_pfn + 1 : plan->nr_pfns;
    frames = (pfns + P2M_PER_FRAME - 1) / P2M_PER_FRAME;
    types = realloc(plan->types, pfns);
    if (types)
        plan->types = types;
    p2m = realloc(plan->p2m_pfns, frames * sizeof(*p2m));
    if (p2m)
        plan->p2m_pfns = p2m;
    if (!types || !p2m)
        return no_memory(p, e);
    memset(types + plan->nr_pfns, PAGE_TYPE_NONE, pfns - plan->nr_pfns);
    memcpy(p2m + first, body + sizeof(header),
           (header.end_pfn / P2M_PER_FRAME - first + 1) * sizeof(*p2m));
    plan->nr_pfns = pfns;
    plan->p2m_frames = frames;
    return 0;
}

static int plan_vcpu(struct planning *p, enum vcpu_part part, const uint8_t *body, uint32_t bytes,
                     struct error *e)
{
    struct stream_plan *plan = p->plan;
    struct vcpu_record header;
    struct plan_vcpu *vcpu;

    memcpy(&header, body, sizeof(header));
    if (header.vcpu >= plan->nr_vcpus) {
        vcpu = realloc(plan->vcpus, ((size_t)header.vcpu + 1) * sizeof(*vcpu));
        if (!vcpu)
            return no_memory(p, e);
        memset(vcpu + plan->nr_vcpus, 0, (header.vcpu + 1 - plan->nr_vcpus) * sizeof(*vcpu));
        plan->vcpus = vcpu;
        plan->nr_vcpus = header.vcpu + 1;
    }
    bytes -= (uint32_t)sizeof(header);
    if (!bytes)
        return 0; /* as Xen 4.6 to 4.8 could write it */
    vcpu = &plan->vcpus[header.vcpu];
    free(vcpu->part[part]);
    vcpu->part[part] = copy_of(body + sizeof(header), bytes);
    vcpu->bytes[part] = bytes;
    return vcpu->part[part] ? 0 : no_memory(p, e);
}

static int plan_shared_info(struct planning *p, const void *body, struct error *e)
{
    free(p->plan->shared_info);
    p->plan->shared_info = copy_of(body, STREAM_PAGE_BYTES);
    return p->plan->shared_info ? 0 : no_memory(p, e);
}

static int plan_leaves(struct planning *p, const void *body, uint32_t bytes, struct error *e)
{
    p->plan->policy.leaves = copy_of(body, bytes);
    p->plan->policy.nr_leaves = bytes / sizeof(xen_cpuid_leaf_t);
    return p->plan->policy.leaves ? 0 : no_memory(p, e);
}

static int plan_msrs(struct planning *p, const void *body, uint32_t bytes, struct error *e)
{
    p->plan->policy.msrs = copy_of(body, bytes);
    p->plan->policy.nr_msrs = bytes / sizeof(xen_msr_entry_t);
    return p->plan->policy.msrs ? 0 : no_memory(p, e);
}

static int plan_record(void *arg, enum libxc_record type, const void *body, uint32_t bytes,
                       struct error *e)
{
    struct planning *p = arg;

    switch (type) {
    case LIBXC_X86_PV_P2M_FRAMES:
        return plan_p2m(p, body, e);
    case LIBXC_X86_PV_VCPU_BASIC:
        return plan_vcpu(p, VCPU_BASIC, body, bytes, e);
    case LIBXC_X86_PV_VCPU_EXTENDED:
        return plan_vcpu(p, VCPU_EXTENDED, body, bytes, e);
    case LIBXC_X86_PV_VCPU_XSAVE:
        return plan_vcpu(p, VCPU_XSAVE, body, bytes, e);
    case LIBXC_X86_PV_VCPU_MSRS:
        return plan_vcpu(p, VCPU_MSRS, body, bytes, e);
    case LIBXC_SHARED_INFO:
        return plan_shared_info(p, body, e);
    case LIBXC_X86_TSC_INFO:
        memcpy(&p->plan->tsc, body, sizeof(p->plan->tsc));
        p->plan->has_tsc = true;
        return 0;
    case LIBXC_X86_CPUID_POLICY:
        return plan_leaves(p, body, bytes, e);
    case LIBXC_X86_MSR_POLICY:
        return plan_msrs(p, body, bytes, e);
    default: /* PV information and marks: checked, and nothing to keep */
        return 0;
    }
}

/* ---- what belongs together ------------------------------------------------------------ */

static int check_p2m(const struct planning *p, struct error *e)
{
    const struct stream_plan *plan = p->plan;

    for (uint64_t i = 0; i < plan->p2m_frames; i++)
        if (!stream_plan_has(plan, plan->p2m_pfns[i]) ||
            plan->types[plan->p2m_pfns[i]] != PAGE_TYPE_NORMAL)
            return stream_in_bad(p->in, e,
                                 "its list of pages is said to lie in page %#llx, which "
                                 "is not one of the guest's normal pages",
                                 (unsigned long long)plan->p2m_pfns[i]);
    return 0;
}

static bool has_page(void *arg, uint64_t pfn, uint64_t *frame)
{
    *frame = pfn;
    return stream_plan_has(arg, pfn);
}

/* Whether each register that names a page names one that there is: tried on a copy. */
static int check_vcpu(const struct planning *p, uint32_t id, struct error *e)
{
    vcpu_guest_context_t copy;
    const char *bad;
    uint64_t root;

    memcpy(&copy, p->plan->vcpus[id].part[VCPU_BASIC], sizeof(copy));
    root = copy.ctrlreg[3] >> 12;
    if (pv_context_from_stream(&copy, id, has_page, p->plan, &bad))
        return stream_in_bad(p->in, e, "%s of virtual CPU %u is no page of the guest", bad, id);
    if (page_type_level(p->plan->types[root]) != 4)
        return stream_in_bad(p->in, e, "the page table root of virtual CPU %u is not one", id);
    return 0;
}

static int check_whole(const struct planning *p, struct error *e)
{
    const struct stream_plan *plan = p->plan;
    int rc = check_p2m(p, e);

    for (uint32_t i = 0; !rc && i < plan->nr_vcpus; i++)
        if (plan->vcpus[i].part[VCPU_BASIC])
            rc = check_vcpu(p, i, e);
    if (!rc && plan->types[stream_plan_start_info(plan)] != PAGE_TYPE_NORMAL)
        rc = stream_in_bad(p->in, e, "its start_info is not in a normal page");
    if (!rc && plan->policy.nr_msrs && !plan->policy.nr_leaves)
        rc = stream_in_bad(p->in, e, "its CPU policy is half missing");
    return rc;
}

uint64_t stream_plan_start_info(const struct stream_plan *plan)
{
    const vcpu_guest_context_t *context = plan->vcpus[0].part[VCPU_BASIC];

    return context->user_regs.rdx;
}

int stream_plan_read(struct stream_in *in, struct stream_plan *plan, struct error *e)
{
    struct planning p = { plan, in };
    const struct stream_handler handler = { &p, plan_record, plan_pages };
    int rc;

    memset(plan, 0, sizeof(*plan));
    plan->name = in->name;
    rc = stream_read(in, &handler, e);
    return rc ? rc : check_whole(&p, e);
}

void stream_plan_free(struct stream_plan *plan)
{
    for (uint32_t i = 0; i < plan->nr_vcpus; i++)
        for (unsigned int part = 0; part < VCPU_PARTS; part++)
            free(plan->vcpus[i].part[part]);
    free(plan->vcpus);
    free(plan->types);
    free(plan->p2m_pfns);
    free(plan->shared_info);
    free(plan->policy.leaves);
    free(plan->policy.msrs);
    memset(plan, 0, sizeof(*plan));
}
