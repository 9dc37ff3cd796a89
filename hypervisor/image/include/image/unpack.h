/* SPDX-License-Identifier: MIT */
/*
 * From the file that a distribution ships (bzImage, compressed or plain ELF) to an ELF file.
 *
 * The toolstack links the decompressors dynamically, the hypervisor as static archives with its own
 * allocator. The file is hostile. ABI: the Linux x86 boot protocol (setup header), the magic
 * numbers of the compressions.
 */
#ifndef IMAGE_UNPACK_H
#define IMAGE_UNPACK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <image/error.h>

enum image_format {
    IMAGE_FORMAT_ELF,
    IMAGE_FORMAT_GZIP,
    IMAGE_FORMAT_XZ,
    IMAGE_FORMAT_ZSTD,
    IMAGE_FORMAT_LZ4,
    IMAGE_FORMAT_LZMA,
    IMAGE_FORMAT_BZIP2, /* in the toolstack only */
    IMAGE_FORMAT_OTHER, /* lzo: recognised, to be named in the message */
};

struct image_payload {
    enum image_format format;
    const char *format_name; /* "xz", "lz4", ... */
    bool is_bzimage;
    const uint8_t *data; /* into the file */
    size_t size;
    bool has_unpacked_size;
    uint64_t unpacked_size; /* as claimed by the file: must turn out exact */
};

/* alloc returns NULL when there is no more; blocks are 16-byte aligned. free may do nothing. */
struct image_allocator {
    void *(*alloc)(void *ctx, size_t bytes);
    void (*free)(void *ctx, void *block);
    void *ctx;
};

struct image_unpacked {
    const uint8_t *elf;
    size_t size;
    void *owned; /* to be given to image_unpack_free(); NULL if elf points into the file */
};

/* Finds what is inside a kernel file without unpacking it. */
int image_find_payload(const void *file, size_t size, struct image_payload *payload);

/* Unpacks to at most `limit` bytes; an uncompressed payload is not copied. A gzip file that holds
 * a bzImage, or the reverse nesting, is not followed: the result starts with the ELF magic, or
 * the call fails with -IMAGE_E_NOT_KERNEL. */
int image_unpack(const void *file, size_t size, size_t limit, const struct image_allocator *mem,
                 struct image_unpacked *out);

void image_unpack_free(const struct image_allocator *mem, struct image_unpacked *out);

#endif
