/* SPDX-License-Identifier: MIT */
/*
 * zstd, by libzstd. Owns a decompression context for the length of a call. ABI: RFC 8878, <zstd.h>;
 * custom allocators are in its static-only part, which Debian's shared library exports too.
 */
#define ZSTD_STATIC_LINKING_ONLY
#include <zstd.h>
#include <zstd_errors.h>

#include "unpack_sink.h"

static void *zstd_alloc(void *opaque, size_t bytes)
{
    const struct image_allocator *mem = opaque;

    return mem->alloc(mem->ctx, bytes);
}

static void zstd_free(void *opaque, void *block)
{
    const struct image_allocator *mem = opaque;

    if (block)
        mem->free(mem->ctx, block);
}

static int zstd_result(size_t rc)
{
    if (!ZSTD_isError(rc))
        return 0;
    switch (ZSTD_getErrorCode(rc)) {
    case ZSTD_error_memory_allocation:
        return -IMAGE_E_NO_MEMORY;
    case ZSTD_error_frameParameter_windowTooLarge:
    case ZSTD_error_frameParameter_unsupported:
        return -IMAGE_E_COMPRESSION;
    default:
        return -IMAGE_E_CORRUPT;
    }
}

static int zstd_all(ZSTD_DCtx *context, ZSTD_inBuffer *in, struct sink *sink)
{
    for (;;) {
        ZSTD_outBuffer out;
        size_t in_before = in->pos, zrc;
        int rc = sink_reserve(sink, 1);

        if (rc)
            return rc;
        out.dst = sink->bytes;
        out.size = sink->capacity;
        out.pos = sink->used;
        zrc = ZSTD_decompressStream(context, &out, in);
        rc = zstd_result(zrc);
        if (rc)
            return rc;
        if (out.pos == sink->used && in->pos == in_before && zrc != 0)
            return -IMAGE_E_TRUNCATED;
        sink->used = out.pos;
        if (zrc == 0)
            return 0;
    }
}

int unpack_zstd(const uint8_t *data, size_t size, struct sink *sink)
{
    ZSTD_customMem mem = { zstd_alloc, zstd_free, (void *)(uintptr_t)sink->mem };
    ZSTD_inBuffer in = { .src = data, .size = size, .pos = 0 };
    ZSTD_DCtx *context = ZSTD_createDCtx_advanced(mem);
    int rc;

    if (!context)
        return -IMAGE_E_NO_MEMORY;
    rc = zstd_all(context, &in, sink);
    ZSTD_freeDCtx(context);
    return rc;
}
