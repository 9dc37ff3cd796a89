/* SPDX-License-Identifier: MIT */
/*
 * Sets up the disks of a domain.
 *
 * Owns the devices it makes (through loop_device.c and nbd_device.c) and the vbd folders in
 * xenstore. Facts: the nodes that Linux's xen-blkback and blkfront read. Locks: an image's, while
 * it is checked and attached.
 */
#include "disk_attach.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <linux/fs.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "hotplug_script.h"
#include "nbd_device.h"

/* What qemu-nbd calls the formats. */
static const char *const nbd_formats[DISK_FORMAT_COUNT] = {
    [DISK_RAW] = "raw", [DISK_QCOW2] = "qcow2", [DISK_QCOW] = "qcow",
    [DISK_VHD] = "vpc", [DISK_QED] = "qed",
};

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

static int check_open(const struct disk_spec *disk, const struct stat *st, struct error *e)
{
    int flags = disk->read_only ? O_RDONLY : O_RDWR;

    if (S_ISBLK(st->st_mode) && !disk->read_only && !disk->shared)
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

int disk_check(const struct image_scan *scan, const struct disk_spec *disk, struct error *e)
{
    struct stat st;
    int rc = 0;

    if (!disk_is_remote(disk)) {
        rc = image_check(scan, disk, e); /* first: it knows who has it open */
        if (!rc)
            rc = stat_target(disk, &st, e);
        return rc ? rc : check_open(disk, &st, e);
    }
    return image_check(scan, disk, e);
}

static int publish(struct xs_handle *xs, const struct device *dev, const struct disk_spec *disk,
                   const char *node, bool is_made, dev_t number, struct error *e)
{
    char physical[24], virtual[16];
    const char *type = disk->cdrom ? "cdrom" : "disk";
    const struct device_node front[] = {
        { "virtual-device", virtual },
        { "device-type", type },
        { "trusted", "1" },
        { NULL, NULL },
    };
    const struct device_node back[] = {
        { "params", disk->target },
        { "removable", disk->cdrom ? "1" : "0" },
        { "bootable", "1" },
        { "dev", disk->vdev },
        { "type", "phy" },
        { "mode", disk->read_only ? "r"
                  : disk->shared  ? "w!"
                                  : "w" },
        { "format", disk_format_name(disk->format) },
        { "device-type", type },
        { "discard-enable", disk->read_only || disk->no_discard ? "0" : "1" },
        { "specification", "xen" },
        { "node", is_made ? node : NULL },
        { "physical-device", physical },
        { "physical-device-path", node },
        { "hotplug-status", "connected" },
        { NULL, NULL },
    };

    snprintf(virtual, sizeof(virtual), "%u", disk->number);
    snprintf(physical, sizeof(physical), "%x:%x", major(number), minor(number));
    return device_publish(xs, dev, front, back, e);
}

void disk_mark_prefix(const char *uuid, char prefix[DISK_MARK_PREFIX_MAX])
{
    snprintf(prefix, DISK_MARK_PREFIX_MAX, "domus:%.36s:", uuid);
}

void disk_mark(const char *prefix, uint32_t number, char mark[LOOP_MARK_MAX])
{
    snprintf(mark, LOOP_MARK_MAX, "%s%" PRIu32 ";", prefix, number);
}

int disk_release_all(const char *prefix, unsigned int timeout_ms, struct error *e)
{
    int rc = loop_device_release(prefix, timeout_ms, NULL, e);
    int nbd = nbd_device_release(prefix, timeout_ms, e);

    return rc ? rc : nbd;
}

int disk_release(const char *prefix, uint32_t number, unsigned int timeout_ms, struct error *e)
{
    char mark[LOOP_MARK_MAX];

    disk_mark(prefix, number, mark);
    return disk_release_all(mark, timeout_ms, e);
}

void disk_backing_each(const char *prefix,
                       void (*found)(const char *mark, const char *device, void *arg), void *arg)
{
    loop_device_each(prefix, found, arg);
    nbd_device_each(prefix, found, arg);
}

/* ---- attaching ------------------------------------------------------------------------ */

static bool needs_nbd(const struct disk_spec *disk)
{
    return disk_is_remote(disk) || disk->format != DISK_RAW;
}

/* Makes the block device that the backend opens; *made: it is ours and not the target itself. */
static int make_device(const struct disk_spec *disk, const char *prefix, char node[LOOP_PATH_MAX],
                       bool *made, struct error *e)
{
    char mark[LOOP_MARK_MAX];
    struct stat st;

    *made = true;
    disk_mark(prefix, disk->number, mark);
    if (needs_nbd(disk))
        return nbd_device_attach(disk->target, nbd_formats[disk->format], disk->read_only, mark,
                                 node, e);
    int rc = stat_target(disk, &st, e);
    if (rc)
        return rc;
    *made = S_ISREG(st.st_mode);
    return *made ? loop_device_attach(disk->target, disk->read_only, mark, node, e) : 0;
}

static int make_and_publish(const struct image_scan *scan, const struct device *dev,
                            const struct disk_spec *disk, const char *mark, struct error *e)
{
    char node[LOOP_PATH_MAX];
    struct stat st;
    bool made;
    int rc = make_device(disk, mark, node, &made, e);

    if (rc)
        return rc;
    const char *path = made ? node : disk->target;
    if (stat(path, &st))
        return error_set(e, -errno, "the device %s of disk %s has vanished: %s", path, disk->vdev,
                         strerror(errno));
    return publish(scan->xs, dev, disk, path, made, st.st_rdev, e);
}

int disk_attach(const struct image_scan *scan, domid_t domid, const char *mark,
                const struct disk_spec *disk, struct device *dev, struct error *e)
{
    char label[40];
    int lock, rc;

    snprintf(label, sizeof(label), "disk %s", disk->vdev);
    device_init(dev, "vbd", domid, disk->number, label);
    lock = image_lock(disk, e);
    if (lock < -1)
        return lock;
    rc = image_check(scan, disk, e);
    if (!rc)
        rc = make_and_publish(scan, dev, disk, mark, e);
    if (lock >= 0)
        close(lock);
    return rc;
}

/* ---- size ----------------------------------------------------------------------------- */

static int grow_file(const struct disk_spec *disk, uint64_t bytes, uint64_t now, struct error *e)
{
    if (bytes < now)
        return error_set(e, -EINVAL,
                         "the image %s of disk %s has %" PRIu64 " bytes and would lose some: an "
                         "attached disk can only grow",
                         disk->target, disk->vdev, now);
    if (truncate(disk->target, (off_t)bytes))
        return error_set(e, -errno, "the image %s of disk %s cannot grow to %" PRIu64 " bytes: %s",
                         disk->target, disk->vdev, bytes, strerror(errno));
    return 0;
}

static int device_bytes(const struct disk_spec *disk, uint64_t *bytes, struct error *e)
{
    int fd = open(disk->target, O_RDONLY | O_CLOEXEC | O_NONBLOCK);

    if (fd < 0 || ioctl(fd, BLKGETSIZE64, bytes)) {
        int rc = error_set(e, -errno, "the size of %s, disk %s, cannot be read: %s", disk->target,
                           disk->vdev, strerror(errno));
        if (fd >= 0)
            close(fd);
        return rc;
    }
    close(fd);
    return 0;
}

int disk_resize(const char *mark, const struct disk_spec *disk, uint64_t bytes, uint64_t *now,
                struct error *e)
{
    struct stat st;

    if (needs_nbd(disk))
        return error_set(e, -EOPNOTSUPP,
                         "%s of disk %s is served by qemu-nbd and cannot change its size while "
                         "attached: detach it, use qemu-img resize, attach it again",
                         disk->target, disk->vdev);
    int rc = stat_target(disk, &st, e);
    if (rc)
        return rc;
    if (S_ISBLK(st.st_mode)) {
        if (bytes)
            return error_set(e, -EINVAL,
                             "%s of disk %s is a block device: extend it where it was made, for "
                             "example with lvextend, then give no size",
                             disk->target, disk->vdev);
        return device_bytes(disk, now, e);
    }
    rc = bytes ? grow_file(disk, bytes, (uint64_t)st.st_size, e) : 0;
    *now = bytes ? bytes : (uint64_t)st.st_size;
    return rc ? rc : loop_device_grow(mark, e);
}

int disk_unplug(struct xs_handle *xs, const struct device *dev, struct error *e)
{
    char path[DEVICE_PATH_MAX], *name;
    int rc;

    device_backend_path(dev, path);
    rc = store_read(xs, XBT_NULL, &name, "%s/script", path);
    if (rc)
        return rc == -ENOENT ? 0 : rc;
    const struct hotplug_script script = { .path = name, .action = "remove" };
    rc = hotplug_script_run(xs, dev, &script, false, e);
    free(name);
    return rc;
}
