/* SPDX-License-Identifier: MIT */
/* Attaching a domain's disks: from a path in dom0 to a device that xen-blkback serves. */
#ifndef DOMUS_DISK_ATTACH_H
#define DOMUS_DISK_ATTACH_H

#include "device.h"
#include "config/disk_spec.h"

/* Says whether the disk can be attached: that its target exists, is a file or a block device, can
 * be opened as asked and is not mounted in dom0. Changes nothing. */
int disk_check(const struct disk_spec *disk, struct error *e);

/* Sets the disk up, a file as a loop device whose mark begins with `mark`, and publishes it. The
 * loop device stays if publishing fails: whoever removes the domain releases its marks. */
int disk_attach(struct xs_handle *xs, domid_t domid, const char *mark, const struct disk_spec *disk,
                struct device *dev, struct error *e);

#endif
