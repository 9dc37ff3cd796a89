/* SPDX-License-Identifier: MIT */
/* xen_version(cmd, arg). Leaf; no locks. Facts: Xen 4.17 public ABI. */
#ifndef XEN_PUBLIC_VERSION_H
#define XEN_PUBLIC_VERSION_H

#include "xen.h"
#include "features.h"

#define XENVER_version             0  /* arg unused; result is major << 16 | minor */
#define XENVER_extraversion        1
#define XENVER_compile_info        2
#define XENVER_capabilities        3
#define XENVER_changeset           4
#define XENVER_platform_parameters 5
#define XENVER_get_features        6
#define XENVER_pagesize            7  /* arg unused; result is bytes */
#define XENVER_guest_handle        8  /* a xen_domain_handle_t */
#define XENVER_commandline         9
#define XENVER_build_id            10 /* result is the length; arg may be null */

typedef char xen_extraversion_t[16];
#define XEN_EXTRAVERSION_LEN (sizeof(xen_extraversion_t))

typedef struct xen_compile_info {
    char compiler[64];
    char compile_by[16];
    char compile_domain[32];
    char compile_date[32];
} xen_compile_info_t;

/* Space-separated guest kinds, such as "xen-3.0-x86_64". */
typedef char xen_capabilities_info_t[1024];
#define XEN_CAPABILITIES_INFO_LEN (sizeof(xen_capabilities_info_t))

typedef char xen_changeset_info_t[64];
#define XEN_CHANGESET_INFO_LEN (sizeof(xen_changeset_info_t))

typedef struct xen_platform_parameters {
    xen_ulong_t virt_start;
} xen_platform_parameters_t;

typedef struct xen_feature_info {
    unsigned int submap_idx; /* in: which 32 bits */
    uint32_t submap;         /* out */
} xen_feature_info_t;

typedef char xen_commandline_t[1024];

typedef struct xen_build_id {
    uint32_t len; /* in: room in buf; must not be 0 */
    unsigned char buf[XEN_FLEX_ARRAY_DIM];
} xen_build_id_t;

#endif
