/* SPDX-License-Identifier: MIT */
/*
 * Unpacking dom0's kernel at boot (arch/x86/boot/kernel_unpack.c): the decompressors of Debian's
 * static archives, run on a stack and heap of their own. Init code: not after boot.
 */
#ifndef HV_KERNEL_UNPACK_H
#define HV_KERNEL_UNPACK_H

#include <hv/types.h>

struct kernel_elf {
    const u8 *elf;      /* in the file itself when it was not packed */
    size_t bytes;
};

/** From a bzImage, a packed or a plain ELF file to ELF. 0 or -IMAGE_E_* (image/error.h). */
int kernel_unpack(const void *file, size_t bytes, struct kernel_elf *out);
/** Give all memory back; the ELF is gone unless it lay in the file. */
void kernel_unpack_release(void);

#endif
