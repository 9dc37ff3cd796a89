/* SPDX-License-Identifier: MIT */
/*
 * Where decompressors put their output; private to this folder.
 *
 * The buffer always has room for one byte more than may come out, so that a decompressor can meet
 * the end of its input without being starved of room, and too much output shows by itself.
 */
#ifndef IMAGE_UNPACK_SINK_H
#define IMAGE_UNPACK_SINK_H

#include <stddef.h>
#include <stdint.h>

#include <image/unpack.h>

struct sink {
    const struct image_allocator *mem;
    uint8_t *bytes;
    size_t used;
    size_t capacity;
    size_t limit;    /* more output than this is an error... */
    int limit_error; /* ...namely this one */
};

static inline uint32_t image_get_u32(const uint8_t *bytes)
{
    return bytes[0] | (uint32_t)bytes[1] << 8 | (uint32_t)bytes[2] << 16 | (uint32_t)bytes[3] << 24;
}

/* Makes room for `wanted` more bytes, or as many as the limit leaves, at least one: 0, the limit's
 * error, or -IMAGE_E_NO_MEMORY. */
int sink_reserve(struct sink *sink, size_t wanted);

/* Each decompresses one whole stream: 0, -IMAGE_E_CORRUPT, -IMAGE_E_TRUNCATED, -IMAGE_E_NO_MEMORY,
 * or an error of sink_reserve(). Bytes after the stream are ignored. */
int unpack_gzip(const uint8_t *data, size_t size, struct sink *sink);
int unpack_xz(const uint8_t *data, size_t size, struct sink *sink);
int unpack_zstd(const uint8_t *data, size_t size, struct sink *sink);
int unpack_lz4(const uint8_t *data, size_t size, struct sink *sink);
int unpack_lzma(const uint8_t *data, size_t size, struct sink *sink);
int unpack_bzip2(const uint8_t *data, size_t size, struct sink *sink);

#endif
