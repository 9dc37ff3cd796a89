/* SPDX-License-Identifier: MIT */
/*
 * The form and the order of libxc's records, for an x86 PV guest: one short function a kind.
 *
 * Owns the state's table of vCPUs. Locks: none. Facts: libxc-migration-stream.pandoc, "Layout".
 */
#include "stream_check.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <xen/domctl.h>

struct checking {
    struct stream_state *s;
    const struct stream_in *in;
    uint32_t type;
    const uint8_t *body;
    uint32_t bytes;
    struct error *e;
};

#define bad(c, ...) stream_in_bad((c)->in, (c)->e, __VA_ARGS__)

/* ---- pages ---------------------------------------------------------------------------- */

bool page_type_has_contents(unsigned int type)
{
    return type < PAGE_TYPE_BROKEN;
}

unsigned int page_type_level(unsigned int type)
{
    return page_type_has_contents(type) ? type & 7 : 0;
}

/* 0 to 4, 9 to 0xc, 0xd to 0xf. */
static bool type_ok(unsigned int type)
{
    if (type >= PAGE_TYPE_BROKEN)
        return true;
    return (type & 7) <= PAGE_TYPE_L4 && type != PAGE_TYPE_PINNED;
}

static int check_words(struct checking *c, uint32_t count, uint64_t *with_contents)
{
    const uint8_t *words = c->body + sizeof(struct page_data_header);

    for (uint32_t i = 0; i < count; i++) {
        uint64_t word, pfn;
        unsigned int type;

        memcpy(&word, words + i * sizeof(word), sizeof(word));
        pfn = word & PAGE_DATA_PFN_MASK;
        type = (unsigned int)(word >> PAGE_DATA_TYPE_SHIFT);
        if (!type_ok(type))
            return bad(c, "page %#llx is of the unknown type %#x", (unsigned long long)pfn, type);
        if (pfn >= c->s->nr_pfns)
            return bad(c, "page %#llx lies beyond the guest's memory", (unsigned long long)pfn);
        *with_contents += page_type_has_contents(type);
    }
    return 0;
}

static int check_page_data(struct checking *c)
{
    struct page_data_header header;
    uint64_t pages = 0, words_end;
    int rc;

    if (!c->s->seen_p2m)
        return bad(c, "pages come before the size of the memory");
    if (c->bytes < sizeof(header))
        return bad(c, "a record of pages has %u bytes", c->bytes);
    memcpy(&header, c->body, sizeof(header));
    words_end = sizeof(header) + (uint64_t)header.count * sizeof(uint64_t);
    if (!header.count || words_end > c->bytes)
        return bad(c, "a record of %u bytes would have %u pages", c->bytes, header.count);
    rc = check_words(c, header.count, &pages);
    if (rc)
        return rc;
    if (words_end + pages * STREAM_PAGE_BYTES != c->bytes)
        return bad(c, "a record with the contents of %llu pages has %u bytes",
                   (unsigned long long)pages, c->bytes);
    c->s->seen_pages = true;
    return 0;
}

/* ---- what does not change while the guest runs ---------------------------------------- */

static int check_pv_info(struct checking *c)
{
    struct pv_info_record info;

    if (c->bytes != sizeof(info) || c->s->seen_info)
        return bad(c, "its PV information is malformed");
    memcpy(&info, c->body, sizeof(info));
    if (info.guest_width == 4 && info.levels == 3)
        return bad(c, "its guest has 32 bits, and only those of 64 bits run here");
    if (info.guest_width != 8 || info.levels != 4)
        return bad(c, "its guest would have words of %u bytes and page tables of %u levels",
                   info.guest_width, info.levels);
    c->s->seen_info = true;
    return 0;
}

static int check_policy(struct checking *c)
{
    bool msrs = c->type == LIBXC_X86_MSR_POLICY;
    size_t entry = msrs ? sizeof(xen_msr_entry_t) : sizeof(xen_cpuid_leaf_t);

    if (c->s->seen_static_end)
        return bad(c, "its CPU policy comes too late");
    if (c->s->seen_policy[msrs] || c->bytes % entry || c->bytes > 4096 * entry)
        return bad(c, "its CPU policy is malformed");
    c->s->seen_policy[msrs] = true;
    return 0;
}

static int check_static_end(struct checking *c)
{
    if (c->bytes || c->s->seen_static_end || !c->s->seen_info || c->s->version < 3)
        return bad(c, "the end of its static data is out of place");
    c->s->seen_static_end = true;
    return 0;
}

static int check_p2m_frames(struct checking *c)
{
    struct p2m_frames_record p2m;
    uint64_t frames;

    if (!c->s->seen_info || (c->s->version >= 3 && !c->s->seen_static_end))
        return bad(c, "the size of its memory comes too early");
    c->s->seen_static_end = true; /* version 2 does not say it */
    if (c->bytes < sizeof(p2m))
        return bad(c, "the size of its memory is malformed");
    memcpy(&p2m, c->body, sizeof(p2m));
    if (p2m.start_pfn > p2m.end_pfn || p2m.end_pfn >= STREAM_MAX_PFNS)
        return bad(c, "its memory would go from page %#x to page %#x", p2m.start_pfn, p2m.end_pfn);
    frames = (uint64_t)p2m.end_pfn / P2M_PER_FRAME - p2m.start_pfn / P2M_PER_FRAME + 1;
    if (c->bytes != sizeof(p2m) + frames * sizeof(uint64_t))
        return bad(c, "the list of %llu frames has %u bytes", (unsigned long long)frames, c->bytes);
    /* Later ones go on where the one before ended, as the guest's memory grows. */
    if (p2m.start_pfn > c->s->nr_pfns || (!c->s->seen_p2m && p2m.start_pfn))
        return bad(c, "its memory has a hole before page %#x", p2m.start_pfn);
    if (p2m.end_pfn >= c->s->nr_pfns)
        c->s->nr_pfns = (uint64_t)p2m.end_pfn + 1;
    c->s->seen_p2m = true;
    return 0;
}

/* ---- the machine's state -------------------------------------------------------------- */

static int check_shared_info(struct checking *c)
{
    if (c->bytes != STREAM_PAGE_BYTES || !c->s->seen_p2m)
        return bad(c, "its shared_info is malformed");
    c->s->seen_shared_info = true;
    return 0;
}

static int check_tsc_info(struct checking *c)
{
    if (c->bytes != sizeof(struct tsc_info_record))
        return bad(c, "its clock information is malformed");
    c->s->seen_tsc = true;
    return 0;
}

static bool vcpu_bytes_ok(uint32_t type, uint32_t bytes)
{
    switch (type) {
    case LIBXC_X86_PV_VCPU_BASIC:
        return bytes == sizeof(vcpu_guest_context_t);
    case LIBXC_X86_PV_VCPU_EXTENDED:
        return bytes <= 128;
    case LIBXC_X86_PV_VCPU_XSAVE:
        return bytes == 0 || (bytes >= 16 && bytes <= 65536);
    default:
        return bytes % sizeof(xen_domctl_vcpu_msr_t) == 0 &&
               bytes <= 1024 * sizeof(xen_domctl_vcpu_msr_t);
    }
}

static int check_vcpu(struct checking *c)
{
    struct vcpu_record vcpu;

    if (!c->s->seen_pages)
        return bad(c, "a virtual CPU comes before the memory");
    if (c->bytes < sizeof(vcpu))
        return bad(c, "a virtual CPU's record has %u bytes", c->bytes);
    memcpy(&vcpu, c->body, sizeof(vcpu));
    if (vcpu.vcpu >= STREAM_MAX_VCPUS)
        return bad(c, "it would have a virtual CPU %u", vcpu.vcpu);
    if (!vcpu_bytes_ok(c->type, c->bytes - (uint32_t)sizeof(vcpu)))
        return bad(c, "a record of virtual CPU %u (type %#x) has %u bytes", vcpu.vcpu, c->type,
                   c->bytes);
    if (!c->s->has_vcpu)
        c->s->has_vcpu = calloc(STREAM_MAX_VCPUS, 1);
    if (!c->s->has_vcpu)
        return error_set(c->e, -ENOMEM, "there is not enough memory to read %s", c->in->name);
    if (c->type == LIBXC_X86_PV_VCPU_BASIC)
        c->s->has_vcpu[vcpu.vcpu] = 1;
    else if (!c->s->has_vcpu[vcpu.vcpu])
        return bad(c, "virtual CPU %u has no registers", vcpu.vcpu);
    return 0;
}

/* ---- marks ---------------------------------------------------------------------------- */

static int check_verify(struct checking *c)
{
    if (c->bytes || !c->s->seen_pages || c->s->seen_verify)
        return bad(c, "its mark for verification is out of place");
    c->s->seen_verify = true;
    return 0;
}

static int check_end(struct checking *c)
{
    if (c->bytes)
        return bad(c, "the image's end has %u bytes", c->bytes);
    if (!c->s->seen_pages)
        return bad(c, "its guest has no memory");
    if (!c->s->seen_shared_info)
        return bad(c, "its shared_info is missing");
    if (!c->s->has_vcpu || !c->s->has_vcpu[0])
        return bad(c, "its first virtual CPU is missing");
    return 0;
}

static int refuse_hvm(struct checking *c)
{
    return bad(c, "it has state of an HVM guest");
}

static int refuse_checkpoint(struct checking *c)
{
    return bad(c, "it is one of a series of checkpoints (Remus or COLO)");
}

static int (*const checks[LIBXC_RECORD_COUNT])(struct checking *c) = {
    [LIBXC_END] = check_end,
    [LIBXC_PAGE_DATA] = check_page_data,
    [LIBXC_X86_PV_INFO] = check_pv_info,
    [LIBXC_X86_PV_P2M_FRAMES] = check_p2m_frames,
    [LIBXC_X86_PV_VCPU_BASIC] = check_vcpu,
    [LIBXC_X86_PV_VCPU_EXTENDED] = check_vcpu,
    [LIBXC_X86_PV_VCPU_XSAVE] = check_vcpu,
    [LIBXC_SHARED_INFO] = check_shared_info,
    [LIBXC_X86_TSC_INFO] = check_tsc_info,
    [LIBXC_HVM_CONTEXT] = refuse_hvm,
    [LIBXC_HVM_PARAMS] = refuse_hvm,
    [LIBXC_X86_PV_VCPU_MSRS] = check_vcpu,
    [LIBXC_VERIFY] = check_verify,
    [LIBXC_CHECKPOINT] = refuse_checkpoint,
    [LIBXC_CHECKPOINT_DIRTY_PFN_LIST] = refuse_checkpoint,
    [LIBXC_STATIC_DATA_END] = check_static_end,
    [LIBXC_X86_CPUID_POLICY] = check_policy,
    [LIBXC_X86_MSR_POLICY] = check_policy,
};

int stream_check(struct stream_state *s, const struct stream_in *in, uint32_t type,
                 const uint8_t *body, uint32_t bytes, struct error *e)
{
    struct checking c = { s, in, type, body, bytes, e };

    if (type >= LIBXC_RECORD_COUNT || !checks[type])
        return bad(&c, "its image has a record of the unknown type %#x", type);
    return checks[type](&c);
}

void stream_state_free(struct stream_state *s)
{
    free(s->has_vcpu);
    s->has_vcpu = NULL;
}
