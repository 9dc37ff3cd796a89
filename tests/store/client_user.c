/* SPDX-License-Identifier: MIT */
/*
 * A user of the client library for tests. Each command of standard input is one call; the result
 * is one line. Built against our library, and against Debian's to compare.
 */
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <xenstore.h>

static struct xs_handle *h;
static xs_transaction_t t;

static void say(bool ok)
{
    printf("%s\n", ok ? "ok" : strerror(errno));
}

static void say_string(char *s)
{
    printf("%s%s\n", s ? "=" : "", s ? s : strerror(errno));
    free(s);
}

static void do_list(const char *path)
{
    unsigned int n;
    char **names = xs_directory(h, t, path, &n);

    if (!names) {
        say(false);
        return;
    }
    printf("%u", n);
    for (unsigned int i = 0; i < n; i++)
        printf(" %s", names[i]);
    putchar('\n');
    free(names);
}

static void do_perms(const char *path)
{
    unsigned int n;
    struct xs_permissions *p = xs_get_permissions(h, t, path, &n);

    if (!p) {
        say(false);
        return;
    }
    for (unsigned int i = 0; i < n; i++)
        printf("%s%u:%u", i ? " " : "", p[i].id, p[i].perms & 3);
    putchar('\n');
    free(p);
}

static void do_chmod(const char *path, const char *modes)
{
    struct xs_permissions p[2] = { { .id = 0, .perms = XS_PERM_NONE },
                                   { .id = (unsigned int)atoi(modes), .perms = XS_PERM_READ } };

    say(xs_set_permissions(h, t, path, p, 2));
}

static void show_event(char **event)
{
    if (event)
        printf("%s %s\n", event[XS_WATCH_PATH], event[XS_WATCH_TOKEN]);
    else
        say(false);
    free(event);
}

/* Waits by poll(), as an event loop would. */
static void do_poll(void)
{
    struct pollfd p = { .fd = xs_fileno(h), .events = POLLIN };
    char **event = NULL;

    for (int tries = 0; !event && tries < 100; tries++) {
        if (poll(&p, 1, 100) > 0)
            event = xs_check_watch(h);
    }
    show_event(event);
}

static void do_wait(void)
{
    unsigned int n;

    show_event(xs_read_watch(h, &n));
}

/* Adds one to a counter until it has done so `times` times; shows how often it had to retry. */
static void do_count(const char *path, int times)
{
    int retries = 0;

    while (times > 0) {
        xs_transaction_t x = xs_transaction_start(h);
        char *value = x ? xs_read(h, x, path, NULL) : NULL;
        char text[16];
        bool ok = false;

        if (value) {
            snprintf(text, sizeof(text), "%d", atoi(value) + 1);
            ok = xs_write(h, x, path, text, (unsigned int)strlen(text));
        }
        free(value);
        if (x && xs_transaction_end(h, x, !ok) && ok)
            times--;
        else if (errno == EAGAIN)
            retries++;
        else
            break;
    }
    printf("%s %s\n", times ? strerror(errno) : "ok", retries ? "retried" : "smooth");
}

static void run(char *line)
{
    char *op = strtok(line, " "), *a = strtok(NULL, " "), *b = strtok(NULL, " ");

    if (!strcmp(op, "read"))
        say_string(xs_read(h, t, a, NULL));
    else if (!strcmp(op, "write"))
        say(xs_write(h, t, a, b ? b : "", b ? (unsigned int)strlen(b) : 0));
    else if (!strcmp(op, "mkdir"))
        say(xs_mkdir(h, t, a));
    else if (!strcmp(op, "rm"))
        say(xs_rm(h, t, a));
    else if (!strcmp(op, "list"))
        do_list(a);
    else if (!strcmp(op, "perms"))
        do_perms(a);
    else if (!strcmp(op, "chmod"))
        do_chmod(a, b);
    else if (!strcmp(op, "watch"))
        say(xs_watch(h, a, b));
    else if (!strcmp(op, "unwatch"))
        say(xs_unwatch(h, a, b));
    else if (!strcmp(op, "check"))
        show_event(xs_check_watch(h));
    else if (!strcmp(op, "poll"))
        do_poll();
    else if (!strcmp(op, "wait"))
        do_wait();
    else if (!strcmp(op, "start"))
        say((t = xs_transaction_start(h)) != XBT_NULL);
    else if (!strcmp(op, "end") || !strcmp(op, "abort")) {
        say(xs_transaction_end(h, t, !strcmp(op, "abort")));
        t = XBT_NULL;
    } else if (!strcmp(op, "path"))
        say_string(xs_get_domain_path(h, (unsigned int)atoi(a)));
    else if (!strcmp(op, "introduced"))
        printf("%d\n", xs_is_domain_introduced(h, (unsigned int)atoi(a)));
    else if (!strcmp(op, "introduce"))
        say(xs_introduce_domain(h, (unsigned int)atoi(a), 123, 5));
    else if (!strcmp(op, "release"))
        say(xs_release_domain(h, (unsigned int)atoi(a)));
    else if (!strcmp(op, "resume"))
        say(xs_resume_domain(h, (unsigned int)atoi(a)));
    else if (!strcmp(op, "target"))
        say(xs_set_target(h, (unsigned int)atoi(a), (unsigned int)atoi(b)));
    else if (!strcmp(op, "control"))
        say_string(xs_control_command(h, a, b, b ? (unsigned int)strlen(b) + 1 : 0));
    else if (!strcmp(op, "suspend"))
        printf("%d\n", xs_suspend_evtchn_port(atoi(a)));
    else if (!strcmp(op, "count"))
        do_count(a, atoi(b));
    else
        printf("what?\n");
}

int main(void)
{
    char line[8192];

    setvbuf(stdout, NULL, _IOLBF, 0);
    h = xs_open(XS_UNWATCH_FILTER);
    printf("%s\n", h ? "open" : strerror(errno));
    while (h && fgets(line, sizeof(line), stdin)) {
        line[strcspn(line, "\n")] = '\0';
        run(line);
    }
    xs_close(h);
    return 0;
}
