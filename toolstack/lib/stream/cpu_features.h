/* SPDX-License-Identifier: MIT */
/*
 * Whether a guest that was started on one machine finds on another what it has seen there. Pure.
 */
#ifndef TOOLSTACK_CPU_FEATURES_H
#define TOOLSTACK_CPU_FEATURES_H

#include <stddef.h>

#include "control.h"

#define CPU_FEATURE_NAME_MAX 64

/* The first feature that the guest's policy has and the host's lacks, by its usual name or its bit.
 * False: there is none. */
bool cpu_feature_missing(const struct cpu_policy *guest, const struct cpu_policy *host,
                         char name[CPU_FEATURE_NAME_MAX]);

#endif
