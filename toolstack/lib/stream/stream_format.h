/* SPDX-License-Identifier: MIT */
/*
 * Numbers and layouts of a saved domain: xl's file header, libxl's stream (version 2) and, inside
 * it, libxc's (version 3; 2 is read too).
 *
 * Facts: Xen's docs/specs/libxl-migration-stream.pandoc and libxc-migration-stream.pandoc; xl's
 * header as Debian's xl 4.17 writes it. Numbers are little-endian, but for the two stream headers.
 */
#ifndef TOOLSTACK_STREAM_FORMAT_H
#define TOOLSTACK_STREAM_FORMAT_H

#include <stdint.h>

/* ---- the file: header, optional data, libxl's stream. The optional data is the length of the
 * configuration in four bytes, and the configuration: JSON with its final NUL. ---- */

#define XL_MAGIC               "Xen saved domain, xl format\n \0 \r"
#define XL_MAGIC_BYTES         32
#define XL_BYTEORDER           0x01020304u
#define XL_MANDATORY_JSON      1u /* the configuration is JSON, not an xl.cfg */
#define XL_MANDATORY_STREAM_V2 2u /* libxl's stream follows, not libxc's bare */
#define XL_CONFIG_MAX_BYTES    (1u << 20)

struct xl_header {
    char magic[XL_MAGIC_BYTES];
    uint32_t byteorder;
    uint32_t mandatory_flags;
    uint32_t optional_flags;
    uint32_t optional_bytes;
};

/* Behind libxl's END, where its readers do not look any more, domus adds a checksum (CRC-64 as in
 * XZ) of all bytes before it. */
#define TRAILER_MAGIC "domusum1"

struct stream_trailer {
    char magic[8];
    uint64_t crc;
};

/* ---- libxl ---- */

#define LIBXL_IDENT             0x4c6962786c466d74ull /* "LibxlFmt" */
#define LIBXL_VERSION           2u
#define LIBXL_OPTION_BIG_ENDIAN 1u
#define LIBXL_OPTION_LEGACY     2u

struct libxl_header { /* big-endian */
    uint64_t ident;
    uint32_t version;
    uint32_t options;
};

enum libxl_record {
    LIBXL_END = 0,
    LIBXL_LIBXC_CONTEXT = 1, /* libxc's stream follows */
    LIBXL_EMULATOR_XENSTORE_DATA = 2,
    LIBXL_EMULATOR_CONTEXT = 3,
    LIBXL_CHECKPOINT_END = 4,
    LIBXL_CHECKPOINT_STATE = 5,
};

/* ---- libxc ---- */

#define LIBXC_MARKER            (~0ull)
#define LIBXC_ID                0x58454e46u /* "XENF" */
#define LIBXC_VERSION           3u
#define LIBXC_OLDEST_VERSION    2u
#define LIBXC_OPTION_BIG_ENDIAN 1u
#define LIBXC_DOMAIN_X86_PV     1u

struct libxc_image_header { /* big-endian */
    uint64_t marker;
    uint32_t id;
    uint32_t version;
    uint16_t options;
    uint16_t reserved[3];
};

struct libxc_domain_header {
    uint32_t type;
    uint16_t page_shift;
    uint16_t reserved;
    uint32_t xen_major;
    uint32_t xen_minor;
};

/* Of both layers. The body is padded with zeros to a multiple of 8 bytes. */
struct record_header {
    uint32_t type;
    uint32_t length;
};

#define RECORD_OPTIONAL (1u << 31) /* in its type: may be ignored */

enum libxc_record {
    LIBXC_END = 0x00,
    LIBXC_PAGE_DATA = 0x01,
    LIBXC_X86_PV_INFO = 0x02,
    LIBXC_X86_PV_P2M_FRAMES = 0x03,
    LIBXC_X86_PV_VCPU_BASIC = 0x04,
    LIBXC_X86_PV_VCPU_EXTENDED = 0x05,
    LIBXC_X86_PV_VCPU_XSAVE = 0x06,
    LIBXC_SHARED_INFO = 0x07,
    LIBXC_X86_TSC_INFO = 0x08,
    LIBXC_HVM_CONTEXT = 0x09,
    LIBXC_HVM_PARAMS = 0x0a,
    LIBXC_TOOLSTACK = 0x0b,
    LIBXC_X86_PV_VCPU_MSRS = 0x0c,
    LIBXC_VERIFY = 0x0d,
    LIBXC_CHECKPOINT = 0x0e,
    LIBXC_CHECKPOINT_DIRTY_PFN_LIST = 0x0f,
    LIBXC_STATIC_DATA_END = 0x10,
    LIBXC_X86_CPUID_POLICY = 0x11,
    LIBXC_X86_MSR_POLICY = 0x12,
    LIBXC_RECORD_COUNT
};

#define STREAM_PAGE_BYTES 4096u

/* PAGE_DATA: this, `count` words of type and pfn, then a page for each type that has contents. */
struct page_data_header {
    uint32_t count;
    uint32_t reserved;
};

#define PAGE_DATA_PFN_MASK   ((1ull << 52) - 1)
#define PAGE_DATA_TYPE_SHIFT 60
#define PAGE_DATA_BATCH      1024u /* words in a record that we write, as libxc has it */

/* The types are XEN_DOMCTL_PFINFO_* >> XEN_DOMCTL_PFINFO_LTAB_SHIFT. */
enum page_type {
    PAGE_TYPE_NORMAL = 0x0,
    PAGE_TYPE_L1 = 0x1,
    PAGE_TYPE_L4 = 0x4,
    PAGE_TYPE_PINNED = 0x8, /* or'ed to the level */
    PAGE_TYPE_BROKEN = 0xd,
    PAGE_TYPE_ALLOC_ONLY = 0xe,
    PAGE_TYPE_NONE = 0xf,
};

struct pv_info_record {
    uint8_t guest_width; /* bytes */
    uint8_t levels;
    uint8_t reserved[6];
};

/* Followed by one pfn for each frame of the p2m that has entries from start to end, both in. */
struct p2m_frames_record {
    uint32_t start_pfn;
    uint32_t end_pfn;
};

#define P2M_PER_FRAME 512u

/* Begins the four kinds of VCPU records; what the domctl gave follows. */
struct vcpu_record {
    uint32_t vcpu;
    uint32_t reserved;
};

struct tsc_info_record {
    uint32_t mode;
    uint32_t khz;
    uint64_t nsec;
    uint32_t incarnation;
    uint32_t reserved;
};

_Static_assert(sizeof(struct xl_header) == 48, "as xl writes it");
_Static_assert(sizeof(XL_MAGIC) == XL_MAGIC_BYTES + 1, "as xl writes it, without its NUL");
_Static_assert(sizeof(struct libxc_image_header) == 24, "as specified");
_Static_assert(sizeof(struct libxc_domain_header) == 16, "as specified");
_Static_assert(sizeof(struct tsc_info_record) == 24, "as specified");

#endif
