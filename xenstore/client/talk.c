/* SPDX-License-Identifier: MIT */
/*
 * Messages to and from the daemon. Owns the handle's input buffer. Facts: xen/io/xs_wire.h.
 */
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "handle.h"

/* A request that ends the daemon each time is not sent for ever. */
enum { RETRIES = 20 };

static bool is_lost(int error)
{
    return error == EPIPE || error == ECONNRESET;
}

struct iovec part_string(const char *s)
{
    return (struct iovec){ .iov_base = (void *)(uintptr_t)s, .iov_len = strlen(s) + 1 };
}

static ssize_t send_some(struct xs_handle *h, struct iovec *part, unsigned int parts)
{
    struct msghdr msg = { .msg_iov = part, .msg_iovlen = parts };

    return h->is_socket ? sendmsg(h->fd, &msg, MSG_NOSIGNAL) : writev(h->fd, part, (int)parts);
}

/* A short write leaves the rest in the parts. */
static bool send_all(struct xs_handle *h, struct iovec *part, unsigned int parts)
{
    while (parts) {
        ssize_t n = send_some(h, part, parts);

        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0) {
            errno = is_lost(errno) ? EPIPE : errno;
            return false;
        }
        while (parts && (size_t)n >= part->iov_len) {
            n -= (ssize_t)part->iov_len;
            part++;
            parts--;
        }
        if (parts) {
            part->iov_base = (char *)part->iov_base + n;
            part->iov_len -= (size_t)n;
        }
    }
    return true;
}

bool message_send(struct xs_handle *h, uint32_t type, uint32_t tx_id, const struct iovec *part,
                  unsigned int parts)
{
    struct xsd_sockmsg header = { .type = type, .req_id = ++h->last_request, .tx_id = tx_id };
    struct iovec all[TALK_PARTS_MAX + 1] = { { .iov_base = &header, .iov_len = sizeof(header) } };
    size_t len = 0;

    for (unsigned int i = 0; i < parts; i++) {
        len += part[i].iov_len;
        all[i + 1] = part[i];
    }
    if (len > XENSTORE_PAYLOAD_MAX) {
        errno = E2BIG;
        return false;
    }
    header.len = (uint32_t)len;
    return send_all(h, all, parts + 1);
}

/* Reads what is there into the buffer, at least one byte if `wait`. */
static bool fill(struct xs_handle *h, bool wait)
{
    struct pollfd p = { .fd = h->fd, .events = POLLIN };
    char *to = h->in + h->in_end;
    size_t room = sizeof(h->in) - h->in_end;
    ssize_t n;

    if (!wait && !h->is_socket && poll(&p, 1, 0) <= 0) {
        errno = EAGAIN;
        return false;
    }
    do {
        n = h->is_socket ? recv(h->fd, to, room, wait ? 0 : MSG_DONTWAIT) : read(h->fd, to, room);
    } while (n < 0 && errno == EINTR && wait);
    if (n == 0 || (n < 0 && is_lost(errno)))
        errno = EPIPE;
    if (n <= 0)
        return false;
    h->in_end += (unsigned int)n;
    return true;
}

/* Makes room behind what is buffered: a message always fits once it starts at 0. */
static void compact(struct xs_handle *h)
{
    memmove(h->in, h->in + h->in_start, h->in_end - h->in_start);
    h->in_end -= h->in_start;
    h->in_start = 0;
}

static bool take(struct xs_handle *h, struct xs_message *m)
{
    m->body = malloc(m->header.len + 1);
    if (!m->body)
        return false;
    memcpy(m->body, h->in + h->in_start + sizeof(m->header), m->header.len);
    m->body[m->header.len] = '\0';
    h->in_start += (unsigned int)sizeof(m->header) + m->header.len;
    if (h->in_start == h->in_end)
        h->in_start = h->in_end = 0;
    return true;
}

/* Whether a whole message is in the buffer; its header is read in any case. */
static bool is_buffered(const struct xs_handle *h, struct xs_message *m)
{
    unsigned int have = h->in_end - h->in_start;

    if (have < sizeof(m->header))
        return false;
    memcpy(&m->header, h->in + h->in_start, sizeof(m->header));
    return m->header.len <= XENSTORE_PAYLOAD_MAX && have >= sizeof(m->header) + m->header.len;
}

bool message_receive(struct xs_handle *h, struct xs_message *m, bool wait)
{
    for (;;) {
        if (is_buffered(h, m))
            return take(h, m);
        if (h->in_end - h->in_start >= sizeof(m->header) &&
            m->header.len > XENSTORE_PAYLOAD_MAX) {
            errno = EPIPE; /* nothing that follows can be understood */
            return false;
        }
        if (h->in_start)
            compact(h);
        if (!fill(h, wait))
            return false;
    }
}

static int error_number(const char *name)
{
    for (size_t i = 0; i < sizeof(xsd_errors) / sizeof(xsd_errors[0]); i++)
        if (strcmp(name, xsd_errors[i].errstring) == 0)
            return xsd_errors[i].errnum;
    return EINVAL;
}

/* Waits for the reply to the last request. */
static void *await_reply(struct xs_handle *h, unsigned int *len)
{
    struct xs_message m;

    while (message_receive(h, &m, true)) {
        if (m.header.type == XS_WATCH_EVENT) {
            bool queued = event_queue(h, m.body, m.header.len);

            free(m.body);
            if (!queued)
                return NULL;
        } else if (m.header.req_id != h->last_request) {
            free(m.body); /* the late answer to a request whose caller gave up */
        } else if (m.header.type == XS_ERROR) {
            errno = error_number(m.body);
            free(m.body);
            return NULL;
        } else {
            if (len)
                *len = m.header.len;
            return m.body;
        }
    }
    return NULL;
}

void queue_buffered(struct xs_handle *h)
{
    struct xs_message m;

    while (is_buffered(h, &m) && take(h, &m)) {
        if (m.header.type == XS_WATCH_EVENT)
            event_queue(h, m.body, m.header.len);
        free(m.body);
    }
}

void *talk_locked(struct xs_handle *h, uint32_t type, uint32_t wire_tx, const struct iovec *part,
                  unsigned int parts, unsigned int *len)
{
    return message_send(h, type, wire_tx, part, parts) ? await_reply(h, len) : NULL;
}

static struct xs_open_transaction *find_transaction(struct xs_handle *h, xs_transaction_t id)
{
    for (struct xs_open_transaction *t = h->transactions; t; t = t->next)
        if (t->id == id)
            return t;
    return NULL;
}

/* One attempt. A transaction that was lost with its connection fails with EAGAIN at once. */
static void *attempt(struct xs_handle *h, uint32_t type, xs_transaction_t id,
                     const struct iovec *part, unsigned int parts, unsigned int *len)
{
    struct xs_open_transaction *t = id ? find_transaction(h, id) : NULL;

    if (id && !t)
        errno = ENOENT;
    else if (t && t->connection != h->connection)
        errno = EAGAIN;
    else
        return talk_locked(h, type, t ? t->wire_id : XBT_NULL, part, parts, len);
    return NULL;
}

void *talk(struct xs_handle *h, uint32_t type, xs_transaction_t t, const struct iovec *part,
           unsigned int parts, unsigned int *len)
{
    void *reply;
    int saved;

    pthread_mutex_lock(&h->lock);
    reply = attempt(h, type, t, part, parts, len);
    for (int n = 0; !reply && errno == EPIPE && n < RETRIES && handle_reconnect(h, true); n++)
        reply = attempt(h, type, t, part, parts, len);
    saved = errno;
    queue_buffered(h);
    pthread_mutex_unlock(&h->lock);
    errno = saved;
    return reply;
}

bool talk_ok(struct xs_handle *h, uint32_t type, xs_transaction_t t, const struct iovec *part,
             unsigned int parts)
{
    void *reply = talk(h, type, t, part, parts, NULL);

    free(reply);
    return reply != NULL;
}

void *talk_string(struct xs_handle *h, uint32_t type, xs_transaction_t t, const char *string,
                  unsigned int *len)
{
    struct iovec part = part_string(string);

    return talk(h, type, t, &part, 1, len);
}
