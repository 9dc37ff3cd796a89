/* SPDX-License-Identifier: MIT */
/*
 * Opening, closing and renewing a connection. Owns the handle's descriptors. Facts: Xen's
 * xenstore.h; Debian's places of socket and device.
 */
#include "handle.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

enum {
    RECONNECT_TRIES = 200,
    RECONNECT_PAUSE_MS = 50,
};

static int connect_socket(void)
{
    struct sockaddr_un addr = { .sun_family = AF_UNIX };
    const char *path = xs_daemon_socket();
    int saved, fd;

    if (strlen(path) >= sizeof(addr.sun_path)) {
        errno = ENAMETOOLONG;
        return -1;
    }
    strcpy(addr.sun_path, path);
    fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd >= 0 && connect(fd, (struct sockaddr *)&addr, sizeof(addr)) < 0) {
        saved = errno;
        close(fd);
        errno = saved;
        return -1;
    }
    return fd;
}

/* The kernel passes requests of other domains' user space (and ours without a socket) on. */
static int open_device(void)
{
    int fd = open("/dev/xen/xenbus", O_RDWR | O_CLOEXEC);

    return fd < 0 && errno == ENOENT ? open("/proc/xen/xenbus", O_RDWR | O_CLOEXEC) : fd;
}

struct xs_handle *xs_open(unsigned long flags)
{
    struct xs_handle *h = calloc(1, sizeof(*h));
    int saved;

    if (!h)
        return NULL;
    h->is_socket = true;
    h->fd = connect_socket();
    if (h->fd < 0 && !(flags & XS_OPEN_SOCKETONLY) &&
        (errno == ENOENT || errno == ECONNREFUSED)) {
        saved = errno;
        h->is_socket = false;
        h->fd = open_device();
        if (h->fd < 0)
            errno = saved;
    }
    if (h->fd < 0) {
        free(h);
        return NULL;
    }
    pthread_mutex_init(&h->lock, NULL);
    h->filter = flags & XS_UNWATCH_FILTER;
    h->poll_fd = h->event_fd = -1;
    h->events_end = &h->events;
    return h;
}

static void free_lists(struct xs_handle *h)
{
    while (h->events) {
        struct xs_event *e = h->events;

        h->events = e->next;
        free(e);
    }
    while (h->watches) {
        struct xs_watch_record *w = h->watches;

        h->watches = w->next;
        free(w);
    }
    while (h->transactions) {
        struct xs_open_transaction *t = h->transactions;

        h->transactions = t->next;
        free(t);
    }
}

void xs_close(struct xs_handle *h)
{
    if (!h)
        return;
    free_lists(h);
    close(h->fd);
    if (h->poll_fd >= 0)
        close(h->poll_fd);
    if (h->event_fd >= 0)
        close(h->event_fd);
    pthread_mutex_destroy(&h->lock);
    free(h);
}

void xs_daemon_destroy_postfork(struct xs_handle *h)
{
    xs_close(h);
}

struct xs_handle *xs_daemon_open(void)
{
    return xs_open(0);
}

struct xs_handle *xs_domain_open(void)
{
    return xs_open(0);
}

struct xs_handle *xs_daemon_open_readonly(void)
{
    return xs_open(0);
}

void xs_daemon_close(struct xs_handle *h)
{
    xs_close(h);
}

static bool poll_add(struct xs_handle *h, int fd)
{
    struct epoll_event ev = { .events = EPOLLIN };

    return epoll_ctl(h->poll_fd, EPOLL_CTL_ADD, fd, &ev) == 0;
}

static void make_poll_fd(struct xs_handle *h)
{
    h->event_fd = eventfd(h->events ? 1 : 0, EFD_CLOEXEC | EFD_NONBLOCK);
    h->poll_fd = epoll_create1(EPOLL_CLOEXEC);
    if (h->event_fd >= 0 && h->poll_fd >= 0 && poll_add(h, h->fd) && poll_add(h, h->event_fd))
        return;
    close(h->event_fd);
    close(h->poll_fd);
    h->event_fd = h->poll_fd = -1;
}

int xs_fileno(struct xs_handle *h)
{
    pthread_mutex_lock(&h->lock);
    if (h->poll_fd < 0)
        make_poll_fd(h);
    pthread_mutex_unlock(&h->lock);
    return h->poll_fd;
}

/* Sets the watches again. Their replies are awaited; an event each follows, which is what tells
 * the program to look at everything once more. */
static bool set_watches(struct xs_handle *h)
{
    for (const struct xs_watch_record *w = h->watches; w; w = w->next) {
        struct iovec part[2] = { part_string(w->path), part_string(w->token) };
        void *reply = talk_locked(h, XS_WATCH, XBT_NULL, part, 2, NULL);

        if (!reply)
            return false;
        free(reply);
    }
    return true;
}

static void replace_socket(struct xs_handle *h, int fd)
{
    close(h->fd);
    h->fd = fd;
    h->in_start = h->in_end = 0;
    h->connection++;
    if (h->poll_fd >= 0)
        poll_add(h, fd);
}

bool handle_reconnect(struct xs_handle *h, bool wait)
{
    struct timespec pause = { .tv_nsec = RECONNECT_PAUSE_MS * 1000000L };

    for (int tries = 0; h->is_socket && tries < RECONNECT_TRIES; tries++) {
        int fd = connect_socket();

        if (fd >= 0) {
            replace_socket(h, fd);
            if (set_watches(h)) {
                queue_buffered(h);
                return true;
            }
        }
        nanosleep(&pause, NULL);
        if (!wait)
            break;
    }
    errno = EPIPE;
    return false;
}
