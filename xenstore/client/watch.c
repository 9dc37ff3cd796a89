/* SPDX-License-Identifier: MIT */
/*
 * Watches and the events they bring. Owns the handle's list of watches and its queue of events;
 * event_fd is readable exactly while the queue is not empty.
 */
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "handle.h"

static void signal_event(struct xs_handle *h)
{
    uint64_t one = 1;

    if (h->event_fd >= 0 && write(h->event_fd, &one, sizeof(one)) < 0 && errno != EAGAIN)
        return; /* an eventfd takes a write unless its count overflows, and then it is readable */
}

static void clear_event(struct xs_handle *h)
{
    uint64_t count;

    if (h->event_fd >= 0 && read(h->event_fd, &count, sizeof(count)) < 0)
        return; /* it was not readable */
}

bool event_queue(struct xs_handle *h, const char *body, unsigned int len)
{
    struct xs_event *e = malloc(sizeof(*e) + len + 1);

    if (!e)
        return false;
    e->next = NULL;
    e->len = len;
    memcpy(e->data, body, len);
    e->data[len] = '\0';
    *h->events_end = e;
    h->events_end = &e->next;
    signal_event(h);
    return true;
}

static char **take_event(struct xs_handle *h)
{
    struct xs_event *e = h->events;
    char **result = malloc(2 * sizeof(char *) + e->len + 1);
    size_t path_len = strlen(e->data);

    if (!result)
        return NULL;
    result[XS_WATCH_PATH] = (char *)(result + 2);
    memcpy(result[XS_WATCH_PATH], e->data, e->len + 1);
    result[XS_WATCH_TOKEN] = result[XS_WATCH_PATH] + (path_len < e->len ? path_len + 1 : path_len);
    h->events = e->next;
    if (!h->events) {
        h->events_end = &h->events;
        clear_event(h);
    }
    free(e);
    return result;
}

/* Brings what has arrived into the queue. False with EAGAIN if nothing has. */
static bool receive_event(struct xs_handle *h)
{
    struct xs_message m;
    bool queued;

    while (message_receive(h, &m, false)) {
        queued = m.header.type == XS_WATCH_EVENT && event_queue(h, m.body, m.header.len);
        free(m.body);
        if (queued)
            return true;
    }
    /* A store that is being restarted comes back; the caller asks again then. */
    if (errno == EPIPE && h->is_socket) {
        handle_reconnect(h, false);
        errno = EAGAIN;
    }
    return false;
}

char **xs_check_watch(struct xs_handle *h)
{
    char **result = NULL;
    int saved;

    pthread_mutex_lock(&h->lock);
    if (h->events || receive_event(h) || h->events)
        result = take_event(h);
    saved = errno;
    pthread_mutex_unlock(&h->lock);
    errno = saved;
    return result;
}

/* Waits without the lock, so that other threads can use the handle meanwhile. */
char **xs_read_watch(struct xs_handle *h, unsigned int *num)
{
    struct pollfd p = { .fd = xs_fileno(h), .events = POLLIN };
    char **result;

    while (!(result = xs_check_watch(h))) {
        if (errno != EAGAIN && errno != EINTR)
            return NULL;
        if (poll(&p, 1, -1) < 0 && errno != EINTR)
            return NULL;
    }
    *num = 2;
    return result;
}

static void record(struct xs_handle *h, struct xs_watch_record *w)
{
    pthread_mutex_lock(&h->lock);
    w->next = h->watches;
    h->watches = w;
    pthread_mutex_unlock(&h->lock);
}

bool xs_watch(struct xs_handle *h, const char *path, const char *token)
{
    struct iovec part[2] = { part_string(path), part_string(token) };
    size_t path_len = strlen(path) + 1;
    struct xs_watch_record *w = malloc(sizeof(*w) + path_len + strlen(token) + 1);

    if (!w)
        return false;
    memcpy(w->path, path, path_len);
    strcpy(w->path + path_len, token);
    w->token = w->path + path_len;
    if (!talk_ok(h, XS_WATCH, XBT_NULL, part, 2)) {
        free(w);
        return false;
    }
    record(h, w);
    return true;
}

/* Forgets one watch of that path and token; false if there was none. */
static bool forget(struct xs_handle *h, const char *path, const char *token)
{
    for (struct xs_watch_record **at = &h->watches; *at; at = &(*at)->next) {
        struct xs_watch_record *w = *at;

        if (strcmp(w->path, path) == 0 && strcmp(w->token, token) == 0) {
            *at = w->next;
            free(w);
            return true;
        }
    }
    return false;
}

static void drop_events(struct xs_handle *h, const char *path, const char *token)
{
    struct xs_event **at = &h->events;

    while (*at) {
        struct xs_event *e = *at;
        size_t path_len = strlen(e->data);

        if (path_len < e->len && strcmp(e->data + path_len + 1, token) == 0 &&
            xs_path_is_subpath(path, e->data)) {
            *at = e->next;
            free(e);
        } else {
            at = &e->next;
        }
    }
    h->events_end = at;
    if (!h->events)
        clear_event(h);
}

bool xs_unwatch(struct xs_handle *h, const char *path, const char *token)
{
    struct iovec part[2] = { part_string(path), part_string(token) };
    unsigned int connection;
    bool known, ok;
    int saved;

    pthread_mutex_lock(&h->lock);
    connection = h->connection;
    known = forget(h, path, token);
    pthread_mutex_unlock(&h->lock);
    ok = talk_ok(h, XS_UNWATCH, XBT_NULL, part, 2);
    saved = errno;
    pthread_mutex_lock(&h->lock);
    /* After a reconnection the watch was not set again, so the daemon does not know it. */
    if (!ok && known && saved == ENOENT && connection != h->connection)
        ok = true;
    if (ok && h->filter)
        drop_events(h, path, token);
    pthread_mutex_unlock(&h->lock);
    errno = saved;
    return ok;
}
