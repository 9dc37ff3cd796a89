/* SPDX-License-Identifier: MIT */
/*
 * The console ring that a guest shares with domusd. The input is pages, the last one cut short:
 * what the ring holds each time that domusd looks. A viewer types.
 */
#include "toolstack/daemon/console.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <xen/io/console.h>

#include "toolstack/daemon/conn.h"
#include "toolstack/daemon/console_log.h"
#include "toolstack/daemon/console_pty.h"
#include "toolstack/daemon/domain.h"
#include "toolstack/daemon/log.h"
#include "toolstack/daemon/loop.h"
#include "sys/evtchn.h"
#include "sys/gnttab.h"

#define PAGE   4096u
#define PORT   7u
#define VIEWER 42u

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void *page; /* a block of its own */
static unsigned int pending;
static struct loop_source *event_source;
static struct loop_timer *window;
static size_t (*sink)(void *arg, const char *bytes, size_t count);
static void *sink_arg;
static volatile char read_byte;

static void look_at(const char *bytes, size_t count)
{
    if (count > PAGE * 16)
        abort(); /* more than any ring or backlog holds */
    for (size_t i = 0; i < count; i++)
        read_byte = bytes[i];
}

int evtchn_open(struct evtchn *ec)
{
    ec->fd = 3;
    return 0;
}

int evtchn_fd(const struct evtchn *ec)
{
    return ec->fd;
}

int evtchn_bind_interdomain(struct evtchn *ec, domid_t dom, evtchn_port_t remote,
                            evtchn_port_t *local)
{
    (void)ec, (void)dom, (void)remote;
    *local = PORT;
    return 0;
}

int evtchn_unbind(struct evtchn *ec, evtchn_port_t local)
{
    (void)ec, (void)local;
    return 0;
}

int evtchn_pending(struct evtchn *ec, evtchn_port_t *local)
{
    (void)ec;
    *local = PORT;
    return pending ? (int)(--pending & 0) : -EAGAIN;
}

int evtchn_unmask(struct evtchn *ec, evtchn_port_t local)
{
    (void)ec, (void)local;
    return 0;
}

int evtchn_notify(struct evtchn *ec, evtchn_port_t local)
{
    (void)ec, (void)local;
    return 0;
}

int gnttab_open(struct gnttab *gt)
{
    gt->fd = 4;
    return 0;
}

int gnttab_map(struct gnttab *gt, domid_t dom, const grant_ref_t *refs, size_t count, int prot,
               void **addr)
{
    (void)gt, (void)dom, (void)refs, (void)count, (void)prot;
    *addr = page;
    return 0;
}

int gnttab_unmap(struct gnttab *gt, void *addr, size_t count)
{
    (void)gt, (void)addr, (void)count;
    return 0;
}

int loop_add(struct loop_source *source)
{
    event_source = source;
    return 0;
}

void loop_arm(struct loop_timer *t, unsigned int delay_ms)
{
    (void)delay_ms;
    t->armed = true;
    window = t;
}

void loop_disarm(struct loop_timer *t)
{
    t->armed = false;
    window = NULL;
}

bool conn_make_raw(uint64_t conn, size_t (*s)(void *arg, const char *bytes, size_t count),
                   void *arg)
{
    (void)conn;
    sink = s;
    sink_arg = arg;
    return true;
}

void conn_raw_resume(uint64_t conn)
{
    static const char typed[100] = "typed";

    (void)conn;
    if (sink && sink(sink_arg, typed, sizeof(typed)) > sizeof(typed))
        abort();
}

bool conn_raw_send(uint64_t conn, const char *bytes, size_t count)
{
    (void)conn;
    look_at(bytes, count);
    return true;
}

void conn_close(uint64_t conn)
{
    (void)conn;
    sink = NULL;
}

int console_log_open(struct console_log *log, const char *name)
{
    (void)name;
    log->fd = -1;
    return 0;
}

void console_log_write(struct console_log *log, const char *bytes, size_t count)
{
    (void)log;
    look_at(bytes, count);
}

size_t console_log_read_end(const struct console_log *log, char *bytes, size_t count)
{
    (void)log;
    memset(bytes, 'r', count);
    return count;
}

void console_log_close(struct console_log *log)
{
    (void)log;
}

int console_pty_open(struct console_pty *pty, domid_t domid,
                     size_t (*typed)(void *arg, const char *bytes, size_t count), void *arg)
{
    (void)pty, (void)domid, (void)typed, (void)arg;
    return 0;
}

void console_pty_close(struct console_pty *pty)
{
    (void)pty;
}

void console_pty_write(struct console_pty *pty, const char *bytes, size_t count)
{
    (void)pty;
    look_at(bytes, count);
}

void console_pty_resume(struct console_pty *pty)
{
    (void)pty;
}

void console_pty_forget(void) {}

void domain_spoke(const char *name)
{
    look_at(name, strlen(name));
}

void log_line(const char *fmt, ...)
{
    (void)fmt;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct console *c;

    if (!event_source && consoles_init())
        abort();
    page = calloc(1, PAGE);
    c = console_new("guest", size & 1);
    if (!page || !c)
        abort();
    if (console_attach(c, VIEWER, size * 16))
        abort();
    for (size_t at = 0; at < size; at += PAGE) {
        memcpy(page, data + at, size - at < PAGE ? size - at : PAGE);
        if (!at && console_hold(c, 1, 9))
            abort();
        pending = 1 + data[at] % 40;
        event_source->ready(event_source, 1);
        if (window && data[at] & 1)
            window->fire(window);
    }
    console_free(c);
    free(page);
    sink = NULL;
    return 0;
}
