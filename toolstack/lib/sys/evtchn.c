/* SPDX-License-Identifier: MIT */
/*
 * Event channels in user space.
 *
 * Owns the /dev/xen/evtchn descriptor of a handle. No locks. ABI facts: linux_xen.h; reading
 * yields 32-bit ports, writing them unmasks.
 */
#include "evtchn.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <unistd.h>

#include "linux_xen.h"

int evtchn_open(struct evtchn *ec)
{
    ec->fd = open("/dev/xen/evtchn", O_RDWR | O_CLOEXEC | O_NONBLOCK);
    return ec->fd < 0 ? -errno : 0;
}

void evtchn_close(struct evtchn *ec)
{
    if (ec->fd >= 0)
        close(ec->fd);
    ec->fd = -1;
}

int evtchn_fd(const struct evtchn *ec)
{
    return ec->fd;
}

static int bind_result(int rc, evtchn_port_t *local)
{
    if (rc < 0)
        return -errno;
    *local = (evtchn_port_t)rc;
    return 0;
}

int evtchn_bind_interdomain(struct evtchn *ec, domid_t dom, evtchn_port_t remote_port,
                            evtchn_port_t *local)
{
    struct linux_evtchn_bind_interdomain bind = {
        .remote_domain = dom,
        .remote_port = remote_port,
    };

    return bind_result(ioctl(ec->fd, LINUX_EVTCHN_BIND_INTERDOMAIN, &bind), local);
}

int evtchn_bind_unbound(struct evtchn *ec, domid_t dom, evtchn_port_t *local)
{
    struct linux_evtchn_bind_unbound bind = { .remote_domain = dom };

    return bind_result(ioctl(ec->fd, LINUX_EVTCHN_BIND_UNBOUND, &bind), local);
}

int evtchn_bind_virq(struct evtchn *ec, unsigned int virq, evtchn_port_t *local)
{
    struct linux_evtchn_bind_virq bind = { .virq = virq };

    return bind_result(ioctl(ec->fd, LINUX_EVTCHN_BIND_VIRQ, &bind), local);
}

int evtchn_unbind(struct evtchn *ec, evtchn_port_t local)
{
    struct linux_evtchn_port arg = { .port = local };

    return ioctl(ec->fd, LINUX_EVTCHN_UNBIND, &arg) < 0 ? -errno : 0;
}

int evtchn_pending(struct evtchn *ec, evtchn_port_t *local)
{
    uint32_t port;
    ssize_t n;

    do {
        n = read(ec->fd, &port, sizeof(port));
    } while (n < 0 && errno == EINTR);
    if (n < 0 && errno == EFBIG) {
        if (ioctl(ec->fd, LINUX_EVTCHN_RESET) < 0)
            return -errno;
        return -EFBIG;
    }
    if (n < 0)
        return -errno;
    if (n != sizeof(port))
        return -EIO;
    *local = port;
    return 0;
}

int evtchn_unmask(struct evtchn *ec, evtchn_port_t local)
{
    uint32_t port = local;
    ssize_t n;

    do {
        n = write(ec->fd, &port, sizeof(port));
    } while (n < 0 && errno == EINTR);
    if (n < 0)
        return -errno;
    return n == sizeof(port) ? 0 : -EIO;
}

int evtchn_notify(struct evtchn *ec, evtchn_port_t local)
{
    struct linux_evtchn_port arg = { .port = local };

    return ioctl(ec->fd, LINUX_EVTCHN_NOTIFY, &arg) < 0 ? -errno : 0;
}
