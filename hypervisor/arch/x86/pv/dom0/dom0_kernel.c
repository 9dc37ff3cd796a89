/* SPDX-License-Identifier: MIT */
/*
 * dom0's kernel file as an ELF image: as it is, or unpacked out of a bzImage. Boot only.
 */
#include <hv/printk.h>

#include "internal.h"
#include "unpack.h"

void dom0_kernel_open(struct dom0_kernel *k, const void *file, size_t bytes)
{
    struct image_payload payload;
    int rc = image_find_payload(file, bytes, &payload);

    *k = (struct dom0_kernel){0};
    if (rc)
        panic("The first module is no kernel for dom0: %s\n", image_strerror(rc));
    if (payload.format == IMAGE_FORMAT_ELF) {
        k->elf = payload.data;
        k->bytes = payload.size;
        return;
    }
    printk(LOG_INFO "Unpacking dom0's kernel (%s, %zu KiB)\n", payload.format_name,
           payload.size >> 10);
    rc = dom0_unpack(file, bytes, &k->unpacked);
    if (rc)
        panic("dom0's kernel cannot be unpacked: %s\n", image_strerror(rc));
    k->elf = k->unpacked.elf;
    k->bytes = k->unpacked.size;
}

void dom0_kernel_close(struct dom0_kernel *k)
{
    dom0_unpack_free(&k->unpacked);
    *k = (struct dom0_kernel){0};
}
