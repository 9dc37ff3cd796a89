/* SPDX-License-Identifier: MIT */
/*
 * Connections on the Unix socket. Owns the listening socket and one shared input buffer: requests
 * are handled where read() put them; only what is incomplete or has to wait is kept per client.
 * Every client of the socket is dom0 (the socket's mode lets root only in).
 */
#include "conn_socket.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "conn.h"
#include "log.h"
#include "loop.h"
#include "ops.h"

enum {
    INPUT_SIZE = 32 * 1024,
    BACKLOG = 128,
};

struct socket_conn {
    struct conn conn;
    struct loop_source src;
    char *kept; /* input not handled yet */
    uint32_t kept_len;
};

static struct loop_source listener = { .fd = -1 };
static bool listening = true;
static char *socket_path;
static char input[INPUT_SIZE + 1];

static struct socket_conn *from_conn(struct conn *c)
{
    return container_of(c, struct socket_conn, conn);
}

static void keep(struct socket_conn *s, const char *data, size_t len)
{
    char *copy = len ? malloc(len) : NULL;

    if (len && !copy) {
        conn_kill(&s->conn);
        return;
    }
    if (len)
        memcpy(copy, data, len);
    free(s->kept);
    s->kept = copy;
    s->kept_len = (uint32_t)len;
}

/* Handles the requests in input[0..len); keeps the rest. The byte behind a payload is made NUL
 * for the handler and then restored: it belongs to the next request. */
static void handle_input(struct socket_conn *s, size_t len)
{
    size_t at = 0, total = 0;
    struct request r;

    while (!conn_is_congested(&s->conn)) {
        enum wire_state state = wire_peek(input + at, len - at, &r.header, &total);
        char saved;

        if (state == WIRE_BAD) {
            log_info("a client sent a request of %u bytes: its connection ends", r.header.len);
            conn_kill(&s->conn);
        }
        if (state != WIRE_COMPLETE)
            break;
        saved = input[at + total];
        input[at + total] = '\0';
        r.payload = input + at + sizeof(r.header);
        ops_handle(&s->conn, &r);
        input[at + total] = saved;
        at += total;
        total = 0;
    }
    keep(s, input + at, len - at);
    if (conn_is_congested(&s->conn) && !s->conn.dead)
        conn_resume_later(&s->conn);
}

static void take_kept(struct socket_conn *s)
{
    if (s->kept_len)
        memcpy(input, s->kept, s->kept_len);
}

static void read_input(struct socket_conn *s)
{
    ssize_t n;

    if (conn_is_congested(&s->conn) || s->kept_len == INPUT_SIZE)
        return;
    take_kept(s);
    n = read(s->src.fd, input + s->kept_len, INPUT_SIZE - s->kept_len);
    if (n > 0)
        handle_input(s, s->kept_len + (size_t)n);
    else if (n == 0 || (errno != EAGAIN && errno != EINTR))
        conn_kill(&s->conn);
}

static void socket_ready(struct loop_source *src, uint32_t events)
{
    struct socket_conn *s = container_of(src, struct socket_conn, src);

    if (s->conn.dead)
        return;
    if (events & EPOLLOUT) {
        s->conn.blocked = false; /* found out again at the flush */
        conn_make_dirty(&s->conn);
    }
    if (events & EPOLLIN)
        read_input(s);
    else if (events & (EPOLLHUP | EPOLLERR))
        conn_kill(&s->conn);
}

static void socket_stage(struct conn *c)
{
    (void)c;
}

static void socket_flush(struct conn *c)
{
    struct socket_conn *s = from_conn(c);

    do {
        ssize_t n = send(s->src.fd, c->out + c->out_start, conn_unsent(c), MSG_NOSIGNAL);

        if (n < 0 && errno != EAGAIN && errno != EINTR) {
            c->dead = true;
            return;
        }
        conn_sent(c, n > 0 ? (uint32_t)n : 0);
    } while (!c->blocked && conn_next_events(c));
    if (loop_modify(&s->src, c->blocked ? EPOLLOUT : EPOLLIN) != 0)
        c->dead = true;
}

static void socket_resume(struct conn *c)
{
    struct socket_conn *s = from_conn(c);

    take_kept(s);
    handle_input(s, s->kept_len);
}

/* Without a free descriptor accept() would fail over and over. */
static void stop_listening(void)
{
    log_error("too many clients: new ones wait until some have gone");
    if (loop_modify(&listener, 0) == 0)
        listening = false;
}

static void listen_again(void)
{
    if (!listening && loop_modify(&listener, EPOLLIN) == 0)
        listening = true;
}

static void socket_destroy(struct conn *c)
{
    struct socket_conn *s = from_conn(c);

    loop_remove(&s->src);
    close(s->src.fd);
    listen_again();
    conn_fini(c);
    free(s->kept);
    free(s);
}

static const struct conn_transport socket_transport = {
    .stage = socket_stage,
    .flush = socket_flush,
    .resume = socket_resume,
    .destroy = socket_destroy,
};

static void accept_one(struct loop_source *src, uint32_t events)
{
    int fd = accept4(src->fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
    struct socket_conn *s;

    (void)events;
    if (fd < 0) {
        if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM)
            stop_listening();
        else if (errno != EAGAIN && errno != EINTR && errno != ECONNABORTED)
            log_error("cannot accept a client: %s", strerror(errno));
        return;
    }
    s = calloc(1, sizeof(*s));
    if (!s) {
        close(fd);
        return;
    }
    conn_init(&s->conn, &socket_transport, 0);
    s->src = (struct loop_source){ .fd = fd, .ready = socket_ready };
    if (loop_add(&s->src, EPOLLIN) != 0) {
        log_error("cannot wait for a client");
        socket_destroy(&s->conn);
    }
}

static int bind_socket(int fd, const char *path)
{
    struct sockaddr_un addr = { .sun_family = AF_UNIX };

    if (strlen(path) >= sizeof(addr.sun_path))
        return -ENAMETOOLONG;
    strcpy(addr.sun_path, path);
    if (unlink(path) < 0 && errno != ENOENT)
        return -errno;
    if (bind(fd, (struct sockaddr *)&addr, sizeof(addr)) < 0 || chmod(path, 0600) < 0 ||
        listen(fd, BACKLOG) < 0)
        return -errno;
    return 0;
}

int conn_socket_listen(const char *path)
{
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    int rc;

    if (fd < 0)
        return -errno;
    rc = bind_socket(fd, path);
    listener = (struct loop_source){ .fd = fd, .ready = accept_one };
    if (!rc)
        rc = loop_add(&listener, EPOLLIN);
    if (!rc && !(socket_path = strdup(path)))
        rc = -ENOMEM;
    if (rc)
        close(fd);
    return rc;
}

void conn_socket_close(void)
{
    if (!socket_path)
        return;
    unlink(socket_path);
    close(listener.fd);
    free(socket_path);
    socket_path = NULL;
}
