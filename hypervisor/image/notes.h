/* SPDX-License-Identifier: MIT */
/*
 * Xen's ELF notes, and what there was before them; private to this folder.
 */
#ifndef IMAGE_NOTES_H
#define IMAGE_NOTES_H

#include <stddef.h>
#include <stdint.h>

#include <image/pv_image.h>

/* Reads the notes in one note segment or section. Adds the number of Xen notes to *found. Entries
 * of other names and unknown types are skipped. 0 or -IMAGE_E_NOTES. */
int notes_parse(const uint8_t *notes, size_t size, size_t align, struct pv_image *image,
                unsigned int *found);

/* Takes one note of the type (XEN_ELFNOTE_*), wherever it comes from; an unknown one is nothing. */
int note_apply(uint32_t type, const void *desc, size_t size, struct pv_image *image);

/* Reads the text of a section __xen_guest (guest_section.c). 0 or -IMAGE_E_*. */
int guest_section_parse(const uint8_t *bytes, size_t size, struct pv_image *image);

#endif
