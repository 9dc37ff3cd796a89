/* SPDX-License-Identifier: MIT */
/* One-shot timers on a CPU's heap (common/timer.c); handlers run in softirq context, no locks held.
 */
#ifndef HV_TIMER_H
#define HV_TIMER_H

#include <hv/types.h>

struct timer {
    s_time_t expires_ns;
    void (*handler)(void *);
    void *data;
    unsigned int cpu;
    struct timer *parent, *left, *right; /* in the heap */
    u8 state;                            /* common/timer.c */
};

void timer_subsystem_init(void);
void timer_cpu_init(unsigned int cpu);
void timer_init(struct timer *t, void (*handler)(void *), void *data, unsigned int cpu);
/** Arm (or re-arm) at an absolute system time; a time in the past fires at once. Any context but
 * NMI. */
void timer_set(struct timer *t, s_time_t expires_ns);
/** Disarm; the handler may still be running on another CPU on return. */
void timer_stop(struct timer *t);
/** Disarm for good and wait until the handler has finished. Not from the handler itself. */
void timer_kill(struct timer *t);
/** Move to another CPU, keeping the expiry. */
void timer_migrate(struct timer *t, unsigned int cpu);
bool timer_is_active(const struct timer *t);

#endif
