/* SPDX-License-Identifier: MIT */
/*
 * gzip, by zlib. Owns a z_stream for the length of a call. ABI: RFC 1952, <zlib.h>.
 */
#include <zlib.h>

#include "unpack_sink.h"

static voidpf zlib_alloc(voidpf opaque, uInt items, uInt size)
{
    const struct image_allocator *mem = opaque;

    return mem->alloc(mem->ctx, (size_t)items * size);
}

static void zlib_free(voidpf opaque, voidpf block)
{
    const struct image_allocator *mem = opaque;

    mem->free(mem->ctx, block);
}

static int inflate_result(int rc)
{
    switch (rc) {
    case Z_OK:
    case Z_STREAM_END:
        return 0;
    case Z_MEM_ERROR:
        return -IMAGE_E_NO_MEMORY;
    case Z_BUF_ERROR: /* wants input, and there is none: room there always is */
        return -IMAGE_E_TRUNCATED;
    default:
        return -IMAGE_E_CORRUPT;
    }
}

static int inflate_all(z_stream *stream, struct sink *sink)
{
    for (;;) {
        uInt room;
        int rc = sink_reserve(sink, 1), zrc;

        if (rc)
            return rc;
        room =
            sink->capacity - sink->used > 1u << 30 ? 1u << 30 : (uInt)(sink->capacity - sink->used);
        stream->next_out = sink->bytes + sink->used;
        stream->avail_out = room;
        zrc = inflate(stream, Z_NO_FLUSH);
        sink->used += room - stream->avail_out;
        if (zrc == Z_STREAM_END)
            return 0;
        rc = inflate_result(zrc);
        if (rc)
            return rc;
    }
}

int unpack_gzip(const uint8_t *data, size_t size, struct sink *sink)
{
    z_stream stream = {
        .next_in = (z_const Bytef *)data,
        .avail_in = (uInt)size,
        .zalloc = zlib_alloc,
        .zfree = zlib_free,
        .opaque = (voidpf)(uintptr_t)sink->mem,
    };
    int rc;

    if (size > 1u << 31)
        return -IMAGE_E_TOO_BIG;
    /* 15: the largest window; 16 more: a gzip header and no other. */
    rc = inflate_result(inflateInit2(&stream, 15 + 16));
    if (rc)
        return rc;
    rc = inflate_all(&stream, sink);
    inflateEnd(&stream);
    return rc;
}
