/* SPDX-License-Identifier: MIT */
/*
 * A running domain's devices: its file says which there should be, the store which there are.
 *
 * The file is written before a device is published, and before one is asked to close. So whatever
 * was interrupted, the file says how it should end.
 */
#ifndef DOMUSD_DEVICE_SETTLE_H
#define DOMUSD_DEVICE_SETTLE_H

#include "config/config.h"
#include "device/device.h"
#include "daemon/worker/state.h"
#include "daemon/worker/worker.h"

/* A disk or card by its description, with the name that messages give it. */
void device_of_disk(struct device *dev, domid_t domid, const struct disk_spec *disk);
void device_of_vif(struct device *dev, domid_t domid, const struct vif_spec *vif);

/* Finishes what was interrupted: what is closed and not in the file is removed, what is not in the
 * file and not closed is asked to close, a card in the file is brought into its bridge, what is in
 * the file but was never published is taken out of it. Changes *cfg and the state directory. */
int device_settle(struct worker *w, const struct domain_state *state, struct domain_config *cfg);

#endif
