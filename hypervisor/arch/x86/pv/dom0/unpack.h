/* SPDX-License-Identifier: MIT */
/* Decompression of dom0's kernel (pv/dom0/unpack.c). */
#ifndef PV_DOM0_UNPACK_H
#define PV_DOM0_UNPACK_H

#include <image/unpack.h>

/** Get the ELF file out of a kernel file. 0 or -IMAGE_E_*. Boot CPU only. */
int dom0_unpack(const void *file, size_t bytes, struct image_unpacked *out);
void dom0_unpack_free(struct image_unpacked *image);

#endif
