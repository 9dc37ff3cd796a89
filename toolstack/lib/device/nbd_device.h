/* SPDX-License-Identifier: MIT */
/*
 * NBD devices: images that are not raw, and disks on other hosts, as block devices for the backend.
 * QEMU's qemu-nbd reads them.
 *
 * Each image has a qemu-nbd of its own, which outlives domusd. It carries a mark on its command
 * line that says for whom it was started, so that nothing else needs to remember it.
 */
#ifndef DOMUS_NBD_DEVICE_H
#define DOMUS_NBD_DEVICE_H

#include <stdbool.h>

#include "error.h"
#include "loop_device.h"

/* Has qemu-nbd connect an image (a path or an NBD address) of this format to a free device, whose
 * path `device` gets. Fails with a sentence in *e and nothing left behind. */
int nbd_device_attach(const char *image, const char *format, bool read_only, const char *mark,
                      char device[LOOP_PATH_MAX], struct error *e);

/* Disconnects every device whose mark begins with `prefix`, and waits up to timeout_ms until each
 * qemu-nbd has written what it has and ended. -EBUSY with a sentence: some have not. */
int nbd_device_release(const char *prefix, unsigned int timeout_ms, struct error *e);

/* Calls found(mark, device, arg) for each qemu-nbd whose mark begins with `prefix`. 0 or -errno. */
int nbd_device_each(const char *prefix,
                    void (*found)(const char *mark, const char *device, void *arg), void *arg);

#endif
