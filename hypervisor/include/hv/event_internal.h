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
    u8 priority, last_priority; /* FIFO: queue wanted, and queue it was last linked on */
    bool pending_early;         /* FIFO: raised while its event word was not there yet */
    u32 last_vcpu;
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

/* A layout of pending events. Except for the last three, channel->lock is held. */
struct event_ops {
    u32 max_ports;
    void (*init_port)(struct domain *d, struct event_channel *c);
    void (*set_pending)(struct domain *d, struct event_channel *c);
    void (*clear_pending)(struct domain *d, struct event_channel *c);
    void (*unmask)(struct domain *d, struct event_channel *c);
    int (*set_priority)(struct domain *d, struct event_channel *c, u32 priority); /* or NULL */
    bool (*is_pending)(const struct domain *d, evtchn_port_t port);
    bool (*is_masked)(const struct domain *d, evtchn_port_t port);
    bool (*is_busy)(const struct domain *d, evtchn_port_t port); /* not free for reuse yet */
};
extern const struct event_ops event_2l_ops, event_fifo_ops;

/* event_fifo.c; event_lock held for writing. */
int event_fifo_init_control(struct domain *d, struct evtchn_init_control *a);
int event_fifo_expand_array(struct domain *d, u64 array_gfn);
void event_fifo_destroy(struct domain *d); /* back to the two-level layout */

/* event_channel.c, for event_op.c and domctl */
int event_channel_bind_interdomain(struct domain *local, struct domain *remote,
                                   evtchn_port_t remote_port, evtchn_port_t *port);
int event_channel_bind_virq(struct domain *d, u32 virq, u32 vcpu, evtchn_port_t *port);
int event_channel_bind_ipi(struct domain *d, u32 vcpu, evtchn_port_t *port);
int event_channel_bind_pirq(struct domain *d, u32 pirq, bool will_share, evtchn_port_t *port);
int event_channel_bind_vcpu(struct domain *d, evtchn_port_t port, u32 vcpu);
int event_channel_unmask(struct domain *d, evtchn_port_t port);
int event_channel_status(struct domain *d, struct evtchn_status *s);
int event_channel_set_priority(struct domain *d, evtchn_port_t port, u32 priority);
int event_channel_reset(struct domain *d);
int event_channel_set_global_virq(struct domain *d, u32 virq);
void event_channel_dump_all(unsigned char key);

#endif
