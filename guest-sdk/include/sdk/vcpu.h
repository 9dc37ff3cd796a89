/* SPDX-License-Identifier: MIT */
/* Further vCPUs: bringing them up, handing them work. At most VCPU_MAX of them, vCPU 0 included. */
#ifndef SDK_VCPU_H
#define SDK_VCPU_H

#include <stdbool.h>

#include <xen/vcpu.h>
#include <xen/xen.h>

#define VCPU_MAX 8

/* What vcpu_start() hands to VCPUOP_initialise: kernel mode, our traps, callbacks and tables. */
void vcpu_context_fill(vcpu_guest_context_t *context, unsigned int vcpu);

/* Initialises @vcpu and brings it up in a loop that waits for work: 0 or negative errno. */
long vcpu_start(unsigned int vcpu);

/* Lets @vcpu call fn(arg); vcpu_wait() returns when it has. One piece of work at a time. */
void vcpu_call(unsigned int vcpu, void (*fn)(void *arg), void *arg);
void vcpu_wait(unsigned int vcpu);

/* Calls vcpu_call() and vcpu_wait(). */
void vcpu_run(unsigned int vcpu, void (*fn)(void *arg), void *arg);

#endif
