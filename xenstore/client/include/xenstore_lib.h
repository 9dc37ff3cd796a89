/* SPDX-License-Identifier: MIT */
/*
 * What clients of the store need besides calls to it: permissions, paths of the socket. The names
 * and prototypes are those of Xen's xenstore_lib.h, so that programs compile against either.
 */
#ifndef XENSTORE_LIB_H
#define XENSTORE_LIB_H

#include <errno.h>
#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <xen/io/xs_wire.h>

#define XS_PERM_NONE 0x00
#define XS_PERM_READ 0x01
#define XS_PERM_WRITE 0x02

/* One entry of a permission list; the first of a list names the owner. */
struct xs_permissions {
    unsigned int id;
    unsigned int perms; /* XS_PERM_* */
};

/* Folder of the daemon's socket: $XENSTORED_RUNDIR, or /run/xenstored. */
const char *xs_daemon_rundir(void);

/* The socket: $XENSTORED_PATH, or "socket" in that folder. Static memory. */
const char *xs_daemon_socket(void);
const char *xs_daemon_socket_ro(void);

/* Writes all of it, however often that takes. False with errno. */
bool xs_write_all(int fd, const void *data, unsigned int len);

/* Reads `num` NUL-terminated strings such as "b0". False with errno EINVAL. */
bool xs_strings_to_perms(struct xs_permissions *perms, unsigned int num, const char *strings);

#endif
