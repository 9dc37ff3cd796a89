/* SPDX-License-Identifier: MIT */
/* What the boot protocol told us, protocol-neutral (filled by arch/x86/boot/). */
#ifndef HV_BOOT_INFO_H
#define HV_BOOT_INFO_H

#include <hv/types.h>

#define BOOT_MAX_MODULES 16
#define BOOT_MAX_E820 256

struct boot_e820 { u64 start, size; u32 type; };
enum { E820_TYPE_RAM = 1, E820_TYPE_RESERVED, E820_TYPE_ACPI, E820_TYPE_NVS, E820_TYPE_UNUSABLE };

struct boot_module {
    paddr_t start;
    u64 bytes;
    const char *cmdline;   /* "" when there is none; in our own memory */
};

struct boot_info {
    const char *loader_name;
    char cmdline[1024];
    char module_cmdline[BOOT_MAX_MODULES][1024];
    struct boot_module module[BOOT_MAX_MODULES];
    u32 nr_modules;
    struct boot_e820 e820[BOOT_MAX_E820]; /* sorted, without overlaps, page-granular RAM */
    u32 nr_e820;
    paddr_t rsdp;          /* from a tag; 0: look in the BIOS area */
    u8 rsdp_copy[36];      /* when the tag carries the table itself */
    bool has_rsdp_copy;
    bool is_efi;
    u64 efi_system_table;  /* physical */
    paddr_t efi_mmap;      /* copy in our memory */
    u32 efi_mmap_bytes, efi_desc_size, efi_desc_version;
    struct {               /* framebuffer or text mode found at boot */
        bool present, is_text;
        u64 base;
        u32 pitch, width, height;
        u8 bpp, red_pos, red_size, green_pos, green_size, blue_pos, blue_size;
    } fb;
    paddr_t image_start, image_end; /* where our own image lies */
};

extern struct boot_info boot_info;

#endif
