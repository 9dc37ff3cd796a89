/* SPDX-License-Identifier: MIT */
/* System time from the clock page that the hypervisor keeps for each vCPU. */
#ifndef SDK_TIME_H
#define SDK_TIME_H

#include <stdint.h>

#include <xen/xen.h>

/* Nanoseconds since the hypervisor booted, on this vCPU. */
uint64_t time_now_ns(void);

/* The same, from any clock record. */
uint64_t time_from(const volatile struct vcpu_time_info *time);

/* Spins. */
void time_delay_ns(uint64_t ns);

#endif
