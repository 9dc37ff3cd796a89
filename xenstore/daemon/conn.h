/* SPDX-License-Identifier: MIT */
/*
 * A connection, whatever carries it: its subject, its watches and transactions, the output that
 * waits for it.
 *
 * Output of a round is collected and sent at the round's end, once a connection. What the
 * transport cannot take stays; from then on events wait in a list, where equal ones merge, so that
 * a client which does not read costs a bounded amount of memory.
 */
#ifndef XENSTORE_DAEMON_CONN_H
#define XENSTORE_DAEMON_CONN_H

#include <stdbool.h>
#include <stdint.h>

#include "core/list.h"
#include "core/transaction.h"
#include "core/watch.h"
#include "core/wire.h"

struct conn;

struct conn_transport {
    /* Called at the round's end for each connection that has output, first stage() for all, then
     * flush() for all. What is durable is written between them: stage() must not let the client
     * see anything, flush() does. They report progress by conn_sent(). */
    void (*stage)(struct conn *c);
    void (*flush)(struct conn *c);
    /* Takes requests that were left because output waited. */
    void (*resume)(struct conn *c);
    /* Ends the connection and frees it. */
    void (*destroy)(struct conn *c);
};

struct conn {
    const struct conn_transport *transport;
    struct watcher watcher;
    struct account *account;
    struct list link;         /* all connections */
    struct list dirty_link;   /* those with something to send in this round */
    struct list resume_link;  /* those with requests left over */
    struct list transactions;
    uint32_t next_transaction;
    struct list events;       /* struct pending_event, waiting for output to drain */
    char *out;
    uint32_t out_start, out_end, out_capacity;
    bool blocked;             /* the transport took less than all at the last flush */
    bool dead;                /* is destroyed at the round's end */
    bool durable;             /* what happens to it is journalled */
    uint32_t events_taken;    /* waiting events that became output since the last record */
};

/* Initialises the common part. domid is the subject; 0 is privileged. */
void conn_init(struct conn *c, const struct conn_transport *transport, uint32_t domid);

/* Ends watches, transactions, events and output; the connection could be used anew. */
void conn_reset(struct conn *c);

/* Ends transactions and watches only (RESET_WATCHES, a new INTRODUCE). */
void conn_drop_watches(struct conn *c);
void conn_drop_transactions(struct conn *c);

/* Frees what conn_init() and use have allocated; the transport's destroy calls it. */
void conn_fini(struct conn *c);

/* Marks for destruction at the round's end; no more requests are taken from it. */
void conn_kill(struct conn *c);

static inline bool conn_is_privileged(const struct conn *c)
{
    return c->watcher.who.privileged;
}

static inline uint32_t conn_domid(const struct conn *c)
{
    return c->watcher.who.domid;
}

/* Queues a reply to r. */
void conn_reply(struct conn *c, const struct request *r, const void *data, uint32_t len);
void conn_reply_ok(struct conn *c, const struct request *r);
void conn_reply_error(struct conn *c, const struct request *r, int error);

/* Room for a reply of `len` payload bytes to be filled in by the caller; NULL if there is no
 * memory (the connection dies). */
char *conn_reply_space(struct conn *c, const struct request *r, uint32_t len);

/* Notes that the first `len` bytes of output are gone. */
void conn_sent(struct conn *c, uint32_t len);

/* Turns some waiting events into output, when the output is empty; false if there are none. */
bool conn_next_events(struct conn *c);

static inline uint32_t conn_unsent(const struct conn *c)
{
    return c->out_end - c->out_start;
}

/* Asks for stage() and flush() at the end of this round. */
void conn_make_dirty(struct conn *c);

/* Whether further requests have to wait: unsent output, or too many events that others have
 * not taken yet. */
bool conn_is_congested(const struct conn *c);

/* Asks for transport->resume in the next round. */
void conn_resume_later(struct conn *c);

/* The transaction with that number, or NULL. */
struct transaction *conn_transaction(struct conn *c, uint32_t id);

/* Ends one transaction. */
void conn_transaction_end(struct conn *c, struct transaction *t);

/* Sets a watch, with its account and journal record; the caller has checked quotas. NULL with
 * errno as for watch_add(). */
struct watch *conn_watch(struct conn *c, const struct path *p, uint32_t home_len,
                         const char *token, uint32_t token_len);

/* Ends a watch, and the events that wait for it. */
void conn_unwatch(struct conn *c, struct watch *w);

/* Opens a transaction under a number of its own; 0 if there is no memory. */
uint32_t conn_transaction_start(struct conn *c, struct node *root);

/* Recovery: a transaction that was open when the store was killed, and an event that had to wait.
 * False if there is no memory. */
bool conn_restore_transaction(struct conn *c, struct node *root, uint32_t id);
bool conn_restore_event(struct conn *c, struct watch *w, const char *path, uint32_t path_len);

/* Recovery: output that was not sent. */
bool conn_restore_output(struct conn *c, const void *data, uint32_t len);

/* Records watches, transactions and waiting events for a new journal. */
void conn_snapshot(struct conn *c);

/* Whose requests are being carried out; events that have to wait are held against it. */
void conn_set_source(struct conn *c);

/* Sends what this round has produced, destroys the dead; true if somebody has to be resumed. */
bool conn_round_end(void);

/* For control commands: number of connections, and each of them. */
extern struct list conn_all;

#endif
