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

enum disk_format { DISK_RAW, DISK_QCOW2, DISK_QCOW, DISK_VHD, DISK_QED, DISK_FORMAT_COUNT };

struct disk_spec {
    char *target;             /* a path in dom0, or an NBD address: nbd://host:port/export */
    char vdev[DISK_VDEV_MAX]; /* the name the guest gives it: xvda, sda1, hdc */
    uint32_t number;          /* its virtual device number, the last part of its store path */
    enum disk_format format;
    bool read_only;
    bool shared; /* `!`: others may write to it too, and the user answers for it */
    bool cdrom;
    bool no_discard;
    bool require_block; /* phy: the target must be a block device */
};

/* Reads xl's `target,format,vdev,access,key=value,...` with the older prefixes phy:, file:, raw:.
 * 0; -EINVAL with a sentence in err (errs bytes); -ENOMEM likewise. */
int disk_spec_parse(const char *text, struct disk_spec *disk, char *err, size_t errs);

/* xl's name of a format: "raw", "qcow2". */
const char *disk_format_name(enum disk_format format);

/* True if the target is an NBD address and not a path. */
bool disk_is_remote(const struct disk_spec *disk);

/* Writes a line that disk_spec_parse() reads back to the same disk; allocated, NULL if memory is
 * short. */
char *disk_spec_format(const struct disk_spec *disk);

/* Makes a relative path absolute; an NBD address stays. 0 or -ENOMEM. */
int disk_spec_resolve(struct disk_spec *disk, const char *folder);

/* Frees; harmless on a zeroed structure. */
void disk_spec_free(struct disk_spec *disk);

/* The virtual device number of xvdXN, sdXN, hdXN, dNpM or a bare number. -EINVAL: none of these. */
int disk_vdev_number(const char *vdev, uint32_t *number);

#endif
