/* SPDX-License-Identifier: MIT */
/*
 * Reading libxl's layer, and libxc's headers and records; what each libxc record must look like is
 * in stream_check.c.
 *
 * Owns one record's buffer. Locks: none. Facts: see stream_format.h.
 */
#include "stream_read.h"

#include <endian.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "stream_check.h"

struct reading {
    struct stream_in *in;
    const struct stream_handler *handler;
    struct stream_state state;
    uint8_t *body; /* of the record at hand */
    size_t room;
    struct stream_page *pages;
    uint32_t pages_room;
};

/* ---- records of either layer ---------------------------------------------------------- */

static int grow(struct reading *r, size_t bytes, struct error *e)
{
    uint8_t *more;

    if (bytes <= r->room)
        return 0;
    more = realloc(r->body, bytes);
    if (!more)
        return error_set(e, -ENOMEM, "there is not enough memory to read %s", r->in->name);
    r->body = more;
    r->room = bytes;
    return 0;
}

/* Reads a header, and the body with its padding into r->body. */
static int read_record(struct reading *r, struct record_header *header, struct error *e)
{
    int rc = stream_in_read(r->in, header, sizeof(*header), "a record's header", e);
    size_t padded;

    if (rc)
        return rc;
    if (header->length > STREAM_MAX_RECORD_BYTES)
        return stream_in_bad(r->in, e, "a record of type %#x would have %u bytes", header->type,
                             header->length);
    padded = ((size_t)header->length + 7) & ~(size_t)7;
    rc = grow(r, padded, e);
    return rc || !padded ? rc : stream_in_read(r->in, r->body, padded, "a record", e);
}

/* ---- libxc ---------------------------------------------------------------------------- */

static int check_image_header(struct reading *r, const struct libxc_image_header *h,
                              struct error *e)
{
    uint32_t version = be32toh(h->version);

    if (h->marker != LIBXC_MARKER || be32toh(h->id) != LIBXC_ID)
        return stream_in_bad(r->in, e, "the guest's image does not begin as one");
    if (version > LIBXC_VERSION || version < LIBXC_OLDEST_VERSION)
        return stream_in_bad(r->in, e, "the guest's image has version %u, and domus knows %u to %u",
                             version, LIBXC_OLDEST_VERSION, LIBXC_VERSION);
    if (be16toh(h->options) & LIBXC_OPTION_BIG_ENDIAN)
        return stream_in_bad(r->in, e, "the guest's image is big-endian");
    r->state.version = version;
    return 0;
}

static int check_domain_header(struct reading *r, const struct libxc_domain_header *h,
                               struct error *e)
{
    if (h->type != LIBXC_DOMAIN_X86_PV)
        return stream_in_bad(r->in, e, "its guest is not a paravirtualized one of x86 (type %u)",
                             h->type);
    if (h->page_shift != 12)
        return stream_in_bad(r->in, e, "its pages would have 2^%u bytes", h->page_shift);
    return 0;
}

static int read_libxc_headers(struct reading *r, struct error *e)
{
    struct libxc_image_header image;
    struct libxc_domain_header domain;
    int rc = stream_in_read(r->in, &image, sizeof(image), "the image's header", e);

    if (!rc)
        rc = check_image_header(r, &image, e);
    if (!rc)
        rc = stream_in_read(r->in, &domain, sizeof(domain), "the domain's header", e);
    return rc ? rc : check_domain_header(r, &domain, e);
}

static int grow_pages(struct reading *r, uint32_t count, struct error *e)
{
    struct stream_page *more;

    if (count <= r->pages_room)
        return 0;
    more = realloc(r->pages, count * sizeof(*more));
    if (!more)
        return error_set(e, -ENOMEM, "there is not enough memory to read %s", r->in->name);
    r->pages = more;
    r->pages_room = count;
    return 0;
}

/* The form has been checked: each word and each page lies within the body. */
static int take_pages(struct reading *r, struct error *e)
{
    struct page_data_header header;
    const uint8_t *words = r->body + sizeof(header), *contents;
    int rc;

    memcpy(&header, r->body, sizeof(header));
    rc = grow_pages(r, header.count, e);
    if (rc)
        return rc;
    contents = words + header.count * sizeof(uint64_t);
    for (uint32_t i = 0; i < header.count; i++) {
        uint64_t word;

        memcpy(&word, words + i * sizeof(word), sizeof(word));
        r->pages[i].pfn = word & PAGE_DATA_PFN_MASK;
        r->pages[i].type = (unsigned int)(word >> PAGE_DATA_TYPE_SHIFT);
        r->pages[i].contents = NULL;
        if (page_type_has_contents(r->pages[i].type)) {
            r->pages[i].contents = contents;
            contents += STREAM_PAGE_BYTES;
        }
    }
    return r->handler->pages(r->handler->arg, r->pages, header.count, r->state.seen_verify, e);
}

static int read_libxc(struct reading *r, struct error *e)
{
    int rc = read_libxc_headers(r, e);

    while (!rc) {
        struct record_header header;

        rc = read_record(r, &header, e);
        if (rc)
            break;
        if (header.type & RECORD_OPTIONAL)
            continue;
        rc = stream_check(&r->state, r->in, header.type, r->body, header.length, e);
        if (rc)
            break;
        if (header.type == LIBXC_END)
            return 0;
        if (header.type == LIBXC_PAGE_DATA)
            rc = take_pages(r, e);
        else
            rc = r->handler->record(r->handler->arg, (enum libxc_record)header.type, r->body,
                                    header.length, e);
    }
    return rc;
}

/* ---- libxl ---------------------------------------------------------------------------- */

static int read_libxl_header(struct reading *r, struct error *e)
{
    struct libxl_header header;
    int rc = stream_in_read(r->in, &header, sizeof(header), "the stream's header", e);

    if (rc)
        return rc;
    if (be64toh(header.ident) != LIBXL_IDENT)
        return stream_in_bad(r->in, e, "its stream does not begin as one");
    if (be32toh(header.version) != LIBXL_VERSION)
        return stream_in_bad(r->in, e, "its stream has version %u, and domus knows %u",
                             be32toh(header.version), LIBXL_VERSION);
    if (be32toh(header.options) & LIBXL_OPTION_BIG_ENDIAN)
        return stream_in_bad(r->in, e, "its stream is big-endian");
    if (be32toh(header.options) & LIBXL_OPTION_LEGACY)
        return stream_in_bad(r->in, e, "it was converted from a Xen older than 4.6");
    return 0;
}

/* Key and value, key and value, each ended by a NUL. */
static bool pairs_ok(const uint8_t *text, uint32_t bytes)
{
    unsigned int nuls = 0;

    for (uint32_t i = 0; i < bytes; i++)
        nuls += text[i] == 0;
    return nuls % 2 == 0 && (!bytes || !text[bytes - 1]);
}

/* A PV guest has no emulated devices. What a device model's store nodes were is of no use here. */
static int take_emulator_nodes(struct reading *r, uint32_t bytes, struct error *e)
{
    if (bytes < 8 || !pairs_ok(r->body + 8, bytes - 8))
        return stream_in_bad(r->in, e, "the store nodes of its device model are malformed");
    return 0;
}

static int take_libxl_record(struct reading *r, const struct record_header *header, bool *context,
                             struct error *e)
{
    switch (header->type) {
    case LIBXL_LIBXC_CONTEXT:
        if (header->length || *context)
            return stream_in_bad(r->in, e, "it has more than one image of the guest");
        *context = true;
        return read_libxc(r, e);
    case LIBXL_EMULATOR_XENSTORE_DATA:
        return take_emulator_nodes(r, header->length, e);
    case LIBXL_EMULATOR_CONTEXT:
        return stream_in_bad(r->in, e, "its guest has a device model, which domus does not run");
    case LIBXL_CHECKPOINT_END:
    case LIBXL_CHECKPOINT_STATE:
        return stream_in_bad(r->in, e, "it is one of a series of checkpoints (Remus or COLO)");
    default:
        if (header->type & RECORD_OPTIONAL)
            return 0;
        return stream_in_bad(r->in, e, "its stream has a record of the unknown type %#x",
                             header->type);
    }
}

static int read_libxl(struct reading *r, struct error *e)
{
    bool context = false;
    int rc = read_libxl_header(r, e);

    while (!rc) {
        struct record_header header;

        rc = read_record(r, &header, e);
        if (rc)
            break;
        if (header.type == LIBXL_END) {
            if (!context || header.length)
                return stream_in_bad(r->in, e, "it has no image of the guest");
            return 0;
        }
        rc = take_libxl_record(r, &header, &context, e);
    }
    return rc;
}

int stream_read(struct stream_in *in, const struct stream_handler *handler, struct error *e)
{
    struct reading r = { .in = in, .handler = handler };
    int rc = read_libxl(&r, e);

    free(r.body);
    free(r.pages);
    stream_state_free(&r.state);
    return rc;
}
