/* SPDX-License-Identifier: MIT */
/* Stands in for xenstore/daemon/xen.c, and puts the daemon's state back between inputs. */
#include "store_world.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "xenstore/core/tree.h"
#include "xenstore/daemon/conn_ring.h"
#include "xenstore/daemon/domain.h"
#include "xenstore/daemon/log.h"
#include "xenstore/daemon/loop.h"
#include "xenstore/daemon/ops.h"
#include "xenstore/daemon/xen.h"

enum { PAGE = 4096, DOMAINS = 8 };

static const uint8_t *page_bytes;
static size_t page_size;
static void *last_ring;
static int event_pipe[2];

int xen_open(void)
{
    return pipe(event_pipe) < 0 ? -errno : 0;
}

int xen_map_ring(uint32_t domid, uint64_t mfn, struct xen_ring *ring)
{
    (void)mfn;
    if (domid >= DOMAINS)
        return -EINVAL;
    ring->page = calloc(1, PAGE);
    ring->kind = XEN_RING_GRANT;
    if (!ring->page)
        return -ENOMEM;
    if (page_bytes)
        memcpy(ring->page, page_bytes, page_size < PAGE ? page_size : PAGE);
    last_ring = ring->page;
    return 0;
}

int xen_map_own_ring(struct xen_ring *ring, uint32_t *port)
{
    (void)ring;
    (void)port;
    return -ENOENT; /* domain 0 plays no part */
}

void xen_unmap_ring(struct xen_ring *ring)
{
    if (ring->page == last_ring)
        last_ring = NULL;
    free(ring->page);
    *ring = (struct xen_ring){ 0 };
}

int xen_bind(uint32_t domid, uint32_t remote_port, uint32_t *local)
{
    *local = 1 + domid;
    return remote_port > 4095 ? -EINVAL : 0;
}

int xen_bind_domain_death(uint32_t *local)
{
    *local = 1;
    return 0;
}

void xen_unbind(uint32_t local)
{
    (void)local;
}

int xen_notify(uint32_t local)
{
    (void)local;
    return 0;
}

int xen_events_fd(void)
{
    return event_pipe[0];
}

int xen_events_read(uint32_t *ports, unsigned int max)
{
    (void)ports;
    (void)max;
    return 0;
}

void xen_events_unmask(const uint32_t *ports, unsigned int count)
{
    (void)ports;
    (void)count;
}

int xen_list_domains(const struct xen_domain_state **list)
{
    static struct xen_domain_state state[DOMAINS];

    for (uint32_t id = 0; id < DOMAINS; id++)
        state[id] = (struct xen_domain_state){ .domid = id, .dying = id == 5, .shutdown = id == 6 };
    *list = state;
    return DOMAINS;
}

static char line[1024]; /* messages are formatted, so that every argument is read */

void log_error(const char *fmt, ...)
{
    va_list ap;

    va_start(ap, fmt);
    vsnprintf(line, sizeof(line), fmt, ap);
    va_end(ap);
}

void log_info(const char *fmt, ...)
{
    va_list ap;

    va_start(ap, fmt);
    vsnprintf(line, sizeof(line), fmt, ap);
    va_end(ap);
}

void log_guest(unsigned int domid, const char *fmt, ...)
{
    va_list ap;

    (void)domid;
    va_start(ap, fmt);
    vsnprintf(line, sizeof(line), fmt, ap);
    va_end(ap);
}

bool log_is_tracing(void)
{
    return false;
}

void log_trace(const char *direction, unsigned int domid, const void *conn, const char *op,
               const char *data, unsigned int len)
{
    (void)direction, (void)domid, (void)conn, (void)op, (void)data, (void)len;
}

int log_trace_file(const char *name)
{
    return name ? -EACCES : 0; /* CONTROL logfile: no files here */
}

void log_trace_enable(bool on)
{
    (void)on;
}

/* What the daemon does once. Domain 0's own kernel plays no part. */
static void start(void)
{
    static bool started;

    if (!started && (loop_init() || domain_init(false) != -ENOENT))
        abort();
    started = true;
}

void world_begin(const uint8_t *page, size_t bytes)
{
    page_bytes = page;
    page_size = bytes;
    last_ring = NULL;
    start();
    if (ops_init())
        abort();
}

static void release(struct domain *d, void *arg)
{
    (void)arg;
    domain_release(d);
}

void world_end(void)
{
    domain_for_each(release, NULL);
    while (conn_round_end())
        ;
    node_put(ops_root);
    ops_root = NULL;
}

void *world_ring(void)
{
    return last_ring;
}
