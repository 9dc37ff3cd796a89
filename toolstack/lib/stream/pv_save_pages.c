/* SPDX-License-Identifier: MIT */
/*
 * Writing a domain's pages: in batches, page tables translated on the way.
 *
 * Owns the buffers of one batch. Locks: none. ABI: getpageframeinfo3 of <xen/domctl.h>.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "pv_save_internal.h"
#include "stream_read.h"
#include "sys/foreign_map.h"

struct batch {
    struct pv_save *s;
    uint64_t first; /* pfn */
    uint32_t count;
    xen_pfn_t types[PAGE_DATA_BATCH];  /* enum page_type of each */
    uint64_t words[PAGE_DATA_BATCH];   /* as the record has them */
    xen_pfn_t frames[PAGE_DATA_BATCH]; /* of those that have contents */
    uint32_t nr_frames;
    const uint8_t *contents; /* mapped */
    uint64_t table[TABLE_ENTRIES];
};

/* A p2m holds marks for holes, too: they are no frames. */
static int ask_types(struct batch *b, struct error *e)
{
    int rc;

    for (uint32_t i = 0; i < b->count; i++)
        b->types[i] = b->s->p2m.frames[b->first + i];
    rc = domctl_get_page_types(b->s->ctl, b->s->domid, b->types, b->count);
    if (rc)
        return save_fail(b->s, e, rc, "the types of its pages cannot be asked for: %s",
                         error_clause(rc));
    b->nr_frames = 0;
    for (uint32_t i = 0; i < b->count; i++) {
        b->types[i] = (b->types[i] & XEN_DOMCTL_PFINFO_LTAB_MASK) >> XEN_DOMCTL_PFINFO_LTAB_SHIFT;
        if (b->s->p2m.frames[b->first + i] >= b->s->nr_frames)
            b->types[i] = PAGE_TYPE_NONE;
        b->words[i] = b->types[i] << PAGE_DATA_TYPE_SHIFT | (b->first + i);
        if (page_type_has_contents((unsigned int)b->types[i]))
            b->frames[b->nr_frames++] = b->s->p2m.frames[b->first + i];
    }
    return 0;
}

static int write_table(struct batch *b, uint32_t i, const uint8_t *page, struct error *e)
{
    unsigned int bad, level = page_type_level((unsigned int)b->types[i]);
    int rc;

    /* A copy: what was checked is what is written. */
    memcpy(b->table, page, sizeof(b->table));
    rc = pv_table_translate(b->table, b->table, level, save_pfn_of, b->s, &bad);
    if (rc == -E2BIG)
        return save_fail(b->s, e, rc, "its page table %#llx maps a large page",
                         (unsigned long long)(b->first + i));
    if (rc)
        return save_fail(b->s, e, rc,
                         "entry %u of its page table %#llx maps a page that is not its own", bad,
                         (unsigned long long)(b->first + i));
    return stream_out_write(b->s->out, b->table, sizeof(b->table), e);
}

static int write_contents(struct batch *b, struct error *e)
{
    const uint8_t *page = b->contents;
    int rc = 0;

    for (uint32_t i = 0; !rc && i < b->count; i++) {
        if (!page_type_has_contents((unsigned int)b->types[i]))
            continue;
        rc = page_type_level((unsigned int)b->types[i])
                 ? write_table(b, i, page, e)
                 : stream_out_write(b->s->out, page, STREAM_PAGE_BYTES, e);
        page += STREAM_PAGE_BYTES;
    }
    return rc;
}

static int write_batch(struct batch *b, struct error *e)
{
    struct page_data_header header = { b->count, 0 };
    struct record_header record = { LIBXC_PAGE_DATA,
                                    (uint32_t)(sizeof(header) + b->count * sizeof(b->words[0]) +
                                               b->nr_frames * STREAM_PAGE_BYTES) };
    int rc = stream_out_write(b->s->out, &record, sizeof(record), e);

    if (!rc)
        rc = stream_out_write(b->s->out, &header, sizeof(header), e);
    if (!rc)
        rc = stream_out_write(b->s->out, b->words, b->count * sizeof(b->words[0]), e);
    return rc ? rc : write_contents(b, e);
}

static int save_batch(struct batch *b, struct error *e)
{
    void *addr = NULL;
    int rc = ask_types(b, e);

    if (!rc && b->nr_frames) {
        rc = foreign_map(&b->s->ctl->privcmd, b->s->domid, b->frames, b->nr_frames, PROT_READ,
                         &addr);
        if (rc)
            return save_fail(b->s, e, rc, "its memory cannot be mapped: %s", error_clause(rc));
    }
    b->contents = addr;
    if (!rc)
        rc = write_batch(b, e);
    foreign_unmap(addr, b->nr_frames);
    return rc;
}

int save_write_pages(struct pv_save *s, struct error *e)
{
    struct batch *b = calloc(1, sizeof(*b));
    int rc = 0;

    if (!b)
        return save_fail(s, e, -ENOMEM, "dom0 has not enough memory");
    b->s = s;
    while (!rc && b->first < s->p2m.count) {
        uint64_t left = s->p2m.count - b->first;

        b->count = left < PAGE_DATA_BATCH ? (uint32_t)left : PAGE_DATA_BATCH;
        rc = save_batch(b, e);
        b->first += b->count;
    }
    free(b);
    return rc;
}
