/* SPDX-License-Identifier: MIT */
/* What happens to domains, told to whoever listens: one JSON object a line. */
#ifndef DOMUSD_EVENT_H
#define DOMUSD_EVENT_H

#include <stdint.h>

#include <xen/xen.h>

/* Turns a client's connection into a listener's. 0, -ENOMEM, or -ENOTCONN if it has left. */
int event_listen(uint64_t conn);

/* Tells: what ("started"), of which domain (domid DOMID_INVALID: it has no number now), and why
 * (NULL: nothing to add). */
void event_emit(const char *what, const char *name, domid_t domid, const char *reason);

#endif
