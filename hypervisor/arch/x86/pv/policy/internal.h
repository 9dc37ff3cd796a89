/* SPDX-License-Identifier: MIT */
/* Between cpu_policy.c and cpu_policy_ops.c. */
#ifndef PV_POLICY_INTERNAL_H
#define PV_POLICY_INTERNAL_H

#include <asm/cpu_policy.h>

/** Take from p what max does not have, and everything that depends on it. */
void cpu_policy_limit(struct cpu_policy *p, const struct cpu_policy *max);

#endif
