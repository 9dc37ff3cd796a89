/* SPDX-License-Identifier: MIT */
/*
 * Deferred freeing. A structure that was reachable without a reference (domain table, scheduler)
 * is freed only after every online CPU has run SOFTIRQ_QUIESCENT, i.e. has left what it was doing
 * when the structure was unlinked. Batches: calls made during a round wait for the next one.
 * quiescent_lock is a leaf.
 */
#include <asm/current.h>
#include <hv/domain.h>
#include <hv/irq.h>
#include <hv/softirq.h>

static DEFINE_SPINLOCK_AT(quiescent_lock, ORDER_LEAF);
static LIST_HEAD(waiting);      /* for the next round */
static LIST_HEAD(in_round);
static u64 cpus_to_pass;

static void start_round(void)
{
    cpumask_t mask = cpu_online_map;
    unsigned int cpu;

    while (!list_empty(&waiting)) {
        struct list_head *n = waiting.next;

        list_del(n);
        list_add_tail(n, &in_round);
    }
    cpus_to_pass = mask.bits;
    for_each_cpu_in(cpu, &mask)
        softirq_raise_on(cpu, SOFTIRQ_QUIESCENT);
}

void call_when_quiescent(struct quiescent_call *c, void (*fn)(void *), void *data)
{
    c->fn = fn;
    c->data = data;
    spin_lock(&quiescent_lock);
    list_add_tail(&c->list, &waiting);
    if (list_empty(&in_round))
        start_round();
    spin_unlock(&quiescent_lock);
}

static void pass(void)
{
    LIST_HEAD(done);

    spin_lock(&quiescent_lock);
    cpus_to_pass &= ~BIT(smp_processor_id());
    if (!cpus_to_pass && !list_empty(&in_round)) {
        while (!list_empty(&in_round)) {
            struct list_head *n = in_round.next;

            list_del(n);
            list_add_tail(n, &done);
        }
        if (!list_empty(&waiting))
            start_round();
    }
    spin_unlock(&quiescent_lock);
    while (!list_empty(&done)) {
        struct quiescent_call *c = list_first_entry(&done, struct quiescent_call, list);

        list_del(&c->list);
        c->fn(c->data);
    }
}

void quiescent_init(void)
{
    softirq_register(SOFTIRQ_QUIESCENT, pass);
}
