/* SPDX-License-Identifier: MIT */
/*
 * One-shot timers: a binary heap a CPU, each under its own lock (irq-safe, a leaf). The earliest
 * expiry is programmed into the CPU's APIC timer; handlers run from SOFTIRQ_TIMER without locks.
 * A timer belongs to one CPU; its cpu field changes only with the locks of both heaps held.
 */
#include <asm/current.h>
#include <hv/arch.h>
#include <hv/page_alloc.h>
#include <hv/percpu.h>
#include <hv/printk.h>
#include <hv/softirq.h>
#include <hv/spinlock.h>
#include <hv/time.h>
#include <hv/timer.h>

enum { IDLE, ARMED, KILLED };

struct timer_queue {
    spinlock_t lock;
    struct timer **heap;     /* 1-based */
    u32 count, limit;
    struct timer *running;
};
static DEFINE_PER_CPU(struct timer_queue, queue);

static void place(struct timer_queue *q, u32 i, struct timer *t)
{
    q->heap[i] = t;
    t->heap_index = i;
}

static void sift_up(struct timer_queue *q, u32 i, struct timer *t)
{
    for (; i > 1 && q->heap[i / 2]->expires_ns > t->expires_ns; i /= 2)
        place(q, i, q->heap[i / 2]);
    place(q, i, t);
}

static void sift_down(struct timer_queue *q, u32 i, struct timer *t)
{
    for (;;) {
        u32 child = i * 2;

        if (child > q->count)
            break;
        if (child < q->count && q->heap[child + 1]->expires_ns < q->heap[child]->expires_ns)
            child++;
        if (q->heap[child]->expires_ns >= t->expires_ns)
            break;
        place(q, i, q->heap[child]);
        i = child;
    }
    place(q, i, t);
}

/* Only grows: the number of timers follows that of vCPUs. */
static bool grow(struct timer_queue *q)
{
    u32 want = q->limit ? q->limit * 2 : 64;
    struct timer **heap = hv_zalloc_array(want + 1, sizeof(*heap));

    if (!heap)
        return false;
    if (q->heap) {
        memcpy(heap, q->heap, (q->limit + 1) * sizeof(*heap));
        hv_free(q->heap);
    }
    q->heap = heap;
    q->limit = want;
    return true;
}

static void remove(struct timer_queue *q, struct timer *t)
{
    u32 i = t->heap_index;
    struct timer *last = q->heap[q->count--];

    t->heap_index = 0;
    t->state = IDLE;
    if (last == t)
        return;
    if (i > 1 && q->heap[i / 2]->expires_ns > last->expires_ns)
        sift_up(q, i, last);
    else
        sift_down(q, i, last);
}

/* True when the new timer is the earliest of its CPU. */
static bool insert(struct timer_queue *q, struct timer *t)
{
    if (q->count == q->limit && !grow(q))
        panic("No memory for a timer\n"); /* a few hundred bytes at boot or domain creation */
    t->state = ARMED;
    sift_up(q, ++q->count, t);
    return t->heap_index == 1;
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
    while (q->count && q->heap[1]->expires_ns <= now) {
        struct timer *t = q->heap[1];
        void (*handler)(void *) = t->handler;
        void *data = t->data;

        remove(q, t);
        q->running = t;
        spin_unlock_irq(&q->lock);
        handler(data);
        spin_lock_irq(&q->lock);
        q->running = NULL;
    }
    next = q->count ? q->heap[1]->expires_ns : 0;
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
    struct timer_queue *q = &per_cpu(queue, cpu);

    spin_lock_init(&q->lock);
    if (!q->heap && !grow(q))
        panic("No memory for the timers of CPU %u\n", cpu);
}
