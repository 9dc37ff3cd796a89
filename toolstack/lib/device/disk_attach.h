/* SPDX-License-Identifier: MIT */
/* Attaching a domain's disks: from a path in dom0, or an NBD address, to a device that xen-blkback
 * serves. Raw files become loop devices, other formats and addresses NBD devices. */
#ifndef DOMUS_DISK_ATTACH_H
#define DOMUS_DISK_ATTACH_H

#include "device.h"
#include "image_use.h"
#include "loop_device.h"
#include "config/disk_spec.h"

/* Says whether the disk can be attached: that its target exists, is a file or a block device, can
 * be opened as asked, is not mounted in dom0 and not used by others. Changes nothing. */
int disk_check(const struct image_scan *scan, const struct disk_spec *disk, struct error *e);

/* Sets the disk up, behind a device whose mark begins with `mark`, and publishes it. That device
 * stays if publishing fails: disk_release(), or whoever removes the domain, releases it. */
int disk_attach(const struct image_scan *scan, domid_t domid, const char *mark,
                const struct disk_spec *disk, struct device *dev, struct error *e);

/* Grows a raw image in a file to `bytes` (0: takes the size that the image or device has now), and
 * has the loop device of this mark follow. *now: the size that the backend will see. */
int disk_resize(const char *mark, const struct disk_spec *disk, uint64_t bytes, uint64_t *now,
                struct error *e);

/* Before the device goes: has the script that another toolstack set it up with undo that. Ours need
 * none. */
int disk_unplug(struct xs_handle *xs, const struct device *dev, struct error *e);

#define DISK_MARK_PREFIX_MAX 48

/* How the marks of a domain's disks begin. */
void disk_mark_prefix(const char *uuid, char prefix[DISK_MARK_PREFIX_MAX]);

/* The whole mark of one disk: it ends so that no other disk's mark begins with it. */
void disk_mark(const char *prefix, uint32_t number, char mark[LOOP_MARK_MAX]);

/* Releases what stands behind disks that are not attached any more: all whose marks begin with
 * `prefix`. -EBUSY with a sentence if some are still in use after timeout_ms. */
int disk_release_all(const char *prefix, unsigned int timeout_ms, struct error *e);

/* The same for one. */
int disk_release(const char *prefix, uint32_t number, unsigned int timeout_ms, struct error *e);

/* Calls found() for each device whose mark begins with `prefix`. */
void disk_backing_each(const char *prefix,
                       void (*found)(const char *mark, const char *device, void *arg), void *arg);

#endif
