/* SPDX-License-Identifier: MIT */
/*
 * Wire protocol of the store: messages on its socket and on each domain's ring page.
 * Leaf; no locks. Facts: Xen 4.17 public ABI.
 */
#ifndef XEN_PUBLIC_IO_XS_WIRE_H
#define XEN_PUBLIC_IO_XS_WIRE_H

#include <stdint.h>

enum xsd_sockmsg_type {
    XS_CONTROL              = 0,
    XS_DIRECTORY            = 1,
    XS_READ                 = 2,
    XS_GET_PERMS            = 3,
    XS_WATCH                = 4,
    XS_UNWATCH              = 5,
    XS_TRANSACTION_START    = 6,
    XS_TRANSACTION_END      = 7,
    XS_INTRODUCE            = 8,
    XS_RELEASE              = 9,
    XS_GET_DOMAIN_PATH      = 10,
    XS_WRITE                = 11,
    XS_MKDIR                = 12,
    XS_RM                   = 13,
    XS_SET_PERMS            = 14,
    XS_WATCH_EVENT          = 15, /* to the client, unasked; req_id 0 */
    XS_ERROR                = 16, /* reply: an errno's name as text */
    XS_IS_DOMAIN_INTRODUCED = 17,
    XS_RESUME               = 18,
    XS_SET_TARGET           = 19,
    XS_RESET_WATCHES        = 21, /* 20 was given up */
    XS_DIRECTORY_PART       = 22,
    XS_TYPE_COUNT           = 23, /* one past the highest */
    XS_INVALID              = 0xffff
};
#define XS_DEBUG XS_CONTROL

#define XS_WRITE_NONE        "NONE"
#define XS_WRITE_CREATE      "CREATE"
#define XS_WRITE_CREATE_EXCL "CREATE|EXCL"

/* Errors travel by name. The table exists where <errno.h> was included before. */
struct xsd_errors {
    int errnum;
    const char *errstring;
};
#ifdef EINVAL
#define XSD_ERROR(x) { x, #x }
/* First the one that stands for a name that is not in the table. */
static const struct xsd_errors xsd_errors[] __attribute__((unused)) = {
    XSD_ERROR(EINVAL), XSD_ERROR(EACCES), XSD_ERROR(EEXIST),    XSD_ERROR(EISDIR),
    XSD_ERROR(ENOENT), XSD_ERROR(ENOMEM), XSD_ERROR(ENOSPC),    XSD_ERROR(EIO),
    XSD_ERROR(EBUSY),  XSD_ERROR(ENOSYS), XSD_ERROR(ENOTEMPTY), XSD_ERROR(EROFS),
    XSD_ERROR(EAGAIN), XSD_ERROR(E2BIG),  XSD_ERROR(EISCONN),   XSD_ERROR(EPERM),
};
#endif

/* Head of each message; len bytes of payload follow. */
struct xsd_sockmsg {
    uint32_t type;   /* enum xsd_sockmsg_type; a reply repeats it, or is XS_ERROR */
    uint32_t req_id; /* the client's; a reply repeats it */
    uint32_t tx_id;  /* transaction, 0: none */
    uint32_t len;
};

enum xs_watch_type { /* fields of a watch event */
    XS_WATCH_PATH  = 0,
    XS_WATCH_TOKEN = 1
};

#define XENSTORE_RING_SIZE 1024
typedef uint32_t XENSTORE_RING_IDX;
#define MASK_XENSTORE_IDX(idx) ((idx) & (XENSTORE_RING_SIZE - 1))

/* Ring page of a domain. Each index is written by one side only and runs freely. */
struct xenstore_domain_interface {
    char req[XENSTORE_RING_SIZE]; /* to the store */
    char rsp[XENSTORE_RING_SIZE]; /* from the store */
    XENSTORE_RING_IDX req_cons, req_prod;
    XENSTORE_RING_IDX rsp_cons, rsp_prod;
    uint32_t server_features;     /* XENSTORE_SERVER_FEATURE_* */
    uint32_t connection;          /* the guest asks with RECONNECT; the store resets and clears */
    uint32_t error;               /* XENSTORE_ERROR_*: why the store stopped serving the ring */
};

#define XENSTORE_PAYLOAD_MAX  4096
#define XENSTORE_ABS_PATH_MAX 3072
#define XENSTORE_REL_PATH_MAX 2048

#define XENSTORE_SERVER_FEATURE_RECONNECTION 1
#define XENSTORE_SERVER_FEATURE_ERROR        2

#define XENSTORE_CONNECTED 0
#define XENSTORE_RECONNECT 1

#define XENSTORE_ERROR_NONE    0
#define XENSTORE_ERROR_COMM    1
#define XENSTORE_ERROR_RINGIDX 2
#define XENSTORE_ERROR_PROTO   3

#endif
