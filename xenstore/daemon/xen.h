/* SPDX-License-Identifier: MIT */
/*
 * What the store needs of the hypervisor and of Linux's Xen devices. Tests link another
 * implementation in place of xen.c.
 */
#ifndef XENSTORE_DAEMON_XEN_H
#define XENSTORE_DAEMON_XEN_H

#include <stdbool.h>
#include <stdint.h>

#include <xen/io/xs_wire.h>

/* A mapped ring page and how it was mapped. */
struct xen_ring {
    struct xenstore_domain_interface *page;
    enum { XEN_RING_NONE, XEN_RING_GRANT, XEN_RING_FOREIGN, XEN_RING_OWN } kind;
};

/* Opens the devices; 0 or -errno, with a message logged. */
int xen_open(void);

/* Maps the ring of a guest: by the grant reserved for it, else (a guest without grant table
 * entries) as foreign frame `mfn`. 0 or -errno. */
int xen_map_ring(uint32_t domid, uint64_t mfn, struct xen_ring *ring);

/* Maps the ring of this domain's own kernel and tells the kernel's event channel port. -ENOENT:
 * the kernel does not wait for a local store. */
int xen_map_own_ring(struct xen_ring *ring, uint32_t *port);

void xen_unmap_ring(struct xen_ring *ring);

/* Event channels: *local is the port that xen_events_read() reports. */
int xen_bind(uint32_t domid, uint32_t remote_port, uint32_t *local);
int xen_bind_domain_death(uint32_t *local);
void xen_unbind(uint32_t local);
int xen_notify(uint32_t local);

/* The descriptor that is readable while ports have fired. */
int xen_events_fd(void);

/* Takes up to `max` fired ports, which stay masked; returns how many. -EFBIG: some were lost, so
 * every port has to be taken for fired. */
int xen_events_read(uint32_t *ports, unsigned int max);

/* Lets ports fire again. */
void xen_events_unmask(const uint32_t *ports, unsigned int count);

struct xen_domain_state {
    uint32_t domid;
    bool dying;
    bool shutdown; /* or crashed */
};

/* The domains that exist, in order of their numbers. *list belongs to this file and is valid
 * until the next call. Returns their number or -errno. */
int xen_list_domains(const struct xen_domain_state **list);

#endif
