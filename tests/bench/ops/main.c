/* SPDX-License-Identifier: MIT */
/* Runs the tables of benches and prints `BENCH cost name`, cost in tenths of a tick. */
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

uint64_t bench_ticks_get(void)
{
    return bench_ticks;
}

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

static uint64_t round_cost(const struct bench *bench, bool (*run)(unsigned int))
{
    uint64_t start = rdtsc(), ticks;
    bool good = run(bench->count);

    ticks = rdtsc() - start;
    if (!good)
        bench_fail(bench->name, 0);
    if (bench->cost && run == bench->run)
        ticks = bench->cost();
    return ticks;
}

/* The smallest of some rounds: the others were disturbed. */
static uint64_t smallest(const struct bench *bench, bool (*run)(unsigned int))
{
    uint64_t least = ~0UL;

    for (int i = 0; i < ROUNDS; i++) {
        uint64_t cost = round_cost(bench, run);

        least = cost < least ? cost : least;
    }
    return least;
}

static void bench_table(const struct bench *table)
{
    for (const struct bench *bench = table; bench->name; bench++) {
        uint64_t cost, loop = 0;

        if (bench->setup)
            bench->setup();
        cost = smallest(bench, bench->run);
        if (!bench->cost)
            loop = smallest(bench, empty);
        cost = (cost - loop) * 10 / bench->count / bench->parts;
        printf("BENCH %lu.%lu %s\n", cost / 10, cost % 10, bench->name);
    }
}

int main(void)
{
    uint64_t since_reset = rdtsc(); /* the counter starts at 0 with the machine */
    struct physdev_set_iopl iopl = { .iopl = 1 };

    hc_physdev_op(PHYSDEVOP_set_iopl, &iopl);
    hc_vcpu_op(VCPUOP_stop_periodic_timer, 0, NULL);
    printf("BENCH %lu.0 power-on to dom0's first instructions\n", since_reset);
    bench_table(bench_calls);
    bench_table(bench_memory);
    bench_table(bench_traps);
    bench_table(bench_vcpus);
    finish(0);
}
