/* SPDX-License-Identifier: MIT */
/* The multicall entry in execution on a CPU; between multicall.c and hypercall.c. */
#ifndef HV_MULTICALL_H
#define HV_MULTICALL_H

#include <hv/percpu.h>
#include <xen/xen.h>

/* Valid only while one call runs: nothing is kept here over a preemption. */
struct multicall_state {
    bool active, restarted;
    struct multicall_entry entry;
};
DECLARE_PER_CPU(struct multicall_state, multicall_state);

#endif
