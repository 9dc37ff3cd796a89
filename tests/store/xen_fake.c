/* SPDX-License-Identifier: MIT */
/*
 * The store daemon's view of Xen (daemon/xen.h) on top of the fake Xen. Owns the event socket.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "daemon/xen.h"
#include "fake_xen.h"

enum { DOMAINS_MAX = 1024 };

static int fd = -1;

int xen_open(void)
{
    fd = fake_listen();
    return fd < 0 ? fd : 0;
}

int xen_map_ring(uint32_t domid, uint64_t mfn, struct xen_ring *ring)
{
    (void)mfn;
    ring->page = fake_map_ring(domid);
    ring->kind = XEN_RING_GRANT;
    return ring->page ? 0 : -EINVAL;
}

int xen_map_own_ring(struct xen_ring *ring, uint32_t *port)
{
    *port = FAKE_OWN_REMOTE_PORT;
    return xen_map_ring(0, 0, ring);
}

void xen_unmap_ring(struct xen_ring *ring)
{
    if (ring->page)
        munmap(ring->page, 4096);
    *ring = (struct xen_ring){ 0 };
}

int xen_bind(uint32_t domid, uint32_t remote_port, uint32_t *local)
{
    if (remote_port > 4095)
        return -EINVAL; /* as a port that the domain has not allocated */
    *local = FAKE_PORT_BASE + domid;
    return 0;
}

int xen_bind_domain_death(uint32_t *local)
{
    *local = FAKE_PORT_DEATH;
    return 0;
}

void xen_unbind(uint32_t local)
{
    (void)local;
}

int xen_notify(uint32_t local)
{
    return fake_notify(fd, local);
}

int xen_events_fd(void)
{
    return fd;
}

int xen_events_read(uint32_t *ports, unsigned int max)
{
    int n = 0;

    while (n < (int)max && read(fd, &ports[n], sizeof(*ports)) == (ssize_t)sizeof(*ports))
        n++;
    return n;
}

void xen_events_unmask(const uint32_t *ports, unsigned int count)
{
    (void)ports;
    (void)count;
}

int xen_list_domains(const struct xen_domain_state **list)
{
    static struct xen_domain_state state[DOMAINS_MAX];
    int count = 0;

    for (uint32_t id = 0; id < DOMAINS_MAX; id++) {
        char flags = fake_domain_flags(id);

        if (flags)
            state[count++] = (struct xen_domain_state){ .domid = id, .dying = flags == 'd',
                                                        .shutdown = flags == 's' };
    }
    *list = state;
    return count;
}
