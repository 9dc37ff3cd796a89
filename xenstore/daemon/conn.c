/* SPDX-License-Identifier: MIT */
/*
 * The common part of connections. Owns their output, events and lists; touches accounts. Ends a
 * connection only at the end of a round, so that handlers may hold pointers to any.
 */
#include "conn.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "journal.h"
#include "log.h"

enum {
    OUT_INITIAL = 1024,
    OUT_KEEP = 16 * 1024,        /* a larger buffer is freed when it has drained */
    OUT_CONGESTED = 64 * 1024,   /* requests wait while this much is unsent */
    EVENTS_PER_FLUSH = 64,
};

/* An event that waits for its receiver to take what is before it. */
struct pending_event {
    struct list link;
    struct watch *watch;
    struct account *source; /* held against it; NULL: dom0 */
    uint32_t path_len;
    char path[];
};

struct list conn_all = LIST_INIT(conn_all);
static struct list dirty = LIST_INIT(dirty);
static struct list to_resume = LIST_INIT(to_resume);
static struct account *source;

void conn_init(struct conn *c, const struct conn_transport *transport, uint32_t domid)
{
    *c = (struct conn){ .transport = transport, .account = quota_account(domid) };
    c->watcher.who = (struct subject){ .domid = domid, .target = PERM_DOMID_NONE,
                                       .privileged = domid == 0 };
    list_init(&c->watcher.watches);
    list_init(&c->transactions);
    list_init(&c->events);
    list_init(&c->dirty_link);
    list_init(&c->resume_link);
    list_add_tail(&conn_all, &c->link);
}

static void event_free(struct pending_event *e)
{
    if (e->source)
        e->source->outstanding--;
    list_del(&e->link);
    free(e);
}

void conn_drop_watches(struct conn *c)
{
    struct list *pos, *tmp;

    if (c->durable && !list_empty(&c->watcher.watches))
        journal_add(JOURNAL_DROP_WATCHES, conn_domid(c), 0, NULL, 0, NULL, 0);
    list_for_each_safe(pos, tmp, &c->events)
        event_free(container_of(pos, struct pending_event, link));
    list_for_each_safe(pos, tmp, &c->watcher.watches) {
        struct watch *w = container_of(pos, struct watch, link);

        c->account->watches--;
        c->account->memory -= watch_cost(w);
        watch_remove(w);
    }
}

struct watch *conn_watch(struct conn *c, const struct path *p, uint32_t home_len,
                         const char *token, uint32_t token_len)
{
    struct watch *w = watch_add(&c->watcher, p, home_len, token, token_len);

    if (!w)
        return NULL;
    c->account->watches++;
    c->account->memory += watch_cost(w);
    if (c->durable)
        journal_add(JOURNAL_WATCH, conn_domid(c), home_len, w->path, w->path_len, token, token_len);
    return w;
}

void conn_unwatch(struct conn *c, struct watch *w)
{
    struct list *pos, *tmp;

    list_for_each_safe(pos, tmp, &c->events) {
        struct pending_event *e = container_of(pos, struct pending_event, link);

        if (e->watch == w)
            event_free(e);
    }
    if (c->durable)
        journal_add(JOURNAL_UNWATCH, conn_domid(c), 0, w->path, w->path_len, w->token,
                    w->token_len);
    c->account->watches--;
    c->account->memory -= watch_cost(w);
    watch_remove(w);
}

static bool add_transaction(struct conn *c, struct node *root, uint32_t id, bool doomed)
{
    struct transaction *t = transaction_new(root, id, !conn_is_privileged(c));

    if (!t)
        return false;
    t->doomed = doomed;
    list_add_tail(&c->transactions, &t->link);
    c->account->transactions++;
    if (c->durable)
        journal_add(JOURNAL_START, conn_domid(c), id, NULL, 0, NULL, 0);
    return true;
}

uint32_t conn_transaction_start(struct conn *c, struct node *root)
{
    uint32_t id;

    do {
        id = ++c->next_transaction;
    } while (id == 0 || conn_transaction(c, id));
    return add_transaction(c, root, id, false) ? id : 0;
}

bool conn_restore_transaction(struct conn *c, struct node *root, uint32_t id)
{
    return add_transaction(c, root, id, true);
}

void conn_transaction_end(struct conn *c, struct transaction *t)
{
    if (c->durable)
        journal_add(JOURNAL_END, conn_domid(c), t->id, NULL, 0, NULL, 0);
    c->account->transactions--;
    list_del(&t->link);
    transaction_free(t);
}

void conn_drop_transactions(struct conn *c)
{
    struct list *pos, *tmp;

    if (c->durable && !list_empty(&c->transactions))
        journal_add(JOURNAL_DROP_TRANSACTIONS, conn_domid(c), 0, NULL, 0, NULL, 0);
    list_for_each_safe(pos, tmp, &c->transactions)
        conn_transaction_end(c, container_of(pos, struct transaction, link));
}

void conn_reset(struct conn *c)
{
    conn_drop_transactions(c);
    conn_drop_watches(c);
    c->out_start = c->out_end = 0;
    c->blocked = false;
}

void conn_fini(struct conn *c)
{
    conn_reset(c);
    free(c->out);
    list_del(&c->link);
    list_del(&c->dirty_link);
    list_del(&c->resume_link);
    if (source == c->account)
        source = NULL;
}

void conn_make_dirty(struct conn *c)
{
    if (list_empty(&c->dirty_link))
        list_add_tail(&dirty, &c->dirty_link);
}

void conn_kill(struct conn *c)
{
    c->dead = true;
    conn_make_dirty(c);
}

/* Room for `len` bytes at the end of the output, or NULL. */
static char *out_space(struct conn *c, uint32_t len)
{
    uint32_t used = conn_unsent(c), capacity = c->out_capacity;
    char *bigger;

    if (c->out_end + len <= c->out_capacity)
        return c->out + c->out_end;
    if (used + len <= capacity) {
        memmove(c->out, c->out + c->out_start, used);
    } else {
        capacity = capacity ? capacity : OUT_INITIAL;
        while (capacity < used + len)
            capacity *= 2;
        bigger = malloc(capacity);
        if (!bigger) {
            log_error("no memory for a reply to domain %u: its connection ends", conn_domid(c));
            conn_kill(c);
            return NULL;
        }
        if (used)
            memcpy(bigger, c->out + c->out_start, used);
        free(c->out);
        c->out = bigger;
        c->out_capacity = capacity;
    }
    c->out_start = 0;
    c->out_end = used;
    return c->out + used;
}

static char *put_header(struct conn *c, uint32_t type, uint32_t req_id, uint32_t tx_id,
                        uint32_t len)
{
    struct xsd_sockmsg h = { .type = type, .req_id = req_id, .tx_id = tx_id, .len = len };
    char *at = out_space(c, (uint32_t)sizeof(h) + len);

    if (!at)
        return NULL;
    memcpy(at, &h, sizeof(h));
    c->out_end += (uint32_t)sizeof(h) + len;
    conn_make_dirty(c);
    return at + sizeof(h);
}

char *conn_reply_space(struct conn *c, const struct request *r, uint32_t len)
{
    return put_header(c, r->header.type, r->header.req_id, r->header.tx_id, len);
}

void conn_reply(struct conn *c, const struct request *r, const void *data, uint32_t len)
{
    char *at = conn_reply_space(c, r, len);

    if (at && len)
        memcpy(at, data, len);
}

void conn_reply_ok(struct conn *c, const struct request *r)
{
    conn_reply(c, r, "OK", 3);
}

void conn_reply_error(struct conn *c, const struct request *r, int error)
{
    const char *name = wire_error_name(error);
    uint32_t len = (uint32_t)strlen(name) + 1;
    char *at = put_header(c, XS_ERROR, r->header.req_id, r->header.tx_id, len);

    if (at)
        memcpy(at, name, len);
}

static void put_event(struct conn *c, const struct watch *w, const char *path, uint32_t path_len)
{
    uint32_t len = path_len - w->home_len;
    char *at = put_header(c, XS_WATCH_EVENT, 0, 0, len + 1 + w->token_len + 1);

    if (!at)
        return;
    memcpy(at, path + w->home_len, len);
    at[len] = '\0';
    memcpy(at + len + 1, w->token, w->token_len + 1);
}

static bool is_pending(const struct conn *c, const struct watch *w, const char *path,
                       uint32_t path_len)
{
    for (const struct list *pos = c->events.next; pos != &c->events; pos = pos->next) {
        const struct pending_event *e = container_of(pos, struct pending_event, link);

        if (e->watch == w && e->path_len == path_len && memcmp(e->path, path, path_len) == 0)
            return true;
    }
    return false;
}

static struct pending_event *event_alloc(struct watch *w, const char *path, uint32_t path_len)
{
    struct pending_event *e = malloc(sizeof(*e) + path_len);

    if (!e)
        return NULL;
    *e = (struct pending_event){ .watch = w, .source = source, .path_len = path_len };
    memcpy(e->path, path, path_len);
    if (source)
        source->outstanding++;
    return e;
}

static void journal_event(const struct conn *c, const struct pending_event *e)
{
    const struct watch *w = e->watch;
    char text[2 * (XENSTORE_PAYLOAD_MAX + 1)];
    uint32_t token = w->token_len + 1;

    memcpy(text, w->token, token);
    memcpy(text + token, e->path, e->path_len);
    journal_add(JOURNAL_EVENT, conn_domid(c), 0, w->path, w->path_len, text, token + e->path_len);
}

static void queue_event(struct conn *c, struct watch *w, const char *path, uint32_t path_len)
{
    struct pending_event *e;

    if (is_pending(c, w, path, path_len))
        return;
    e = event_alloc(w, path, path_len);
    if (!e) {
        log_error("no memory for an event for domain %u: its connection ends", conn_domid(c));
        conn_kill(c);
        return;
    }
    list_add_tail(&c->events, &e->link);
    if (c->durable)
        journal_event(c, e);
}

bool conn_restore_event(struct conn *c, struct watch *w, const char *path, uint32_t path_len)
{
    struct pending_event *e = event_alloc(w, path, path_len);

    if (e)
        list_add_tail(&c->events, &e->link);
    return e != NULL;
}

bool conn_restore_output(struct conn *c, const void *data, uint32_t len)
{
    char *at = out_space(c, len);

    if (!at)
        return false;
    memcpy(at, data, len);
    c->out_end += len;
    conn_make_dirty(c);
    return true;
}

void conn_snapshot(struct conn *c)
{
    struct list *pos, *tmp;

    list_for_each_safe(pos, tmp, &c->watcher.watches) {
        const struct watch *w = container_of(pos, struct watch, link);

        journal_add(JOURNAL_WATCH, conn_domid(c), w->home_len, w->path, w->path_len, w->token,
                    w->token_len);
    }
    list_for_each_safe(pos, tmp, &c->transactions) {
        const struct transaction *t = container_of(pos, struct transaction, link);

        journal_add(JOURNAL_START, conn_domid(c), t->id, NULL, 0, NULL, 0);
    }
    list_for_each_safe(pos, tmp, &c->events)
        journal_event(c, container_of(pos, struct pending_event, link));
}

void watch_deliver(struct watch *w, const char *path, uint32_t path_len)
{
    struct conn *c = container_of(w->watcher, struct conn, watcher);

    if (c->blocked || !list_empty(&c->events))
        queue_event(c, w, path, path_len);
    else
        put_event(c, w, path, path_len);
}

void conn_set_source(struct conn *c)
{
    source = c && !conn_is_privileged(c) ? c->account : NULL;
}

void conn_sent(struct conn *c, uint32_t len)
{
    c->out_start += len;
    c->blocked = c->out_start != c->out_end;
    if (c->blocked)
        return;
    c->out_start = c->out_end = 0;
    if (c->out_capacity > OUT_KEEP) {
        free(c->out);
        c->out = NULL;
        c->out_capacity = 0;
    }
}

bool conn_is_congested(const struct conn *c)
{
    return c->dead || c->blocked || conn_unsent(c) >= OUT_CONGESTED || !list_empty(&c->events) ||
           (!conn_is_privileged(c) && c->account->outstanding >= quota_limits.outstanding);
}

void conn_resume_later(struct conn *c)
{
    if (list_empty(&c->resume_link))
        list_add_tail(&to_resume, &c->resume_link);
}

struct transaction *conn_transaction(struct conn *c, uint32_t id)
{
    struct list *pos, *tmp;

    list_for_each_safe(pos, tmp, &c->transactions) {
        struct transaction *t = container_of(pos, struct transaction, link);

        if (t->id == id)
            return t;
    }
    return NULL;
}

bool conn_next_events(struct conn *c)
{
    bool any = false;

    for (unsigned int n = 0; n < EVENTS_PER_FLUSH && !list_empty(&c->events) && !c->dead; n++) {
        struct pending_event *e = container_of(c->events.next, struct pending_event, link);

        put_event(c, e->watch, e->path, e->path_len);
        event_free(e);
        c->events_taken++;
        any = true;
    }
    return any;
}

/* Sends what the connections of `batch` have; empties it. */
static void flush_batch(struct list *batch)
{
    struct list *pos, *tmp;

    list_for_each_safe(pos, tmp, batch) {
        struct conn *c = container_of(pos, struct conn, dirty_link);

        if (!c->dead)
            c->transport->stage(c);
    }
    journal_commit();
    while (!list_empty(batch)) {
        struct conn *c = container_of(batch->next, struct conn, dirty_link);

        list_del(&c->dirty_link);
        if (!c->dead)
            c->transport->flush(c);
        if (c->dead)
            c->transport->destroy(c);
    }
}

/* Destroying a connection can produce events for others, and a guest may have made room while
 * its ring was filled, hence the loop. */
static void flush_dirty(void)
{
    while (!list_empty(&dirty)) {
        struct list batch;

        list_init(&batch);
        while (!list_empty(&dirty)) {
            struct list *first = dirty.next;

            list_del(first);
            list_add_tail(&batch, first);
        }
        flush_batch(&batch);
    }
}

/* Connections that wait are looked at once a round; those still congested keep waiting, since
 * what they wait for (a receiver that reads) wakes the loop. */
static void resume_waiting(void)
{
    struct list batch, *pos, *tmp;

    list_init(&batch);
    list_for_each_safe(pos, tmp, &to_resume) {
        list_del(pos);
        list_add_tail(&batch, pos);
    }
    list_for_each_safe(pos, tmp, &batch) {
        struct conn *c = container_of(pos, struct conn, resume_link);

        list_del(pos);
        if (conn_is_congested(c))
            conn_resume_later(c);
        else
            c->transport->resume(c);
    }
}

static bool can_resume(void)
{
    for (struct list *pos = to_resume.next; pos != &to_resume; pos = pos->next)
        if (!conn_is_congested(container_of(pos, struct conn, resume_link)))
            return true;
    return false;
}

bool conn_round_end(void)
{
    resume_waiting();
    source = NULL;
    flush_dirty();
    journal_tidy();
    return can_resume();
}
