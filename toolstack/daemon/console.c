/* SPDX-License-Identifier: MIT */
/*
 * The consoles of guests.
 *
 * Owns the mapped rings, domusd's handles on event channels and grants, and the viewers. A ring
 * is read as hostile memory: each index once, our own indexes kept here and only published
 * there. A guest that writes without pause is answered at most EVENTS_PER_WINDOW times a window,
 * so it slows down itself only. Facts: <xen/io/console.h>. Locks: none, one thread.
 */
#include "console.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include <xen/grant_table.h>
#include <xen/io/console.h>

#include "conn.h"
#include "console_log.h"
#include "console_pty.h"
#include "domain.h"
#include "log.h"
#include "loop.h"
#include "sys/evtchn.h"
#include "sys/gnttab.h"

#define BACKLOG_BYTES     65536u
#define WINDOW_MS         200
#define EVENTS_PER_WINDOW 30

struct viewer {
    struct viewer *next;
    struct console *console;
    uint64_t conn;
};

struct console {
    struct console *next; /* of all */
    char name[64];
    struct console_log log;
    struct viewer *viewers;
    char backlog[BACKLOG_BYTES]; /* a ring: the last bytes that the guest wrote */
    uint64_t written;            /* bytes ever put into the backlog */
    bool spoke;

    /* While a ring is held: */
    struct console_pty pty;
    struct xencons_interface *ring; /* NULL: none */
    evtchn_port_t port;
    XENCONS_RING_IDX out_cons, in_prod;
    bool broken;
    unsigned int events;      /* in this window */
    struct loop_timer window; /* armed while one runs */
    bool unmask_due;          /* the port stays masked until the window ends */
};

static struct evtchn events = { .fd = -1 };
static struct gnttab grants = { .fd = -1 };
static struct loop_source event_source = { .fd = -1 };
static struct console *consoles;

/* ---- the ring ------------------------------------------------------------------------- */

static void give_up(struct console *c, const char *which)
{
    c->broken = true;
    log_line("the console ring of %s is corrupt (%s index): it is ignored until the domain is "
             "restarted",
             c->name, which);
}

static void show(struct console *c, const char *bytes, size_t count)
{
    for (size_t i = 0; i < count; i++)
        c->backlog[(c->written + i) % BACKLOG_BYTES] = bytes[i];
    c->written += count;
    console_log_write(&c->log, bytes, count);
    console_pty_write(&c->pty, bytes, count);
    for (struct viewer *v = c->viewers; v; v = v->next)
        conn_raw_send(v->conn, bytes, count);
    if (!c->spoke && count) {
        c->spoke = true;
        domain_spoke(c->name);
    }
}

/* Takes what the guest has written; true if there was anything. */
static bool read_output(struct console *c)
{
    char bytes[sizeof(c->ring->out)];
    XENCONS_RING_IDX prod = __atomic_load_n(&c->ring->out_prod, __ATOMIC_ACQUIRE);
    XENCONS_RING_IDX count = prod - c->out_cons;

    if (count > sizeof(bytes)) {
        give_up(c, "output");
        return false;
    }
    for (XENCONS_RING_IDX i = 0; i < count; i++)
        bytes[i] = ((volatile char *)c->ring->out)[MASK_XENCONS_IDX(c->out_cons + i, c->ring->out)];
    if (!count)
        return false;
    c->out_cons = prod;
    __atomic_store_n(&c->ring->out_cons, prod, __ATOMIC_RELEASE);
    show(c, bytes, count);
    return true;
}

/* Hands over what fits of what a viewer types; returns how much. */
static size_t write_input(struct console *c, const char *bytes, size_t count)
{
    if (!c->ring || c->broken)
        return count; /* nobody is there to read it */
    XENCONS_RING_IDX used = c->in_prod - __atomic_load_n(&c->ring->in_cons, __ATOMIC_ACQUIRE);
    if (used > sizeof(c->ring->in)) {
        give_up(c, "input");
        return count;
    }
    size_t room = sizeof(c->ring->in) - used, n = count < room ? count : room;
    for (size_t i = 0; i < n; i++)
        c->ring->in[MASK_XENCONS_IDX(c->in_prod + i, c->ring->in)] = bytes[i];
    c->in_prod += (XENCONS_RING_IDX)n;
    __atomic_store_n(&c->ring->in_prod, c->in_prod, __ATOMIC_RELEASE);
    if (n)
        evtchn_notify(&events, c->port);
    return n;
}

/* ---- events --------------------------------------------------------------------------- */

static void resume_viewers(struct console *c)
{
    struct viewer *next;

    console_pty_resume(&c->pty);
    for (struct viewer *v = c->viewers; v; v = next) {
        next = v->next;
        conn_raw_resume(v->conn);
    }
}

static void serve(struct console *c)
{
    if (!c->ring || c->broken)
        return;
    if (read_output(c))
        evtchn_notify(&events, c->port);
    resume_viewers(c);
}

/* A broken ring's port is left masked: its events cost nothing more. */
static void unmask(struct console *c)
{
    c->unmask_due = false;
    if (c->ring && !c->broken)
        evtchn_unmask(&events, c->port);
}

static void window_ended(struct loop_timer *timer)
{
    struct console *c = (struct console *)((char *)timer - offsetof(struct console, window));

    c->events = 0;
    if (c->unmask_due)
        unmask(c);
}

static void port_fired(struct console *c)
{
    serve(c);
    if (!c->window.armed)
        loop_arm(&c->window, WINDOW_MS);
    if (++c->events >= EVENTS_PER_WINDOW)
        c->unmask_due = true;
    else
        unmask(c);
}

static struct console *find_port(evtchn_port_t port)
{
    for (struct console *c = consoles; c; c = c->next)
        if (c->ring && c->port == port)
            return c;
    return NULL;
}

static void events_ready(struct loop_source *source, short revents)
{
    evtchn_port_t port;
    int rc;

    (void)source;
    (void)revents;
    while (!(rc = evtchn_pending(&events, &port))) {
        struct console *c = find_port(port);

        if (c)
            port_fired(c);
    }
    if (rc == -EFBIG)
        for (struct console *c = consoles; c; c = c->next)
            if (c->ring)
                port_fired(c);
}

int consoles_init(void)
{
    int rc = evtchn_open(&events);

    if (!rc)
        rc = gnttab_open(&grants);
    if (rc) {
        log_line("cannot open Linux's Xen devices: %s: this must be a Xen dom0 with the modules "
                 "xen-evtchn and xen-gntdev",
                 strerror(-rc));
        return rc;
    }
    console_pty_forget();
    event_source.fd = evtchn_fd(&events);
    event_source.events = POLLIN;
    event_source.ready = events_ready;
    return loop_add(&event_source);
}

/* ---- a console's life ----------------------------------------------------------------- */

static void recall_backlog(struct console *c)
{
    size_t n = console_log_read_end(&c->log, c->backlog, sizeof(c->backlog));

    c->written = n;
}

struct console *console_new(const char *name, bool recall)
{
    struct console *c = calloc(1, sizeof(*c));

    if (!c)
        return NULL;
    strncpy(c->name, name, sizeof(c->name) - 1);
    c->pty.source.fd = -1;
    c->window.fire = window_ended;
    int rc = console_log_open(&c->log, name);
    if (rc)
        log_line("cannot open the console log of %s: %s", name, strerror(-rc));
    else if (recall)
        recall_backlog(c);
    c->next = consoles;
    consoles = c;
    return c;
}

void console_rename(struct console *c, const char *name)
{
    memset(c->name, 0, sizeof(c->name));
    strncpy(c->name, name, sizeof(c->name) - 1);
    console_log_close(&c->log);
    int rc = console_log_open(&c->log, name);
    if (rc)
        log_line("cannot open the console log of %s: %s", name, strerror(-rc));
}

static size_t terminal_typed(void *arg, const char *bytes, size_t count)
{
    return write_input(arg, bytes, count);
}

int console_hold(struct console *c, domid_t domid, evtchn_port_t port)
{
    const grant_ref_t ref = GNTTAB_RESERVED_CONSOLE;
    void *page;

    console_release(c);
    int rc = gnttab_map(&grants, domid, &ref, 1, PROT_READ | PROT_WRITE, &page);
    if (rc) {
        log_line("cannot map the console ring of %s: %s", c->name, strerror(-rc));
        return rc;
    }
    rc = evtchn_bind_interdomain(&events, domid, port, &c->port);
    if (rc) {
        log_line("cannot bind the console port %u of %s: %s", port, c->name, strerror(-rc));
        gnttab_unmap(&grants, page, 1);
        return rc;
    }
    c->ring = page;
    c->out_cons = __atomic_load_n(&c->ring->out_cons, __ATOMIC_ACQUIRE);
    c->in_prod = __atomic_load_n(&c->ring->in_prod, __ATOMIC_ACQUIRE);
    c->broken = false;
    c->spoke = false;
    c->events = 0;
    rc = console_pty_open(&c->pty, domid, terminal_typed, c);
    if (rc)
        log_line("the console of %s has no terminal: %s: it can be entered with domus console",
                 c->name, strerror(-rc));
    port_fired(c); /* what was written while nobody held it */
    return 0;
}

void console_release(struct console *c)
{
    if (!c->ring)
        return;
    if (!c->broken)
        read_output(c);
    loop_disarm(&c->window);
    c->unmask_due = false;
    evtchn_unbind(&events, c->port);
    gnttab_unmap(&grants, c->ring, 1);
    c->ring = NULL;
    console_pty_close(&c->pty);
}

void console_free(struct console *c)
{
    if (!c)
        return;
    console_release(c);
    while (c->viewers) {
        struct viewer *v = c->viewers;

        c->viewers = v->next;
        conn_close(v->conn);
        free(v);
    }
    console_log_close(&c->log);
    for (struct console **link = &consoles; *link; link = &(*link)->next)
        if (*link == c) {
            *link = c->next;
            break;
        }
    free(c);
}

/* ---- viewers -------------------------------------------------------------------------- */

static size_t viewer_typed(void *arg, const char *bytes, size_t count)
{
    struct viewer *viewer = arg;

    if (count)
        return write_input(viewer->console, bytes, count);
    for (struct viewer **link = &viewer->console->viewers; *link; link = &(*link)->next)
        if (*link == viewer) {
            *link = viewer->next;
            break;
        }
    free(viewer);
    return 0;
}

static void send_backlog(const struct console *c, uint64_t conn, size_t most)
{
    uint64_t have = c->written < BACKLOG_BYTES ? c->written : BACKLOG_BYTES;
    uint64_t at = c->written - (have < most ? have : most);

    while (at < c->written) {
        size_t offset = at % BACKLOG_BYTES, n = BACKLOG_BYTES - offset;

        if (n > c->written - at)
            n = (size_t)(c->written - at);
        conn_raw_send(conn, c->backlog + offset, n);
        at += n;
    }
}

int console_attach(struct console *c, uint64_t conn, size_t backlog)
{
    struct viewer *viewer = calloc(1, sizeof(*viewer));

    if (!viewer)
        return -ENOMEM;
    viewer->console = c;
    viewer->conn = conn;
    if (!conn_make_raw(conn, viewer_typed, viewer)) {
        free(viewer);
        return -ENOTCONN;
    }
    viewer->next = c->viewers;
    c->viewers = viewer;
    send_backlog(c, conn, backlog);
    return 0;
}
