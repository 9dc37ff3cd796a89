/* SPDX-License-Identifier: MIT */
/*
 * CPU pools (common/cpupool.c): each CPU is in one pool or in none, each domain in one pool, whose
 * CPUs are all that its vCPUs run on. Pool 0 has every CPU at first; dom0 never leaves it. All
 * pools use the same scheduler. Numbers and errors are those of the ABI (sysctl cpupool_op).
 *
 * Functions here take cpupool_lock, a leaf; those that move vCPUs wait for them to stop, so they
 * are called without a lock.
 */
#ifndef HV_CPUPOOL_H
#define HV_CPUPOOL_H

#include <hv/domain.h>

#define CPUPOOL_NONE (~0U) /* as an id to create: any; to create a domain in: pool 0 */

/** A domain comes into being in pool `id`. -ESRCH, -ENODEV (a pool without CPUs). */
int cpupool_join(struct domain *d, u32 id);
void cpupool_leave(struct domain *d); /* nothing if it never joined */
u32 cpupool_of(const struct domain *d);

/** *id: the wanted one or CPUPOOL_NONE in, the new one out. -EEXIST, -ENOMEM. */
long cpupool_create(u32 *id);
long cpupool_destroy(u32 id); /* -ENOENT, -EBUSY: has CPUs or domains */
/** The first pool whose id is at least *id. -ENOENT: none. */
long cpupool_next(u32 *id, u64 *cpus, u32 *nr_domains);
bool cpupool_exists(u32 id);
u64 cpupool_free_cpus(void);
/** cpu may be CPUPOOL_NONE: any free one. */
long cpupool_add_cpu(u32 id, u32 cpu);
/** cpu may be CPUPOOL_NONE: the last one. -EBUSY (-EINVAL in pool 0): the only one, and there are
 *  domains. -EADDRNOTAVAIL: not in that pool. */
long cpupool_remove_cpu(u32 id, u32 cpu);
/** d's vCPUs may then run on every CPU of that pool. -ERESTART: another operation on d is under
 *  way. */
long cpupool_move(struct domain *d, u32 id);

/** Set v's hard affinity. -EINVAL: none of these CPUs is online and in its pool. */
int cpupool_restrict(struct vcpu *v, const cpumask_t *hard);
/** v's pool has changed: take its affinity back if no CPU is left of it. */
void cpupool_refit(struct vcpu *v);
/** Whether one of these CPUs is online and in v's pool. */
bool cpupool_meets(const struct vcpu *v, const cpumask_t *mask);

#endif
