/* SPDX-License-Identifier: MIT */
/*
 * One disk of a domain, as written in its file: xl-disk-configuration(5). Pure: no I/O.
 */
#ifndef TOOLSTACK_DISK_SPEC_H
#define TOOLSTACK_DISK_SPEC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define DISK_VDEV_MAX 24

struct disk_spec {
    char *target;             /* a path in dom0 */
    char vdev[DISK_VDEV_MAX]; /* the name the guest gives it: xvda, sda1, hdc */
    uint32_t number;          /* its virtual device number, the last part of its store path */
    bool read_only;
    bool no_discard;
    bool require_block; /* phy: the target must be a block device */
};

/* Reads xl's `target,format,vdev,access,key=value,...` with the older prefixes phy:, file:, raw:.
 * 0; -EINVAL with a sentence in err (errs bytes); -ENOMEM likewise. */
int disk_spec_parse(const char *text, struct disk_spec *disk, char *err, size_t errs);

/* Writes a line that disk_spec_parse() reads back to the same disk; allocated, NULL if memory is
 * short. */
char *disk_spec_format(const struct disk_spec *disk);

/* Frees; harmless on a zeroed structure. */
void disk_spec_free(struct disk_spec *disk);

/* The virtual device number of xvdXN, sdXN, hdXN, dNpM or a bare number. -EINVAL: none of these. */
int disk_vdev_number(const char *vdev, uint32_t *number);

#endif
