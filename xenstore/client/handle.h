/* SPDX-License-Identifier: MIT */
/*
 * Inside of the client library: the handle and how its parts use it. Everything here expects the
 * handle's lock to be held unless it says otherwise.
 */
#ifndef XENSTORE_CLIENT_HANDLE_H
#define XENSTORE_CLIENT_HANDLE_H

#include <pthread.h>
#include <sys/uio.h>

#include <xenstore.h>

enum { TALK_PARTS_MAX = 4 };

/* A watch that is set; kept to set it again after a reconnection. */
struct xs_watch_record {
    struct xs_watch_record *next;
    const char *token;
    char path[]; /* then the token */
};

/* An event that waits for xs_read_watch(): two strings, `data` of len bytes. */
struct xs_event {
    struct xs_event *next;
    unsigned int len;
    char data[];
};

/* An open transaction. Its number for the caller never changes meaning, whereas the daemon's
 * numbers start over with each connection. */
struct xs_open_transaction {
    struct xs_open_transaction *next;
    xs_transaction_t id;
    uint32_t wire_id;
    unsigned int connection; /* the one it was started on */
};

struct xs_handle {
    pthread_mutex_t lock;
    int fd;
    bool is_socket;
    bool filter;             /* XS_UNWATCH_FILTER */
    unsigned int connection; /* counts reconnections */
    uint32_t last_request;
    xs_transaction_t last_transaction;
    int poll_fd;             /* epoll over fd and event_fd; -1: nobody has asked for it */
    int event_fd;            /* readable while `events` is not empty; -1 as well */
    struct xs_event *events, **events_end;
    struct xs_watch_record *watches;
    struct xs_open_transaction *transactions;
    unsigned int in_start, in_end;
    char in[sizeof(struct xsd_sockmsg) + XENSTORE_PAYLOAD_MAX];
};

/* A message from the daemon: body is malloc()ed, len bytes and one NUL. */
struct xs_message {
    struct xsd_sockmsg header;
    char *body;
};

/* Sends one request. False with errno: EPIPE if the connection is gone. */
bool message_send(struct xs_handle *h, uint32_t type, uint32_t tx_id, const struct iovec *part,
                  unsigned int parts);

/* Takes one message. If none is complete: waits if `wait`, else fails with EAGAIN. EPIPE: the
 * connection is gone. */
bool message_receive(struct xs_handle *h, struct xs_message *m, bool wait);

/* Sends a request and waits for its reply, whose payload it returns (with a NUL behind it, to be
 * freed). Events that arrive meanwhile are queued. Takes the lock itself. */
void *talk(struct xs_handle *h, uint32_t type, xs_transaction_t t, const struct iovec *part,
           unsigned int parts, unsigned int *len);

/* The same with the lock held and the daemon's own transaction number. */
void *talk_locked(struct xs_handle *h, uint32_t type, uint32_t wire_tx, const struct iovec *part,
                  unsigned int parts, unsigned int *len);

/* talk() for requests whose reply says no more than that they succeeded. */
bool talk_ok(struct xs_handle *h, uint32_t type, xs_transaction_t t, const struct iovec *part,
             unsigned int parts);

/* talk() with one string. */
void *talk_string(struct xs_handle *h, uint32_t type, xs_transaction_t t, const char *string,
                  unsigned int *len);

/* Connects anew after the daemon was restarted, and sets the watches again. `wait`: keeps trying
 * for some seconds. */
bool handle_reconnect(struct xs_handle *h, bool wait);

/* Queues events that were received together with a reply, so that poll() tells of them. */
void queue_buffered(struct xs_handle *h);

/* Queues an event (body of a WATCH_EVENT). */
bool event_queue(struct xs_handle *h, const char *body, unsigned int len);

/* A part that is a string with its NUL. */
struct iovec part_string(const char *s);

#endif
