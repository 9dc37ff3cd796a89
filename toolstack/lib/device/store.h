/* SPDX-License-Identifier: MIT */
/*
 * Short forms of what the toolstack does with xenstore: nodes by printf-style path, owners,
 * transactions that are tried again.
 *
 * Paths are bounded by XENSTORE_ABS_PATH_MAX; a longer one is -ENAMETOOLONG. All return 0 or
 * -errno of the store.
 */
#ifndef DOMUS_STORE_H
#define DOMUS_STORE_H

#include <stdbool.h>
#include <stdint.h>

#include <xen/xen.h>
#include <xenstore.h>

/* Reads a node into an allocated, NUL-terminated string; -ENOENT if it is not there. */
int store_read(struct xs_handle *xs, xs_transaction_t t, char **value, const char *path, ...)
    __attribute__((format(printf, 4, 5)));

/* Reads a decimal number; -ENOENT, or -EINVAL if the node holds something else. */
int store_read_number(struct xs_handle *xs, xs_transaction_t t, uint64_t *value, const char *path,
                      ...) __attribute__((format(printf, 4, 5)));

int store_write(struct xs_handle *xs, xs_transaction_t t, const char *value, const char *path, ...)
    __attribute__((format(printf, 4, 5)));

/* Removes a node with all below it; that it is gone already is no error. */
int store_remove(struct xs_handle *xs, xs_transaction_t t, const char *path, ...)
    __attribute__((format(printf, 3, 4)));

/* Makes an empty node and says whose it is: `owner` may do everything, `reader` may read
 * (DOMID_INVALID: nobody else). What is then created below inherits this. */
int store_make(struct xs_handle *xs, xs_transaction_t t, domid_t owner, domid_t reader,
               const char *path, ...) __attribute__((format(printf, 5, 6)));

bool store_exists(struct xs_handle *xs, const char *path, ...)
    __attribute__((format(printf, 2, 3)));

/* Runs work() in a transaction and ends it; again while others interfere, up to a bound (then
 * -EAGAIN). work() returns 0, or -errno, which drops the transaction. */
int store_transact(struct xs_handle *xs,
                   int (*work)(struct xs_handle *xs, xs_transaction_t t, void *arg), void *arg);

#endif
