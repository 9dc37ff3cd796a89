/* SPDX-License-Identifier: MIT */
/*
 * The hypervisor side of the store. Owns the handles of Linux's Xen devices and the list of
 * domain states. Facts: xen/sysctl.h, xen/domctl.h, xen/grant_table.h (the grant reserved for the
 * store); Linux's xenfs for the files of dom0's own ring.
 */
#include "xen.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <xen/domctl.h>
#include <xen/grant_table.h>
#include <xen/sysctl.h>

#include "lib/sys/evtchn.h"
#include "lib/sys/foreign_map.h"
#include "lib/sys/gnttab.h"
#include "lib/sys/privcmd.h"
#include "log.h"

#define OWN_RING_FILE "/proc/xen/xsd_kva"
#define OWN_PORT_FILE "/proc/xen/xsd_port"

enum {
    PAGE_BYTES = 4096,
    DOMAINS_PER_CALL = 256,
};

static struct privcmd privcmd;
static struct evtchn evtchn;
static struct gnttab gnttab;
static struct privcmd_buffer info;
static struct xen_domain_state *state;
static unsigned int state_capacity;

static int report(const char *what, int rc)
{
    if (rc)
        log_error("cannot open %s: %s; this has to run in dom0 with its Xen modules loaded", what,
                  strerror(-rc));
    return rc;
}

int xen_open(void)
{
    int rc = report("/dev/xen/evtchn", evtchn_open(&evtchn));

    if (!rc)
        rc = report("/dev/xen/privcmd", privcmd_open(&privcmd));
    if (!rc)
        rc = report("/dev/xen/gntdev", gnttab_open(&gnttab));
    if (!rc)
        rc = privcmd_buffer_alloc(&privcmd, DOMAINS_PER_CALL * sizeof(xen_domctl_getdomaininfo_t),
                                  &info);
    return rc;
}

int xen_map_ring(uint32_t domid, uint64_t mfn, struct xen_ring *ring)
{
    grant_ref_t ref = GNTTAB_RESERVED_XENSTORE;
    xen_pfn_t frame = mfn;
    void *addr;
    int rc = gnttab_map(&gnttab, (domid_t)domid, &ref, 1, PROT_READ | PROT_WRITE, &addr);

    ring->kind = XEN_RING_GRANT;
    if (rc) {
        ring->kind = XEN_RING_FOREIGN;
        rc = foreign_map(&privcmd, (domid_t)domid, &frame, 1, PROT_READ | PROT_WRITE, &addr);
    }
    if (rc)
        ring->kind = XEN_RING_NONE;
    else
        ring->page = addr;
    return rc;
}

static int read_number(const char *file, uint32_t *out)
{
    char text[32];
    int fd = open(file, O_RDONLY | O_CLOEXEC);
    ssize_t n;

    if (fd < 0)
        return -errno;
    n = read(fd, text, sizeof(text) - 1);
    close(fd);
    if (n <= 0)
        return -EIO;
    text[n] = '\0';
    *out = (uint32_t)strtoul(text, NULL, 10);
    return 0;
}

int xen_map_own_ring(struct xen_ring *ring, uint32_t *port)
{
    void *addr;
    int fd, rc = read_number(OWN_PORT_FILE, port);

    if (rc)
        return rc;
    fd = open(OWN_RING_FILE, O_RDWR | O_CLOEXEC);
    if (fd < 0)
        return -errno;
    addr = mmap(NULL, PAGE_BYTES, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    rc = addr == MAP_FAILED ? -errno : 0;
    close(fd);
    if (rc)
        return rc;
    *ring = (struct xen_ring){ .page = addr, .kind = XEN_RING_OWN };
    return 0;
}

void xen_unmap_ring(struct xen_ring *ring)
{
    int rc = 0;

    if (ring->kind == XEN_RING_GRANT)
        rc = gnttab_unmap(&gnttab, ring->page, 1);
    else if (ring->kind == XEN_RING_FOREIGN)
        foreign_unmap(ring->page, 1);
    else if (ring->kind == XEN_RING_OWN)
        munmap(ring->page, PAGE_BYTES);
    if (rc)
        log_error("cannot unmap a ring: %s", strerror(-rc));
    *ring = (struct xen_ring){ 0 };
}

int xen_bind(uint32_t domid, uint32_t remote_port, uint32_t *local)
{
    return evtchn_bind_interdomain(&evtchn, (domid_t)domid, remote_port, local);
}

int xen_bind_domain_death(uint32_t *local)
{
    return evtchn_bind_virq(&evtchn, VIRQ_DOM_EXC, local);
}

void xen_unbind(uint32_t local)
{
    int rc = evtchn_unbind(&evtchn, local);

    if (rc)
        log_error("cannot close event channel %u: %s", local, strerror(-rc));
}

int xen_notify(uint32_t local)
{
    return evtchn_notify(&evtchn, local);
}

int xen_events_fd(void)
{
    return evtchn_fd(&evtchn);
}

int xen_events_read(uint32_t *ports, unsigned int max)
{
    ssize_t n = read(evtchn_fd(&evtchn), ports, max * sizeof(*ports));

    if (n < 0 && errno == EFBIG) {
        evtchn_pending(&evtchn, ports); /* clears the overflow */
        return -EFBIG;
    }
    if (n < 0 && errno != EAGAIN && errno != EINTR)
        log_error("cannot read events: %s", strerror(errno));
    return n > 0 ? (int)((size_t)n / sizeof(*ports)) : 0;
}

void xen_events_unmask(const uint32_t *ports, unsigned int count)
{
    size_t bytes = count * sizeof(*ports);

    if (count && write(evtchn_fd(&evtchn), ports, bytes) != (ssize_t)bytes)
        log_error("cannot unmask events: %s", strerror(errno));
}

/* One call's worth of domains from number `first` on. Returns how many, or -errno. */
static int list_some(uint32_t first)
{
    struct xen_sysctl op = { .cmd = XEN_SYSCTL_getdomaininfolist,
                             .interface_version = XEN_SYSCTL_INTERFACE_VERSION };
    int rc;

    op.u.getdomaininfolist.first_domain = (domid_t)first;
    op.u.getdomaininfolist.max_domains = DOMAINS_PER_CALL;
    set_xen_guest_handle(op.u.getdomaininfolist.buffer, info.addr);
    rc = privcmd_call_struct(&privcmd, __HYPERVISOR_sysctl, &op, sizeof(op), NULL);
    return rc ? rc : (int)op.u.getdomaininfolist.num_domains;
}

static int reserve_states(unsigned int count)
{
    struct xen_domain_state *bigger;

    if (count <= state_capacity)
        return 0;
    bigger = realloc(state, count * 2 * sizeof(*bigger));
    if (!bigger)
        return -ENOMEM;
    state = bigger;
    state_capacity = count * 2;
    return 0;
}

int xen_list_domains(const struct xen_domain_state **list)
{
    const xen_domctl_getdomaininfo_t *d = info.addr;
    unsigned int count = 0;
    uint32_t next = 0;
    int n;

    do {
        n = list_some(next);
        if (n < 0)
            return n;
        if (reserve_states(count + (unsigned int)n) != 0)
            return -ENOMEM;
        for (int i = 0; i < n; i++)
            state[count++] = (struct xen_domain_state){
                .domid = d[i].domain,
                .dying = d[i].flags & XEN_DOMINF_dying,
                .shutdown = d[i].flags & XEN_DOMINF_shutdown,
            };
        if (n)
            next = d[n - 1].domain + 1u;
    } while (n == DOMAINS_PER_CALL && next < DOMID_FIRST_RESERVED);
    *list = state;
    return (int)count;
}
