/* SPDX-License-Identifier: MIT */
/*
 * Connections over shared rings. The page belongs to the guest as much as to us: our own indexes
 * are kept here and only ever written to the page; the guest's are read once and checked; a
 * request is copied out before anything in it is looked at. A guest that breaks the rules loses
 * its own connection. Facts: xen/io/xs_wire.h, Xen's docs/misc/xenstore-ring.txt.
 */
#include "conn_ring.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "journal.h"
#include "log.h"
#include "ops.h"

enum { MESSAGE_MAX = sizeof(struct xsd_sockmsg) + XENSTORE_PAYLOAD_MAX };

struct ring_conn {
    struct conn conn;
    struct domain *domain;
    struct xen_ring ring;
    uint32_t req_cons, rsp_prod;     /* ours; the page has copies */
    uint32_t shown_cons, shown_prod; /* what the page says now */
    bool failed;                     /* the guest broke the protocol: the ring is not used */
    bool renewed;                    /* it asked for a fresh start; the page is still to be set */
    uint32_t logged_prod;            /* rsp_prod and unsent bytes at the last journal record */
    uint32_t logged_unsent;
    bool logged_gone;                /* what was unsent then has been dropped since */
    uint32_t partial_len;            /* bytes of the request that is being gathered */
    char partial[MESSAGE_MAX + 1];
};

static struct ring_conn *from_conn(struct conn *c)
{
    return container_of(c, struct ring_conn, conn);
}

static uint32_t load(const uint32_t *index)
{
    return __atomic_load_n(index, __ATOMIC_ACQUIRE);
}

static void store(uint32_t *index, uint32_t value)
{
    __atomic_store_n(index, value, __ATOMIC_RELEASE);
}

/* Drops what is under way in both directions, and watches and transactions. */
static void forget_traffic(struct ring_conn *r)
{
    conn_reset(&r->conn);
    r->partial_len = 0;
    r->logged_gone = true;
    conn_make_dirty(&r->conn);
}

/* Takes a ring out of use. The domain stays introduced; it may ask for a reconnection. */
static void fail(struct ring_conn *r, uint32_t error, const char *why)
{
    log_guest(r->domain->domid, "%s: its store connection stops", why);
    r->failed = true;
    forget_traffic(r);
    store(&r->ring.page->error, error);
    domain_notify(r->domain);
}

static void copy_from_ring(const struct ring_conn *r, char *to, uint32_t len)
{
    uint32_t from = MASK_XENSTORE_IDX(r->req_cons);
    uint32_t first = XENSTORE_RING_SIZE - from < len ? XENSTORE_RING_SIZE - from : len;

    memcpy(to, r->ring.page->req + from, first);
    memcpy(to + first, r->ring.page->req, len - first);
}

/* Moves bytes from the ring to the request that is being gathered, until it has `want` of them. */
static void gather(struct ring_conn *r, size_t want, uint32_t available)
{
    uint32_t missing = want > r->partial_len ? (uint32_t)want - r->partial_len : 0;
    uint32_t n = missing < available ? missing : available;

    if (!n)
        return;
    copy_from_ring(r, r->partial + r->partial_len, n);
    r->partial_len += n;
    r->req_cons += n;
    conn_make_dirty(&r->conn);
}

/* Takes all of the next request that is there. A guest signals only what it puts into an empty
 * ring, so an incomplete request must not stay in it. Returns true with the whole request in
 * r->partial. */
static bool next_message(struct ring_conn *r, uint32_t prod, struct xsd_sockmsg *header)
{
    enum wire_state state;
    size_t total;

    gather(r, sizeof(*header), prod - r->req_cons);
    state = wire_peek(r->partial, r->partial_len, header, &total);
    if (state == WIRE_MORE && total) {
        gather(r, total, prod - r->req_cons);
        state = wire_peek(r->partial, r->partial_len, header, &total);
    }
    if (state == WIRE_BAD)
        fail(r, XENSTORE_ERROR_PROTO, "a request longer than the protocol allows");
    return state == WIRE_COMPLETE;
}

static void handle_message(struct ring_conn *r, const struct xsd_sockmsg *header)
{
    struct request request = { .header = *header, .payload = r->partial + sizeof(*header) };

    r->partial[sizeof(*header) + header->len] = '\0';
    r->partial_len = 0;
    ops_handle(&r->conn, &request);
}

/* The guest asks for a fresh start. It looks at nothing but `connection` until that is set back,
 * which is done when the new state is in the journal. */
static void reconnect(struct ring_conn *r)
{
    forget_traffic(r);
    r->failed = false;
    r->renewed = true;
    r->req_cons = r->rsp_prod = r->logged_prod = 0;
}

static void show_renewed(struct ring_conn *r)
{
    struct xenstore_domain_interface *page = r->ring.page;

    r->renewed = false;
    r->shown_cons = r->shown_prod = 0;
    page->req_cons = page->req_prod = page->rsp_cons = page->rsp_prod = 0;
    page->error = XENSTORE_ERROR_NONE;
    store(&page->connection, XENSTORE_CONNECTED);
    domain_notify(r->domain);
}

/* Only what was in the ring at the start is handled, so that a guest which never stops sending
 * does not keep the others waiting. */
void conn_ring_receive(struct conn *c)
{
    struct ring_conn *r = from_conn(c);
    struct xsd_sockmsg header;
    uint32_t prod, space;

    if (!c->dead && load(&r->ring.page->connection) == XENSTORE_RECONNECT)
        reconnect(r);
    if (r->failed || r->renewed || c->dead)
        return;
    prod = load(&r->ring.page->req_prod);
    if (prod - r->req_cons > XENSTORE_RING_SIZE) {
        fail(r, XENSTORE_ERROR_RINGIDX, "impossible request indexes");
        return;
    }
    space = load(&r->ring.page->rsp_cons);
    if (c->blocked && r->rsp_prod - space < XENSTORE_RING_SIZE) {
        c->blocked = false;
        conn_make_dirty(c);
    }
    while (!r->failed && !conn_is_congested(c) &&
           next_message(r, prod, &header))
        handle_message(r, &header);
    if (!r->failed && !c->dead && prod != r->req_cons && conn_is_congested(c))
        conn_resume_later(c);
}

/* Copies output into the ring as far as there is room; the guest does not see it yet. */
static void copy_out(struct ring_conn *r)
{
    struct conn *c = &r->conn;
    uint32_t used = r->rsp_prod - load(&r->ring.page->rsp_cons);
    uint32_t at = MASK_XENSTORE_IDX(r->rsp_prod);
    uint32_t n, first;

    if (used > XENSTORE_RING_SIZE) {
        fail(r, XENSTORE_ERROR_RINGIDX, "impossible response indexes");
        return;
    }
    n = XENSTORE_RING_SIZE - used < conn_unsent(c) ? XENSTORE_RING_SIZE - used : conn_unsent(c);
    first = XENSTORE_RING_SIZE - at < n ? XENSTORE_RING_SIZE - at : n;
    if (n) {
        memcpy(r->ring.page->rsp + at, c->out + c->out_start, first);
        memcpy(r->ring.page->rsp, c->out + c->out_start + first, n - first);
    }
    r->rsp_prod += n;
    conn_sent(c, n);
}

/* Records the state at the round's end. Unsent bytes are recorded when they are new; of older ones
 * only how many are gone. */
static void journal_state(struct ring_conn *r)
{
    struct conn *c = &r->conn;
    uint32_t unsent = conn_unsent(c);
    uint32_t sent = r->rsp_prod - r->logged_prod;
    uint32_t kept = r->logged_gone || sent >= r->logged_unsent ? 0 : r->logged_unsent - sent;
    struct journal_ring j = { .req_cons = r->req_cons, .rsp_prod = r->rsp_prod,
                              .partial = r->partial_len, .drop = r->logged_unsent - kept,
                              .append = unsent - kept, .events = c->events_taken,
                              .failed = r->failed };
    static char data[sizeof(j) + MESSAGE_MAX];

    memcpy(data, &j, sizeof(j));
    memcpy(data + sizeof(j), r->partial, r->partial_len);
    journal_add(JOURNAL_RING, conn_domid(c), 0, data, (uint32_t)sizeof(j) + r->partial_len,
                j.append ? c->out + c->out_start + kept : NULL, j.append);
    r->logged_prod = r->rsp_prod;
    r->logged_unsent = unsent;
    r->logged_gone = false;
    c->events_taken = 0;
}

static void ring_stage(struct conn *c)
{
    struct ring_conn *r = from_conn(c);

    if (r->failed)
        conn_sent(c, conn_unsent(c));
    else if (!r->renewed)
        do {
            copy_out(r);
        } while (!r->failed && !c->blocked && conn_next_events(c));
    journal_state(r);
}

void conn_ring_snapshot(struct conn *c)
{
    struct ring_conn *r = from_conn(c);

    conn_snapshot(c);
    r->logged_unsent = 0;
    r->logged_prod = r->rsp_prod;
    c->events_taken = 0;
    journal_state(r);
}

/* A guest signals only what looks new to it: a request put into an empty ring, a byte taken from
 * a full one. So after showing it our indexes we must look at its indexes once more. */
static void look_again(struct ring_conn *r)
{
    __atomic_thread_fence(__ATOMIC_SEQ_CST);
    if (load(&r->ring.page->req_prod) != r->req_cons)
        conn_resume_later(&r->conn);
    if (r->conn.blocked && r->rsp_prod - load(&r->ring.page->rsp_cons) < XENSTORE_RING_SIZE) {
        r->conn.blocked = false;
        conn_make_dirty(&r->conn);
    }
}

static void ring_flush(struct conn *c)
{
    struct ring_conn *r = from_conn(c);

    if (r->renewed)
        show_renewed(r);
    if (r->failed || (r->shown_cons == r->req_cons && r->shown_prod == r->rsp_prod))
        return;
    r->shown_cons = r->req_cons;
    r->shown_prod = r->rsp_prod;
    store(&r->ring.page->req_cons, r->req_cons);
    store(&r->ring.page->rsp_prod, r->rsp_prod);
    domain_notify(r->domain);
    look_again(r);
}

static void ring_destroy(struct conn *c)
{
    struct ring_conn *r = from_conn(c);

    /* Without memory for a reply the connection cannot go on, and with it the domain. */
    if (r->domain) {
        r->domain->conn = NULL;
        domain_release(r->domain);
    }
    xen_unmap_ring(&r->ring);
    conn_fini(c);
    free(r);
}

void conn_ring_detach(struct conn *c)
{
    from_conn(c)->domain = NULL;
}

void conn_ring_describe(const struct conn *c, char *buf, size_t size)
{
    const struct ring_conn *r = container_of(c, const struct ring_conn, conn);
    const struct xenstore_domain_interface *page = r->ring.page;

    snprintf(buf, size, "requests %u/%u, responses %u/%u, unsent %u%s%s", r->req_cons,
             load(&page->req_prod), r->rsp_prod, load(&page->rsp_cons), conn_unsent(c),
             c->blocked ? ", blocked" : "", r->failed ? ", failed" : "");
}

static const struct conn_transport ring_transport = {
    .stage = ring_stage,
    .flush = ring_flush,
    .resume = conn_ring_receive,
    .destroy = ring_destroy,
};

void conn_ring_restart(struct conn *c)
{
    struct ring_conn *r = from_conn(c);
    struct xenstore_domain_interface *page = r->ring.page;

    forget_traffic(r);
    r->failed = false;
    r->req_cons = r->shown_cons = load(&page->req_cons);
    r->rsp_prod = r->shown_prod = r->logged_prod = load(&page->rsp_prod);
}

struct conn *conn_ring_new(struct domain *d, const struct xen_ring *ring)
{
    struct ring_conn *r = calloc(1, sizeof(*r));

    if (!r)
        return NULL;
    conn_init(&r->conn, &ring_transport, d->domid);
    r->conn.durable = true; /* see journal.h */
    r->domain = d;
    r->ring = *ring;
    conn_ring_restart(&r->conn);
    store(&ring->page->server_features,
          XENSTORE_SERVER_FEATURE_RECONNECTION | XENSTORE_SERVER_FEATURE_ERROR);
    store(&ring->page->error, XENSTORE_ERROR_NONE);
    return &r->conn;
}

bool conn_ring_restore(struct conn *c, const struct journal_ring *j, const char *partial,
                       const char *unsent, uint32_t unsent_len)
{
    struct ring_conn *r = from_conn(c);

    if (j->partial > MESSAGE_MAX)
        return false;
    r->req_cons = j->req_cons;
    r->rsp_prod = r->logged_prod = j->rsp_prod;
    r->failed = j->failed;
    memcpy(r->partial, partial, j->partial);
    r->partial_len = j->partial;
    /* Signals may have been lost while nobody listened. */
    domain_notify(r->domain);
    conn_make_dirty(c);
    conn_resume_later(c);
    return !unsent_len || conn_restore_output(c, unsent, unsent_len);
}
