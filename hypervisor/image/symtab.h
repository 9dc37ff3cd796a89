/* SPDX-License-Identifier: MIT */
/* Between elf.c and symtab.c. */
#ifndef IMAGE_SYMTAB_H
#define IMAGE_SYMTAB_H

#include <image/pv_image.h>

#include "elf64.h"

struct file {
    const uint8_t *bytes;
    size_t size;
};

/* NULL if any part of the range lies outside the file. */
const uint8_t *file_range(const struct file *file, uint64_t offset, uint64_t size);
/* Whether the table of sections lies in the file: 0 or -IMAGE_E_*. */
int check_sections(const struct file *file, const struct elf64_header *header);
/* Only after check_sections(). */
struct elf64_shdr read_shdr(const struct file *file, const struct elf64_header *header,
                            unsigned int i);

/* After the segments: three more, and phys_end behind them. A file without symbols gets none.
 * 0 or -IMAGE_E_*. */
int image_add_symtab(const struct file *file, const struct elf64_header *header,
                     struct pv_image *image);

#endif
