/* SPDX-License-Identifier: MIT */
/*
 * Clients behind a shared ring: guest kernels, and dom0's own.
 */
#ifndef XENSTORE_DAEMON_CONN_RING_H
#define XENSTORE_DAEMON_CONN_RING_H

#include "conn.h"
#include "domain.h"
#include "journal.h"
#include "xen.h"

/* A connection over a mapped ring, which it owns from now on. NULL: no memory (the ring is the
 * caller's still). */
struct conn *conn_ring_new(struct domain *d, const struct xen_ring *ring);

/* Starts over with the indexes that the page holds: after a new INTRODUCE. */
void conn_ring_restart(struct conn *c);

/* Recovery: goes on where a predecessor stopped. False if there is no memory. */
bool conn_ring_restore(struct conn *c, const struct journal_ring *j, const char *partial,
                       const char *unsent, uint32_t unsent_len);

/* Records the connection for a new journal. */
void conn_ring_snapshot(struct conn *c);

/* The domain goes; the connection is about to be destroyed. */
void conn_ring_detach(struct conn *c);

/* The state of the ring for reports: our indexes / the guest's, and what waits. */
void conn_ring_describe(const struct conn *c, char *buf, size_t size);

/* Handles what the domain has put into its ring. */
void conn_ring_receive(struct conn *c);

#endif
