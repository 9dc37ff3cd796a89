/* SPDX-License-Identifier: MIT */
/*
 * The least of a store client. Owns nothing. ABI: <xen/io/xs_wire.h>, docs of the store's paths.
 */
#include "store_client.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <xen/io/xs_wire.h>

int store_open(void)
{
    static const char *const paths[] = { "/run/xenstored/socket", "/var/run/xenstored/socket" };
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

    for (size_t i = 0; fd >= 0 && i < sizeof(paths) / sizeof(paths[0]); i++) {
        struct sockaddr_un addr = { .sun_family = AF_UNIX };

        snprintf(addr.sun_path, sizeof(addr.sun_path), "%s", paths[i]);
        if (connect(fd, (struct sockaddr *)&addr, sizeof(addr)) == 0)
            return fd;
    }
    return -errno;
}

static int transfer(int fd, void *bytes, size_t size, ssize_t (*step)(int, void *, size_t))
{
    for (size_t done = 0; done < size;) {
        ssize_t n = step(fd, (char *)bytes + done, size - done);

        if (n <= 0)
            return n < 0 ? -errno : -EPIPE;
        done += (size_t)n;
    }
    return 0;
}

static ssize_t write_step(int fd, void *bytes, size_t size)
{
    return write(fd, bytes, size);
}

int store_call(int fd, unsigned int type, const void *body, size_t bytes)
{
    struct xsd_sockmsg header = { .type = type, .len = (uint32_t)bytes };
    char payload[XENSTORE_PAYLOAD_MAX + 1] = "";
    int rc;

    memcpy(payload, body, bytes);
    rc = transfer(fd, &header, sizeof(header), write_step);
    if (rc == 0)
        rc = transfer(fd, payload, bytes, write_step);
    if (rc == 0)
        rc = transfer(fd, &header, sizeof(header), read);
    if (rc)
        return rc;
    if (header.len > XENSTORE_PAYLOAD_MAX)
        return -EIO;
    rc = transfer(fd, payload, header.len, read);
    if (rc)
        return rc;
    payload[header.len] = '\0';
    if (header.type == type)
        return 0;
    fprintf(stderr, "store: request %u failed: %s\n", type, payload);
    return -EIO;
}

static int store_write(int fd, const char *path, const char *value)
{
    char body[512];
    int len = snprintf(body, sizeof(body), "%s%c%s", path, '\0', value);

    return store_call(fd, XS_WRITE, body, (size_t)len);
}

/* Owned by the guest itself, readable by nobody else but dom0. */
static int store_give(int fd, const char *path, unsigned int domid)
{
    char body[256];
    int len = snprintf(body, sizeof(body), "%s%cn%u%c", path, '\0', domid, '\0');

    return store_call(fd, XS_SET_PERMS, body, (size_t)len);
}

/* dom0's, readable by the guest; what is created below inherits it. */
static int store_show(int fd, const char *path, unsigned int domid)
{
    char body[256];
    int len = snprintf(body, sizeof(body), "%s%cn0%cr%u%c", path, '\0', '\0', domid, '\0');

    return store_call(fd, XS_SET_PERMS, body, (size_t)len);
}

static int write_nodes(int fd, const struct pv_build_config *config, const struct pv_domain *domain)
{
    char path[128], value[64];
    int rc = 0;

    static const char *const guest_dirs[] = { "control", "device", "data" };

    snprintf(path, sizeof(path), "/local/domain/%u", domain->domid);
    rc = store_write(fd, path, "");
    if (rc == 0)
        rc = store_show(fd, path, domain->domid);
    snprintf(path, sizeof(path), "/local/domain/%u/name", domain->domid);
    if (rc == 0)
        rc = store_write(fd, path, config->name);
    snprintf(path, sizeof(path), "/local/domain/%u/domid", domain->domid);
    snprintf(value, sizeof(value), "%u", domain->domid);
    if (rc == 0)
        rc = store_write(fd, path, value);
    for (unsigned int i = 0; rc == 0 && i < config->maxvcpus; i++) {
        snprintf(path, sizeof(path), "/local/domain/%u/cpu/%u/availability", domain->domid, i);
        rc = store_write(fd, path, i < config->vcpus ? "online" : "offline");
    }
    for (size_t i = 0; rc == 0 && i < sizeof(guest_dirs) / sizeof(guest_dirs[0]); i++) {
        snprintf(path, sizeof(path), "/local/domain/%u/%s", domain->domid, guest_dirs[i]);
        rc = store_write(fd, path, "");
        if (rc == 0)
            rc = store_give(fd, path, domain->domid);
    }
    return rc;
}

int store_introduce(int fd, const struct pv_build_config *config, const struct pv_domain *domain)
{
    char body[128];
    int rc = write_nodes(fd, config, domain), len;

    if (rc)
        return rc;
    len = snprintf(body, sizeof(body), "%u%c%lu%c%u%c", domain->domid, '\0',
                   (unsigned long)domain->xenstore_frame, '\0', domain->xenstore_port, '\0');
    return store_call(fd, XS_INTRODUCE, body, (size_t)len);
}

int store_forget(int fd, unsigned int domid)
{
    char body[64];
    int len = snprintf(body, sizeof(body), "/local/domain/%u%c", domid, '\0');

    return store_call(fd, XS_RM, body, (size_t)len);
}
