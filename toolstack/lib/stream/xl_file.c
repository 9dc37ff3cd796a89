/* SPDX-License-Identifier: MIT */
/* A saved domain's file around its stream. Owns nothing. Locks: none. */
#include "xl_file.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "stream_format.h"

int xl_file_write(struct stream_out *out, const char *json, struct error *e)
{
    uint32_t bytes = (uint32_t)strlen(json) + 1;
    struct xl_header header = {
        .byteorder = XL_BYTEORDER,
        .mandatory_flags = XL_MANDATORY_JSON | XL_MANDATORY_STREAM_V2,
        .optional_bytes = (uint32_t)sizeof(bytes) + bytes,
    };
    int rc;

    memcpy(header.magic, XL_MAGIC, XL_MAGIC_BYTES);
    rc = stream_out_write(out, &header, sizeof(header), e);
    if (!rc)
        rc = stream_out_write(out, &bytes, sizeof(bytes), e);
    return rc ? rc : stream_out_write(out, json, bytes, e);
}

static int check_header(const struct stream_in *in, const struct xl_header *header, struct error *e)
{
    if (memcmp(header->magic, XL_MAGIC, XL_MAGIC_BYTES))
        return error_set(e, -EINVAL, "%s is not a saved domain: it does not begin as one",
                         in->name);
    if (header->byteorder != XL_BYTEORDER)
        return stream_in_bad(in, e, "it was saved on a machine with another byte order");
    if (header->mandatory_flags & ~(XL_MANDATORY_JSON | XL_MANDATORY_STREAM_V2))
        return stream_in_bad(in, e, "it needs something that domus does not know (flags %#x)",
                             header->mandatory_flags);
    if (!(header->mandatory_flags & XL_MANDATORY_STREAM_V2) ||
        !(header->mandatory_flags & XL_MANDATORY_JSON))
        return stream_in_bad(in, e, "it was saved by a Xen older than 4.6");
    if (header->optional_bytes < 8 || header->optional_bytes > XL_CONFIG_MAX_BYTES)
        return stream_in_bad(in, e, "its configuration would have %u bytes",
                             header->optional_bytes);
    return 0;
}

static int read_json(struct stream_in *in, uint32_t optional, char **json, struct error *e)
{
    char *data = malloc((size_t)optional + 1);
    uint32_t bytes;
    int rc;

    if (!data)
        return error_set(e, -ENOMEM, "there is not enough memory to read %s", in->name);
    rc = stream_in_read(in, data, optional, "its configuration", e);
    if (!rc) {
        memcpy(&bytes, data, sizeof(bytes));
        if (bytes > optional - sizeof(bytes))
            rc = stream_in_bad(in, e, "its configuration would have %u bytes", bytes);
    }
    if (rc) {
        free(data);
        return rc;
    }
    memmove(data, data + sizeof(bytes), bytes);
    data[bytes] = '\0';
    *json = data;
    return 0;
}

int xl_file_read(struct stream_in *in, char **json, struct error *e)
{
    struct xl_header header;
    size_t got;
    int rc = stream_in_read_some(in, &header, sizeof(header), &got, e);

    *json = NULL;
    if (rc)
        return rc;
    if (got < sizeof(header))
        return error_set(e, -EINVAL, "%s is not a saved domain: it has only %zu bytes", in->name,
                         got);
    rc = check_header(in, &header, e);
    if (rc)
        return rc;
    return read_json(in, header.optional_bytes, json, e);
}

int xl_file_write_trailer(struct stream_out *out, struct error *e)
{
    struct stream_trailer trailer = { .crc = out->crc };

    memcpy(trailer.magic, TRAILER_MAGIC, sizeof(trailer.magic));
    return stream_out_write(out, &trailer, sizeof(trailer), e);
}

int xl_file_check_trailer(struct stream_in *in, struct error *e)
{
    struct stream_trailer trailer;
    uint64_t crc = in->crc;
    uint8_t more;
    size_t got, behind = 0;
    int rc = stream_in_read_some(in, &trailer, sizeof(trailer), &got, e);

    if (rc || got == 0)
        return rc;
    if (got == sizeof(trailer))
        rc = stream_in_read_some(in, &more, 1, &behind, e);
    if (rc)
        return rc;
    if (got < sizeof(trailer) || behind || memcmp(trailer.magic, TRAILER_MAGIC, 8))
        return stream_in_bad(in, e, "something else stands behind its end");
    if (trailer.crc != crc)
        return stream_in_bad(in, e,
                             "it is damaged: its checksum is %016llx, and it should be %016llx",
                             (unsigned long long)crc, (unsigned long long)trailer.crc);
    return 0;
}
