/* SPDX-License-Identifier: MIT */
/*
 * Events.
 *
 * Owns the list of listeners. A listener that does not read loses events, and is told how many;
 * nobody waits for it. Locks: none.
 */
#include "event.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "conn.h"
#include "json.h"

struct listener {
    struct listener *next;
    uint64_t conn;
    unsigned int missed;
};

static struct listener *listeners;

/* A listener has nothing to say; it only leaves. */
static size_t listener_says(void *arg, const char *bytes, size_t count)
{
    struct listener *listener = arg;

    if (bytes)
        return count;
    for (struct listener **link = &listeners; *link; link = &(*link)->next)
        if (*link == listener) {
            *link = listener->next;
            break;
        }
    free(listener);
    return 0;
}

int event_listen(uint64_t conn)
{
    struct listener *listener = calloc(1, sizeof(*listener));

    if (!listener)
        return -ENOMEM;
    listener->conn = conn;
    if (!conn_make_raw(conn, listener_says, listener)) {
        free(listener);
        return -ENOTCONN;
    }
    listener->next = listeners;
    listeners = listener;
    return 0;
}

static void put_time(struct json_out *out)
{
    struct timespec now;
    struct tm tm;
    char text[40];

    clock_gettime(CLOCK_REALTIME, &now);
    gmtime_r(&now.tv_sec, &tm);
    size_t used = strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%S", &tm);
    snprintf(text + used, sizeof(text) - used, ".%03ldZ", now.tv_nsec / 1000000);
    json_string(out, "time", text);
}

static char *make_line(const char *what, const char *name, domid_t domid, const char *reason)
{
    struct json_out *out = json_out_new(false);

    if (!out)
        return NULL;
    json_open_object(out, NULL);
    put_time(out);
    json_string(out, "event", what);
    json_string(out, "name", name);
    if (domid != DOMID_INVALID)
        json_int(out, "domid", domid);
    if (reason)
        json_string(out, "reason", reason);
    json_close_object(out);
    return json_take(out);
}

static bool send_line(uint64_t conn, const char *line)
{
    size_t length = strlen(line);
    char *whole = malloc(length + 2); /* a line goes as a whole or not at all */

    if (!whole)
        return false;
    memcpy(whole, line, length);
    memcpy(whole + length, "\n", 2);
    bool sent = conn_raw_send(conn, whole, length + 1);
    free(whole);
    return sent;
}

static void tell(struct listener *listener, const char *line)
{
    if (listener->missed) {
        char count[40];

        snprintf(count, sizeof(count), "%u events", listener->missed);
        char *missed = make_line("missed", NULL, DOMID_INVALID, count);
        bool told = missed && send_line(listener->conn, missed);
        free(missed);
        if (!told) {
            listener->missed++;
            return;
        }
        listener->missed = 0;
    }
    if (!send_line(listener->conn, line))
        listener->missed++;
}

void event_emit(const char *what, const char *name, domid_t domid, const char *reason)
{
    char *line = listeners ? make_line(what, name, domid, reason) : NULL;

    for (struct listener *l = listeners; line && l; l = l->next)
        tell(l, line);
    free(line);
}
