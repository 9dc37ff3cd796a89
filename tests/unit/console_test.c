/* SPDX-License-Identifier: MIT */
/*
 * domusd's consoles against rings of well-behaved and hostile guests. Grants, event channels,
 * clients and the loop are played by this file.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <xen/io/console.h>

#include "daemon/conn.h"
#include "daemon/console.h"
#include "daemon/console_log.h"
#include "daemon/console_pty.h"
#include "daemon/log.h"
#include "daemon/loop.h"
#include "sys/evtchn.h"
#include "sys/gnttab.h"

#define PORT   7u
#define VIEWER 42u

/* The guest's page, at the end of a larger block so that the sanitizer sees both its ends. */
static struct xencons_interface *ring;
static char logged[1 << 17], viewed[1 << 17];
static size_t logged_bytes, viewed_bytes;
static unsigned int notified, unmasked, spoken, complaints, resumed, fired;
static int port_pending;
static struct loop_source *event_source;
static struct loop_timer *timer;
static size_t (*sink)(void *arg, const char *bytes, size_t count);
static void *sink_arg;

/* ---- what domusd has around the consoles ---------------------------------------------- */

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
    (void)ec;
    (void)dom;
    (void)remote;
    *local = PORT;
    return 0;
}

int evtchn_unbind(struct evtchn *ec, evtchn_port_t local)
{
    (void)ec;
    assert_int_equal(local, PORT);
    return 0;
}

int evtchn_pending(struct evtchn *ec, evtchn_port_t *local)
{
    (void)ec;
    if (!port_pending)
        return -11;
    port_pending = 0;
    fired++;
    *local = PORT;
    return 0;
}

int evtchn_unmask(struct evtchn *ec, evtchn_port_t local)
{
    (void)ec;
    (void)local;
    unmasked++;
    return 0;
}

int evtchn_notify(struct evtchn *ec, evtchn_port_t local)
{
    (void)ec;
    (void)local;
    notified++;
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
    (void)gt;
    (void)dom;
    (void)prot;
    assert_int_equal(count, 1);
    assert_int_equal(refs[0], GNTTAB_RESERVED_CONSOLE);
    *addr = ring;
    return 0;
}

int gnttab_unmap(struct gnttab *gt, void *addr, size_t count)
{
    (void)gt;
    (void)count;
    assert_ptr_equal(addr, ring);
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
    timer = t;
}

void loop_disarm(struct loop_timer *t)
{
    t->armed = false;
}

bool conn_make_raw(uint64_t conn, size_t (*s)(void *arg, const char *bytes, size_t count),
                   void *arg)
{
    assert_int_equal(conn, VIEWER);
    sink = s;
    sink_arg = arg;
    return true;
}

void conn_raw_resume(uint64_t conn)
{
    (void)conn;
    resumed++;
}

bool conn_raw_send(uint64_t conn, const char *bytes, size_t count)
{
    (void)conn;
    memcpy(viewed + viewed_bytes, bytes, count);
    viewed_bytes += count;
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
    memcpy(logged + logged_bytes, bytes, count);
    logged_bytes += count;
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
    (void)pty;
    (void)domid;
    (void)typed;
    (void)arg;
    return 0;
}

void console_pty_close(struct console_pty *pty)
{
    (void)pty;
}

void console_pty_write(struct console_pty *pty, const char *bytes, size_t count)
{
    (void)pty;
    (void)bytes;
    (void)count;
}

void console_pty_resume(struct console_pty *pty)
{
    (void)pty;
}

void console_pty_forget(void) {}

void domain_spoke(const char *name);
void domain_spoke(const char *name)
{
    assert_string_equal(name, "guest");
    spoken++;
}

void log_line(const char *format, ...)
{
    (void)format;
    complaints++;
}

/* ---- the guest ------------------------------------------------------------------------ */

static void guest_writes(const char *text)
{
    size_t count = strlen(text);

    for (size_t i = 0; i < count; i++)
        ring->out[MASK_XENCONS_IDX(ring->out_prod + i, ring->out)] = text[i];
    ring->out_prod += (XENCONS_RING_IDX)count;
}

static void guest_notifies(void)
{
    port_pending = 1;
    event_source->ready(event_source, 1);
}

static struct console *begin(void)
{
    struct console *c;

    free(ring);
    ring = calloc(1, sizeof(*ring));
    logged_bytes = viewed_bytes = 0;
    notified = unmasked = spoken = complaints = resumed = fired = 0;
    c = console_new("guest", false);
    assert_non_null(c);
    return c;
}

/* ---- tests ---------------------------------------------------------------------------- */

static void output_reaches_log_and_viewers(void **state)
{
    struct console *c = begin();

    (void)state;
    guest_writes("before "); /* while nobody held the ring */
    assert_int_equal(console_hold(c, 5, 2), 0);
    assert_int_equal(spoken, 1);
    assert_int_equal(console_attach(c, VIEWER, 65536), 0);
    guest_writes("after");
    guest_notifies();
    assert_int_equal(logged_bytes, 12);
    assert_memory_equal(logged, "before after", 12);
    assert_int_equal(viewed_bytes, 12);
    assert_memory_equal(viewed, "before after", 12);
    assert_int_equal(ring->out_cons, ring->out_prod);
    assert_int_equal(notified, 2);
    assert_int_equal(spoken, 1);
    guest_writes("!");
    console_release(c); /* reads the last bytes without an event */
    assert_int_equal(logged_bytes, 13);
    console_free(c);
}

static void backlog_is_bounded(void **state)
{
    struct console *c = begin();
    char line[1001];

    (void)state;
    memset(line, 'x', 1000);
    line[1000] = '\0';
    assert_int_equal(console_hold(c, 5, 2), 0);
    for (int i = 0; i < 100; i++) {
        line[0] = (char)('A' + i % 26);
        guest_writes(line);
        guest_notifies();
    }
    assert_int_equal(console_attach(c, VIEWER, 1500), 0);
    assert_int_equal(viewed_bytes, 1500);
    assert_int_equal(viewed[500], 'A' + 99 % 26);
    console_free(c);
    c = begin();
    assert_int_equal(console_attach(c, VIEWER, 1 << 20), 0);
    assert_int_equal(viewed_bytes, 0);
    console_free(c);
}

static void log_is_recalled(void **state)
{
    struct console *c = begin();

    (void)state;
    console_free(c);
    c = console_new("guest", true);
    assert_int_equal(console_attach(c, VIEWER, 100), 0);
    assert_int_equal(viewed_bytes, 100);
    console_free(c);
}

static void indexes_wrap(void **state)
{
    struct console *c = begin();

    (void)state;
    ring->out_prod = ring->out_cons = 0xfffffffb;
    ring->in_prod = ring->in_cons = 0xfffffffe;
    assert_int_equal(console_hold(c, 5, 2), 0);
    guest_writes("0123456789");
    guest_notifies();
    assert_int_equal(logged_bytes, 10);
    assert_memory_equal(logged, "0123456789", 10);
    assert_int_equal(ring->out_cons, 5);
    assert_int_equal(console_attach(c, VIEWER, 0), 0);
    assert_int_equal(sink(sink_arg, "abcd", 4), 4);
    assert_int_equal(ring->in_prod, 2);
    assert_int_equal(ring->in[0], 'c');
    console_free(c);
}

/* Each of these must stop the console and nothing else. */
static void hostile_output_index(void **state)
{
    static const XENCONS_RING_IDX bad[] = { 2049, 0x80000000, 0xffffffff };

    (void)state;
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        struct console *c = begin();
        unsigned int before;

        assert_int_equal(console_hold(c, 5, 2), 0);
        ring->out_prod = bad[i];
        before = unmasked;
        guest_notifies();
        assert_int_equal(complaints, 1);
        assert_int_equal(logged_bytes, 0);
        assert_int_equal(unmasked, before); /* its events cost nothing more */
        ring->out_prod = 5;
        guest_notifies();
        assert_int_equal(logged_bytes, 0);
        assert_int_equal(complaints, 1);
        console_release(c);
        assert_int_equal(logged_bytes, 0);
        memset(ring, 0, sizeof(*ring)); /* the domain is restarted */
        assert_int_equal(console_hold(c, 6, 2), 0);
        guest_writes("again");
        guest_notifies();
        assert_int_equal(logged_bytes, 5);
        console_free(c);
    }
}

static void hostile_consumer_index(void **state)
{
    struct console *c = begin();

    (void)state;
    assert_int_equal(console_hold(c, 5, 2), 0);
    ring->out_cons = 77; /* ours: what the guest writes there must not matter */
    guest_writes("ok");
    guest_notifies();
    assert_int_equal(logged_bytes, 2);
    assert_int_equal(ring->out_cons, 2);
    console_free(c);
}

static void input_fills_and_goes_on(void **state)
{
    struct console *c = begin();
    char text[2000];

    (void)state;
    memset(text, 'k', sizeof(text));
    assert_int_equal(console_hold(c, 5, 2), 0);
    assert_int_equal(console_attach(c, VIEWER, 0), 0);
    assert_int_equal(sink(sink_arg, text, sizeof(text)), sizeof(ring->in));
    assert_int_equal(sink(sink_arg, text, 10), 0);
    ring->in_cons += 100;
    guest_notifies();
    assert_true(resumed);
    assert_int_equal(sink(sink_arg, text, 200), 100);
    ring->in_cons = ring->in_prod + 1; /* it claims to have read what was never sent */
    assert_int_equal(sink(sink_arg, text, 10), 10);
    assert_int_equal(complaints, 1);
    assert_int_equal(sink(sink_arg, text, 10), 10); /* dropped: nobody waits for this guest */
    assert_int_equal(sink(sink_arg, NULL, 0), 0);   /* the viewer leaves */
    console_free(c);
}

static void noisy_guest_is_slowed(void **state)
{
    struct console *c = begin();
    unsigned int masked_at = 0;

    (void)state;
    assert_int_equal(console_hold(c, 5, 2), 0);
    for (unsigned int i = 1; i <= 100 && !masked_at; i++) {
        unsigned int before = unmasked;

        guest_writes("x");
        guest_notifies();
        if (unmasked == before)
            masked_at = i;
    }
    assert_in_range(masked_at, 2, 99);
    assert_true(timer->armed);
    timer->armed = false;
    unsigned int before = unmasked;
    timer->fire(timer);
    assert_int_equal(unmasked, before + 1);
    console_free(c);
}

static int open_devices(void **state)
{
    (void)state;
    return consoles_init();
}

static int free_ring(void **state)
{
    (void)state;
    free(ring);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(output_reaches_log_and_viewers),
        cmocka_unit_test(backlog_is_bounded),
        cmocka_unit_test(log_is_recalled),
        cmocka_unit_test(indexes_wrap),
        cmocka_unit_test(hostile_output_index),
        cmocka_unit_test(hostile_consumer_index),
        cmocka_unit_test(input_fills_and_goes_on),
        cmocka_unit_test(noisy_guest_is_slowed),
    };

    return cmocka_run_group_tests(tests, open_devices, free_ring);
}
