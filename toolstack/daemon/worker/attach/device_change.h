/* SPDX-License-Identifier: MIT */
/* What the jobs that change a running domain's devices have in common. */
#ifndef DOMUSD_DEVICE_CHANGE_H
#define DOMUSD_DEVICE_CHANGE_H

#include "device/disk_attach.h"
#include "daemon/worker/state.h"
#include "daemon/worker/work.h"

/* One change of one domain. */
struct device_change {
    struct worker *w;
    struct work_device_args *args;
    struct domain_state state;
    struct domain_config cfg;
    struct device dev;
    char mark[DISK_MARK_PREFIX_MAX];
    bool paused;
};

/* Reads everything about the domain, and finishes what an earlier job has left. On failure there is
 * nothing to finish. */
int device_change_begin(struct device_change *c);

/* For device_wait(): true once the domain has ended or is to be destroyed. */
int device_change_stop(void *change);

/* The job's result: which device it was. */
void device_change_answer(struct device_change *c);

/* Frees; completes the error, if rc says that there is one, with the domain's name. Returns rc. */
int device_change_finish(struct device_change *c, int rc);

#endif
