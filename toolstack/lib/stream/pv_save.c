/* SPDX-License-Identifier: MIT */
/*
 * Saving a PV domain: what is mapped for it, and the order of the stream's parts.
 *
 * Owns the mappings of a save. Locks: none; one thread. ABI: stream_format.h.
 */
#include "pv_save.h"

#include <endian.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include <xen/sched.h>

#include "pv_save_internal.h"
#include "stream_read.h"
#include "sys/foreign_map.h"

#define M2P_CHUNK_BYTES   (2ul << 20)
#define M2P_CHUNK_PAGES   (M2P_CHUNK_BYTES / STREAM_PAGE_BYTES)
#define M2P_CHUNK_ENTRIES (M2P_CHUNK_BYTES / sizeof(uint64_t))

int save_fail(const struct pv_save *s, struct error *e, int code, const char *format, ...)
{
    char cause[ERROR_TEXT_BYTES / 2];
    va_list args;

    va_start(args, format);
    vsnprintf(cause, sizeof(cause), format, args);
    va_end(args);
    return error_set(e, code, "domain %u cannot be saved: %s", s->domid, cause);
}

int save_record(struct pv_save *s, uint32_t type, const void *first, size_t first_bytes,
                const void *second, size_t second_bytes, struct error *e)
{
    static const uint8_t zeros[8];
    size_t bytes = first_bytes + second_bytes;
    struct record_header header = { type, (uint32_t)bytes };
    int rc = stream_out_write(s->out, &header, sizeof(header), e);

    if (!rc && first_bytes)
        rc = stream_out_write(s->out, first, first_bytes, e);
    if (!rc && second_bytes)
        rc = stream_out_write(s->out, second, second_bytes, e);
    return rc ? rc : stream_out_write(s->out, zeros, -bytes & 7, e);
}

/* ---- what is mapped ------------------------------------------------------------------- */

/* The machine-to-physical table: its frames are the hypervisor's own. */
static int map_m2p(struct pv_save *s, struct error *e)
{
    unsigned int chunks, got = 0;
    xen_pfn_t *first, *all;
    void *addr = NULL;
    int rc = memory_get_frames(s->ctl, &s->nr_frames);

    if (rc)
        return save_fail(s, e, rc, "the machine's memory cannot be measured: %s", error_clause(rc));
    chunks = (unsigned int)((s->nr_frames + M2P_CHUNK_ENTRIES - 1) / M2P_CHUNK_ENTRIES);
    first = calloc(chunks, sizeof(*first));
    all = calloc(chunks * M2P_CHUNK_PAGES, sizeof(*all));
    rc = first && all ? memory_get_m2p(s->ctl, first, chunks, &got) : -ENOMEM;
    if (!rc && got < chunks)
        rc = -EIO;
    for (size_t i = 0; !rc && i < chunks * M2P_CHUNK_PAGES; i++)
        all[i] = first[i / M2P_CHUNK_PAGES] + i % M2P_CHUNK_PAGES;
    s->m2p_pages = chunks * M2P_CHUNK_PAGES;
    if (!rc)
        rc = foreign_map(&s->ctl->privcmd, DOMID_XEN, all, s->m2p_pages, PROT_READ, &addr);
    s->m2p = addr;
    free(first);
    free(all);
    return rc ? save_fail(s, e, rc, "the machine-to-physical table cannot be mapped: %s",
                          error_clause(rc))
              : 0;
}

static int map_shared_info(struct pv_save *s, struct error *e)
{
    xen_pfn_t frame = s->info.shared_info_frame;
    void *addr;
    int rc = foreign_map(&s->ctl->privcmd, s->domid, &frame, 1, PROT_READ, &addr);

    if (rc)
        return save_fail(s, e, rc, "its shared_info cannot be mapped: %s", error_clause(rc));
    s->shared = addr;
    return 0;
}

bool save_pfn_of(void *arg, uint64_t frame, uint64_t *pfn)
{
    const struct pv_save *s = arg;

    if (frame >= s->nr_frames)
        return false;
    uint64_t number = __atomic_load_n(&s->m2p[frame], __ATOMIC_RELAXED);
    if (number >= s->p2m.count || s->p2m.frames[number] != frame)
        return false;
    *pfn = number;
    return true;
}

/* The p2m, with pfns in the place of the frames that it lies in. */
static int read_p2m(struct pv_save *s, struct error *e)
{
    struct error why;
    int rc;

    error_clear(&why);
    rc = guest_p2m_read(s->ctl, s->domid, &s->shared->arch, STREAM_MAX_PFNS, &s->p2m, &why);
    if (rc)
        return save_fail(s, e, rc, "%s", error_text(&why));
    for (uint64_t i = 0; i < s->p2m.list_count; i++)
        if (!save_pfn_of(s, s->p2m.list[i], &s->p2m.list[i]))
            return save_fail(s, e, -EINVAL, "its p2m lies in a frame that it does not list");
    return 0;
}

static void let_go(struct pv_save *s)
{
    foreign_unmap((void *)(uintptr_t)s->m2p, s->m2p_pages);
    foreign_unmap(s->shared, 1);
    guest_p2m_free(&s->p2m);
}

/* ---- the parts ------------------------------------------------------------------------ */

static int check_domain(struct pv_save *s, struct error *e)
{
    int rc = domctl_get_info(s->ctl, s->domid, &s->info);
    unsigned int reason;

    if (rc)
        return save_fail(s, e, rc, "%s", error_clause(rc));
    reason = (s->info.flags >> XEN_DOMINF_shutdownshift) & XEN_DOMINF_shutdownmask;
    if (s->info.flags & XEN_DOMINF_hvm_guest)
        return save_fail(s, e, -EOPNOTSUPP, "it is not a paravirtualized one");
    if (!(s->info.flags & XEN_DOMINF_shutdown) || reason != SHUTDOWN_suspend)
        return save_fail(s, e, -EBUSY, "it has not suspended itself");
    if (s->info.max_vcpu_id >= STREAM_MAX_VCPUS)
        return save_fail(s, e, -E2BIG, "it has too many virtual CPUs");
    return 0;
}

static int write_headers(struct pv_save *s, struct error *e)
{
    struct libxl_header libxl = { htobe64(LIBXL_IDENT), htobe32(LIBXL_VERSION), 0 };
    struct record_header context = { LIBXL_LIBXC_CONTEXT, 0 };
    struct libxc_image_header image = { .marker = LIBXC_MARKER,
                                        .id = htobe32(LIBXC_ID),
                                        .version = htobe32(LIBXC_VERSION) };
    struct libxc_domain_header domain = { .type = LIBXC_DOMAIN_X86_PV, .page_shift = 12 };
    struct xen_version_info version;
    int rc = xen_version_get(s->ctl, &version);

    if (rc)
        return save_fail(s, e, rc, "the hypervisor does not say its version: %s", error_clause(rc));
    domain.xen_major = version.major;
    domain.xen_minor = version.minor;
    rc = stream_out_write(s->out, &libxl, sizeof(libxl), e);
    if (!rc)
        rc = stream_out_write(s->out, &context, sizeof(context), e);
    if (!rc)
        rc = stream_out_write(s->out, &image, sizeof(image), e);
    return rc ? rc : stream_out_write(s->out, &domain, sizeof(domain), e);
}

static int write_p2m_frames(struct pv_save *s, struct error *e)
{
    struct p2m_frames_record header = { 0, (uint32_t)(s->p2m.count - 1) };

    return save_record(s, LIBXC_X86_PV_P2M_FRAMES, &header, sizeof(header), s->p2m.list,
                       s->p2m.list_count * sizeof(*s->p2m.list), e);
}

/* The end of libxc's stream, then libxl's. */
static int write_ends(struct pv_save *s, struct error *e)
{
    int rc = save_record(s, LIBXC_END, NULL, 0, NULL, 0, e);

    return rc ? rc : save_record(s, LIBXL_END, NULL, 0, NULL, 0, e);
}

int pv_save(struct control *ctl, domid_t domid, struct stream_out *out, struct error *e)
{
    static int (*const steps[])(struct pv_save * s, struct error * e) = {
        check_domain,      map_m2p,          map_shared_info,  read_p2m,         write_headers,
        save_write_static, write_p2m_frames, save_write_pages, save_write_state, write_ends,
    };
    struct pv_save s = { .ctl = ctl, .domid = domid, .out = out };
    int rc = 0;

    for (size_t i = 0; !rc && i < sizeof(steps) / sizeof(steps[0]); i++)
        rc = steps[i](&s, e);
    let_go(&s);
    return rc;
}
