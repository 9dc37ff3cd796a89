/* SPDX-License-Identifier: MIT */
/*
 * Who uses a disk image: a writable one must have one user, over all domains and dom0.
 *
 * An image is a file or a block device and not a name: links and loop devices are seen through.
 * What the rules are stands in domus.cfg(5): readers share with readers, a writer shares with
 * nobody, and an access with `!` is not asked.
 */
#ifndef DOMUS_IMAGE_USE_H
#define DOMUS_IMAGE_USE_H

#include <stdbool.h>
#include <stdint.h>

#include <xen/xen.h>
#include <xenstore.h>

#include "config/disk_spec.h"
#include "error.h"

struct image_scan {
    struct xs_handle *xs;
    domid_t domid;    /* the domain that wants the image; DOMID_INVALID if it is not there yet */
    const char *uuid; /* users in another domain with its UUID do not count: it is the same machine,
                       * which moves */
    bool (*is_live)(domid_t domid, void *arg); /* one that has ended cannot write any more */
    void *arg;
};

/* 0; -EBUSY with a sentence that names the other user. */
int image_check(const struct image_scan *scan, const struct disk_spec *disk, struct error *e);

/* True if this domain is another one with the UUID of the scan. */
bool image_is_same_machine(const struct image_scan *scan, domid_t domid);

/* Locks the image against others that check and attach it at the same moment, by flock() on a
 * descriptor that the caller closes when its own use can be seen in the store. -1: it cannot be
 * opened, or is no file; whoever uses it then says so. -EBUSY with a sentence: somebody else holds
 * it and does not let go. */
int image_lock(const struct disk_spec *disk, struct error *e);

#endif
