/* SPDX-License-Identifier: MIT */
/*
 * The wire format: requests taken apart, replies put together. Pure: no connection, no store.
 */
#ifndef XENSTORE_CORE_WIRE_H
#define XENSTORE_CORE_WIRE_H

#include <stddef.h>
#include <stdint.h>

#include <xen/io/xs_wire.h>

struct request {
    struct xsd_sockmsg header;
    const char *payload; /* header.len bytes, and one NUL of ours behind them */
};

/* The result of looking for a request in a stream of bytes. */
enum wire_state {
    WIRE_COMPLETE,
    WIRE_MORE, /* not all of it is there */
    WIRE_BAD,  /* longer than the protocol allows: the stream cannot be followed further */
};

/* Reads the header at `buf`. *total is the size of header and payload once the header is there,
 * else 0. */
enum wire_state wire_peek(const void *buf, size_t len, struct xsd_sockmsg *header, size_t *total);

/* Splits a payload into up to `max` NUL-terminated strings; what follows the last NUL is not
 * counted. Returns how many there are in all (which can be more than `max`). */
unsigned int wire_strings(const struct request *r, const char **str, unsigned int max);

/* Reads an unsigned decimal number; -EINVAL if it is none or above `max`. */
int wire_number(const char *s, uint64_t max, uint64_t *out);

/* The protocol's name of an errno value, "EINVAL" for one it does not have. */
const char *wire_error_name(int errnum);

#endif
