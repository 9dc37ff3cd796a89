/* SPDX-License-Identifier: MIT */
/*
 * Kernel files: what is inside, and getting it out.
 *
 * Owns nothing; the file is hostile. ABI: the setup header of the Linux x86 boot protocol, 2.08 and
 * later; magic numbers of the compressions.
 */
#include <image/unpack.h>

#include <image/pv_image.h>

#include "unpack_sink.h"

/* Offsets in the setup header. */
#define SETUP_SECTS           0x1f1
#define SETUP_MAGIC           0x202
#define SETUP_VERSION         0x206
#define SETUP_PAYLOAD_OFFSET  0x248
#define SETUP_PAYLOAD_LENGTH  0x24c
#define SETUP_BYTES           0x250
#define SETUP_HDRS            0x53726448u /* "HdrS" */
#define SETUP_VERSION_PAYLOAD 0x208

/* ---- what it is -------------------------------------------------------------------------- */

struct magic {
    uint8_t bytes[6];
    uint8_t len;
    enum image_format format;
    const char *name;
};

static const struct magic magics[] = {
    { { 0x7f, 'E', 'L', 'F' }, 4, IMAGE_FORMAT_ELF, "ELF" },
    { { 0x1f, 0x8b, 0x08 }, 3, IMAGE_FORMAT_GZIP, "gzip" },
    { { 0xfd, '7', 'z', 'X', 'Z', 0x00 }, 6, IMAGE_FORMAT_XZ, "xz" },
    { { 0x28, 0xb5, 0x2f, 0xfd }, 4, IMAGE_FORMAT_ZSTD, "zstd" },
    { { 0x02, 0x21, 0x4c, 0x18 }, 4, IMAGE_FORMAT_LZ4, "lz4" },
    { { 'B', 'Z', 'h' }, 3, IMAGE_FORMAT_BZIP2, "bzip2" },
    { { 0x5d, 0x00, 0x00 }, 3, IMAGE_FORMAT_LZMA, "lzma" },
    { { 0x89, 'L', 'Z', 'O' }, 4, IMAGE_FORMAT_OTHER, "lzo" },
};

static int identify(struct image_payload *payload)
{
    for (unsigned int i = 0; i < sizeof(magics) / sizeof(magics[0]); i++) {
        const struct magic *magic = &magics[i];

        if (payload->size < magic->len ||
            __builtin_memcmp(payload->data, magic->bytes, magic->len) != 0)
            continue;
        payload->format = magic->format;
        payload->format_name = magic->name;
        return 0;
    }
    return -IMAGE_E_NOT_KERNEL;
}

static bool is_bzimage(const uint8_t *file, size_t size)
{
    return size >= SETUP_MAGIC + 4 && image_get_u32(file + SETUP_MAGIC) == SETUP_HDRS;
}

/* Narrows the payload from the whole file to what a bzImage wraps. The build of a kernel appends
 * the unpacked size to every compression but gzip, which ends with it anyway. */
static int enter_bzimage(struct image_payload *payload)
{
    const uint8_t *file = payload->data;
    uint64_t start, length;
    unsigned int sectors;
    int rc;

    if (payload->size < SETUP_BYTES)
        return -IMAGE_E_TRUNCATED;
    if ((file[SETUP_VERSION] | file[SETUP_VERSION + 1] << 8) < SETUP_VERSION_PAYLOAD)
        return -IMAGE_E_OLD_BZIMAGE;
    sectors = file[SETUP_SECTS] ? file[SETUP_SECTS] : 4;
    start = (uint64_t)(sectors + 1) * 512 + image_get_u32(file + SETUP_PAYLOAD_OFFSET);
    length = image_get_u32(file + SETUP_PAYLOAD_LENGTH);
    if (start > payload->size || length > payload->size - start)
        return -IMAGE_E_TRUNCATED;
    payload->is_bzimage = true;
    payload->data = file + start;
    payload->size = length;
    rc = identify(payload);
    if (rc)
        return rc;
    if (payload->format == IMAGE_FORMAT_ELF)
        return 0;
    if (length < 4)
        return -IMAGE_E_TRUNCATED;
    payload->has_unpacked_size = true;
    payload->unpacked_size = image_get_u32(payload->data + length - 4);
    if (payload->format != IMAGE_FORMAT_GZIP)
        payload->size -= 4;
    return 0;
}

int image_find_payload(const void *file, size_t size, struct image_payload *payload)
{
    __builtin_memset(payload, 0, sizeof(*payload));
    payload->data = file;
    payload->size = size;
    if (!image_is_elf(file, size) && is_bzimage(file, size))
        return enter_bzimage(payload);
    return identify(payload);
}

/* ---- the output -------------------------------------------------------------------------- */

int sink_reserve(struct sink *sink, size_t wanted)
{
    size_t capacity;
    uint8_t *bytes;

    if (sink->used > sink->limit)
        return sink->limit_error;
    if (wanted > sink->limit + 1 - sink->used)
        wanted = sink->limit + 1 - sink->used;
    if (wanted <= sink->capacity - sink->used)
        return 0;
    capacity = sink->capacity * 2;
    if (capacity < sink->used + wanted)
        capacity = sink->used + wanted;
    if (capacity > sink->limit + 1)
        capacity = sink->limit + 1;
    bytes = sink->mem->alloc(sink->mem->ctx, capacity);
    if (!bytes)
        return -IMAGE_E_NO_MEMORY;
    __builtin_memcpy(bytes, sink->bytes, sink->used);
    sink->mem->free(sink->mem->ctx, sink->bytes);
    sink->bytes = bytes;
    sink->capacity = capacity;
    return 0;
}

/* A claimed size is believed enough to allocate it, no more. */
static int sink_open(struct sink *sink, const struct image_payload *payload, size_t limit,
                     const struct image_allocator *mem)
{
    size_t guess = payload->size > (limit >> 2) ? limit : payload->size << 2;

    sink->mem = mem;
    sink->used = 0;
    sink->limit = limit;
    sink->limit_error = -IMAGE_E_TOO_BIG;
    sink->capacity = guess + 1;
    if (payload->has_unpacked_size) {
        if (payload->unpacked_size > limit)
            return -IMAGE_E_TOO_BIG;
        sink->limit = payload->unpacked_size;
        sink->limit_error = -IMAGE_E_CORRUPT;
        sink->capacity = sink->limit + 1;
    }
    sink->bytes = mem->alloc(mem->ctx, sink->capacity);
    return sink->bytes ? 0 : -IMAGE_E_NO_MEMORY;
}

static int (*const unpackers[])(const uint8_t *data, size_t size, struct sink *sink) = {
    [IMAGE_FORMAT_GZIP] = unpack_gzip, [IMAGE_FORMAT_XZ] = unpack_xz,
    [IMAGE_FORMAT_ZSTD] = unpack_zstd, [IMAGE_FORMAT_LZ4] = unpack_lz4,
    [IMAGE_FORMAT_LZMA] = unpack_lzma, [IMAGE_FORMAT_BZIP2] = unpack_bzip2,
};

static int decompress(const struct image_payload *payload, struct sink *sink)
{
    int rc = unpackers[payload->format](payload->data, payload->size, sink);

    if (rc)
        return rc;
    if (sink->used > sink->limit)
        return sink->limit_error;
    if (payload->has_unpacked_size && sink->used != payload->unpacked_size)
        return -IMAGE_E_CORRUPT;
    return image_is_elf(sink->bytes, sink->used) ? 0 : -IMAGE_E_NOT_KERNEL;
}

int image_unpack(const void *file, size_t size, size_t limit, const struct image_allocator *mem,
                 struct image_unpacked *out)
{
    struct image_payload payload;
    struct sink sink;
    int rc = image_find_payload(file, size, &payload);

    __builtin_memset(out, 0, sizeof(*out));
    if (rc)
        return rc;
    if (payload.format == IMAGE_FORMAT_ELF) {
        out->elf = payload.data;
        out->size = payload.size;
        return 0;
    }
    if (payload.format == IMAGE_FORMAT_OTHER)
        return -IMAGE_E_COMPRESSION;
    rc = sink_open(&sink, &payload, limit, mem);
    if (rc)
        return rc;
    rc = decompress(&payload, &sink);
    if (rc) {
        mem->free(mem->ctx, sink.bytes);
        return rc;
    }
    out->elf = sink.bytes;
    out->size = sink.used;
    out->owned = sink.bytes;
    return 0;
}

void image_unpack_free(const struct image_allocator *mem, struct image_unpacked *out)
{
    if (out->owned)
        mem->free(mem->ctx, out->owned);
    __builtin_memset(out, 0, sizeof(*out));
}
