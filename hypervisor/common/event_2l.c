/* SPDX-License-Identifier: MIT */
/*
 * The two-level layout of pending events: bitmaps in shared_info, a selector word in vcpu_info.
 * Both are the guest's to scribble on; we only set, clear and test bits, so nothing they hold can
 * mislead us. ABI: public xen.h (shared_info, vcpu_info).
 */
#include <hv/event_channel.h>
#include <hv/event_internal.h>
#include <hv/irq.h>

#define WORD_BITS 64

#define MAX_2L_PORTS (WORD_BITS * WORD_BITS)

static void init_port(struct domain *d, struct event_channel *c)
{
    clear_bit(c->port, d->shared_info->evtchn_pending);
}

static struct vcpu *target(const struct domain *d, const struct event_channel *c)
{
    return d->vcpu[c->notify_vcpu];
}

/* v: NULL while the domain that has the port has no vCPUs yet. */
static void select_word(struct vcpu *v, evtchn_port_t port)
{
    if (likely(v) && !test_and_set_bit(port / WORD_BITS, &v->vcpu_info->evtchn_pending_sel))
        vcpu_mark_events_pending(v);
}

static void set_pending(struct domain *d, struct event_channel *c)
{
    struct shared_info *s = d->shared_info;

    if (test_and_set_bit(c->port, s->evtchn_pending))
        return;
    if (!test_bit(c->port, s->evtchn_mask))
        select_word(target(d, c), c->port);
}

static void clear_pending(struct domain *d, struct event_channel *c)
{
    clear_bit(c->port, d->shared_info->evtchn_pending);
}

static void unmask(struct domain *d, struct event_channel *c)
{
    struct shared_info *s = d->shared_info;

    if (test_and_clear_bit(c->port, s->evtchn_mask) && test_bit(c->port, s->evtchn_pending))
        select_word(target(d, c), c->port);
}

static bool is_pending(const struct domain *d, evtchn_port_t port)
{
    return port < MAX_2L_PORTS && test_bit(port, d->shared_info->evtchn_pending);
}

static bool is_masked(const struct domain *d, evtchn_port_t port)
{
    return port >= MAX_2L_PORTS || test_bit(port, d->shared_info->evtchn_mask);
}

static bool is_busy(const struct domain *d, evtchn_port_t port)
{
    (void)d;
    (void)port;
    return false;
}

const struct event_ops event_2l_ops = {
    .max_ports = MAX_2L_PORTS,
    .init_port = init_port,
    .set_pending = set_pending,
    .clear_pending = clear_pending,
    .unmask = unmask,
    .is_pending = is_pending,
    .is_masked = is_masked,
    .is_busy = is_busy,
};
