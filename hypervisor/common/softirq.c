/* SPDX-License-Identifier: MIT */
/* Deferred work: a word of bits a CPU, handlers run with interrupts on and no lock held. */
#include <asm/current.h>
#include <hv/arch.h>
#include <hv/bitops.h>
#include <hv/irq.h>
#include <hv/percpu.h>
#include <hv/softirq.h>

DEFINE_PER_CPU(u64, softirq_bits);
static void (*handlers[NR_SOFTIRQS])(void);

void softirq_register(enum softirq nr, void (*handler)(void))
{
    handlers[nr] = handler;
}

void softirq_raise(enum softirq nr)
{
    set_bit(nr, &this_cpu(softirq_bits));
}

void softirq_raise_on(unsigned int cpu, enum softirq nr)
{
    if (!test_and_set_bit(nr, &per_cpu(softirq_bits, cpu)) && cpu != smp_processor_id())
        smp_send_event_check(cpu);
}

bool softirq_pending(unsigned int cpu)
{
    return READ_ONCE(per_cpu(softirq_bits, cpu)) != 0;
}

static void run(u64 allowed)
{
    u64 todo;

    while ((todo = READ_ONCE(this_cpu(softirq_bits)) & allowed) != 0) {
        unsigned int nr = ffs64(todo);

        clear_bit(nr, &this_cpu(softirq_bits));
        if (handlers[nr])
            handlers[nr]();
    }
}

void softirq_run(void)
{
    run(~0UL);
}

void softirq_run_pending_only(void)
{
    run(~(BIT(SOFTIRQ_SCHEDULE) | BIT(SOFTIRQ_QUIESCENT)));
}
