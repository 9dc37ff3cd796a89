/* SPDX-License-Identifier: MIT */
/* Between event_channel.c, event_2l.c, event_op.c and event_dump.c. */
#ifndef HV_EVENT_INTERNAL_H
#define HV_EVENT_INTERNAL_H

#include <hv/console.h>
#include <hv/domain.h>

#define PORTS_PER_BUCKET 128
#define MAX_PORTS 131072 /* the ABI's limit with the FIFO layout */

enum event_channel_state { ECS_FREE, ECS_UNBOUND, ECS_INTERDOMAIN, ECS_PIRQ, ECS_VIRQ, ECS_IPI };

struct event_channel {
    spinlock_t lock;
    u8 state;
    u32 port;
    u32 notify_vcpu;
    union {
        domid_t unbound_remote;
        struct {
            struct domain *domain; /* referenced */
            evtchn_port_t port;
        } interdomain;
        u32 virq;
        u32 pirq;
    } u;
};

struct event_channel *event_channel_of(const struct domain *d, evtchn_port_t port);
bool virq_is_global(u32 virq);

/* event_2l.c: bitmaps in shared_info. channel->lock held except for the last two. */
u32 event_2l_max_ports(void);
void event_2l_init_port(struct domain *d, evtchn_port_t port);
void event_2l_set_pending(struct domain *d, struct event_channel *c);
void event_2l_clear_pending(struct domain *d, struct event_channel *c);
void event_2l_unmask(struct domain *d, struct event_channel *c);
bool event_2l_is_pending(const struct domain *d, evtchn_port_t port);
bool event_2l_is_masked(const struct domain *d, evtchn_port_t port);

/* event_channel.c, for event_op.c and domctl */
int event_channel_bind_interdomain(struct domain *local, struct domain *remote,
                                   evtchn_port_t remote_port, evtchn_port_t *port);
int event_channel_bind_virq(struct domain *d, u32 virq, u32 vcpu, evtchn_port_t *port);
int event_channel_bind_ipi(struct domain *d, u32 vcpu, evtchn_port_t *port);
int event_channel_bind_pirq(struct domain *d, u32 pirq, bool will_share, evtchn_port_t *port);
int event_channel_bind_vcpu(struct domain *d, evtchn_port_t port, u32 vcpu);
int event_channel_unmask(struct domain *d, evtchn_port_t port);
int event_channel_status(struct domain *d, struct evtchn_status *s);
int event_channel_reset(struct domain *d);
int event_channel_set_global_virq(struct domain *d, u32 virq);
void event_channel_dump_all(unsigned char key);

#endif
