/* SPDX-License-Identifier: MIT */
/*
 * Loop devices: files of dom0 as block devices for the backend.
 *
 * Each device of ours carries a mark, kept by the kernel with the device, that says for whom it
 * was set up. So nothing else needs to remember it: after any crash, the devices of a domain are
 * found and released by the mark alone.
 */
#ifndef DOMUS_LOOP_DEVICE_H
#define DOMUS_LOOP_DEVICE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "error.h"

#define LOOP_MARK_MAX 64 /* with the final NUL: the kernel's LO_NAME_SIZE */
#define LOOP_PATH_MAX 32

/* Sets the file `path` up as a loop device that stays until released; `device` gets its path.
 * Fails with a sentence in *e and nothing left behind. */
int loop_device_attach(const char *path, bool read_only, const char *mark,
                       char device[LOOP_PATH_MAX], struct error *e);

/* Releases every loop device whose mark begins with `prefix`, and waits up to timeout_ms for those
 * that are still open elsewhere. *released, if not NULL, counts them. -EBUSY with a sentence:
 * some are still in use, and go when their last user does. */
int loop_device_release(const char *prefix, unsigned int timeout_ms, unsigned int *released,
                        struct error *e);

/* Has the device with this mark take the size that its file has now. 0 if there is none. */
int loop_device_grow(const char *mark, struct error *e);

/* Calls found(mark, device, arg) for each loop device whose mark begins with `prefix`. 0 or -errno
 * if the devices cannot be listed. */
int loop_device_each(const char *prefix,
                     void (*found)(const char *mark, const char *device, void *arg), void *arg);

#endif
