/* SPDX-License-Identifier: MIT */
/*
 * bzip2, by libbz2: for the toolstack. The static archive wants stdio, which the hypervisor does
 * not have; it links unpack_no_bzip2.c. Owns a bz_stream for the length of a call. ABI: <bzlib.h>.
 */
#include <bzlib.h>

#include "unpack_sink.h"

static void *bzip2_alloc(void *opaque, int items, int size)
{
    const struct image_allocator *mem = opaque;

    return mem->alloc(mem->ctx, (size_t)items * (size_t)size);
}

static void bzip2_free(void *opaque, void *block)
{
    const struct image_allocator *mem = opaque;

    if (block)
        mem->free(mem->ctx, block);
}

static int bzip2_result(int rc)
{
    switch (rc) {
    case BZ_OK:
    case BZ_STREAM_END:
        return 0;
    case BZ_MEM_ERROR:
        return -IMAGE_E_NO_MEMORY;
    default:
        return -IMAGE_E_CORRUPT;
    }
}

static int bzip2_all(bz_stream *stream, struct sink *sink)
{
    for (;;) {
        unsigned int room;
        int rc = sink_reserve(sink, 1), brc;

        if (rc)
            return rc;
        room = sink->capacity - sink->used > 1u << 30
                   ? 1u << 30
                   : (unsigned int)(sink->capacity - sink->used);
        stream->next_out = (char *)sink->bytes + sink->used;
        stream->avail_out = room;
        brc = BZ2_bzDecompress(stream);
        sink->used += room - stream->avail_out;
        if (brc == BZ_STREAM_END)
            return 0;
        rc = bzip2_result(brc);
        if (rc)
            return rc;
        if (!stream->avail_in && stream->avail_out) /* wants input, and there is none */
            return -IMAGE_E_TRUNCATED;
    }
}

int unpack_bzip2(const uint8_t *data, size_t size, struct sink *sink)
{
    bz_stream stream = {
        .next_in = (char *)(uintptr_t)data,
        .avail_in = (unsigned int)size,
        .bzalloc = bzip2_alloc,
        .bzfree = bzip2_free,
        .opaque = (void *)(uintptr_t)sink->mem,
    };
    int rc;

    if (size > 1u << 31)
        return -IMAGE_E_TOO_BIG;
    rc = bzip2_result(BZ2_bzDecompressInit(&stream, 0, 0));
    if (rc)
        return rc;
    rc = bzip2_all(&stream, sink);
    BZ2_bzDecompressEnd(&stream);
    return rc;
}
