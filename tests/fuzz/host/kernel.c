/* SPDX-License-Identifier: MIT */
/* A kernel file of a stranger's: found, unpacked within a limit, its ELF headers and notes read. */
#include <stdint.h>
#include <stdlib.h>

#include <image/pv_image.h>
#include <image/unpack.h>

#define LIMIT (1u << 20)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void *take(void *ctx, size_t bytes)
{
    (void)ctx;
    return bytes > 64u << 20 ? NULL : malloc(bytes);
}

static void give(void *ctx, void *block)
{
    (void)ctx;
    free(block);
}

static void parse(const uint8_t *elf, size_t size)
{
    struct pv_image image;

    if (image_parse_elf(elf, size, &image))
        return;
    if (image.nr_segments > IMAGE_MAX_SEGMENTS || image.phys_start > image.phys_end)
        abort();
    for (unsigned int i = 0; i < image.nr_segments; i++)
        if (image.segments[i].file_offset > size ||
            image.segments[i].file_bytes > size - image.segments[i].file_offset)
            abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const struct image_allocator mem = { take, give, NULL };
    struct image_unpacked out = { 0 };
    struct image_payload payload;

    (void)image_find_payload(data, size, &payload);
    parse(data, size);
    if (image_unpack(data, size, LIMIT, &mem, &out))
        return 0;
    if (out.size > LIMIT && out.owned)
        abort();
    parse(out.elf, out.size);
    image_unpack_free(&mem, &out);
    return 0;
}
