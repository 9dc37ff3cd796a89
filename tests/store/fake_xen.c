/* SPDX-License-Identifier: MIT */
/*
 * The files and sockets of the fake Xen. Owns nothing but the buffer of fake_path().
 */
#include "fake_xen.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <unistd.h>

const char *fake_path(const char *name, unsigned int domid, bool with_domid)
{
    static char path[256];
    const char *dir = getenv("XENSTORE_FAKE_XEN");

    if (with_domid)
        snprintf(path, sizeof(path), "%s/%s-%u", dir ? dir : ".", name, domid);
    else
        snprintf(path, sizeof(path), "%s/%s", dir ? dir : ".", name);
    return path;
}

static void set_address(struct sockaddr_un *addr, const char *path)
{
    *addr = (struct sockaddr_un){ .sun_family = AF_UNIX };
    strncpy(addr->sun_path, path, sizeof(addr->sun_path) - 1);
}

int fake_listen(void)
{
    struct sockaddr_un addr;
    int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

    if (fd < 0)
        return -errno;
    set_address(&addr, fake_path("store", 0, false));
    unlink(addr.sun_path);
    if (bind(fd, (struct sockaddr *)&addr, sizeof(addr)) < 0)
        return -errno;
    return fd;
}

/* The system call itself: the shim for Debian's daemon stands in for open(). */
static int raw_open(const char *path)
{
    return (int)syscall(SYS_openat, AT_FDCWD, path, O_RDWR | O_CLOEXEC);
}

void *fake_map_ring(uint32_t domid)
{
    int fd = raw_open(fake_path("ring", domid, true));
    void *addr;

    if (fd < 0)
        return NULL;
    addr = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    close(fd);
    return addr == MAP_FAILED ? NULL : addr;
}

int fake_notify(int fd, uint32_t local)
{
    struct sockaddr_un addr;

    set_address(&addr, fake_path("guest", local - FAKE_PORT_BASE, true));
    if (sendto(fd, &local, sizeof(local), MSG_DONTWAIT, (struct sockaddr *)&addr,
               sizeof(addr)) < 0 && errno != EAGAIN)
        return -errno;
    return 0;
}

char fake_domain_flags(uint32_t domid)
{
    FILE *f = fopen(fake_path("domains", 0, false), "re");
    unsigned int id;
    char flags, found = 0;

    while (f && fscanf(f, "%u %c", &id, &flags) == 2)
        if (id == domid)
            found = flags;
    if (f)
        fclose(f);
    return found;
}
