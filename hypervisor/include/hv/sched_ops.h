/* SPDX-License-Identifier: MIT */
/*
 * What a scheduler is to sched_core.c. Every call comes with the run-queue lock of the vCPU's
 * processor held, interrupts off. A vCPU is on the queue only while runnable and not running.
 */
#ifndef HV_SCHED_OPS_H
#define HV_SCHED_OPS_H

#include <hv/domain.h>
#include <hv/sched.h>

struct sched_unit {
    struct vcpu *vcpu;
    struct list_head queue; /* on a run queue or the parked list when not empty */
    s64 credit;             /* ns, weighted; burns while running */
    s_time_t start;         /* when it last began to burn */
    s64 budget;             /* ns left in this cap period; only when the domain has a cap */
    s_time_t renewed;       /* when that period began */
    bool parked;            /* out of budget until the period ends */
};

struct scheduler {
    const char *name; /* as in sched= */
    int id;           /* XEN_SCHEDULER_* */
    void (*cpu_init)(unsigned int cpu);
    int (*unit_init)(struct vcpu *v);
    void (*unit_destroy)(struct vcpu *v);
    void (*enqueue)(struct vcpu *v, s_time_t now); /* became runnable, or was switched out so */
    void (*dequeue)(struct vcpu *v);
    /** Best CPU for v within its affinity; current processor is v->processor. No lock held. */
    unsigned int (*pick_cpu)(const struct vcpu *v);
    /** Should the CPU's current vCPU yield to v, just enqueued there? */
    bool (*preempts)(const struct vcpu *v, const struct vcpu *running, s_time_t now);
    /** Account prev's time and take the next vCPU off this CPU's queue (NULL: idle). *slice_ns 0:
     * none. */
    struct vcpu *(*next)(unsigned int cpu, struct vcpu *prev, bool prev_runnable, bool yielded,
                         s_time_t now, s_time_t *slice_ns);
    /** The queue is empty: a vCPU waiting elsewhere that may run here; caller moves it. No lock
     * held. */
    struct vcpu *(*steal_candidate)(unsigned int cpu);
    long (*adjust_domain)(struct domain *d, struct xen_domctl_scheduler_op *op);
    long (*adjust_global)(struct xen_sysctl_scheduler_op *op);
};
extern const struct scheduler sched_credit2;

spinlock_t *sched_lock_of(unsigned int cpu);
struct vcpu *sched_current_of(unsigned int cpu);

#endif
