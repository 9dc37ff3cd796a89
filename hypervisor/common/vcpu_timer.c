/* SPDX-License-Identifier: MIT */
/*
 * VIRQ_TIMER: a single-shot deadline and a periodic tick a vCPU. The tick runs only while the vCPU
 * does (one that fell due meanwhile comes when it runs again); the deadline wakes it.
 * ABI: public vcpu.h; VCPUOP_set_periodic_timer's lower limit of 1 ms.
 */
#include <asm/current.h>
#include <hv/domain.h>
#include <hv/errno.h>
#include <hv/event_channel.h>
#include <hv/sched.h>
#include <hv/time.h>

#define PERIOD_MIN MILLISECS(1)
#define PERIOD_MAX (~0UL >> 2)

static void singleshot_fired(void *data)
{
    send_guest_vcpu_virq(data, VIRQ_TIMER);
}

static void periodic_fired(void *data)
{
    struct vcpu *v = data;
    s_time_t now = now_ns();

    send_guest_vcpu_virq(v, VIRQ_TIMER);
    v->periodic_last_ns = now;
    if (v->periodic_period_ns && READ_ONCE(v->is_running))
        timer_set(&v->periodic_timer, now + v->periodic_period_ns);
}

void vcpu_timers_init(struct vcpu *v)
{
    timer_init(&v->singleshot_timer, singleshot_fired, v, v->processor);
    timer_init(&v->periodic_timer, periodic_fired, v, v->processor);
}

void vcpu_timers_destroy(struct vcpu *v)
{
    timer_kill(&v->singleshot_timer);
    timer_kill(&v->periodic_timer);
}

void vcpu_timers_resume(struct vcpu *v)
{
    if (v->singleshot_timer.cpu != v->processor) {
        timer_migrate(&v->singleshot_timer, v->processor);
        timer_migrate(&v->periodic_timer, v->processor);
        timer_migrate(&v->poll_timer, v->processor);
    }
    if (v->periodic_period_ns)
        timer_set(&v->periodic_timer,
                  MAX(now_ns(), v->periodic_last_ns + v->periodic_period_ns));
}

void vcpu_timers_pause(struct vcpu *v)
{
    if (v->periodic_period_ns)
        timer_stop(&v->periodic_timer);
}

void vcpu_set_singleshot(struct vcpu *v, u64 deadline_ns)
{
    timer_migrate(&v->singleshot_timer, smp_processor_id());
    timer_set(&v->singleshot_timer, (s_time_t)MIN(deadline_ns, (u64)STIME_MAX));
}

int vcpu_set_periodic(struct vcpu *v, u64 period_ns)
{
    if (period_ns && period_ns < (u64)PERIOD_MIN)
        return -EINVAL;
    if (period_ns > PERIOD_MAX)
        return -EINVAL;
    timer_stop(&v->periodic_timer);
    v->periodic_period_ns = (s_time_t)period_ns;
    v->periodic_last_ns = now_ns();
    if (period_ns && READ_ONCE(v->is_running))
        vcpu_timers_resume(v);
    return 0;
}
