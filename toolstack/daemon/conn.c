/* SPDX-License-Identifier: MIT */
/*
 * Clients on the Unix socket.
 *
 * Owns the listening socket and the connections. Requests go to api_request(). Every buffer is
 * bounded: a client that sends without end, or never reads, loses its connection (or, on a
 * console, output). Locks: none.
 */
#include "conn.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "api.h"
#include "json.h"
#include "log.h"
#include "loop.h"

#define MAX_CLIENTS   128
#define MAX_REQUEST   (2u << 20)
#define MAX_ANSWERS   (8u << 20)
#define MAX_RAW_QUEUE (256u << 10)

struct buffer {
    char *bytes;
    size_t used, room;
};

struct conn {
    struct loop_source source; /* first: the loop hands it back */
    struct conn *next;
    uint64_t id;
    struct buffer in, out;
    bool closing; /* when `out` is empty */
    bool raw;
    bool paused; /* raw: the sink is full */
    size_t (*sink)(void *arg, const char *bytes, size_t count);
    void *sink_arg;
};

static struct conn *conns;
static unsigned int conn_count;
static uint64_t next_id = 1;
static bool serving;
static struct loop_source listener = { .fd = -1 };

static bool buffer_add(struct buffer *b, const char *bytes, size_t count, size_t max)
{
    if (b->used + count > max)
        return false;
    if (b->used + count > b->room) {
        size_t room = (b->used + count) * 2;
        char *more = realloc(b->bytes, room);

        if (!more)
            return false;
        b->bytes = more;
        b->room = room;
    }
    memcpy(b->bytes + b->used, bytes, count);
    b->used += count;
    return true;
}

static void buffer_drop(struct buffer *b, size_t count)
{
    memmove(b->bytes, b->bytes + count, b->used - count);
    b->used -= count;
}

static struct conn *find(uint64_t id)
{
    struct conn *c = conns;

    while (c && c->id != id)
        c = c->next;
    return c;
}

static void destroy(struct conn *c)
{
    for (struct conn **link = &conns; *link; link = &(*link)->next)
        if (*link == c) {
            *link = c->next;
            break;
        }
    conn_count--;
    loop_remove(&c->source);
    if (c->sink)
        c->sink(c->sink_arg, NULL, 0);
    close(c->source.fd);
    free(c->in.bytes);
    free(c->out.bytes);
    free(c);
}

static void update_events(struct conn *c)
{
    bool read = !c->closing && !c->paused && (serving || c->raw);

    c->source.events = (short)((read ? POLLIN : 0) | (c->out.used ? POLLOUT : 0));
}

/* Sends what the socket takes. False: the connection is gone. */
static bool flush(struct conn *c)
{
    while (c->out.used) {
        ssize_t n = send(c->source.fd, c->out.bytes, c->out.used, MSG_DONTWAIT | MSG_NOSIGNAL);

        if (n < 0 && (errno == EAGAIN || errno == EINTR))
            break;
        if (n < 0) {
            destroy(c);
            return false;
        }
        buffer_drop(&c->out, (size_t)n);
    }
    if (c->closing && !c->out.used) {
        destroy(c);
        return false;
    }
    update_events(c);
    return true;
}

/* ---- answers -------------------------------------------------------------------------- */

void reply_drop(struct reply_to *to)
{
    free(to->id);
    to->id = NULL;
    to->conn = 0;
}

static void send_text(struct reply_to *to, char *text)
{
    struct conn *c = find(to->conn);

    reply_drop(to);
    if (!c || c->raw || !text) {
        free(text);
        return;
    }
    bool fits = buffer_add(&c->out, text, strlen(text), MAX_ANSWERS);
    free(text);
    if (fits)
        flush(c);
    else
        destroy(c); /* it asks and asks and never reads */
}

void reply_result(struct reply_to *to, const char *json)
{
    char *text = NULL;

    if (to->id && asprintf(&text, "{\"jsonrpc\":\"2.0\",\"id\":%s,\"result\":%s}\n", to->id,
                           json ? json : "null") < 0)
        text = NULL;
    send_text(to, text);
}

void operation_name(char name[OPERATION_MAX])
{
    static unsigned int count;
    static uint16_t run; /* tells this domusd from those before */

    if (!count)
        run = (uint16_t)(time(NULL) / 7 ^ getpid());
    snprintf(name, OPERATION_MAX, "%04x-%u", run, ++count);
}

void reply_error(struct reply_to *to, int code, const char *message, const char *data)
{
    struct json_out *out = json_out_new(false);
    char *text = NULL, *quoted, operation[48];

    if (to->conn)
        log_line("[%s] %s", to->operation, message);
    if (!out || !to->id) {
        json_out_free(out);
        reply_drop(to);
        return;
    }
    json_string(out, NULL, message);
    quoted = json_take(out);
    snprintf(operation, sizeof(operation), "{\"operation\":\"%s\"}", to->operation);
    /* JSON-RPC's own codes are below -32000; what the system says is sent as it is. */
    if (quoted && asprintf(&text,
                           "{\"jsonrpc\":\"2.0\",\"id\":%s,\"error\":{\"code\":%d,\"message\":%s,"
                           "\"data\":%s}}\n",
                           to->id, code, quoted, data ? data : operation) < 0)
        text = NULL;
    free(quoted);
    send_text(to, text);
}

/* ---- requests ------------------------------------------------------------------------- */

/* Hands every whole line to the API. False: the connection is gone. */
static bool take_lines(struct conn *c)
{
    uint64_t id = c->id;
    char *end;

    while (!c->raw && !c->closing && (end = memchr(c->in.bytes, '\n', c->in.used))) {
        size_t length = (size_t)(end - c->in.bytes);
        char *line = strndup(c->in.bytes, length);

        buffer_drop(&c->in, length + 1);
        if (line)
            api_request(id, line);
        free(line);
        c = find(id); /* answering may have ended it */
        if (!c)
            return false;
        if (!line) {
            destroy(c);
            return false;
        }
    }
    return true;
}

static void feed_sink(struct conn *c)
{
    size_t taken = c->in.used ? c->sink(c->sink_arg, c->in.bytes, c->in.used) : 0;

    buffer_drop(&c->in, taken);
    c->paused = c->in.used > 0;
}

static void read_some(struct conn *c)
{
    char chunk[16384];
    ssize_t n = recv(c->source.fd, chunk, sizeof(chunk), MSG_DONTWAIT);

    if (n < 0 && (errno == EAGAIN || errno == EINTR))
        return;
    if (n <= 0 || !buffer_add(&c->in, chunk, (size_t)n, MAX_REQUEST)) {
        destroy(c);
        return;
    }
    if (!c->raw && !take_lines(c))
        return;
    if (c->raw)
        feed_sink(c);
    update_events(c);
}

static void conn_ready(struct loop_source *source, short revents)
{
    struct conn *c = (struct conn *)source;

    if (revents & POLLOUT) {
        if (!flush(c))
            return;
    }
    if (revents & POLLIN)
        read_some(c);
    else if (revents & (POLLERR | POLLHUP | POLLNVAL))
        destroy(c);
}

static void accept_client(struct loop_source *source, short revents)
{
    int fd = accept4(source->fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
    struct conn *c;

    (void)revents;
    if (fd < 0)
        return;
    c = conn_count < MAX_CLIENTS ? calloc(1, sizeof(*c)) : NULL;
    if (!c || loop_add(&c->source)) {
        log_line("a client was turned away: %u are connected", conn_count);
        free(c);
        close(fd);
        return;
    }
    c->source.fd = fd;
    c->source.ready = conn_ready;
    c->id = next_id++;
    c->next = conns;
    conns = c;
    conn_count++;
    update_events(c);
}

int conn_listen(const char *path)
{
    struct sockaddr_un addr = { .sun_family = AF_UNIX };

    if (strlen(path) >= sizeof(addr.sun_path))
        return -ENAMETOOLONG;
    strcpy(addr.sun_path, path);
    listener.fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (listener.fd < 0)
        return -errno;
    unlink(path); /* of a domusd that was killed: the lock says that it is not there any more */
    mode_t mask = umask(0177);
    int rc = bind(listener.fd, (struct sockaddr *)&addr, sizeof(addr));
    umask(mask);
    if (rc || listen(listener.fd, 64))
        return -errno;
    listener.events = POLLIN;
    listener.ready = accept_client;
    return loop_add(&listener);
}

void conn_serve(void)
{
    serving = true;
    for (struct conn *c = conns; c; c = c->next)
        update_events(c);
}

void conn_stop(void)
{
    if (listener.fd >= 0) {
        loop_remove(&listener);
        close(listener.fd);
        listener.fd = -1;
    }
    serving = false;
    for (struct conn *c = conns; c; c = c->next)
        update_events(c);
}

/* ---- raw connections ------------------------------------------------------------------ */

bool conn_make_raw(uint64_t id, size_t (*sink)(void *arg, const char *bytes, size_t count),
                   void *arg)
{
    struct conn *c = find(id);

    if (!c || c->raw)
        return false;
    c->raw = true;
    c->sink = sink;
    c->sink_arg = arg;
    return true;
}

void conn_raw_resume(uint64_t id)
{
    struct conn *c = find(id);

    if (!c || !c->paused)
        return;
    feed_sink(c);
    update_events(c);
}

bool conn_raw_send(uint64_t id, const char *bytes, size_t count)
{
    struct conn *c = find(id);

    if (!c || c->closing)
        return true;
    bool fits = buffer_add(&c->out, bytes, count, MAX_RAW_QUEUE);
    update_events(c); /* sent from the loop: the caller may be walking its viewers */
    return fits;
}

void conn_close(uint64_t id)
{
    struct conn *c = find(id);

    if (!c)
        return;
    c->sink = NULL;
    c->closing = true;
    c->source.events = POLLOUT; /* writable, or hung up: either way it is called and ends */
}
