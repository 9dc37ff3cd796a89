/* SPDX-License-Identifier: MIT */
/*
 * Loop devices by ioctl: set up with a mark, found and released by it.
 *
 * Owns the loop devices that carry our marks; touches /dev/loop-control, /dev/loop* and reads
 * /sys/block. Facts: Linux's <linux/loop.h>. Locks: none; the kernel decides who gets a device.
 */
#include "loop_device.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/loop.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define CLAIM_TRIES 64 /* how often others may take the free device before we do */
#define POLL_MS     20

static int open_control(struct error *e)
{
    int fd = open("/dev/loop-control", O_RDWR | O_CLOEXEC);

    if (fd >= 0)
        return fd;
    return error_set(e, -errno, "cannot open /dev/loop-control: %s: load the module loop",
                     strerror(errno));
}

/* 0; -EBUSY: somebody else took the device since it was free. */
static int configure(const char *device, int file, bool read_only, const char *mark)
{
    struct loop_config config = { .fd = (uint32_t)file };
    int fd = open(device, O_RDWR | O_CLOEXEC), rc;

    if (fd < 0)
        return -errno;
    config.info.lo_flags = read_only ? LO_FLAGS_READ_ONLY : 0;
    snprintf((char *)config.info.lo_file_name, sizeof(config.info.lo_file_name), "%s", mark);
    rc = ioctl(fd, LOOP_CONFIGURE, &config) ? -errno : 0;
    close(fd);
    return rc;
}

static int claim(int control, int file, const char *path, bool read_only, const char *mark,
                 char device[LOOP_PATH_MAX], struct error *e)
{
    for (int i = 0; i < CLAIM_TRIES; i++) {
        int n = ioctl(control, LOOP_CTL_GET_FREE), rc;

        if (n < 0)
            return error_set(e, -errno,
                             "no loop device is free for %s: %s: release some or raise "
                             "the module's max_loop",
                             path, strerror(errno));
        snprintf(device, LOOP_PATH_MAX, "/dev/loop%d", n);
        rc = configure(device, file, read_only, mark);
        if (rc == -ENOENT) { /* devtmpfs has not made the node yet */
            struct timespec pause = { .tv_nsec = POLL_MS * 1000000L };

            nanosleep(&pause, NULL);
            continue;
        }
        if (rc != -EBUSY)
            return rc ? error_set(e, rc, "cannot set up %s as %s: %s", path, device, strerror(-rc))
                      : 0;
    }
    return error_set(e, -EBUSY, "no loop device for %s: others took every free one: try again",
                     path);
}

int loop_device_attach(const char *path, bool read_only, const char *mark,
                       char device[LOOP_PATH_MAX], struct error *e)
{
    int file = open(path, (read_only ? O_RDONLY : O_RDWR) | O_CLOEXEC), control, rc;

    if (file < 0)
        return error_set(e, -errno, "cannot open the disk image %s: %s", path, strerror(errno));
    control = open_control(e);
    if (control < 0) {
        close(file);
        return control;
    }
    rc = claim(control, file, path, read_only, mark, device, e);
    close(control);
    close(file);
    return rc;
}

/* Reads the mark of device loop<n>; false if it is not set up. */
static bool read_mark(const char *device, char mark[LOOP_MARK_MAX])
{
    struct loop_info64 info;
    int fd = open(device, O_RDONLY | O_CLOEXEC);
    bool ok;

    if (fd < 0)
        return false;
    ok = ioctl(fd, LOOP_GET_STATUS64, &info) == 0;
    close(fd);
    if (ok) {
        memcpy(mark, info.lo_file_name, LOOP_MARK_MAX);
        mark[LOOP_MARK_MAX - 1] = '\0';
    }
    return ok;
}

int loop_device_each(const char *prefix,
                     void (*found)(const char *mark, const char *device, void *arg), void *arg)
{
    DIR *dir = opendir("/sys/block");
    struct dirent *entry;

    if (!dir)
        return -errno;
    while ((entry = readdir(dir))) {
        char device[LOOP_PATH_MAX], backing[300], mark[LOOP_MARK_MAX];

        if (strncmp(entry->d_name, "loop", 4))
            continue;
        /* The attribute is there only while the device is set up; opening the device itself
         * would load the CPU for each of the many that are not. */
        snprintf(backing, sizeof(backing), "/sys/block/%s/loop/backing_file", entry->d_name);
        if (access(backing, F_OK) ||
            (size_t)snprintf(device, sizeof(device), "/dev/%s", entry->d_name) >= sizeof(device))
            continue;
        if (read_mark(device, mark) && !strncmp(mark, prefix, strlen(prefix)))
            found(mark, device, arg);
    }
    closedir(dir);
    return 0;
}

struct release {
    unsigned int seen;
    char last[LOOP_PATH_MAX];
    int rc;
};

static void release_one(const char *mark, const char *device, void *arg)
{
    struct release *r = arg;
    int fd = open(device, O_RDONLY | O_CLOEXEC);

    (void)mark;
    if (fd < 0) {
        r->rc = -errno;
        return;
    }
    /* While others have it open the kernel only notes that it is to go. */
    if (ioctl(fd, LOOP_CLR_FD) && errno != ENXIO)
        r->rc = -errno;
    close(fd);
    r->seen++;
    snprintf(r->last, sizeof(r->last), "%s", device);
}

static int64_t now_ms(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * 1000LL + now.tv_nsec / 1000000;
}

int loop_device_release(const char *prefix, unsigned int timeout_ms, unsigned int *released,
                        struct error *e)
{
    int64_t deadline = now_ms() + timeout_ms;
    unsigned int first = 0;

    for (bool once = true;; once = false) {
        struct release r = { 0 };
        int rc = loop_device_each(prefix, release_one, &r);

        if (once)
            first = r.seen;
        if (released)
            *released = first - r.seen;
        if (rc || r.rc)
            return error_set(e, rc ? rc : r.rc, "cannot release the loop devices %s*: %s", prefix,
                             strerror(rc ? -rc : -r.rc));
        if (!r.seen) {
            if (released)
                *released = first;
            return 0;
        }
        if (now_ms() >= deadline)
            return error_set(e, -EBUSY,
                             "%u loop devices %s* (%s) are still in use: they go when "
                             "their last user closes them",
                             r.seen, prefix, r.last);
        struct timespec pause = { .tv_nsec = POLL_MS * 1000000L };
        nanosleep(&pause, NULL);
    }
}

static void grow_one(const char *mark, const char *device, void *arg)
{
    int *rc = arg, fd = open(device, O_RDONLY | O_CLOEXEC);

    (void)mark;
    if (fd < 0 || ioctl(fd, LOOP_SET_CAPACITY, 0))
        *rc = -errno;
    if (fd >= 0)
        close(fd);
}

int loop_device_grow(const char *mark, struct error *e)
{
    int grown = 0, rc = loop_device_each(mark, grow_one, &grown);

    rc = rc ? rc : grown;
    return rc ? error_set(e, rc, "the loop device %s* does not take its file's new size: %s", mark,
                          strerror(-rc))
              : 0;
}
