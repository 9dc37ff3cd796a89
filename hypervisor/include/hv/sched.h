/* SPDX-License-Identifier: MIT */
/*
 * Scheduling (common/sched_core.c) over an ops table (sched_credit2.c, sched_null.c). Each pCPU
 * has a run queue and a lock; a vCPU's lock is that of its processor. Wake, sleep and yield are
 * safe from any context but NMI.
 */
#ifndef HV_SCHED_H
#define HV_SCHED_H

#include <hv/domain.h>

extern struct vcpu *idle_vcpu[MAX_CPUS];

void sched_init(void);
int sched_vcpu_init(struct vcpu *v);      /* chooses a processor; arms nothing */
void sched_vcpu_destroy(struct vcpu *v);
int sched_domain_init(struct domain *d);
void sched_domain_destroy(struct domain *d);

static inline bool vcpu_runnable(const struct vcpu *v)
{
    return !v->pause_flags && !atomic_read(&v->pause_count) &&
           !atomic_read(&v->domain->pause_count);
}

/** Re-evaluate: put on a run queue if runnable / take off if not. */
void vcpu_wake(struct vcpu *v);
void vcpu_sleep_nosync(struct vcpu *v);
void vcpu_sleep_sync(struct vcpu *v);     /* waits until it is off its CPU with state saved */
/** An event may have come: clear VPF_BLOCKED/POLLING and wake. */
void vcpu_unblock(struct vcpu *v);
/** SCHEDOP_block semantics for current: unmask upcalls, block unless an event is pending. */
void vcpu_block_enable_events(void);
long do_sched_op_poll(const struct sched_poll *poll);
/** A port of d became pending: unblock the vCPUs that poll for it (or for several). */
void vcpu_poll_notify(struct domain *d, evtchn_port_t port);
void vcpu_yield(void);
/** Make v, if running on another CPU, look at its events now (IPI). */
void vcpu_kick(struct vcpu *v);
/** Current vCPU's runstate including the time since the last change. */
void vcpu_runstate_get(const struct vcpu *v, struct vcpu_runstate_info *out);
u64 cpu_idle_time_ns(unsigned int cpu);

int vcpu_set_hard_affinity(struct vcpu *v, const cpumask_t *mask); /* -EINVAL: no CPU of its pool */
int vcpu_set_soft_affinity(struct vcpu *v, const cpumask_t *mask);
/** v's pool has changed: leave a CPU that is not in it. */
void vcpu_refit(struct vcpu *v);
int sched_id(void);                       /* XEN_SCHEDULER_* */
struct xen_domctl_scheduler_op;
struct xen_sysctl_scheduler_op;
long sched_adjust_domain(struct domain *d, struct xen_domctl_scheduler_op *op);
long sched_adjust_global(struct xen_sysctl_scheduler_op *op);

void __noreturn idle_loop(void);

/* Contract with the arch: switch this CPU from prev to next. Does not return to the caller's frame
 * when the vCPU changes: it ends in return_to_guest or idle_loop on a fresh stack. */
void context_switch(struct vcpu *prev, struct vcpu *next);
/* Called by context_switch once prev's state is saved, so that others may run it. */
void context_saved(struct vcpu *prev);
/** Force a lazily kept state of v (FPU, roots, segments) into its structure. */
void vcpu_sync_state(struct vcpu *v);

#endif
