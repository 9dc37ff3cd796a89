/* SPDX-License-Identifier: MIT */
/*
 * Looks for the other users of a disk image: in the store, where every toolstack publishes its
 * disks, and among dom0's loop devices.
 *
 * Reads only. Facts: the nodes params, mode, physical-device of block backends; Linux's
 * <linux/loop.h>. What dom0 has mounted is found by opening a block device with O_EXCL
 * (disk_attach.c). Locks: an image's flock().
 */
#include "image_use.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/loop.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <time.h>
#include <unistd.h>

#include "loop_device.h"
#include "store.h"

#define LOCK_TRIES   200
#define LOCK_WAIT_MS 50

/* An image's identity. */
struct image {
    bool is_block;
    dev_t dev; /* of the device itself, or of the file system that has the file */
    ino_t ino;
};

struct search {
    const struct image_scan *scan;
    const struct disk_spec *disk;
    struct image image;
    char who[120]; /* the first user that is in the way; empty: none */
};

static bool identify(const char *path, struct image *image)
{
    struct stat st;

    if (stat(path, &st) || (!S_ISREG(st.st_mode) && !S_ISBLK(st.st_mode)))
        return false;
    image->is_block = S_ISBLK(st.st_mode);
    image->dev = image->is_block ? st.st_rdev : st.st_dev;
    image->ino = image->is_block ? 0 : st.st_ino;
    return true;
}

static bool is_same(const struct image *a, const struct image *b)
{
    return a->is_block == b->is_block && a->dev == b->dev && a->ino == b->ino;
}

/* Whether another use may stand beside ours. */
static bool is_in_the_way(const struct search *s, bool writes)
{
    return writes || !s->disk->read_only;
}

/* ---- the store ------------------------------------------------------------------------ */

/* What a backend's params name: other toolstacks put the format before the path. */
static const char *path_in(const char *params)
{
    const char *colon = strchr(params, ':');

    return params[0] != '/' && colon && colon[1] == '/' ? colon + 1 : params;
}

static bool names_image(struct search *s, const char *folder)
{
    char *params, *physical;
    struct image other;
    unsigned int major, minor;
    bool same;

    store_read(s->scan->xs, XBT_NULL, &params, "%s/params", folder);
    same = params && (!strcmp(params, s->disk->target) ||
                      (identify(path_in(params), &other) && is_same(&other, &s->image)));
    free(params);
    if (same || !s->image.is_block)
        return same;
    store_read(s->scan->xs, XBT_NULL, &physical, "%s/physical-device", folder);
    same = physical && sscanf(physical, "%x:%x", &major, &minor) == 2 &&
           makedev(major, minor) == s->image.dev;
    free(physical);
    return same;
}

bool image_is_same_machine(const struct image_scan *scan, domid_t domid)
{
    char *vm = NULL;
    bool same = domid != scan->domid &&
                !store_read(scan->xs, XBT_NULL, &vm, "/local/domain/%u/vm", domid) &&
                !strncmp(vm, "/vm/", 4) && !strcmp(vm + 4, scan->uuid);

    free(vm);
    return same;
}

static void look_at_disk(struct search *s, domid_t domid, const char *folder)
{
    char *mode, *name, *vdev;

    if (!names_image(s, folder))
        return;
    store_read(s->scan->xs, XBT_NULL, &mode, "%s/mode", folder);
    if (is_in_the_way(s, mode && strchr(mode, 'w'))) {
        store_read(s->scan->xs, XBT_NULL, &name, "/local/domain/%u/name", domid);
        store_read(s->scan->xs, XBT_NULL, &vdev, "%s/dev", folder);
        snprintf(s->who, sizeof(s->who), "domain '%.60s' (%u) as %.20s", name ? name : "?", domid,
                 vdev ? vdev : "a disk");
        free(name);
        free(vdev);
    }
    free(mode);
}

static void look_at_domain(struct search *s, domid_t domid, const char *above)
{
    unsigned int count;
    char folder[120];

    if (image_is_same_machine(s->scan, domid) || !s->scan->is_live(domid, s->scan->arg))
        return;
    snprintf(folder, sizeof(folder), "%s/%u", above, domid);
    char **ids = xs_directory(s->scan->xs, XBT_NULL, folder, &count);
    for (unsigned int i = 0; ids && i < count && !s->who[0]; i++) {
        snprintf(folder, sizeof(folder), "%s/%u/%.40s", above, domid, ids[i]);
        look_at_disk(s, domid, folder);
    }
    free(ids);
}

static void look_at_store(struct search *s)
{
    static const char *const kinds[] = { "/local/domain/0/backend/vbd",
                                         "/local/domain/0/backend/vbd3",
                                         "/local/domain/0/backend/qdisk" };

    for (size_t k = 0; k < sizeof(kinds) / sizeof(kinds[0]); k++) {
        unsigned int count;
        char **ids = xs_directory(s->scan->xs, XBT_NULL, kinds[k], &count);

        for (unsigned int i = 0; ids && i < count && !s->who[0]; i++)
            look_at_domain(s, (domid_t)atoi(ids[i]), kinds[k]);
        free(ids);
    }
}

/* ---- dom0's loop devices -------------------------------------------------------------- */

/* A device number as the kernel writes it in 64 bits. */
static uint64_t kernel_number(dev_t dev)
{
    uint64_t maj = major(dev), min = minor(dev);

    return (min & 0xff) | maj << 8 | (min & ~0xffull) << 12;
}

/* Devices of domains carry our mark and stand in the store too, where more is known of them. */
static void look_at_loop(const char *mark, const char *device, void *arg)
{
    struct search *s = arg;
    struct loop_info64 info;
    int fd;

    if (s->who[0] || !strncmp(mark, "domus:", 6))
        return;
    fd = open(device, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return;
    if (!ioctl(fd, LOOP_GET_STATUS64, &info) && info.lo_inode == s->image.ino &&
        info.lo_device == kernel_number(s->image.dev) &&
        is_in_the_way(s, !(info.lo_flags & LO_FLAGS_READ_ONLY)))
        snprintf(s->who, sizeof(s->who), "dom0 as %s", device);
    close(fd);
}

/* ---- both ----------------------------------------------------------------------------- */

int image_check(const struct image_scan *scan, const struct disk_spec *disk, struct error *e)
{
    struct search s = { .scan = scan, .disk = disk };

    if (disk->shared || (!disk_is_remote(disk) && !identify(disk->target, &s.image)))
        return 0;
    look_at_store(&s);
    if (!s.who[0] && !disk_is_remote(disk) && !s.image.is_block)
        loop_device_each("", look_at_loop, &s);
    if (!s.who[0])
        return 0;
    return error_set(e, -EBUSY,
                     "the image %s of disk %s is used by %s: end that use, give it to both with "
                     "access r, or add ! to the access if both may write",
                     disk->target, disk->vdev, s.who);
}

int image_lock(const struct disk_spec *disk, struct error *e)
{
    const struct timespec pause = { .tv_nsec = LOCK_WAIT_MS * 1000000L };
    int fd = disk_is_remote(disk) ? -1 : open(disk->target, O_RDONLY | O_NONBLOCK | O_CLOEXEC);

    if (fd < 0)
        return -1;
    for (int i = 0; i < LOCK_TRIES; i++) {
        if (!flock(fd, LOCK_EX | LOCK_NB))
            return fd;
        nanosleep(&pause, NULL);
    }
    close(fd);
    return error_set(e, -EBUSY,
                     "the image %s of disk %s is locked by another program for longer than %d s: "
                     "end that program",
                     disk->target, disk->vdev, LOCK_TRIES * LOCK_WAIT_MS / 1000);
}
