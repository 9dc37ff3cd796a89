/* SPDX-License-Identifier: MIT */
/*
 * Event channels in user space, through /dev/xen/evtchn.
 *
 * A bound port that fires is masked by the kernel and queued; evtchn_pending() takes it from the
 * queue and evtchn_unmask() lets it fire again. Closing the handle closes its ports.
 */
#ifndef TOOLSTACK_SYS_EVTCHN_H
#define TOOLSTACK_SYS_EVTCHN_H

#include <stdint.h>

#include <xen/event_channel.h>
#include <xen/xen.h>

struct evtchn {
    int fd;
};

/* Opens the device, non-blocking. -ENOENT: no xen-evtchn; -EACCES: not root. */
int evtchn_open(struct evtchn *ec);

/* Closes, with every port bound through the handle; harmless if the open failed. */
void evtchn_close(struct evtchn *ec);

/* The descriptor to poll for POLLIN: readable while a port is queued. */
int evtchn_fd(const struct evtchn *ec);

/* Binds a new local port to remote_port of domain dom. */
int evtchn_bind_interdomain(struct evtchn *ec, domid_t dom, evtchn_port_t remote_port,
                            evtchn_port_t *local);

/* Allocates a local port that domain dom may bind to. */
int evtchn_bind_unbound(struct evtchn *ec, domid_t dom, evtchn_port_t *local);

/* Binds VIRQ_*; -EEXIST if a global one has an owner already. */
int evtchn_bind_virq(struct evtchn *ec, unsigned int virq, evtchn_port_t *local);

/* Closes one port. */
int evtchn_unbind(struct evtchn *ec, evtchn_port_t local);

/* Takes one fired port from the queue; -EAGAIN if there is none. -EFBIG: the kernel's queue
 * overflowed and was cleared (every port must be treated as fired). */
int evtchn_pending(struct evtchn *ec, evtchn_port_t *local);

/* Lets a port fire again after evtchn_pending() has returned it. */
int evtchn_unmask(struct evtchn *ec, evtchn_port_t local);

/* Signals the other end. */
int evtchn_notify(struct evtchn *ec, evtchn_port_t local);

#endif
