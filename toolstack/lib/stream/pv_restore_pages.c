/* SPDX-License-Identifier: MIT */
/*
 * Giving a restored domain its memory: all of it at once, then its contents record by record.
 *
 * Owns nothing beyond a record's mapping. The stream is read for the second time: what it is now
 * may differ from what was planned, but every number is checked against the plan. Locks: none.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "pv_restore_internal.h"
#include "sys/foreign_map.h"

#define PAGES_AT_ONCE 1024u /* mapped */

/* ---- memory --------------------------------------------------------------------------- */

bool restore_frame_of(void *arg, uint64_t pfn, uint64_t *frame)
{
    const struct pv_restore *r = arg;

    if (pfn >= r->plan.nr_pfns || r->build.frames[pfn] == NO_FRAME)
        return false;
    *frame = r->build.frames[pfn];
    return true;
}

static int populate(struct pv_restore *r, xen_pfn_t *pfns, struct error *e)
{
    size_t count = 0, done;
    int rc;

    for (uint64_t pfn = 0; pfn < r->plan.nr_pfns; pfn++)
        if (stream_plan_has(&r->plan, pfn))
            pfns[count++] = pfn;
    rc = memory_populate(r->build.ctl, r->build.domid, 0, pfns, count, &done);
    if (rc)
        return restore_fail(r, e, rc,
                            "its guest needs %zu MiB of memory, of which the hypervisor gave %zu: "
                            "%s: destroy or shrink another domain",
                            count >> 8, done >> 8, error_clause(rc));
    count = 0;
    for (uint64_t pfn = 0; pfn < r->plan.nr_pfns; pfn++)
        r->build.frames[pfn] = stream_plan_has(&r->plan, pfn) ? pfns[count++] : NO_FRAME;
    return 0;
}

int restore_populate(struct pv_restore *r, struct error *e)
{
    xen_pfn_t *pfns = calloc(r->plan.nr_pages, sizeof(*pfns));
    int rc = -ENOMEM;

    r->build.frames = calloc(r->plan.nr_pfns, sizeof(*r->build.frames));
    if (pfns && r->build.frames)
        rc = populate(r, pfns, e);
    else
        restore_fail(r, e, rc, "dom0 has not enough memory");
    free(pfns);
    return rc;
}

/* ---- contents ------------------------------------------------------------------------- */

/* A page as it is to be in the guest's memory: itself, or translated into `table`. */
static int convert(struct pv_restore *r, const struct stream_page *page, uint64_t *table,
                   const void **contents, struct error *e)
{
    unsigned int bad, level = page_type_level(page->type);
    int rc;

    *contents = page->contents;
    if (!level)
        return 0;
    memcpy(table, page->contents, STREAM_PAGE_BYTES);
    rc = pv_table_translate(table, table, level, restore_frame_of, r, &bad);
    if (rc)
        return restore_fail(r, e, -EBADMSG,
                            "entry %u of the guest's page table %#" PRIx64
                            " maps a page that the guest does not have",
                            bad, page->pfn);
    *contents = table;
    return 0;
}

/* A page may come several times while its guest runs: as what it was in the end it is loaded, and
 * not at all if the guest has given it back. */
static bool is_wanted(const struct pv_restore *r, const struct stream_page *page)
{
    return page->contents && stream_plan_has(&r->plan, page->pfn) &&
           r->plan.types[page->pfn] == page->type;
}

static int fill(struct pv_restore *r, const struct stream_page *pages, uint32_t count, bool verify,
                uint8_t *memory, struct error *e)
{
    uint64_t table[TABLE_ENTRIES];
    int rc = 0;

    for (uint32_t i = 0; !rc && i < count; i++) {
        const void *contents;

        if (!is_wanted(r, &pages[i]))
            continue;
        rc = convert(r, &pages[i], table, &contents, e);
        if (rc)
            break;
        if (!verify)
            memcpy(memory, contents, STREAM_PAGE_BYTES);
        else
            r->differing += memcmp(memory, contents, STREAM_PAGE_BYTES) != 0;
        memory += STREAM_PAGE_BYTES;
    }
    return rc;
}

/* At most PAGES_AT_ONCE. */
static int load_some(struct pv_restore *r, const struct stream_page *pages, uint32_t count,
                     bool verify, struct error *e)
{
    xen_pfn_t frames[PAGES_AT_ONCE];
    uint32_t used = 0;
    void *memory;
    int rc;

    for (uint32_t i = 0; i < count; i++)
        if (is_wanted(r, &pages[i]))
            frames[used++] = r->build.frames[pages[i].pfn];
    if (!used)
        return 0;
    rc = foreign_map(&r->build.ctl->privcmd, r->build.domid, frames, used, PROT_READ | PROT_WRITE,
                     &memory);
    if (rc)
        return restore_fail(r, e, rc, "the guest's memory cannot be mapped: %s", error_clause(rc));
    rc = fill(r, pages, count, verify, memory, e);
    foreign_unmap(memory, used);
    return rc;
}

static int load_pages(void *arg, const struct stream_page *pages, uint32_t count, bool verify,
                      struct error *e)
{
    int rc = 0;

    for (uint32_t at = 0; !rc && at < count; at += PAGES_AT_ONCE)
        rc = load_some(arg, pages + at, count - at < PAGES_AT_ONCE ? count - at : PAGES_AT_ONCE,
                       verify, e);
    return rc;
}

/* The first reading has kept what these say. */
static int skip_record(void *arg, enum libxc_record type, const void *body, uint32_t bytes,
                       struct error *e)
{
    (void)arg, (void)type, (void)body, (void)bytes, (void)e;
    return 0;
}

int restore_load_pages(struct pv_restore *r, struct error *e)
{
    const struct stream_handler handler = { r, skip_record, load_pages };
    struct stream_in in;
    int rc;

    if (lseek(r->fd, r->stream_start, SEEK_SET) < 0)
        return restore_fail(r, e, -errno, "it cannot be read twice: %s", strerror(errno));
    rc = stream_in_open(&in, r->fd, r->path, e);
    if (!rc)
        rc = stream_read(&in, &handler, e);
    stream_in_close(&in);
    return rc;
}
