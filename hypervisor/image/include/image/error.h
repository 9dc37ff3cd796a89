/* SPDX-License-Identifier: MIT */
/*
 * What can be wrong with a kernel image.
 *
 * Functions of this folder return 0 or the negative of one of these, so that whoever reports the
 * failure can say more than "invalid".
 */
#ifndef IMAGE_ERROR_H
#define IMAGE_ERROR_H

enum image_error {
    IMAGE_E_NOT_KERNEL = 1,   /* neither bzImage nor ELF nor a known compression */
    IMAGE_E_TRUNCATED,        /* something lies outside the file */
    IMAGE_E_NOT_ELF64_X86,    /* ELF, but not a 64-bit x86 executable */
    IMAGE_E_HEADERS,          /* malformed ELF headers */
    IMAGE_E_SEGMENTS,         /* no, or too many, loadable segments */
    IMAGE_E_ADDRESSES,        /* segment addresses that cannot be loaded */
    IMAGE_E_NO_XEN_NOTES,     /* no Xen notes: not built for PV */
    IMAGE_E_NOTES,            /* malformed or contradictory notes */
    IMAGE_E_ENTRY,            /* entry point outside the loaded image */
    IMAGE_E_GUEST_LOADER,     /* LOADER note is not "generic", or xen version not 3.0 */
    IMAGE_E_FEATURES,         /* requires a feature PV does not have */
    IMAGE_E_OLD_BZIMAGE,      /* boot protocol older than 2.08: no payload field */
    IMAGE_E_COMPRESSION,      /* a compression that this build cannot unpack */
    IMAGE_E_CORRUPT,          /* compressed data damaged */
    IMAGE_E_TOO_BIG,          /* unpacked image above the limit */
    IMAGE_E_NO_MEMORY,        /* allocator returned NULL */
    IMAGE_E_MEMORY_TOO_SMALL, /* layout does not fit into the domain's memory */
    IMAGE_E_P2M_ADDRESS,      /* INIT_P2M outside the guest's range or over the boot mapping */
    IMAGE_E_VIRT_RANGE,       /* boot mapping leaves the guest's address range */
};

/* A clause for a message, for example "the file ends before the end of a segment"; never NULL.
 * Takes what the functions return (negative). */
const char *image_strerror(int err);

#endif
