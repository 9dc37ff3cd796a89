/* SPDX-License-Identifier: MIT */
/*
 * lz4, by liblz4. Owns nothing. ABI: the "legacy frame" of the LZ4 frame format, which the build of
 * kernels uses: a magic number, then blocks of at most 8 MiB unpacked, each behind its length; a
 * magic number in place of a length begins another frame.
 */
#include <lz4.h>

#include "unpack_sink.h"

#define LZ4_LEGACY_MAGIC 0x184c2102u
#define LZ4_LEGACY_BLOCK (8u << 20)

static int unpack_block(const uint8_t *data, uint32_t size, struct sink *sink)
{
    size_t room;
    int rc = sink_reserve(sink, LZ4_LEGACY_BLOCK), out;

    if (rc)
        return rc;
    room = sink->capacity - sink->used;
    if (room > LZ4_LEGACY_BLOCK)
        room = LZ4_LEGACY_BLOCK;
    out = LZ4_decompress_safe((const char *)data, (char *)sink->bytes + sink->used, (int)size,
                              (int)room);
    if (out < 0)
        return room < LZ4_LEGACY_BLOCK ? sink->limit_error : -IMAGE_E_CORRUPT;
    sink->used += (size_t)out;
    return sink->used > sink->limit ? sink->limit_error : 0;
}

int unpack_lz4(const uint8_t *data, size_t size, struct sink *sink)
{
    while (size) {
        uint32_t length;
        int rc;

        if (size < 4)
            return -IMAGE_E_TRUNCATED;
        length = image_get_u32(data);
        data += 4;
        size -= 4;
        if (length == LZ4_LEGACY_MAGIC)
            continue;
        if (length > LZ4_COMPRESSBOUND(LZ4_LEGACY_BLOCK))
            return -IMAGE_E_CORRUPT;
        if (length > size)
            return -IMAGE_E_TRUNCATED;
        rc = unpack_block(data, length, sink);
        if (rc)
            return rc;
        data += length;
        size -= length;
    }
    return 0;
}
