/* SPDX-License-Identifier: MIT */
/*
 * Introduced domains, their event channels, and finding out that one has died. Owns the tables
 * by domid and by port and the loop's event source; touches rings through conn_ring. Facts: Xen's
 * docs/misc/xenstore.txt (INTRODUCE, RELEASE, @releaseDomain).
 */
#include "domain.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "conn_ring.h"
#include "journal.h"
#include "log.h"
#include "loop.h"
#include "ops.h"
#include "xen.h"

enum { PORTS_PER_READ = 64 };

static struct domain *by_id[PERM_DOMID_MAX + 1];
static uint32_t highest_id;
static struct domain **by_port;
static uint32_t port_capacity;
static uint32_t death_port;
static struct loop_source events = { .fd = -1 };
static bool keep_orphans;

struct domain *domain_find(uint32_t domid)
{
    return domid <= PERM_DOMID_MAX ? by_id[domid] : NULL;
}

void domain_for_each(void (*f)(struct domain *d, void *arg), void *arg)
{
    for (uint32_t id = 0; id <= highest_id; id++)
        if (by_id[id])
            f(by_id[id], arg);
}

static int set_port(uint32_t port, struct domain *d)
{
    if (port >= port_capacity) {
        uint32_t capacity = port * 2 > 64 ? port * 2 : 64;
        struct domain **bigger = realloc(by_port, capacity * sizeof(*bigger));

        if (!bigger)
            return -ENOMEM;
        memset(bigger + port_capacity, 0, (capacity - port_capacity) * sizeof(*bigger));
        by_port = bigger;
        port_capacity = capacity;
    }
    by_port[port] = d;
    return 0;
}

static void unbind(struct domain *d)
{
    if (!d->local_port)
        return;
    by_port[d->local_port] = NULL;
    xen_unbind(d->local_port);
    d->local_port = 0;
}

static int bind_port(struct domain *d, uint32_t remote_port)
{
    int rc = xen_bind(d->domid, remote_port, &d->local_port);

    if (rc) {
        d->local_port = 0;
        return rc;
    }
    d->remote_port = remote_port;
    rc = set_port(d->local_port, d);
    if (rc) {
        xen_unbind(d->local_port);
        d->local_port = 0;
    }
    return rc;
}

void domain_notify(struct domain *d)
{
    /* A failure means that the guest has closed its end: nobody is there to hear. */
    if (d->local_port)
        (void)xen_notify(d->local_port);
}

static int add(uint32_t domid, uint64_t mfn, uint32_t remote_port, struct xen_ring *ring)
{
    struct domain *d = calloc(1, sizeof(*d));
    int rc;

    if (!d)
        return -ENOMEM;
    d->domid = domid;
    d->mfn = mfn;
    rc = bind_port(d, remote_port);
    if (!rc && !(d->conn = conn_ring_new(d, ring))) {
        unbind(d);
        rc = -ENOMEM;
    }
    if (rc) {
        free(d);
        return rc;
    }
    by_id[domid] = d;
    if (domid > highest_id)
        highest_id = domid;
    journal_add(JOURNAL_INTRODUCE, domid, remote_port, NULL, 0, &mfn, sizeof(mfn));
    return 0;
}

/* A domain that is known connects anew: the event channel is bound again, the ring starts over
 * from the indexes it holds. */
static int reintroduce(struct domain *d, uint32_t remote_port)
{
    int rc;

    unbind(d);
    rc = bind_port(d, remote_port);
    if (rc)
        return rc;
    conn_ring_restart(d->conn);
    journal_add(JOURNAL_INTRODUCE, d->domid, remote_port, NULL, 0, &d->mfn, sizeof(d->mfn));
    conn_ring_receive(d->conn);
    return 0;
}

int domain_introduce(uint32_t domid, uint64_t mfn, uint32_t remote_port)
{
    struct domain *d = domain_find(domid);
    struct xen_ring ring = { 0 };
    int rc;

    if (events.fd < 0)
        return -ENOSYS;
    if (d)
        return reintroduce(d, remote_port);
    if (domid > PERM_DOMID_MAX || domid == 0)
        return -EINVAL;
    rc = xen_map_ring(domid, mfn, &ring);
    if (rc)
        return rc;
    rc = add(domid, mfn, remote_port, &ring);
    if (rc) {
        xen_unmap_ring(&ring);
        return rc;
    }
    ops_fire_special("@introduceDomain");
    /* The guest may have sent requests before anybody listened. */
    conn_ring_receive(by_id[domid]->conn);
    return 0;
}

static void clear_target(struct domain *d, void *arg)
{
    const struct subject *who = &d->conn->watcher.who;

    if (who->target == *(uint32_t *)arg)
        domain_set_target(d, PERM_DOMID_NONE);
}

void domain_release(struct domain *d)
{
    uint32_t domid = d->domid;
    struct conn *c = d->conn;

    unbind(d);
    by_id[domid] = NULL;
    if (c) {
        conn_reset(c);
        conn_ring_detach(c);
        conn_kill(c);
    }
    free(d);
    domain_for_each(clear_target, &domid);
    journal_add(JOURNAL_RELEASE, domid, 0, NULL, 0, NULL, 0);
    domain_gone(domid);
}

void domain_gone(uint32_t domid)
{
    if (domid && !keep_orphans)
        ops_forget_domain(domid);
    ops_fire_special("@releaseDomain");
}

void domain_set_target(struct domain *d, uint32_t target)
{
    d->conn->watcher.who.target = target;
    journal_add(JOURNAL_TARGET, d->domid, target, NULL, 0, NULL, 0);
}

void domain_set_shutdown(struct domain *d, bool shutdown)
{
    d->shutdown = shutdown;
    journal_add(JOURNAL_SHUTDOWN, d->domid, shutdown, NULL, 0, NULL, 0);
}

struct roll_call {
    const struct xen_domain_state *state;
    int count;
    bool shutdowns;
};

static const struct xen_domain_state *find_state(const struct roll_call *r, uint32_t domid)
{
    for (int i = 0; i < r->count && r->state[i].domid <= domid; i++)
        if (r->state[i].domid == domid)
            return &r->state[i];
    return NULL;
}

static void check_one(struct domain *d, void *arg)
{
    struct roll_call *r = arg;
    const struct xen_domain_state *s = find_state(r, d->domid);

    if (d->domid == 0)
        return;
    if (!s || s->dying) {
        domain_release(d);
    } else if (s->shutdown && !d->shutdown) {
        domain_set_shutdown(d, true);
        r->shutdowns = true;
    }
}

void domain_check_deaths(void)
{
    struct roll_call r = { 0 };

    r.count = xen_list_domains(&r.state);
    if (r.count < 0) {
        log_error("cannot list domains: %s", strerror(-r.count));
        return;
    }
    domain_for_each(check_one, &r);
    if (r.shutdowns)
        ops_fire_special("@releaseDomain");
}

static void receive_one(struct domain *d, void *arg)
{
    (void)arg;
    conn_ring_receive(d->conn);
    xen_events_unmask(&d->local_port, d->local_port ? 1 : 0);
}

/* Nobody knows which ports have fired. */
static void receive_all(void)
{
    log_error("events were lost: all rings are looked at");
    domain_check_deaths();
    xen_events_unmask(&death_port, 1);
    domain_for_each(receive_one, NULL);
}

static void events_ready(struct loop_source *src, uint32_t mask)
{
    uint32_t port[PORTS_PER_READ];
    int n = xen_events_read(port, PORTS_PER_READ);

    (void)src;
    (void)mask;
    if (n < 0) {
        receive_all();
        return;
    }
    for (int i = 0; i < n; i++) {
        struct domain *d = port[i] < port_capacity ? by_port[port[i]] : NULL;

        if (port[i] == death_port)
            domain_check_deaths();
        else if (d)
            conn_ring_receive(d->conn);
    }
    /* An event that came meanwhile is pending and fires again now. */
    xen_events_unmask(port, (unsigned int)n);
}

struct domain *domain_restore(uint32_t domid, uint64_t mfn, uint32_t remote_port)
{
    struct xen_ring ring = { 0 };
    int rc;

    if (events.fd < 0 || domid > PERM_DOMID_MAX || by_id[domid])
        return domain_find(domid);
    rc = xen_map_ring(domid, mfn, &ring);
    if (!rc)
        rc = add(domid, mfn, remote_port, &ring);
    if (rc) {
        xen_unmap_ring(&ring);
        log_info("domain %u has gone meanwhile: %s", domid, strerror(-rc));
        return NULL;
    }
    return by_id[domid];
}

static int connect_own_kernel(void)
{
    struct xen_ring ring = { 0 };
    uint32_t port;
    int rc = xen_map_own_ring(&ring, &port);

    if (rc)
        return rc;
    rc = add(0, 0, port, &ring);
    if (rc)
        xen_unmap_ring(&ring);
    else
        domain_notify(by_id[0]);
    return rc;
}

int domain_init(bool keep_nodes_of_dead)
{
    int rc = xen_open();

    keep_orphans = keep_nodes_of_dead;
    if (rc)
        return rc;
    events = (struct loop_source){ .fd = xen_events_fd(), .ready = events_ready };
    rc = loop_add(&events, EPOLLIN);
    if (rc)
        return rc;
    rc = xen_bind_domain_death(&death_port);
    if (rc) {
        log_error("cannot learn of domains' deaths: %s%s", strerror(-rc),
                  rc == -EEXIST ? " (does another xenstored run?)" : "");
        return rc;
    }
    rc = connect_own_kernel();
    if (rc)
        log_error("cannot connect to dom0's kernel: %s", strerror(-rc));
    return rc;
}
