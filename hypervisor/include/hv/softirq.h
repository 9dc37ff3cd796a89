/* SPDX-License-Identifier: MIT */
/* Deferred work, run before returning to a guest and in the idle loop (common/softirq.c). */
#ifndef HV_SOFTIRQ_H
#define HV_SOFTIRQ_H

#include <hv/lib.h>
#include <hv/percpu.h>

enum softirq {
    SOFTIRQ_TIMER,
    SOFTIRQ_SCHEDULE,      /* may not return: see sched.h */
    SOFTIRQ_QUIESCENT,     /* domain teardown: this CPU passes a quiescent point */
    SOFTIRQ_CONSOLE,
    SOFTIRQ_NMI,           /* deferred consequences of an NMI / #MC */
    SOFTIRQ_CRASH,         /* domain_crash_soon() */
    NR_SOFTIRQS
};

void softirq_register(enum softirq nr, void (*handler)(void));
/** Mark on this CPU / another (sends an IPI when it is not already pending there). Any context. */
void softirq_raise(enum softirq nr);
void softirq_raise_on(unsigned int cpu, enum softirq nr);
bool softirq_pending(unsigned int cpu);
/** What softirq_pending() looks at, for the exit path. */
DECLARE_PER_CPU(u64, softirq_bits);
/** Run what is pending. Interrupts must be on, no lock held. SCHEDULE may switch away. */
void softirq_run(void);
/** As softirq_run but never schedules: for long loops at boot and teardown. */
void softirq_run_pending_only(void);

#endif
