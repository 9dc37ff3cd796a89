/* SPDX-License-Identifier: MIT */
/*
 * Grant mappings in user space.
 *
 * Owns the /dev/xen/gntdev descriptor of a handle. No locks. ABI facts: linux_xen.h. A grant is
 * mapped in two steps: the ioctl reserves an index, mmap() at that index maps.
 */
#include "gnttab.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "linux_xen.h"

#define PAGE_BYTES 4096ul

/* No real ring spans more; keeps the sizes below far from overflow. */
#define MAX_REFS 4096u

int gnttab_open(struct gnttab *gt)
{
    gt->fd = open("/dev/xen/gntdev", O_RDWR | O_CLOEXEC);
    return gt->fd < 0 ? -errno : 0;
}

void gnttab_close(struct gnttab *gt)
{
    if (gt->fd >= 0)
        close(gt->fd);
    gt->fd = -1;
}

static int release_index(struct gnttab *gt, uint64_t index, uint32_t count)
{
    struct linux_gntdev_unmap arg = { .index = index, .count = count };

    return ioctl(gt->fd, LINUX_GNTDEV_UNMAP, &arg) < 0 ? -errno : 0;
}

int gnttab_map(struct gnttab *gt, domid_t dom, const grant_ref_t *refs, size_t count, int prot,
               void **addr)
{
    struct linux_gntdev_map *map;
    void *va;
    int rc = 0;

    *addr = NULL;
    if (count == 0 || count > MAX_REFS)
        return -EINVAL;
    map = calloc(1, sizeof(*map) + (count - 1) * sizeof(map->refs[0]));
    if (!map)
        return -ENOMEM;
    map->count = (uint32_t)count;
    for (size_t i = 0; i < count; i++) {
        map->refs[i].domid = dom;
        map->refs[i].ref = refs[i];
    }
    if (ioctl(gt->fd, LINUX_GNTDEV_MAP, map) < 0) {
        rc = -errno;
        goto out;
    }
    va = mmap(NULL, count * PAGE_BYTES, prot, MAP_SHARED, gt->fd, (off_t)map->index);
    if (va == MAP_FAILED) {
        rc = -errno;
        release_index(gt, map->index, map->count);
        goto out;
    }
    *addr = va;
out:
    free(map);
    return rc;
}

static int index_of(struct gnttab *gt, const void *addr, struct linux_gntdev_get_offset *get)
{
    get->vaddr = (uint64_t)(uintptr_t)addr;
    return ioctl(gt->fd, LINUX_GNTDEV_GET_OFFSET, get) < 0 ? -errno : 0;
}

int gnttab_unmap(struct gnttab *gt, void *addr, size_t count)
{
    struct linux_gntdev_get_offset get = { 0 };
    int rc;

    if (!addr)
        return 0;
    rc = index_of(gt, addr, &get);
    if (rc)
        return rc;
    if (get.count != count)
        return -EINVAL;
    if (munmap(addr, count * PAGE_BYTES))
        return -errno;
    return release_index(gt, get.offset, get.count);
}

int gnttab_set_unmap_notify(struct gnttab *gt, void *addr, int clear_offset, evtchn_port_t port)
{
    struct linux_gntdev_get_offset get = { 0 };
    struct linux_gntdev_notify arg = { .event_channel_port = port };
    int rc = index_of(gt, addr, &get);

    if (rc)
        return rc;
    arg.index = get.offset;
    if (clear_offset >= 0) {
        arg.index += (unsigned int)clear_offset;
        arg.action |= LINUX_GNTDEV_NOTIFY_CLEAR_BYTE;
    }
    if (port)
        arg.action |= LINUX_GNTDEV_NOTIFY_SEND_EVENT;
    return ioctl(gt->fd, LINUX_GNTDEV_SET_NOTIFY, &arg) < 0 ? -errno : 0;
}
