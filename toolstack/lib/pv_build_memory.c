/* SPDX-License-Identifier: MIT */
/*
 * The memory of a domain that is being built: getting it, and writing to it from here.
 *
 * Owns nothing beyond the mappings it makes and drops within a call. ABI: <xen/memory.h>; the
 * layout decides what goes where.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "pv_build_internal.h"
#include "sys/foreign_map.h"

#define BIG_ORDER 9
#define BIG_PAGES (1ul << BIG_ORDER)

/* Pages mapped at a time. */
#define WINDOW_PAGES 1024ul

/* ---- populating -------------------------------------------------------------------------- */

/* Whole 2 MiB extents, as far as the hypervisor has them. *pages says how far that went. */
static int populate_big(struct pv_build *build, uint64_t *pages)
{
    size_t nr = build->nr_pages >> BIG_ORDER, done = 0;
    xen_pfn_t *extents;
    int rc;

    *pages = 0;
    if (nr == 0)
        return 0;
    extents = calloc(nr, sizeof(*extents));
    if (!extents)
        return -ENOMEM;
    for (size_t i = 0; i < nr; i++)
        extents[i] = i << BIG_ORDER;
    rc = memory_populate(build->ctl, build->domid, BIG_ORDER, extents, nr, &done);
    for (size_t i = 0; i < done; i++)
        for (size_t j = 0; j < BIG_PAGES; j++)
            build->frames[(i << BIG_ORDER) + j] = extents[i] + j;
    *pages = (uint64_t)done << BIG_ORDER;
    free(extents);
    /* Too little contiguous memory is no failure yet. */
    return rc == -ENOMEM ? 0 : rc;
}

static int populate_rest(struct pv_build *build, uint64_t from)
{
    size_t done;

    for (uint64_t pfn = from; pfn < build->nr_pages; pfn++)
        build->frames[pfn] = pfn;
    return memory_populate(build->ctl, build->domid, 0, build->frames + from,
                           build->nr_pages - from, &done);
}

static int explain_no_memory(struct pv_build *build, int rc, struct error *e)
{
    uint64_t need = build->nr_pages >> 8;
    struct xen_sysctl_physinfo host;
    uint64_t available;

    if (rc != -ENOMEM || sysctl_get_physinfo(build->ctl, &host))
        return build_fail(build, e, rc, "its %" PRIu64 " MiB of memory cannot be allocated: %s",
                          need, error_clause(rc));
    available = host.free_pages - (host.outstanding_pages < host.free_pages ? host.outstanding_pages
                                                                            : host.free_pages);
    return build_fail(build, e, rc,
                      "it needs %" PRIu64 " MiB of memory, and the host has %" PRIu64
                      " MiB free; lower \"memory\" or stop another domain",
                      need, available >> 8);
}

/* The claim makes the answer definite at once, not after most of the memory has been taken; a
 * hypervisor without claims answers while populating. */
int build_populate(struct pv_build *build, struct error *e)
{
    uint64_t big = 0;
    int rc = memory_claim(build->ctl, build->domid, build->nr_pages);
    bool claimed = rc == 0;

    if (rc && rc != -ENOSYS && rc != -EOPNOTSUPP)
        return explain_no_memory(build, rc, e);
    build->frames = calloc(build->nr_pages, sizeof(*build->frames));
    rc = build->frames ? populate_big(build, &big) : -ENOMEM;
    if (rc == 0 && big < build->nr_pages)
        rc = populate_rest(build, big);
    if (rc)
        return explain_no_memory(build, rc, e);
    rc = claimed ? memory_claim(build->ctl, build->domid, 0) : 0;
    if (rc)
        return build_fail(build, e, rc, "its claim on memory cannot be dropped: %s",
                          error_clause(rc));
    return 0;
}

/* ---- writing ----------------------------------------------------------------------------- */

int build_map(struct pv_build *build, uint64_t pfn, uint64_t pages, void **addr, struct error *e)
{
    int rc;

    if (pfn > build->nr_pages || pages > build->nr_pages - pfn)
        return build_fail(build, e, -EFAULT, "its layout leaves its memory");
    rc = foreign_map(&build->ctl->privcmd, build->domid, build->frames + pfn, pages,
                     PROT_READ | PROT_WRITE, addr);
    if (rc)
        return build_fail(build, e, rc, "its memory cannot be mapped: %s", error_clause(rc));
    return 0;
}

/* Produces `bytes` bytes of content from offset `at` on. */
typedef int (*producer)(struct pv_build *build, const void *ctx, uint64_t at, void *out,
                        uint64_t bytes, struct error *e);

/* Writes content to pseudo-physical [phys, phys + bytes), a window at a time. */
static int write_range(struct pv_build *build, uint64_t phys, uint64_t bytes, producer produce,
                       const void *ctx, struct error *e)
{
    uint64_t done = 0;

    while (done < bytes) {
        uint64_t offset = (phys + done) & (PAGE_BYTES - 1);
        uint64_t now = WINDOW_PAGES * PAGE_BYTES - offset;
        uint64_t pages;
        void *window;
        int rc;

        if (now > bytes - done)
            now = bytes - done;
        pages = (offset + now + PAGE_BYTES - 1) >> PAGE_SHIFT;
        rc = build_map(build, (phys + done) >> PAGE_SHIFT, pages, &window, e);
        if (rc)
            return rc;
        rc = produce(build, ctx, done, (char *)window + offset, now, e);
        foreign_unmap(window, pages);
        if (rc)
            return rc;
        done += now;
    }
    return 0;
}

static int produce_segment(struct pv_build *build, const void *ctx, uint64_t at, void *out,
                           uint64_t bytes, struct error *e)
{
    const struct pv_image *image = &build->image;
    const struct pv_segment *segment = ctx;
    unsigned int index = (unsigned int)(segment - image->segments);
    uint64_t copy = 0;

    (void)e;
    if (at < segment->file_bytes)
        copy = segment->file_bytes - at < bytes ? segment->file_bytes - at : bytes;
    if (copy)
        memcpy(out, (const char *)image_segment_bytes(image, index, build->kernel.elf) + at, copy);
    memset((char *)out + copy, 0, bytes - copy);
    return 0;
}

int build_load_kernel(struct pv_build *build, struct error *e)
{
    int rc = 0;

    for (unsigned int i = 0; rc == 0 && i < build->image.nr_segments; i++) {
        const struct pv_segment *segment = &build->image.segments[i];

        rc = write_range(build, segment->phys, segment->mem_bytes, produce_segment, segment, e);
    }
    return rc;
}

/* Reads straight into the guest's pages. The rest of the last one is cleared. */
static int produce_ramdisk(struct pv_build *build, const void *ctx, uint64_t at, void *out,
                           uint64_t bytes, struct error *e)
{
    uint64_t want = at >= build->ramdisk_bytes ? 0 : build->ramdisk_bytes - at;
    uint64_t done = 0;

    (void)ctx;
    if (want > bytes)
        want = bytes;
    while (done < want) {
        ssize_t n = pread(build->ramdisk_fd, (char *)out + done, want - done, (off_t)(at + done));
        int rc = n < 0 ? -errno : -EIO;

        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return build_fail(build, e, rc, "ramdisk %s cannot be read: %s", build->config.ramdisk,
                              strerror(-rc));
        if (n == 0)
            return build_fail(build, e, rc,
                              "ramdisk %s became shorter while it was read; try again",
                              build->config.ramdisk);
        done += (uint64_t)n;
    }
    memset((char *)out + done, 0, bytes - done);
    return 0;
}

int build_load_ramdisk(struct pv_build *build, struct error *e)
{
    const struct pv_region *region = &build->layout.ramdisk;

    return write_range(build, region->pfn << PAGE_SHIFT, region->pages << PAGE_SHIFT,
                       produce_ramdisk, NULL, e);
}

static int produce_p2m(struct pv_build *build, const void *ctx, uint64_t at, void *out,
                       uint64_t bytes, struct error *e)
{
    uint64_t entries = bytes / sizeof(uint64_t), first = at / sizeof(uint64_t);
    uint64_t *list = out;

    (void)ctx;
    (void)e;
    for (uint64_t i = 0; i < entries; i++)
        list[i] = first + i < build->nr_pages ? build->frames[first + i] : ~0ull;
    return 0;
}

int build_write_p2m(struct pv_build *build, struct error *e)
{
    const struct pv_region *region = &build->layout.p2m_list;

    return write_range(build, region->pfn << PAGE_SHIFT, region->pages << PAGE_SHIFT, produce_p2m,
                       NULL, e);
}

/* ---- page tables ------------------------------------------------------------------------- */

static uint64_t frame_of(void *ctx, uint64_t pfn)
{
    const struct pv_build *build = ctx;

    return build->frames[pfn];
}

/* The tables lie in at most two runs of frames; the windows follow them. */
int build_write_tables(struct pv_build *build, struct error *e)
{
    const struct pv_layout *layout = &build->layout;
    uint64_t nr = pv_layout_nr_tables(layout), i = 0;

    while (i < nr) {
        const struct pv_region *run =
            i < layout->page_tables.pages ? &layout->page_tables : &layout->p2m_tables;
        uint64_t start = run == &layout->page_tables ? i : i - layout->page_tables.pages;
        uint64_t pages = run->pages - start < WINDOW_PAGES ? run->pages - start : WINDOW_PAGES;
        void *window;
        int rc = build_map(build, run->pfn + start, pages, &window, e);

        if (rc)
            return rc;
        for (uint64_t j = 0; j < pages; j++, i++) {
            uint64_t pfn;
            unsigned int level;

            pv_layout_table(layout, i, &pfn, &level);
            pv_layout_table_fill(layout, i, frame_of, build,
                                 (uint64_t *)window + (pfn - run->pfn - start) * 512);
        }
        foreign_unmap(window, pages);
    }
    return 0;
}
