/* SPDX-License-Identifier: MIT */
/*
 * A PV kernel as an ELF64 file: its loadable segments and its Xen notes.
 *
 * Shared by the hypervisor's dom0 builder and the toolstack's domain builder. The file is hostile.
 * ABI: <xen/elfnote.h>, <xen/features.h>, ELF-64 object file format.
 */
#ifndef IMAGE_PV_IMAGE_H
#define IMAGE_PV_IMAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <image/error.h>

#define IMAGE_MAX_SEGMENTS 16
#define IMAGE_STRING_BYTES 32
#define PV_SYMTAB_SEGMENTS 3
#define PV_SYMTAB_START_BYTES 264

/* One PT_LOAD with a size in memory. All four numbers are checked: the file range lies in the
 * file, file_bytes <= mem_bytes, phys + mem_bytes does not overflow. */
struct pv_segment {
    uint64_t file_offset;
    uint64_t file_bytes;
    uint64_t mem_bytes;
    uint64_t phys; /* pseudo-physical address: p_paddr less PADDR_OFFSET */
};

struct pv_image {
    unsigned int nr_segments;
    struct pv_segment segments[IMAGE_MAX_SEGMENTS + PV_SYMTAB_SEGMENTS];
    uint64_t phys_start; /* lowest segment address */
    uint64_t phys_end;   /* end of the highest segment */

    uint64_t entry;        /* virtual: XEN_ELFNOTE_ENTRY, else e_entry */
    uint64_t virt_base;    /* virtual address of pseudo-physical 0; 0 without the note */
    uint64_t paddr_offset; /* 0 without the note */

    bool has_hypercall_page;
    uint64_t hypercall_page; /* virtual */
    bool has_init_p2m;
    uint64_t init_p2m;  /* virtual */
    bool mod_start_pfn; /* takes its ramdisk unmapped */
    bool has_hv_start_low;
    uint64_t hv_start_low;
    bool has_l1_mfn_valid;
    uint64_t l1_mfn_mask;
    uint64_t l1_mfn_value;
    bool suspend_cancel;
    bool bsd_symtab;
    unsigned int symtab_segment; /* the one that is symtab_start instead of bytes of the file */
    uint8_t symtab_start[PV_SYMTAB_START_BYTES];
    bool has_phys32_entry;
    uint64_t phys32_entry;

    uint32_t features_supported; /* XENFEAT_* bits of FEATURES and SUPPORTED_FEATURES */
    uint32_t features_required;  /* those with '!' */

    char guest_os[IMAGE_STRING_BYTES]; /* cut and NUL-terminated; printable ASCII only */
    char guest_version[IMAGE_STRING_BYTES];
    char xen_version[IMAGE_STRING_BYTES];
    char loader[IMAGE_STRING_BYTES];
    char pae_mode[IMAGE_STRING_BYTES];
};

/* True if the bytes start with the ELF magic. */
bool image_is_elf(const void *file, size_t size);

/* Fills *image from an unpacked ELF file. 0 or -IMAGE_E_*. The image must have Xen notes (in
 * a PT_NOTE segment or, if there is none with Xen notes, an SHT_NOTE section), or else a section
 * __xen_guest, that admit 64-bit PV.
 * Keeps no pointer into the file. */
int image_parse_elf(const void *file, size_t size, struct pv_image *image);

/* The contents of a segment, file_bytes of them; file: what the image was parsed from. */
static inline const void *image_segment_bytes(const struct pv_image *image, unsigned int i,
                                              const void *file)
{
    if (image->symtab_segment && i == image->symtab_segment)
        return image->symtab_start;
    return (const uint8_t *)file + image->segments[i].file_offset;
}

/* Virtual address at which the kernel sees a pseudo-physical address. */
static inline uint64_t image_virt(const struct pv_image *image, uint64_t phys)
{
    return image->virt_base + phys;
}

#endif
