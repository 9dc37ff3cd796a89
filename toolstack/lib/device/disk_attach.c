/* SPDX-License-Identifier: MIT */
/*
 * Sets up the disks of a domain.
 *
 * Owns the loop devices it makes (through loop_device.c) and the vbd folders in xenstore. Facts:
 * the nodes that Linux's xen-blkback and blkfront read. Locks: none.
 */
#include "disk_attach.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "loop_device.h"

static int stat_target(const struct disk_spec *disk, struct stat *st, struct error *e)
{
    if (stat(disk->target, st))
        return error_set(e, -errno,
                         "the image %s of disk %s cannot be used: %s: correct disk=", disk->target,
                         disk->vdev, strerror(errno));
    if (!S_ISREG(st->st_mode) && !S_ISBLK(st->st_mode))
        return error_set(e, -EINVAL,
                         "%s of disk %s is neither a file nor a block device: correct "
                         "disk=",
                         disk->target, disk->vdev);
    if (disk->require_block && !S_ISBLK(st->st_mode))
        return error_set(e, -ENOTBLK,
                         "%s of disk %s is not a block device: write file: instead of "
                         "phy:",
                         disk->target, disk->vdev);
    if (S_ISREG(st->st_mode) && st->st_size < 512)
        return error_set(e, -EINVAL, "the image %s of disk %s has only %lld bytes: it is no disk",
                         disk->target, disk->vdev, (long long)st->st_size);
    return 0;
}

int disk_check(const struct disk_spec *disk, struct error *e)
{
    struct stat st;
    int rc = stat_target(disk, &st, e), flags = disk->read_only ? O_RDONLY : O_RDWR;

    if (rc)
        return rc;
    if (S_ISBLK(st.st_mode) && !disk->read_only)
        flags |= O_EXCL; /* for a block device: refused while it is mounted */
    int fd = open(disk->target, flags | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0 && errno == EBUSY)
        return error_set(e, -EBUSY,
                         "%s of disk %s is in use in dom0: unmount it or attach it with "
                         "access r",
                         disk->target, disk->vdev);
    if (fd < 0)
        return error_set(e, -errno, "the image %s of disk %s cannot be opened for %s: %s",
                         disk->target, disk->vdev, disk->read_only ? "reading" : "writing",
                         strerror(errno));
    close(fd);
    return 0;
}

static int publish(struct xs_handle *xs, const struct device *dev, const struct disk_spec *disk,
                   const char *node, bool is_loop, dev_t number, struct error *e)
{
    char physical[24], virtual[16];
    const struct device_node front[] = {
        { "virtual-device", virtual },
        { "device-type", "disk" },
        { "trusted", "1" },
        { NULL, NULL },
    };
    const struct device_node back[] = {
        { "params", disk->target },
        { "removable", "0" },
        { "bootable", "1" },
        { "dev", disk->vdev },
        { "type", "phy" },
        { "mode", disk->read_only ? "r" : "w" },
        { "device-type", "disk" },
        { "discard-enable", disk->read_only || disk->no_discard ? "0" : "1" },
        { "specification", "xen" },
        { "node", is_loop ? node : NULL },
        { "physical-device", physical },
        { "physical-device-path", node },
        { "hotplug-status", "connected" },
        { NULL, NULL },
    };

    snprintf(virtual, sizeof(virtual), "%u", disk->number);
    snprintf(physical, sizeof(physical), "%x:%x", major(number), minor(number));
    return device_publish(xs, dev, front, back, e);
}

int disk_attach(struct xs_handle *xs, domid_t domid, const char *mark, const struct disk_spec *disk,
                struct device *dev, struct error *e)
{
    char label[40], loop_mark[LOOP_MARK_MAX], node[LOOP_PATH_MAX];
    const char *path = disk->target;
    bool is_loop;
    struct stat st;
    int rc = stat_target(disk, &st, e);

    if (rc)
        return rc;
    snprintf(label, sizeof(label), "disk %s", disk->vdev);
    device_init(dev, "vbd", domid, disk->number, label);
    is_loop = S_ISREG(st.st_mode);
    if (is_loop) {
        snprintf(loop_mark, sizeof(loop_mark), "%s%s", mark, disk->vdev);
        rc = loop_device_attach(disk->target, disk->read_only, loop_mark, node, e);
        if (rc)
            return rc;
        path = node;
        if (stat(path, &st))
            return error_set(e, -errno, "the loop device %s of disk %s has vanished: %s", path,
                             disk->vdev, strerror(errno));
    }
    return publish(xs, dev, disk, path, is_loop, st.st_rdev, e);
}
