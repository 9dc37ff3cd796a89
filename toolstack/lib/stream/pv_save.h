/* SPDX-License-Identifier: MIT */
/*
 * Writing a suspended PV domain as a stream: libxl's with libxc's inside.
 *
 * The domain is not changed. Its memory is read through foreign mappings, its p2m once; what a
 * guest says about itself is checked before it is followed.
 */
#ifndef TOOLSTACK_PV_SAVE_H
#define TOOLSTACK_PV_SAVE_H

#include "control.h"
#include "stream_io.h"

/* Writes libxl's header to its END. The guest must have suspended itself. */
int pv_save(struct control *ctl, domid_t domid, struct stream_out *out, struct error *e);

#endif
