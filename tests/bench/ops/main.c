/* SPDX-License-Identifier: MIT */
/*
 * Runs the tables of benches and prints `BENCH cost operations round name`: the cost of one
 * operation in ticks, how many stand in a round, and which of the ROUNDS was the cheapest. With 0
 * operations there are no rounds.
 */
#include <xen/physdev.h>
#include <xen/vcpu.h>

#include <sdk/console.h>
#include <sdk/cpu.h>
#include <sdk/hypercall.h>
#include <sdk/start.h>

#include "bench.h"

#define EXIT_PORT 0xf4
#define ROUNDS 5

uint64_t bench_ticks;

_Noreturn static void finish(unsigned int code)
{
    printf("DONE\n");
    outl(code, EXIT_PORT);
    guest_shutdown(SHUTDOWN_poweroff);
}

void bench_fail(const char *what, long value)
{
    printf("BENCH-FAIL %s: %ld\n", what, value);
    finish(1);
}

void trap_unexpected(const struct trap_frame *frame)
{
    trap_print(frame);
    bench_fail("unexpected trap", frame->vector);
}

static bool empty(unsigned int count)
{
    for (unsigned int i = 0; i < count; i++)
        barrier();
    return true;
}

/* One round: each reports, so that the plugin's counts can be told apart. */
static uint64_t round_cost(const struct bench *bench)
{
    bool good;

    bench_ticks = 0;
    if (!bench->times_itself)
        bench_start();
    good = bench->run(bench->count);
    if (!bench->times_itself)
        bench_stop();
    BENCH_MARK(MARK_REPORT);
    if (!good)
        bench_fail(bench->name, 0);
    return bench_ticks;
}

static uint64_t empty_cost(unsigned int count)
{
    uint64_t start = rdtsc();

    empty(count);
    return rdtsc() - start;
}

static void bench_table(const struct bench *table)
{
    for (const struct bench *bench = table; bench->name; bench++) {
        uint64_t loop = bench->times_itself ? 0 : empty_cost(bench->count), least = ~0UL;
        unsigned int best = 0;

        if (bench->setup)
            bench->setup();
        /* The smallest of some rounds: the others were disturbed. */
        for (unsigned int i = 0; i < ROUNDS; i++) {
            uint64_t cost = round_cost(bench);

            if (cost < least)
                least = cost, best = i;
        }
        least = (least - loop) * 10 / bench->count / bench->parts;
        printf("BENCH %lu.%lu %u %u %s\n", least / 10, least % 10, bench->count * bench->parts,
               best, bench->name);
    }
}

int main(void)
{
    uint64_t since_reset = rdtsc(); /* the counter starts at 0 with the machine */
    struct physdev_set_iopl iopl = { .iopl = 1 };

    hc_physdev_op(PHYSDEVOP_set_iopl, &iopl);
    hc_vcpu_op(VCPUOP_stop_periodic_timer, 0, NULL);
    printf("BENCH %lu.0 0 0 power-on to dom0's first instructions\n", since_reset);
    bench_table(bench_calls);
    bench_table(bench_memory);
    bench_table(bench_traps);
    bench_table(bench_vcpus);
    finish(0);
}
