/* SPDX-License-Identifier: MIT */
/* domus events: what happens to domains, as it happens. */
#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "cli/client.h"
#include "cli/cmd.h"

#define LINE_MAX_BYTES 4096

struct events {
    int fd;
    const char *which; /* NULL: all */
    bool json;
    long count, seconds; /* 0: without end */
    int64_t deadline_ms;
    char buffer[LINE_MAX_BYTES];
    size_t used;
};

static int64_t now_ms(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * 1000ll + now.tv_nsec / 1000000;
}

static void print_event(const struct events *e, yajl_val event, const char *line)
{
    const char *name = json_get_string(event, "name"), *reason = json_get_string(event, "reason");
    int64_t domid = json_get_int(event, "domid", -1);

    if (e->json) {
        puts(line);
        return;
    }
    printf("%s  ", json_get_string(event, "time"));
    client_print_name(name ? name : "-", 16);
    if (domid >= 0)
        printf(" %5" PRId64, domid);
    else
        printf(" %5s", "-");
    printf("  %s", json_get_string(event, "event"));
    if (reason) {
        printf(": ");
        client_print_name(reason, 0);
    }
    putchar('\n');
}

/* Shows an event if it is meant; false when there have been enough. */
static bool take_line(struct events *e, const char *line)
{
    char err[100];
    yajl_val event = json_parse(line, err, sizeof(err));
    bool more = true;

    if (event && (!e->which || client_domain_is(event, e->which))) {
        print_event(e, event, line);
        fflush(stdout);
        more = !e->count || --e->count > 0;
    }
    yajl_tree_free(event);
    return more;
}

static bool take_lines(struct events *e)
{
    char *end;
    bool more = true;

    while (more && (end = memchr(e->buffer, '\n', e->used))) {
        size_t length = (size_t)(end + 1 - e->buffer);

        *end = '\0';
        more = take_line(e, e->buffer);
        memmove(e->buffer, e->buffer + length, e->used - length);
        e->used -= length;
    }
    return more;
}

static int watch(struct events *e)
{
    struct pollfd in = { .fd = e->fd, .events = POLLIN };

    for (;;) {
        int64_t left = e->seconds ? e->deadline_ms - now_ms() : INT32_MAX;

        if (left <= 0)
            return CMD_OK;
        int n = poll(&in, 1, (int)left);
        if (n < 0 && errno != EINTR)
            return cmd_fail("poll: %s", strerror(errno));
        if (n <= 0)
            continue;
        ssize_t got = read(e->fd, e->buffer + e->used, sizeof(e->buffer) - e->used);
        if (got <= 0)
            return cmd_fail("domusd has ended: begin again when it runs");
        e->used += (size_t)got;
        if (!take_lines(e))
            return CMD_OK;
        if (e->used == sizeof(e->buffer))
            return cmd_fail("domusd sends lines that are too long");
    }
}

int cmd_events(const struct cmd *cmd, int argc, char **argv)
{
    struct events e = { .fd = -1 };
    const struct cmd_option options[] = {
        CMD_NUMBER("count", 'n', &e.count, "number of events", 1, 1000000000),
        CMD_NUMBER("seconds", 's', &e.seconds, "number of seconds", 1, 1000000),
        CMD_END,
    };
    int status;

    if (!cmd_read(cmd, argc, argv, options, &e.json, 0, 1, &status))
        return status;
    e.which = argv[optind];
    e.deadline_ms = now_ms() + e.seconds * 1000ll;
    e.fd = client_connect();
    if (e.fd < 0)
        return CMD_FAILED;
    struct client_answer *answer = client_call_on(e.fd, "events", NULL, e.json);
    status = answer ? watch(&e) : CMD_FAILED;
    client_free(answer);
    close(e.fd);
    return status;
}
