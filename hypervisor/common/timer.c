/* SPDX-License-Identifier: MIT */
/*
 * One-shot timers: a skew heap a CPU, each under its own lock (irq-safe, a leaf). The heap's links
 * are in the timers, so arming one never needs memory, in whatever context. The earliest
 * expiry is programmed into the CPU's APIC timer; handlers run from SOFTIRQ_TIMER without locks.
 * A timer belongs to one CPU; its cpu field changes only with the locks of both heaps held.
 */
#include <asm/current.h>
#include <hv/arch.h>
#include <hv/percpu.h>
#include <hv/softirq.h>
#include <hv/spinlock.h>
#include <hv/time.h>
#include <hv/timer.h>

enum { IDLE, ARMED, KILLED };

struct timer_queue {
    spinlock_t lock;
    struct timer *first; /* root of the heap */
    struct timer *running;
};
static DEFINE_PER_CPU(struct timer_queue, queue) = { .lock = SPIN_LOCK_AT(ORDER_TIMERS) };

/* One heap of two: along the path the children change sides, which keeps paths short on average. */
static struct timer *merge(struct timer *a, struct timer *b)
{
    struct timer *root = NULL, *parent = NULL, **link = &root;

    while (a && b) {
        struct timer *rest;

        if (b->expires_ns < a->expires_ns) {
            rest = a;
            a = b;
            b = rest;
        }
        *link = a;
        a->parent = parent;
        parent = a;
        link = &a->left;
        rest = a->right;
        a->right = a->left;
        a = rest;
    }
    if (!a)
        a = b;
    *link = a;
    if (a)
        a->parent = parent;
    return root;
}

static void remove(struct timer_queue *q, struct timer *t)
{
    struct timer *parent = t->parent, *rest = merge(t->left, t->right);

    if (rest)
        rest->parent = parent;
    if (!parent)
        q->first = rest;
    else if (parent->left == t)
        parent->left = rest;
    else
        parent->right = rest;
    t->parent = t->left = t->right = NULL;
    t->state = IDLE;
}

/* True when the new timer is the earliest of its CPU. */
static bool insert(struct timer_queue *q, struct timer *t)
{
    t->state = ARMED;
    q->first = merge(q->first, t);
    return q->first == t;
}

/* The timer's queue, locked; its CPU may change until the lock is held. */
static struct timer_queue *lock_queue(struct timer *t, unsigned long *flags)
{
    for (;;) {
        unsigned int cpu = READ_ONCE(t->cpu);
        struct timer_queue *q = &per_cpu(queue, cpu);

        *flags = spin_lock_save(&q->lock);
        if (likely(t->cpu == cpu))
            return q;
        spin_unlock_restore(&q->lock, *flags);
    }
}

void timer_init(struct timer *t, void (*handler)(void *), void *data, unsigned int cpu)
{
    *t = (struct timer){.handler = handler, .data = data, .cpu = cpu, .state = IDLE};
}

void timer_set(struct timer *t, s_time_t expires_ns)
{
    unsigned long flags;
    struct timer_queue *q = lock_queue(t, &flags);
    bool earliest = false;
    unsigned int cpu = t->cpu;

    if (t->state == ARMED)
        remove(q, t);
    t->expires_ns = expires_ns;
    if (t->state != KILLED)
        earliest = insert(q, t);
    spin_unlock_restore(&q->lock, flags);
    if (earliest)
        softirq_raise_on(cpu, SOFTIRQ_TIMER);
}

void timer_stop(struct timer *t)
{
    unsigned long flags;
    struct timer_queue *q;

    if (!t->handler)
        return;
    q = lock_queue(t, &flags);
    if (t->state == ARMED)
        remove(q, t);
    spin_unlock_restore(&q->lock, flags);
}

void timer_kill(struct timer *t)
{
    unsigned long flags;
    struct timer_queue *q;

    if (!t->handler)
        return;
    q = lock_queue(t, &flags);
    if (t->state == ARMED)
        remove(q, t);
    t->state = KILLED;
    spin_unlock_restore(&q->lock, flags);
    while (READ_ONCE(q->running) == t)
        cpu_relax();
}

void timer_migrate(struct timer *t, unsigned int cpu)
{
    struct timer_queue *from, *to = &per_cpu(queue, cpu);
    unsigned long flags;
    bool earliest = false;

    for (;;) {
        from = &per_cpu(queue, READ_ONCE(t->cpu));
        if (from == to)
            return;
        flags = irq_save();
        spin_lock_both(&from->lock, &to->lock);
        if (&per_cpu(queue, t->cpu) == from)
            break;
        spin_unlock_both(&from->lock, &to->lock);
        irq_restore(flags);
    }
    if (t->state == ARMED) {
        remove(from, t);
        t->cpu = cpu;
        earliest = insert(to, t);
    } else {
        t->cpu = cpu;
    }
    spin_unlock_both(&from->lock, &to->lock);
    irq_restore(flags);
    if (earliest)
        softirq_raise_on(cpu, SOFTIRQ_TIMER);
}

bool timer_is_active(const struct timer *t)
{
    return t->state == ARMED;
}

static void run_expired(void)
{
    struct timer_queue *q = &this_cpu(queue);
    s_time_t now = now_ns(), next;

    spin_lock_irq(&q->lock);
    while (q->first && q->first->expires_ns <= now) {
        struct timer *t = q->first;
        void (*handler)(void *) = t->handler;
        void *data = t->data;

        remove(q, t);
        q->running = t;
        spin_unlock_irq(&q->lock);
        handler(data);
        spin_lock_irq(&q->lock);
        q->running = NULL;
    }
    next = q->first ? q->first->expires_ns : 0;
    spin_unlock_irq(&q->lock);
    arch_timer_program(next, now);
}

void timer_subsystem_init(void)
{
    softirq_register(SOFTIRQ_TIMER, run_expired);
    timer_cpu_init(0);
}

void timer_cpu_init(unsigned int cpu)
{
    spin_lock_init(&per_cpu(queue, cpu).lock);
}
