/* SPDX-License-Identifier: MIT */
/*
 * Event channels: ports, their states, binding and sending. Delivery itself is an ops table
 * (event_2l.c), because a domain may use one of two layouts. ABI: public event_channel.h.
 *
 * Locks: domain->event_lock (write) for every change of a port's state; channel->lock below it for
 * each change and each send, so that sending takes one small lock. Two domains: event locks in
 * order of domid, two channels in order of address. An interdomain channel keeps a reference on
 * the other domain; while one end's lock is held and its state is "interdomain", the other end
 * cannot change.
 */
#include <asm/current.h>
#include <hv/access.h>
#include <hv/arch.h>
#include <hv/boot.h>
#include <hv/errno.h>
#include <hv/event_channel.h>
#include <hv/event_internal.h>
#include <hv/hypercall.h>
#include <hv/irq.h>
#include <hv/page_alloc.h>
#include <hv/sched.h>

static struct domain *global_virq_domain[NR_VIRQS]; /* NULL: the hardware domain */
static DEFINE_SPINLOCK(global_virq_lock);

/* ---- ports ---- */

struct event_channel *event_channel_of(const struct domain *d, evtchn_port_t port)
{
    if (unlikely(port >= READ_ONCE(d->nr_ports)))
        return NULL;
    port = (evtchn_port_t)array_index_nospec(port, d->nr_ports);
    return &d->port_bucket[port / PORTS_PER_BUCKET][port % PORTS_PER_BUCKET];
}

bool event_port_is_valid(const struct domain *d, evtchn_port_t port)
{
    return event_channel_of(d, port) != NULL;
}

static int grow_ports(struct domain *d)
{
    struct event_channel *bucket;

    if (d->nr_ports >= MIN(d->max_ports, d->event_ops->max_ports))
        return -ENOSPC;
    bucket = zalloc_objs(struct event_channel, PORTS_PER_BUCKET);
    if (!bucket)
        return -ENOMEM;
    for (u32 i = 0; i < PORTS_PER_BUCKET; i++) {
        spin_lock_init_at(&bucket[i].lock, ORDER_CHANNEL);
        bucket[i].port = d->nr_ports + i;
        bucket[i].priority = EVTCHN_FIFO_PRIORITY_DEFAULT;
    }
    d->port_bucket[d->nr_ports / PORTS_PER_BUCKET] = bucket;
    smp_wmb();
    WRITE_ONCE(d->nr_ports, d->nr_ports + PORTS_PER_BUCKET);
    return 0;
}

/* Lowest free port; event_lock held for writing. Port 0 is never handed out. */
static int take_free_port(struct domain *d, struct event_channel **out)
{
    u32 limit = MIN(d->max_ports, d->event_ops->max_ports);

    if (d->dying)
        return -EINVAL;
    for (u32 port = MAX(d->lowest_free_port, 1u);; port++) {
        struct event_channel *c;

        if (port >= limit)
            return -ENOSPC;
        if (port >= d->nr_ports) {
            int rc = grow_ports(d);

            if (rc)
                return rc;
        }
        c = event_channel_of(d, port);
        /* A word still linked in a queue would make the new binding look pending. */
        if (c->state == ECS_FREE && !d->event_ops->is_busy(d, port)) {
            d->lowest_free_port = port;
            *out = c;
            return 0;
        }
    }
}

/* A free channel takes a state. Its words in the guest's bitmaps start clean. */
static void claim(struct domain *d, struct event_channel *c, u8 state, u32 vcpu)
{
    unsigned long flags = spin_lock_save(&c->lock);

    c->notify_vcpu = vcpu;
    d->event_ops->init_port(d, c);
    c->state = state;
    spin_unlock_restore(&c->lock, flags);
    d->nr_active_ports++;
}

static void release(struct domain *d, struct event_channel *c)
{
    unsigned long flags = spin_lock_save(&c->lock);

    c->state = ECS_FREE;
    c->notify_vcpu = 0;
    c->priority = EVTCHN_FIFO_PRIORITY_DEFAULT;
    memset(&c->u, 0, sizeof(c->u));
    d->event_ops->clear_pending(d, c);
    spin_unlock_restore(&c->lock, flags);
    d->nr_active_ports--;
    d->lowest_free_port = MIN(d->lowest_free_port, c->port);
}

static struct vcpu *vcpu_by_id(const struct domain *d, u32 id)
{
    if (id >= d->max_vcpus)
        return NULL;
    return d->vcpu[array_index_nospec(id, d->max_vcpus)];
}

/* ---- delivery ---- */

void vcpu_mark_events_pending(struct vcpu *v)
{
    if (!xchg(&v->vcpu_info->evtchn_upcall_pending, 1))
        vcpu_kick(v);
}

/* channel->lock held. */
static void set_pending(struct domain *d, struct event_channel *c)
{
    d->event_ops->set_pending(d, c);
    for (u32 w = 0; w < BITS_TO_LONGS(d->max_vcpus); w++) {
        if (unlikely(READ_ONCE(d->poll_mask[w]))) {
            vcpu_poll_notify(d, c->port);
            break;
        }
    }
}

int event_channel_send(struct domain *d, evtchn_port_t port)
{
    struct event_channel *c = event_channel_of(d, port);
    unsigned long flags;
    int rc = 0;

    if (!c)
        return -EINVAL;
    flags = spin_lock_save(&c->lock);
    switch (c->state) {
    case ECS_INTERDOMAIN:
        set_pending(c->u.interdomain.domain,
                    event_channel_of(c->u.interdomain.domain, c->u.interdomain.port));
        break;
    case ECS_IPI:
        set_pending(d, c);
        break;
    case ECS_UNBOUND: /* nobody listens yet: lost, and that is no error */
        break;
    default:
        rc = -EINVAL;
    }
    spin_unlock_restore(&c->lock, flags);
    return rc;
}

static void raise_port(struct domain *d, evtchn_port_t port, u8 state, u32 number)
{
    struct event_channel *c = event_channel_of(d, port);
    unsigned long flags;

    if (!port || !c)
        return;
    flags = spin_lock_save(&c->lock);
    if (c->state == state && (state == ECS_VIRQ ? c->u.virq : c->u.pirq) == number)
        set_pending(d, c);
    spin_unlock_restore(&c->lock, flags);
}

void send_guest_vcpu_virq(struct vcpu *v, u32 virq)
{
    raise_port(v->domain, READ_ONCE(v->virq_to_port[virq]), ECS_VIRQ, virq);
}

void send_guest_domain_virq(struct domain *d, u32 virq)
{
    if (d && d->vcpu && d->vcpu[0])
        send_guest_vcpu_virq(d->vcpu[0], virq);
}

void send_global_virq(u32 virq)
{
    send_guest_domain_virq(global_virq_domain[virq] ?: hardware_domain, virq);
}

void send_guest_pirq(struct domain *d, u32 pirq)
{
    raise_port(d, pirq_port(d, pirq), ECS_PIRQ, pirq);
}

/* domctl set_virq_handler: the virq of d's vCPU 0 from now on; a dying handler falls back to dom0.
 */
int event_channel_set_global_virq(struct domain *d, u32 virq)
{
    struct domain *old;

    if (virq >= NR_VIRQS || !virq_is_global(virq))
        return -EINVAL;
    if (!domain_get(d))
        return -EINVAL;
    spin_lock(&global_virq_lock);
    old = global_virq_domain[virq];
    global_virq_domain[virq] = d;
    spin_unlock(&global_virq_lock);
    if (old)
        domain_put(old);
    return 0;
}

static void drop_global_virqs(struct domain *d)
{
    for (u32 virq = 0; virq < NR_VIRQS; virq++) {
        bool mine;

        spin_lock(&global_virq_lock);
        mine = global_virq_domain[virq] == d;
        if (mine)
            global_virq_domain[virq] = NULL;
        spin_unlock(&global_virq_lock);
        if (mine)
            domain_put(d);
    }
}

/* ---- binding ---- */

bool virq_is_global(u32 virq)
{
    switch (virq) {
    case VIRQ_TIMER:
    case VIRQ_DEBUG:
    case VIRQ_XENOPROF:
    case VIRQ_XENPMU:
        return false;
    default:
        return true;
    }
}

int event_channel_alloc_unbound(struct domain *d, domid_t remote, evtchn_port_t *port)
{
    struct event_channel *c;
    int rc;

    write_lock(&d->event_lock);
    rc = take_free_port(d, &c);
    if (!rc) {
        c->u.unbound_remote = remote == DOMID_SELF ? current->domain->domid : remote;
        claim(d, c, ECS_UNBOUND, 0);
        *port = c->port;
    }
    write_unlock(&d->event_lock);
    return rc;
}

static void lock_domains(struct domain *a, struct domain *b)
{
    if (a == b) {
        write_lock(&a->event_lock);
        return;
    }
    write_lock(a->domid < b->domid ? &a->event_lock : &b->event_lock);
    write_lock(a->domid < b->domid ? &b->event_lock : &a->event_lock);
}

static void unlock_domains(struct domain *a, struct domain *b)
{
    write_unlock(&a->event_lock);
    if (a != b)
        write_unlock(&b->event_lock);
}

static void lock_channels(struct event_channel *a, struct event_channel *b, unsigned long *flags)
{
    *flags = irq_save();
    spin_lock_both(&a->lock, &b->lock);
}

static int connect(struct domain *local, struct event_channel *l, struct domain *remote,
                   evtchn_port_t remote_port)
{
    struct event_channel *r = event_channel_of(remote, remote_port);
    unsigned long flags;

    if (!r || r->state != ECS_UNBOUND || r->u.unbound_remote != local->domid || r == l)
        return -EINVAL;
    /* Each end keeps the other domain. */
    if (!domain_get(local))
        return -EINVAL;
    if (!domain_get(remote)) {
        domain_put(local);
        return -EINVAL;
    }
    lock_channels(l, r, &flags);
    l->notify_vcpu = 0;
    local->event_ops->init_port(local, l);
    l->u.interdomain.domain = remote;
    l->u.interdomain.port = r->port;
    l->state = ECS_INTERDOMAIN;
    r->u.interdomain.domain = local;
    r->u.interdomain.port = l->port;
    r->state = ECS_INTERDOMAIN;
    /* The other end may have sent while nobody was bound: look once. */
    set_pending(local, l);
    spin_unlock_both(&l->lock, &r->lock);
    irq_restore(flags);
    local->nr_active_ports++;
    return 0;
}

int event_channel_bind_interdomain(struct domain *local, struct domain *remote,
                                   evtchn_port_t remote_port, evtchn_port_t *port)
{
    struct event_channel *l;
    int rc;

    lock_domains(local, remote);
    rc = take_free_port(local, &l);
    if (!rc)
        rc = connect(local, l, remote, remote_port);
    if (!rc)
        *port = l->port;
    unlock_domains(local, remote);
    return rc;
}

int event_channel_bind_virq(struct domain *d, u32 virq, u32 vcpu, evtchn_port_t *port)
{
    struct event_channel *c;
    struct vcpu *v;
    int rc;

    if (virq >= NR_VIRQS)
        return -EINVAL;
    if (virq_is_global(virq) && vcpu != 0)
        return -EINVAL;
    v = vcpu_by_id(d, vcpu);
    if (!v)
        return -ENOENT;
    write_lock(&d->event_lock);
    rc = v->virq_to_port[virq] ? -EEXIST : take_free_port(d, &c);
    if (!rc) {
        c->u.virq = virq;
        claim(d, c, ECS_VIRQ, vcpu);
        *port = c->port;
        WRITE_ONCE(v->virq_to_port[virq], c->port);
    }
    write_unlock(&d->event_lock);
    return rc;
}

int event_channel_bind_ipi(struct domain *d, u32 vcpu, evtchn_port_t *port)
{
    struct event_channel *c;
    int rc;

    if (!vcpu_by_id(d, vcpu))
        return -ENOENT;
    write_lock(&d->event_lock);
    rc = take_free_port(d, &c);
    if (!rc) {
        claim(d, c, ECS_IPI, vcpu);
        *port = c->port;
    }
    write_unlock(&d->event_lock);
    return rc;
}

int event_channel_bind_pirq(struct domain *d, u32 pirq, bool will_share, evtchn_port_t *port)
{
    struct event_channel *c;
    int rc;

    if (pirq >= d->arch.nr_pirqs)
        return -EINVAL;
    if (!pirq_is_mapped(d, pirq) || (!d->is_hardware && !access_irq(d, pirq)))
        return -EPERM;
    write_lock(&d->event_lock);
    rc = pirq_port(d, pirq) ? -EEXIST : take_free_port(d, &c);
    if (rc)
        goto out;
    rc = pirq_set_port(d, pirq, c->port);
    if (rc)
        goto out;
    c->u.pirq = pirq;
    claim(d, c, ECS_PIRQ, 0);
    rc = pirq_guest_bind(d->vcpu[0], pirq, will_share);
    if (rc) {
        release(d, c);
        (void)pirq_set_port(d, pirq, 0);
    } else {
        *port = c->port;
    }
out:
    write_unlock(&d->event_lock);
    return rc;
}

/* ---- closing ---- */

/* event locks of both domains held; the other end becomes unbound again, waiting for us. */
static void close_interdomain(struct domain *d, struct event_channel *c)
{
    struct domain *remote = c->u.interdomain.domain;
    struct event_channel *r = event_channel_of(remote, c->u.interdomain.port);
    unsigned long flags;

    lock_channels(c, r, &flags);
    r->state = ECS_UNBOUND;
    memset(&r->u, 0, sizeof(r->u));
    r->u.unbound_remote = d->domid;
    c->state = ECS_UNBOUND; /* release() frees it */
    spin_unlock_both(&c->lock, &r->lock);
    irq_restore(flags);
}

static void close_virq(struct domain *d, struct event_channel *c)
{
    struct vcpu *v;

    for_each_vcpu(d, v) if (v->virq_to_port[c->u.virq] == c->port)
        WRITE_ONCE(v->virq_to_port[c->u.virq], 0);
}

static void close_pirq(struct domain *d, struct event_channel *c)
{
    pirq_guest_unbind(d, c->u.pirq);
    (void)pirq_set_port(d, c->u.pirq, 0);
}

int event_channel_close(struct domain *d, evtchn_port_t port)
{
    struct event_channel *c = event_channel_of(d, port);
    struct domain *remote = NULL, *peer;

    if (!c)
        return -EINVAL;
    for (;;) { /* find the other domain, lock both in order, see whether it is still so */
        if (remote)
            lock_domains(d, remote);
        else
            write_lock(&d->event_lock);
        if (c->state != ECS_INTERDOMAIN || c->u.interdomain.domain == remote ||
            c->u.interdomain.domain == d)
            break;
        if (remote) {
            unlock_domains(d, remote);
            domain_put(remote);
            write_lock(&d->event_lock);
        }
        remote = c->state == ECS_INTERDOMAIN ? c->u.interdomain.domain : NULL;
        if (remote && !domain_get(remote))
            BUG(); /* our channel holds a reference */
        write_unlock(&d->event_lock);
    }
    if (c->state == ECS_FREE) {
        unlock_domains(d, remote ?: d);
        if (remote)
            domain_put(remote);
        return -EINVAL;
    }
    peer = c->state == ECS_INTERDOMAIN ? c->u.interdomain.domain : NULL;
    if (peer)
        close_interdomain(d, c);
    else if (c->state == ECS_VIRQ)
        close_virq(d, c);
    else if (c->state == ECS_PIRQ)
        close_pirq(d, c);
    release(d, c);
    unlock_domains(d, remote ?: d);
    if (peer) { /* the references that the connection held */
        domain_put(peer);
        domain_put(d);
    }
    if (remote)
        domain_put(remote);
    return 0;
}

/* ---- other operations ---- */

int event_channel_bind_vcpu(struct domain *d, evtchn_port_t port, u32 vcpu)
{
    struct event_channel *c;
    struct vcpu *v = vcpu_by_id(d, vcpu);
    int rc = 0;

    if (!v)
        return -ENOENT;
    write_lock(&d->event_lock);
    c = event_channel_of(d, port);
    if (!c) {
        write_unlock(&d->event_lock);
        return -EINVAL;
    }
    switch (c->state) {
    case ECS_VIRQ:
        if (!virq_is_global(c->u.virq)) {
            rc = -EINVAL;
            break;
        }
        /* fallthrough */
    case ECS_UNBOUND:
    case ECS_INTERDOMAIN:
        c->notify_vcpu = vcpu;
        break;
    case ECS_PIRQ:
        if (c->notify_vcpu == vcpu)
            break;
        c->notify_vcpu = vcpu;
        pirq_set_affinity(d, c->u.pirq, v);
        break;
    default:
        rc = -EINVAL;
    }
    write_unlock(&d->event_lock);
    return rc;
}

int event_channel_unmask(struct domain *d, evtchn_port_t port)
{
    struct event_channel *c = event_channel_of(d, port);
    unsigned long flags;

    if (!c)
        return -EINVAL;
    flags = spin_lock_save(&c->lock);
    if (c->state != ECS_FREE)
        d->event_ops->unmask(d, c);
    spin_unlock_restore(&c->lock, flags);
    return 0;
}

int event_channel_set_priority(struct domain *d, evtchn_port_t port, u32 priority)
{
    struct event_channel *c;
    unsigned long flags;
    int rc;

    read_lock(&d->event_lock);
    c = event_channel_of(d, port);
    if (!c) {
        rc = -EINVAL;
    } else if (!d->event_ops->set_priority) {
        rc = -ENOSYS;
    } else {
        flags = spin_lock_save(&c->lock);
        rc = c->state == ECS_FREE || !port ? -EACCES
                                           : d->event_ops->set_priority(d, c, priority);
        spin_unlock_restore(&c->lock, flags);
    }
    read_unlock(&d->event_lock);
    return rc;
}

int event_channel_status(struct domain *d, struct evtchn_status *s)
{
    struct event_channel *c;
    int rc = 0;

    read_lock(&d->event_lock);
    c = event_channel_of(d, s->port);
    if (!c) {
        read_unlock(&d->event_lock);
        return -EINVAL;
    }
    switch (c->state) {
    case ECS_UNBOUND:
        s->status = EVTCHNSTAT_unbound;
        s->u.unbound.dom = c->u.unbound_remote;
        break;
    case ECS_INTERDOMAIN:
        s->status = EVTCHNSTAT_interdomain;
        s->u.interdomain.dom = c->u.interdomain.domain->domid;
        s->u.interdomain.port = c->u.interdomain.port;
        break;
    case ECS_PIRQ:
        s->status = EVTCHNSTAT_pirq;
        s->u.pirq = c->u.pirq;
        break;
    case ECS_VIRQ:
        s->status = EVTCHNSTAT_virq;
        s->u.virq = c->u.virq;
        break;
    case ECS_IPI:
        s->status = EVTCHNSTAT_ipi;
        break;
    default:
        s->status = EVTCHNSTAT_closed;
    }
    s->vcpu = c->notify_vcpu;
    read_unlock(&d->event_lock);
    return rc;
}

bool event_port_is_pending(struct domain *d, evtchn_port_t port)
{
    bool pending;

    read_lock(&d->event_lock); /* the layout must not change under us */
    pending = d->event_ops->is_pending(d, port);
    read_unlock(&d->event_lock);
    return pending;
}

bool event_port_is_masked(struct domain *d, evtchn_port_t port)
{
    bool masked;

    read_lock(&d->event_lock);
    masked = d->event_ops->is_masked(d, port);
    read_unlock(&d->event_lock);
    return masked;
}

/* ---- life of a domain ---- */

int event_channel_domain_init(struct domain *d)
{
    d->port_bucket = zalloc_objs(struct event_channel *, DIV_ROUND_UP(MAX_PORTS, PORTS_PER_BUCKET));
    if (!d->port_bucket)
        return -ENOMEM;
    d->lowest_free_port = 1;
    d->event_ops = &event_2l_ops;
    return grow_ports(d);
}

int event_channel_domain_teardown(struct domain *d)
{
    for (u32 port = d->teardown_port; port < d->nr_ports; port++) {
        if (port)
            (void)event_channel_close(d, port);
        d->teardown_port = port + 1;
        if (!(port % 16) && hypercall_preempt_check())
            return -ERESTART;
    }
    drop_global_virqs(d);
    event_fifo_destroy(d);
    return 0;
}

/* EVTCHNOP_reset: everything closed, by the domain itself or its builder. Restartable as it is. */
int event_channel_reset(struct domain *d)
{
    int rc;

    for (u32 port = 1; port < d->nr_ports; port++) {
        struct event_channel *c = event_channel_of(d, port);

        if (c->state == ECS_FREE)
            continue;
        (void)event_channel_close(d, port);
        if (hypercall_preempt_check())
            return -ERESTART;
    }
    /* Sending takes no event_lock: the layout may only go when no port is bound, not even by
     * somebody who was quick just now. */
    write_lock(&d->event_lock);
    rc = d->nr_active_ports ? -ERESTART : 0;
    if (!rc)
        event_fifo_destroy(d);
    write_unlock(&d->event_lock);
    return rc;
}

void event_channel_domain_free(struct domain *d)
{
    if (!d->port_bucket)
        return;
    for (u32 i = 0; i < DIV_ROUND_UP(d->nr_ports, PORTS_PER_BUCKET); i++)
        hv_free(d->port_bucket[i]);
    hv_free(d->port_bucket);
    d->port_bucket = NULL;
}

void event_channel_init(void)
{
    debug_key_register('e', "event channels of every domain", event_channel_dump_all);
}
