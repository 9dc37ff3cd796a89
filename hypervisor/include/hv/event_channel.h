/* SPDX-License-Identifier: MIT */
/* Event channels (common/event_channel.c); ABI: public event_channel.h. */
#ifndef HV_EVENT_CHANNEL_H
#define HV_EVENT_CHANNEL_H

#include <hv/domain.h>

int event_channel_domain_init(struct domain *d);
/** Preemptible: closes ports in bounded steps; -ERESTART to be called again. */
int event_channel_domain_teardown(struct domain *d);
void event_channel_domain_free(struct domain *d);
/** Move every port bound to v's virqs etc. home; used by vcpu reset. */
void event_channel_move_pirqs(struct vcpu *v);

/** Raise a VIRQ. Any context except NMI. The global form goes to the domain that bound it. */
void send_guest_vcpu_virq(struct vcpu *v, u32 virq);
void send_guest_domain_virq(struct domain *d, u32 virq); /* vCPU-independent VIRQ of one domain */
void send_global_virq(u32 virq);
/** A PIRQ's port, if bound. */
void send_guest_pirq(struct domain *d, u32 pirq);

/** Mark v's upcall pending and kick it: common tail of delivery. */
void vcpu_mark_events_pending(struct vcpu *v);
static inline bool vcpu_events_deliverable(const struct vcpu *v)
{
    return v->vcpu_info->evtchn_upcall_pending && !v->vcpu_info->evtchn_upcall_mask;
}
/** Toolstack allocates ports in other domains; remote may be DOMID_SELF-resolved. */
int event_channel_alloc_unbound(struct domain *d, domid_t remote, evtchn_port_t *port);
int event_channel_close(struct domain *d, evtchn_port_t port);
int event_channel_send(struct domain *d, evtchn_port_t port);
bool event_port_is_pending(struct domain *d, evtchn_port_t port);
bool event_port_is_masked(struct domain *d, evtchn_port_t port);
bool event_port_is_valid(const struct domain *d, evtchn_port_t port);
int event_channel_bind_pirq_port(struct domain *d, u32 pirq, evtchn_port_t port);
void event_channel_dump(struct domain *d); /* debug key */
/** The frames that d's event queues hold, each by a reference and a writable use. */
void event_fifo_each_frame(struct domain *d, void (*fn)(struct frame *f, void *data), void *data);

#endif
