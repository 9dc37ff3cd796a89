/* SPDX-License-Identifier: MIT */
/*
 * xz and its predecessor lzma, by liblzma. Owns an lzma_stream for the length of a call. ABI: the
 * .xz file format 1.1, the .lzma format, <lzma.h>.
 */
#include <lzma.h>

#include "unpack_sink.h"

/* A 32 MiB dictionary, as kernels use, takes a little more than that. */
#define XZ_MEMORY_LIMIT (192ull << 20)

static void *xz_alloc(void *opaque, size_t items, size_t size)
{
    const struct image_allocator *mem = opaque;
    size_t bytes;

    if (__builtin_mul_overflow(items, size, &bytes))
        return NULL;
    return mem->alloc(mem->ctx, bytes);
}

static void xz_free(void *opaque, void *block)
{
    const struct image_allocator *mem = opaque;

    if (block)
        mem->free(mem->ctx, block);
}

static int xz_result(lzma_ret rc)
{
    switch (rc) {
    case LZMA_OK:
    case LZMA_STREAM_END:
        return 0;
    case LZMA_MEM_ERROR:
    case LZMA_MEMLIMIT_ERROR:
        return -IMAGE_E_NO_MEMORY;
    case LZMA_BUF_ERROR:
        return -IMAGE_E_TRUNCATED;
    case LZMA_OPTIONS_ERROR:
    case LZMA_UNSUPPORTED_CHECK:
        return -IMAGE_E_COMPRESSION;
    default:
        return -IMAGE_E_CORRUPT;
    }
}

static int xz_all(lzma_stream *stream, struct sink *sink)
{
    for (;;) {
        lzma_ret lrc;
        int rc = sink_reserve(sink, 1);

        if (rc)
            return rc;
        stream->next_out = sink->bytes + sink->used;
        stream->avail_out = sink->capacity - sink->used;
        lrc = lzma_code(stream, LZMA_RUN);
        sink->used = sink->capacity - stream->avail_out;
        if (lrc == LZMA_STREAM_END)
            return 0;
        rc = xz_result(lrc);
        if (rc)
            return rc;
    }
}

static int unpack_stream(const uint8_t *data, size_t size, struct sink *sink, bool is_lzma)
{
    lzma_allocator allocator = {
        .alloc = xz_alloc,
        .free = xz_free,
        .opaque = (void *)(uintptr_t)sink->mem,
    };
    lzma_stream stream = LZMA_STREAM_INIT;
    int rc;

    stream.allocator = &allocator;
    stream.next_in = data;
    stream.avail_in = size;
    if (is_lzma)
        rc = xz_result(lzma_alone_decoder(&stream, XZ_MEMORY_LIMIT));
    else
        rc = xz_result(lzma_stream_decoder(&stream, XZ_MEMORY_LIMIT, LZMA_TELL_UNSUPPORTED_CHECK));
    if (rc == 0)
        rc = xz_all(&stream, sink);
    lzma_end(&stream);
    return rc;
}

int unpack_xz(const uint8_t *data, size_t size, struct sink *sink)
{
    return unpack_stream(data, size, sink, false);
}

int unpack_lzma(const uint8_t *data, size_t size, struct sink *sink)
{
    return unpack_stream(data, size, sink, true);
}
