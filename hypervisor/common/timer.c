/* SPDX-License-Identifier: MIT */
/*
 * One-shot timers: a skew heap a CPU, each under its own lock (irq-safe, a leaf). The heap's
 * links are in the timers, so arming one never needs memory, in whatever context. The CPU's APIC
 * timer is programmed for the earliest expiry or an earlier time: a timer that moves to later, as
 * most do again and again, leaves it alone. Handlers run from SOFTIRQ_TIMER without locks. A timer
 * belongs to one CPU; its cpu field changes only with the locks of both heaps held.
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
    s_time_t programmed_ns; /* when the APIC timer will fire at the latest; NEVER: it will not */
};
#define NEVER STIME_MAX
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

static void insert(struct timer_queue *q, struct timer *t)
{
    t->state = ARMED;
    q->first = merge(q->first, t);
}

/*
 * With q locked: have its CPU wake up in time for t. Our own APIC timer is programmed here; another
 * CPU does it itself when it has been told to look.
 */
static bool program(struct timer_queue *q, const struct timer *t)
{
    if (t->state != ARMED || t->expires_ns >= q->programmed_ns)
        return false;
    if (t->cpu != smp_processor_id())
        return true;
    q->programmed_ns = t->expires_ns;
    arch_timer_program(t->expires_ns);
    return false;
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
    unsigned int cpu = t->cpu;
    bool tell;

    if (t->state == ARMED)
        remove(q, t);
    t->expires_ns = expires_ns;
    if (t->state != KILLED)
        insert(q, t);
    tell = program(q, t);
    spin_unlock_restore(&q->lock, flags);
    if (tell)
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
    bool tell;

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
        insert(to, t);
    } else {
        t->cpu = cpu;
    }
    tell = program(to, t);
    spin_unlock_both(&from->lock, &to->lock);
    irq_restore(flags);
    if (tell)
        softirq_raise_on(cpu, SOFTIRQ_TIMER);
}

bool timer_is_active(const struct timer *t)
{
    return t->state == ARMED;
}

static void run_expired(void)
{
    struct timer_queue *q = &this_cpu(queue);
    s_time_t now = now_ns();

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
    q->programmed_ns = q->first ? q->first->expires_ns : NEVER;
    arch_timer_program(q->first ? q->first->expires_ns : 0);
    spin_unlock_irq(&q->lock);
}

void timer_subsystem_init(void)
{
    softirq_register(SOFTIRQ_TIMER, run_expired);
    timer_cpu_init(0);
}

void timer_cpu_init(unsigned int cpu)
{
    spin_lock_init(&per_cpu(queue, cpu).lock);
    per_cpu(queue, cpu).programmed_ns = NEVER;
}
