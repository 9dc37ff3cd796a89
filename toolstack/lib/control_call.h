/* SPDX-License-Identifier: MIT */
/*
 * The two calls that most control operations are made of; private to libdomus.
 */
#ifndef DOMUS_CONTROL_CALL_H
#define DOMUS_CONTROL_CALL_H

#include "control.h"

/* Makes a domctl or sysctl; the interface version is filled in. Results are in the structure. */
int do_domctl(struct control *ctl, struct xen_domctl *op);
int do_sysctl(struct control *ctl, struct xen_sysctl *op);

#endif
