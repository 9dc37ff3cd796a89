/* SPDX-License-Identifier: MIT */
/*
 * Stands in for Xen's libraries under Debian's own xenstored (LD_PRELOAD), so that it can be asked
 * on any machine how it answers: functions of libxenctrl, libxenevtchn and libxengnttab, and the
 * files of xenfs, on top of the fake Xen. Facts: the prototypes of xenctrl.h, xenevtchn.h and
 * xengnttab.h.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "fake_xen.h"

#define EXPORT __attribute__((visibility("default")))

static int handle = -1;

/* The first members of xc_dominfo_t, which is all that the daemon reads. */
struct dominfo_head {
    uint32_t domid;
    uint32_t ssidref;
    unsigned int dying : 1, crashed : 1, shutdown : 1;
};

EXPORT void *xc_interface_open(void *logger, void *builder, unsigned int flags);
EXPORT int xc_interface_close(void *xch);
EXPORT int xc_domain_getinfo(void *xch, uint32_t first, unsigned int max, void *info);
EXPORT void *xenevtchn_open(void *logger, unsigned int flags);
EXPORT void *xenevtchn_fdopen(void *logger, int fd, unsigned int flags);
EXPORT int xenevtchn_fd(void *xce);
EXPORT int xenevtchn_notify(void *xce, uint32_t port);
EXPORT int xenevtchn_bind_interdomain(void *xce, uint32_t domid, uint32_t remote);
EXPORT int xenevtchn_bind_virq(void *xce, unsigned int virq);
EXPORT int xenevtchn_unbind(void *xce, uint32_t port);
EXPORT int xenevtchn_pending(void *xce);
EXPORT int xenevtchn_unmask(void *xce, uint32_t port);
EXPORT void *xengnttab_open(void *logger, unsigned int flags);
EXPORT int xengnttab_close(void *xgt);
EXPORT int xengnttab_set_max_grants(void *xgt, uint32_t count);
EXPORT void *xengnttab_map_grant_ref(void *xgt, uint32_t domid, uint32_t ref, int prot);
EXPORT int xengnttab_unmap(void *xgt, void *addr, uint32_t pages);

void *xc_interface_open(void *logger, void *builder, unsigned int flags)
{
    (void)logger;
    (void)builder;
    (void)flags;
    return &handle;
}

int xc_interface_close(void *xch)
{
    (void)xch;
    return 0;
}

int xc_domain_getinfo(void *xch, uint32_t first, unsigned int max, void *info)
{
    struct dominfo_head *head = info;
    char flags = fake_domain_flags(first);

    (void)xch;
    (void)max;
    if (!flags)
        return 0;
    head->domid = first;
    head->dying = flags == 'd';
    head->crashed = 0;
    head->shutdown = flags == 's';
    return 1;
}

void *xenevtchn_open(void *logger, unsigned int flags)
{
    (void)logger;
    (void)flags;
    handle = fake_listen();
    return handle < 0 ? NULL : &handle;
}

void *xenevtchn_fdopen(void *logger, int fd, unsigned int flags)
{
    (void)fd;
    return xenevtchn_open(logger, flags);
}

int xenevtchn_fd(void *xce)
{
    (void)xce;
    return handle;
}

int xenevtchn_notify(void *xce, uint32_t port)
{
    (void)xce;
    return fake_notify(handle, port);
}

int xenevtchn_bind_interdomain(void *xce, uint32_t domid, uint32_t remote)
{
    (void)xce;
    if (remote > 4095) {
        errno = EINVAL;
        return -1;
    }
    return FAKE_PORT_BASE + (int)domid;
}

int xenevtchn_bind_virq(void *xce, unsigned int virq)
{
    (void)xce;
    (void)virq;
    return FAKE_PORT_DEATH;
}

int xenevtchn_unbind(void *xce, uint32_t port)
{
    (void)xce;
    (void)port;
    return 0;
}

int xenevtchn_pending(void *xce)
{
    uint32_t port;

    (void)xce;
    return read(handle, &port, sizeof(port)) == (ssize_t)sizeof(port) ? (int)port : -1;
}

int xenevtchn_unmask(void *xce, uint32_t port)
{
    (void)xce;
    (void)port;
    return 0;
}

void *xengnttab_open(void *logger, unsigned int flags)
{
    (void)logger;
    (void)flags;
    return &handle;
}

int xengnttab_close(void *xgt)
{
    (void)xgt;
    return 0;
}

int xengnttab_set_max_grants(void *xgt, uint32_t count)
{
    (void)xgt;
    (void)count;
    return 0;
}

void *xengnttab_map_grant_ref(void *xgt, uint32_t domid, uint32_t ref, int prot)
{
    void *addr = fake_map_ring(domid);

    (void)xgt;
    (void)ref;
    (void)prot;
    if (!addr)
        errno = EINVAL;
    return addr;
}

int xengnttab_unmap(void *xgt, void *addr, uint32_t pages)
{
    (void)xgt;
    return munmap(addr, (size_t)pages * 4096);
}

EXPORT int open(const char *path, int flags, ...);

/* xenfs's files: the ring of domain 0 and the port of its kernel. */
int open(const char *path, int flags, ...)
{
    va_list args;
    int mode;

    va_start(args, flags);
    mode = va_arg(args, int);
    va_end(args);
    if (strcmp(path, "/proc/xen/xsd_kva") == 0)
        path = fake_path("ring", 0, true);
    else if (strcmp(path, "/proc/xen/xsd_port") == 0)
        path = fake_path("xsd_port", 0, false);
    return (int)syscall(SYS_openat, AT_FDCWD, path, flags, mode);
}
