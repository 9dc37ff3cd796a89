/* SPDX-License-Identifier: MIT */
/*
 * The scheduler-independent half: run states, wake and sleep, the switch itself, affinity.
 * A vCPU's state is guarded by the run-queue lock of v->processor (irq-safe); v->processor changes
 * only with the old and the new lock held and only while v neither runs nor is queued.
 */
#include <asm/current.h>
#include <hv/arch.h>
#include <hv/cpupool.h>
#include <hv/errno.h>
#include <hv/event_channel.h>
#include <hv/guest_access.h>
#include <hv/irq.h>
#include <hv/page_alloc.h>
#include <hv/params.h>
#include <hv/printk.h>
#include <hv/sched.h>
#include <hv/sched_ops.h>
#include <hv/softirq.h>
#include <hv/time.h>
#include <xen/domctl.h>

#define FIRST_SLICE MILLISECS(1) /* of a vCPU that is no longer alone on its CPU */

struct cpu_queue {
    spinlock_t lock;
    struct vcpu *curr;
    struct timer slice_timer;
    bool yielded;
};
static DEFINE_PER_CPU(struct cpu_queue, cpu_queue) = { .lock = SPIN_LOCK_AT(ORDER_RUN_QUEUE) };
static const struct scheduler *const ops = &sched_credit2;

struct vcpu *idle_vcpu[MAX_CPUS];

spinlock_t *sched_lock_of(unsigned int cpu) { return &per_cpu(cpu_queue, cpu).lock; }
struct vcpu *sched_current_of(unsigned int cpu) { return per_cpu(cpu_queue, cpu).curr; }

static spinlock_t *lock_vcpu(const struct vcpu *v, unsigned long *flags)
{
    for (;;) {
        unsigned int cpu = READ_ONCE(v->processor);
        spinlock_t *lock = sched_lock_of(cpu);

        *flags = spin_lock_save(lock);
        if (likely(v->processor == cpu))
            return lock;
        spin_unlock_restore(lock, *flags);
    }
}

static void runstate_change(struct vcpu *v, int state, s_time_t now)
{
    s_time_t delta = now - (s_time_t)v->runstate.state_entry_time;

    if (v->runstate.state == state)
        return;
    if (delta > 0) {
        v->runstate.time[v->runstate.state] += (u64)delta;
        v->runstate.state_entry_time = (u64)now;
    }
    v->runstate.state = state;
}

static int stopped_state(const struct vcpu *v)
{
    return v->pause_flags & BIT(VPF_BLOCKED) ? RUNSTATE_blocked : RUNSTATE_offline;
}

/* v waits behind another: a CPU that has nothing to do may come and take it. */
static void offer_to_idle(const struct vcpu *v)
{
    cpumask_t allowed = { v->allowed_cpus.bits & cpu_online_map.bits };
    unsigned int cpu;

    smp_mb(); /* queued, then look; a CPU says that it is idle, then looks at the queues */
    for_each_cpu_in(cpu, &allowed) {
        if (sched_current_of(cpu)->is_idle && !softirq_pending(cpu)) {
            softirq_raise_on(cpu, SOFTIRQ_SCHEDULE);
            return;
        }
    }
}

/* v waits for cpu. Who runs there may have been alone so far, without a slice: now it has one. */
static void tickle(unsigned int cpu, const struct vcpu *v, s_time_t now)
{
    struct vcpu *running = sched_current_of(cpu);
    struct timer *slice = &per_cpu(cpu_queue, cpu).slice_timer;

    if (v->sched->parked)
        return;
    if (running->is_idle || ops->preempts(v, running, now)) {
        softirq_raise_on(cpu, SOFTIRQ_SCHEDULE);
        return;
    }
    if (!timer_is_active(slice))
        timer_set(slice, now + FIRST_SLICE);
    offer_to_idle(v);
}

/* v is runnable, neither running nor queued. Lock held. */
static void make_ready(struct vcpu *v, s_time_t now)
{
    runstate_change(v, RUNSTATE_runnable, now);
    ops->enqueue(v, now);
    tickle(v->processor, v, now);
}

/* Move a vCPU that is not running nor queued to another CPU; no lock held on entry. */
static void set_processor(struct vcpu *v, unsigned int cpu)
{
    unsigned long flags;
    unsigned int from;

    for (;;) {
        from = READ_ONCE(v->processor);
        if (from == cpu)
            return;
        flags = irq_save();
        spin_lock_both(sched_lock_of(from), sched_lock_of(cpu));
        if (v->processor == from)
            break;
        spin_unlock_both(sched_lock_of(from), sched_lock_of(cpu));
        irq_restore(flags);
    }
    if (!v->is_running && list_empty(&v->sched->queue))
        v->processor = cpu;
    spin_unlock_both(sched_lock_of(from), sched_lock_of(cpu));
    irq_restore(flags);
}

void vcpu_wake(struct vcpu *v)
{
    unsigned long flags;
    spinlock_t *lock;
    s_time_t now = now_ns();

    if (v->is_idle)
        return;
    if (!READ_ONCE(v->is_running) && vcpu_runnable(v)) {
        unsigned int cpu = ops->pick_cpu(v);

        if (cpu != v->processor)
            set_processor(v, cpu);
    }
    lock = lock_vcpu(v, &flags);
    if (vcpu_runnable(v)) {
        if (!v->is_running && list_empty(&v->sched->queue) && !v->sched->parked)
            make_ready(v, now);
    } else if (v->runstate.state == RUNSTATE_blocked && !(v->pause_flags & BIT(VPF_BLOCKED))) {
        runstate_change(v, RUNSTATE_offline, now);
    }
    spin_unlock_restore(lock, flags);
}

void vcpu_sleep_nosync(struct vcpu *v)
{
    unsigned long flags;
    spinlock_t *lock = lock_vcpu(v, &flags);

    if (!vcpu_runnable(v)) {
        if (sched_current_of(v->processor) == v) {
            softirq_raise_on(v->processor, SOFTIRQ_SCHEDULE);
        } else {
            if (!list_empty(&v->sched->queue))
                ops->dequeue(v);
            if (v->runstate.state == RUNSTATE_runnable)
                runstate_change(v, stopped_state(v), now_ns());
        }
    }
    spin_unlock_restore(lock, flags);
}

void vcpu_sleep_sync(struct vcpu *v)
{
    vcpu_sleep_nosync(v);
    while (READ_ONCE(v->is_running) && !vcpu_runnable(v))
        cpu_relax();
    vcpu_sync_state(v);
}

void vcpu_unblock(struct vcpu *v)
{
    if (!test_and_clear_bit(VPF_BLOCKED, &v->pause_flags))
        return;
    if (v->poll_nr) {
        v->poll_nr = 0;
        v->poll_port = 0;
        clear_bit(v->vcpu_id % 64, &v->domain->poll_mask[v->vcpu_id / 64]);
        timer_stop(&v->poll_timer); /* or it would end a later wait */
    }
    vcpu_wake(v);
}

void vcpu_kick(struct vcpu *v)
{
    bool running = READ_ONCE(v->is_running);

    vcpu_unblock(v);
    if (running && v->processor != smp_processor_id())
        smp_send_event_check(v->processor);
}

void vcpu_block_enable_events(void)
{
    struct vcpu *v = current;

    WRITE_ONCE(v->vcpu_info->evtchn_upcall_mask, 0);
    set_bit(VPF_BLOCKED, &v->pause_flags);
    smp_mb(); /* block, then look: the sender marks, then unblocks */
    if (vcpu_events_deliverable(v) || READ_ONCE(v->nmi_pending))
        clear_bit(VPF_BLOCKED, &v->pause_flags);
    else
        softirq_raise(SOFTIRQ_SCHEDULE);
}

static bool any_port_pending(struct vcpu *v, const struct sched_poll *poll, evtchn_port_t *one,
                             long *rc)
{
    for (u32 i = 0; i < poll->nr_ports; i++) {
        evtchn_port_t port;

        *rc = copy_from_guest_offset(&port, poll->ports, i, 1);
        if (*rc)
            return true;
        if (!event_port_is_valid(v->domain, port)) {
            *rc = -EINVAL;
            return true;
        }
        if (poll->nr_ports == 1)
            *one = port;
        if (event_port_is_pending(v->domain, port))
            return true;
    }
    return false;
}

long do_sched_op_poll(const struct sched_poll *poll)
{
    struct vcpu *v = current;
    evtchn_port_t one = 0;
    long rc = 0;

    if (poll->nr_ports > 128)
        return -EINVAL;
    /* Announce first, then look at the ports: a sender in between clears VPF_BLOCKED. */
    set_bit(VPF_BLOCKED, &v->pause_flags);
    v->poll_nr = 1;
    v->poll_port = 0;
    set_bit(v->vcpu_id % 64, &v->domain->poll_mask[v->vcpu_id / 64]);
    smp_mb();
    if (vcpu_events_deliverable(v) || READ_ONCE(v->nmi_pending) ||
        any_port_pending(v, poll, &one, &rc)) {
        v->poll_nr = 0;
        clear_bit(v->vcpu_id % 64, &v->domain->poll_mask[v->vcpu_id / 64]);
        clear_bit(VPF_BLOCKED, &v->pause_flags);
        return rc;
    }
    v->poll_port = one;
    if (poll->timeout)
        timer_set(&v->poll_timer, (s_time_t)poll->timeout);
    softirq_raise(SOFTIRQ_SCHEDULE);
    return 0;
}

void vcpu_poll_notify(struct domain *d, evtchn_port_t port)
{
    u32 words = BITS_TO_LONGS(d->max_vcpus);

    for (u32 w = 0; w < words; w++) {
        u64 bits = READ_ONCE(d->poll_mask[w]);

        for (; bits; bits &= bits - 1) {
            struct vcpu *v = d->vcpu[w * 64 + ffs64(bits)];

            if (v && (!v->poll_port || v->poll_port == port))
                vcpu_unblock(v);
        }
    }
}

static void poll_timer_fired(void *data)
{
    vcpu_unblock(data);
}

static void slice_over(void *data)
{
    (void)data;
    softirq_raise(SOFTIRQ_SCHEDULE);
}

/* True: something was found, and perhaps taken by another meanwhile; look again. */
static bool steal(unsigned int cpu)
{
    struct vcpu *v = ops->steal_candidate(cpu);
    unsigned long flags;
    spinlock_t *lock;
    bool mine = false;

    if (!v)
        return false;
    lock = lock_vcpu(v, &flags);
    if (!v->is_running && !list_empty(&v->sched->queue) && cpumask_test(cpu, &v->allowed_cpus)) {
        ops->dequeue(v);
        mine = true;
    }
    spin_unlock_restore(lock, flags);
    if (!mine)
        return true;
    set_processor(v, cpu);
    lock = lock_vcpu(v, &flags);
    if (vcpu_runnable(v) && !v->is_running && list_empty(&v->sched->queue) && !v->sched->parked)
        make_ready(v, now_ns());
    else if (!vcpu_runnable(v) && v->runstate.state == RUNSTATE_runnable)
        runstate_change(v, stopped_state(v), now_ns());
    spin_unlock_restore(lock, flags);
    return true;
}

/*
 * Who yields mostly waits for another vCPU of its domain. If nobody is queued here, whoever waits
 * elsewhere may have this CPU, or the two would wait for a slice of a third to end.
 */
void vcpu_yield(void)
{
    struct cpu_queue *q = &this_cpu(cpu_queue);

    if (nr_cpus > 1 && !timer_is_active(&q->slice_timer))
        (void)steal(smp_processor_id());
    q->yielded = true;
    softirq_raise(SOFTIRQ_SCHEDULE);
}

static void schedule(void)
{
    unsigned int cpu = smp_processor_id();
    struct cpu_queue *q = &this_cpu(cpu_queue);
    struct vcpu *prev = current, *next;
    s_time_t now = now_ns(), slice = 0;
    bool runnable;

    spin_lock_irq(&q->lock);
    runnable = !prev->is_idle && vcpu_runnable(prev);
    next = ops->next(cpu, prev, runnable, q->yielded, now, &slice);
    q->yielded = false;
    if (!next)
        next = idle_vcpu[cpu];
    q->curr = next;
    /* Before the lock is free: from then on, who queues up sets the timer if it is not. */
    if (slice)
        timer_set(&q->slice_timer, now + slice);
    else
        timer_stop(&q->slice_timer);
    if (next == prev) {
        spin_unlock_irq(&q->lock);
        return;
    }
    runstate_change(prev, runnable ? RUNSTATE_runnable : stopped_state(prev), now);
    runstate_change(next, RUNSTATE_running, now);
    next->is_running = true;
    spin_unlock(&q->lock); /* interrupts stay off until the switch is done */
    if (unlikely(prev->periodic_period_ns))
        vcpu_timers_pause(prev);
    if (unlikely(next->periodic_period_ns))
        vcpu_timers_resume(next);
    context_switch(prev, next);
}

/* Its affinity may have changed while it ran, or a CPU with less to do may take it over. */
static bool stays(const struct vcpu *v)
{
    return cpumask_test(v->processor, &v->allowed_cpus) && ops->pick_cpu(v) == v->processor;
}

void context_saved(struct vcpu *prev)
{
    bool moves = false;
    unsigned long flags;
    spinlock_t *lock;

    if (prev->is_idle) {
        WRITE_ONCE(prev->is_running, false);
        return;
    }
    lock = lock_vcpu(prev, &flags);
    smp_wmb(); /* the saved state is visible before is_running falls */
    WRITE_ONCE(prev->is_running, false);
    if (vcpu_runnable(prev) && list_empty(&prev->sched->queue) && !prev->sched->parked) {
        moves = !stays(prev);
        if (!moves)
            make_ready(prev, now_ns());
    }
    spin_unlock_restore(lock, flags);
    if (moves)
        vcpu_wake(prev);
}

void __noreturn idle_loop(void)
{
    unsigned int cpu = smp_processor_id();

    for (;;) {
        irq_enable();
        softirq_run();
        if (steal(cpu))
            continue;
        page_alloc_scrub_idle();
        irq_disable();
        if (!softirq_pending(cpu))
            arch_cpu_idle();
    }
}

int sched_vcpu_init(struct vcpu *v)
{
    v->sched = zalloc_obj(struct sched_unit);
    if (!v->sched)
        return -ENOMEM;
    v->sched->vcpu = v;
    list_init(&v->sched->queue);
    v->hard_affinity.bits = v->soft_affinity.bits = ~0UL;
    cpupool_refit(v);
    v->runstate.state = v->is_idle ? RUNSTATE_running : RUNSTATE_offline;
    v->runstate.state_entry_time = (u64)now_ns();
    timer_init(&v->poll_timer, poll_timer_fired, v, v->processor);
    if (v->is_idle) {
        struct cpu_queue *q = &per_cpu(cpu_queue, v->processor);

        q->curr = v;
        v->is_running = true;
        idle_vcpu[v->processor] = v;
        timer_init(&q->slice_timer, slice_over, NULL, v->processor);
        ops->cpu_init(v->processor);
        return 0;
    }
    v->processor = ops->pick_cpu(v);
    return ops->unit_init(v);
}

void sched_vcpu_destroy(struct vcpu *v)
{
    if (!v->sched)
        return;
    timer_kill(&v->poll_timer);
    ops->unit_destroy(v);
    hv_free(v->sched);
    v->sched = NULL;
}

void vcpu_runstate_get(const struct vcpu *v, struct vcpu_runstate_info *out)
{
    unsigned long flags;
    spinlock_t *lock = v == current ? NULL : lock_vcpu(v, &flags);
    s_time_t delta;

    *out = v->runstate;
    delta = now_ns() - (s_time_t)out->state_entry_time;
    if (delta > 0)
        out->time[out->state] += (u64)delta;
    if (lock)
        spin_unlock_restore(lock, flags);
}

u64 cpu_idle_time_ns(unsigned int cpu)
{
    struct vcpu_runstate_info info;

    vcpu_runstate_get(idle_vcpu[cpu], &info);
    return info.time[RUNSTATE_running];
}

/* A running or queued vCPU on a forbidden CPU is moved at once: sleep and wake do it. */
static void leave_forbidden_cpu(struct vcpu *v)
{
    if (cpumask_test(v->processor, &v->allowed_cpus))
        return;
    if (v == current) {
        softirq_raise(SOFTIRQ_SCHEDULE);
        return;
    }
    vcpu_pause(v);
    vcpu_unpause(v);
}

int vcpu_set_hard_affinity(struct vcpu *v, const cpumask_t *mask)
{
    int rc = cpupool_restrict(v, mask);

    if (!rc)
        leave_forbidden_cpu(v);
    return rc;
}

void vcpu_refit(struct vcpu *v)
{
    cpupool_refit(v);
    leave_forbidden_cpu(v);
}

int vcpu_set_soft_affinity(struct vcpu *v, const cpumask_t *mask)
{
    if (!cpupool_meets(v, mask))
        return -EINVAL;
    v->soft_affinity = *mask;
    return 0;
}

int sched_id(void) { return ops->id; }
long sched_adjust_domain(struct domain *d, struct xen_domctl_scheduler_op *op)
{
    return ops->adjust_domain(d, op);
}
long sched_adjust_global(struct xen_sysctl_scheduler_op *op) { return ops->adjust_global(op); }

/* sched=credit2; Xen's others are known and not there. */
static int parse_sched(const char *s)
{
    if (strcmp(s, "credit2"))
        printk(LOG_WARN "sched=%s: there is only credit2, which is used\n", s);
    return 0;
}
BOOT_PARAM("sched", parse_sched);

void sched_init(void)
{
    softirq_register(SOFTIRQ_SCHEDULE, schedule);
    printk(LOG_INFO "Scheduler: %s\n", ops->name);
}
