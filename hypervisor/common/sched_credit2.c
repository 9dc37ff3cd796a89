/* SPDX-License-Identifier: MIT */
/*
 * The default scheduler. Each CPU has a queue ordered by credit; running burns credit, slower the
 * greater the weight; when the best candidate has none left, everybody there gets a refill. A vCPU
 * that slept keeps what it had, so it soon runs when it wakes: latency for those that use little.
 * A cap limits each vCPU to its domain's cap divided by its vCPUs, in every 10 ms period.
 *
 * The parameters mean what Xen's credit2 means by them: weight 1..65535, default 256; cap in
 * percent of one CPU, 0 none; rate limit in us: nobody is preempted before having run so long.
 * Numbers: public domctl.h and sysctl.h.
 */
#include <asm/current.h>
#include <hv/errno.h>
#include <hv/irq.h>
#include <hv/percpu.h>
#include <hv/sched_ops.h>
#include <hv/softirq.h>
#include <hv/time.h>
#include <xen/domctl.h>
#include <xen/sysctl.h>

#define DEFAULT_WEIGHT 256
#define CREDIT_INIT MILLISECS(10)
#define CREDIT_MIN (-MILLISECS(10))
#define SLICE_MAX MILLISECS(10)
#define SLICE_MIN MICROSECS(500)
#define CAP_PERIOD MILLISECS(10)
#define RATELIMIT_MAX_US 500000

static DEFINE_PER_CPU(struct list_head, run_queue);
static DEFINE_PER_CPU(struct list_head, parked_queue);
static DEFINE_PER_CPU(struct timer, cap_timer);
static DEFINE_PER_CPU(u32, queue_length);
static u32 ratelimit_us = 1000;

static u32 weight_of(const struct domain *d)
{
    return d->sched_weight ? d->sched_weight : DEFAULT_WEIGHT;
}

static s64 burnt(const struct vcpu *v, s_time_t now)
{
    s_time_t ran = now - v->sched->start;

    return ran > 0 ? ran * DEFAULT_WEIGHT / weight_of(v->domain) : 0;
}

static s64 cap_share(const struct vcpu *v)
{
    return CAP_PERIOD * v->domain->sched_cap / 100 / (v->domain->max_vcpus ? : 1);
}

/* Budget for the periods that have begun since it was last given; what was overrun is owed. */
static void renew_budget(struct vcpu *v, s_time_t now)
{
    struct sched_unit *u = v->sched;
    s_time_t since = now - u->renewed;

    if (since < CAP_PERIOD)
        return;
    u->budget = MIN(u->budget + cap_share(v) * (since / CAP_PERIOD), cap_share(v));
    u->renewed = now - since % CAP_PERIOD;
}

/* Charge a vCPU that has just stopped running, or goes on. */
static void charge(struct vcpu *v, s_time_t now)
{
    struct sched_unit *u = v->sched;

    u->credit = MAX(u->credit - burnt(v, now), (s64)CREDIT_MIN);
    if (v->domain->sched_cap) {
        u->budget -= now - u->start;
        renew_budget(v, now);
    }
    u->start = now;
}

static void insert_by_credit(struct list_head *head, struct sched_unit *u)
{
    struct sched_unit *other;

    list_for_each_entry(other, head, queue) {
        if (other->credit < u->credit) {
            list_add_tail(&u->queue, &other->queue);
            return;
        }
    }
    list_add_tail(&u->queue, head);
}

static void park(unsigned int cpu, struct vcpu *v)
{
    struct timer *t = &per_cpu(cap_timer, cpu);
    s_time_t period_end = v->sched->renewed + CAP_PERIOD;

    v->sched->parked = true;
    list_add_tail(&v->sched->queue, &per_cpu(parked_queue, cpu));
    if (!timer_is_active(t) || period_end < t->expires_ns)
        timer_set(t, period_end);
}

static void enqueue(struct vcpu *v, s_time_t now)
{
    if (v->domain->sched_cap) {
        renew_budget(v, now);
        if (v->sched->budget <= 0) {
            park(v->processor, v);
            return;
        }
    }
    insert_by_credit(&per_cpu(run_queue, v->processor), v->sched);
    per_cpu(queue_length, v->processor)++;
}

static void dequeue(struct vcpu *v)
{
    if (!v->sched->parked)
        per_cpu(queue_length, v->processor)--;
    v->sched->parked = false;
    list_del(&v->sched->queue);
}

/* Somebody's period is over. Who still has no budget parks again, for the next. */
static void cap_period_over(void *data)
{
    unsigned int cpu = (unsigned int)(unsigned long)data;
    s_time_t now = now_ns();
    unsigned long flags;
    LIST_HEAD(parked);

    spin_lock_irqsave(sched_lock_of(cpu), flags);
    while (!list_empty(&per_cpu(parked_queue, cpu))) {
        struct list_head *n = per_cpu(parked_queue, cpu).next;

        list_del(n);
        list_add_tail(n, &parked);
    }
    while (!list_empty(&parked)) {
        struct sched_unit *u = list_first_entry(&parked, struct sched_unit, queue);

        list_del(&u->queue);
        u->parked = false;
        enqueue(u->vcpu, now);
    }
    spin_unlock_irqrestore(sched_lock_of(cpu), flags);
    softirq_raise_on(cpu, SOFTIRQ_SCHEDULE);
}

static void refill(unsigned int cpu)
{
    struct sched_unit *u;

    list_for_each_entry(u, &per_cpu(run_queue, cpu), queue)
        u->credit = MIN(u->credit + CREDIT_INIT, (s64)CREDIT_INIT);
}

static unsigned int load_of(unsigned int cpu)
{
    return per_cpu(queue_length, cpu) + !sched_current_of(cpu)->is_idle;
}

static unsigned int pick_cpu(const struct vcpu *v)
{
    u64 hard = v->allowed_cpus.bits & cpu_online_map.bits;
    u64 soft = hard & v->soft_affinity.bits;
    cpumask_t allowed = {soft ? soft : hard};
    unsigned int cpu, best = v->processor, best_load = ~0u;

    if (!allowed.bits)
        return v->processor;
    if (cpumask_test(v->processor, &allowed))
        best_load = load_of(v->processor); /* its caches are warm: others must be better */
    for_each_cpu_in(cpu, &allowed) {
        if (load_of(cpu) < best_load) {
            best = cpu;
            best_load = load_of(cpu);
        }
    }
    return best;
}

static bool preempts(const struct vcpu *v, const struct vcpu *running, s_time_t now)
{
    if (now - running->sched->start < MICROSECS(ratelimit_us))
        return false;
    return v->sched->credit > running->sched->credit - burnt(running, now);
}

static bool should_continue(unsigned int cpu, struct vcpu *prev, bool yielded, s_time_t now)
{
    struct list_head *q = &per_cpu(run_queue, cpu);

    if (!cpumask_test(cpu, &prev->allowed_cpus))
        return false;
    if (prev->domain->sched_cap && prev->sched->budget <= 0)
        return false;
    if (list_empty(q))
        return true;
    if (yielded)
        return false;
    (void)now;
    return prev->sched->credit >= list_first_entry(q, struct sched_unit, queue)->credit &&
           prev->sched->credit > 0;
}

static s_time_t slice_for(unsigned int cpu, const struct vcpu *v)
{
    s_time_t slice = SLICE_MAX;

    if (v->domain->sched_cap)
        slice = MIN(slice, v->sched->budget);
    else if (list_empty(&per_cpu(run_queue, cpu)))
        return 0; /* alone: runs until it blocks or somebody wakes */
    slice = MIN(slice, v->sched->credit);
    return MAX(slice, (s_time_t)SLICE_MIN);
}

static struct vcpu *next(unsigned int cpu, struct vcpu *prev, bool prev_runnable, bool yielded,
                         s_time_t now, s_time_t *slice_ns)
{
    struct list_head *q = &per_cpu(run_queue, cpu);
    struct sched_unit *u;

    if (!prev->is_idle)
        charge(prev, now);
    if (prev_runnable && should_continue(cpu, prev, yielded, now)) {
        if (prev->sched->credit <= 0)
            prev->sched->credit += CREDIT_INIT;
        *slice_ns = slice_for(cpu, prev);
        return prev;
    }
    if (list_empty(q))
        return NULL;
    u = list_first_entry(q, struct sched_unit, queue);
    if (u->credit <= 0) {
        refill(cpu);
        if (prev_runnable)
            prev->sched->credit = MIN(prev->sched->credit + CREDIT_INIT, (s64)CREDIT_INIT);
    }
    dequeue(u->vcpu);
    u->start = now;
    *slice_ns = slice_for(cpu, u->vcpu);
    return u->vcpu;
}

static struct vcpu *steal_candidate(unsigned int cpu)
{
    unsigned int other;
    struct vcpu *found = NULL;

    for_each_cpu_in(other, &cpu_online_map) {
        struct sched_unit *u;
        unsigned long flags;

        if (other == cpu || !READ_ONCE(per_cpu(queue_length, other)))
            continue;
        spin_lock_irqsave(sched_lock_of(other), flags);
        list_for_each_entry(u, &per_cpu(run_queue, other), queue) {
            /* Referenced by its domain until this lock can be taken: the caller checks again. */
            if (cpumask_test(cpu, &u->vcpu->allowed_cpus) && !u->vcpu->is_running) {
                found = u->vcpu;
                break;
            }
        }
        spin_unlock_irqrestore(sched_lock_of(other), flags);
        if (found)
            break;
    }
    return found;
}

static void cpu_init(unsigned int cpu)
{
    list_init(&per_cpu(run_queue, cpu));
    list_init(&per_cpu(parked_queue, cpu));
    timer_init(&per_cpu(cap_timer, cpu), cap_period_over, (void *)(unsigned long)cpu, cpu);
}

static int unit_init(struct vcpu *v)
{
    v->sched->credit = CREDIT_INIT;
    v->sched->budget = v->domain->sched_cap ? cap_share(v) : 0;
    return 0;
}

static void unit_destroy(struct vcpu *v)
{
    unsigned long flags;

    spin_lock_irqsave(sched_lock_of(v->processor), flags);
    if (!list_empty(&v->sched->queue))
        dequeue(v);
    spin_unlock_irqrestore(sched_lock_of(v->processor), flags);
}

static long adjust_domain(struct domain *d, struct xen_domctl_scheduler_op *op)
{
    switch (op->cmd) {
    case XEN_DOMCTL_SCHEDOP_getinfo:
        op->u.credit2.weight = (u16)weight_of(d);
        op->u.credit2.cap = d->sched_cap;
        return 0;
    case XEN_DOMCTL_SCHEDOP_putinfo:
        if (op->u.credit2.weight)
            d->sched_weight = op->u.credit2.weight;
        if (op->u.credit2.cap != (u16)~0U)
            d->sched_cap = op->u.credit2.cap;
        return 0;
    default:
        return -EINVAL;
    }
}

static long adjust_global(struct xen_sysctl_scheduler_op *op)
{
    struct xen_sysctl_credit2_schedule *p = &op->u.sched_credit2;

    if (op->cmd == XEN_SYSCTL_SCHEDOP_putinfo) {
        if (p->ratelimit_us > RATELIMIT_MAX_US || (p->ratelimit_us && p->ratelimit_us < 100))
            return -EINVAL;
        ratelimit_us = p->ratelimit_us;
    } else if (op->cmd != XEN_SYSCTL_SCHEDOP_getinfo) {
        return -EINVAL;
    }
    p->ratelimit_us = ratelimit_us;
    return 0;
}

const struct scheduler sched_credit2 = {
    .name = "credit2",
    .id = XEN_SCHEDULER_CREDIT2,
    .cpu_init = cpu_init,
    .unit_init = unit_init,
    .unit_destroy = unit_destroy,
    .enqueue = enqueue,
    .dequeue = dequeue,
    .pick_cpu = pick_cpu,
    .preempts = preempts,
    .next = next,
    .steal_candidate = steal_candidate,
    .adjust_domain = adjust_domain,
    .adjust_global = adjust_global,
};
