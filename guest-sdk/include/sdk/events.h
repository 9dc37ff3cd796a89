/* SPDX-License-Identifier: MIT */
/*
 * Event channels, two-level ABI: binding, masking, delivery.
 *
 * Upcalls start masked. Handlers run with upcalls masked, on the interrupted stack.
 */
#ifndef SDK_EVENTS_H
#define SDK_EVENTS_H

#include <stdbool.h>
#include <stdint.h>

#include <xen/event_channel.h>
#include <xen/xen.h>

/* The page that both sides share; mapped by events_init(). */
extern shared_info_t *shared_info;

static inline vcpu_info_t *vcpu_info(unsigned int vcpu)
{
    return &shared_info->vcpu_info[vcpu];
}

typedef void (*event_handler_fn)(evtchn_port_t port, void *arg);

void events_init(void);

/* Registers a handler and unmasks @port; NULL masks it again. */
void event_set_handler(evtchn_port_t port, event_handler_fn handler, void *arg);

void event_mask(evtchn_port_t port);
/* Unmasks by hypercall, so a pending event is delivered. */
void event_unmask(evtchn_port_t port);
bool event_is_pending(evtchn_port_t port);
/* Clears the pending bit; returns what it was. */
bool event_clear(evtchn_port_t port);

/* Upcalls of this vCPU. Enabling delivers what is pending before it returns. */
void upcalls_disable(void);
void upcalls_enable(void);

/* Number of upcalls so far on any vCPU. */
extern volatile unsigned long upcall_count;

/* One-line EVTCHNOP wrappers: a port, 0, or negative errno. */
long event_bind_virq(unsigned int virq, unsigned int vcpu);
long event_bind_ipi(unsigned int vcpu);
long event_alloc_unbound(unsigned int dom, unsigned int remote);
long event_bind_interdomain(unsigned int remote, evtchn_port_t remote_port);
long event_close(evtchn_port_t port);
long event_send(evtchn_port_t port);

#endif
