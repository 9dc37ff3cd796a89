/* SPDX-License-Identifier: MIT */
/*
 * libdomus, all of it: what the daemon and other privileged programs of dom0 build on.
 */
#ifndef DOMUS_DOMUS_H
#define DOMUS_DOMUS_H

#include "control.h"
#include "error.h"
#include "pv_build.h"
#include "sys/evtchn.h"
#include "sys/foreign_map.h"
#include "sys/gnttab.h"
#include "sys/privcmd.h"

#endif
