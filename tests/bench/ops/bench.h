/* SPDX-License-Identifier: MIT */
/*
 * Single operations, counted by the time-stamp counter.
 *
 * Each bench does its operation @count times and says whether every one of them did what it
 * should; the frame runs it in rounds and prints the smallest cost, less that of an empty loop.
 */
#ifndef BENCH_H
#define BENCH_H

#include <stdbool.h>
#include <stdint.h>

#include <sdk/cpu.h>

struct bench {
    const char *name;
    void (*setup)(void);              /* may be NULL */
    bool (*run)(unsigned int count);  /* false: an operation did not do its work */
    unsigned int count;               /* operations in one round */
    unsigned int parts;               /* what one operation is divided by: entries, pages */
    bool times_itself;                /* run() calls bench_start() and bench_stop() */
};

extern const struct bench bench_calls[], bench_memory[], bench_traps[], bench_vcpus[];

/* A bench that cannot go on: prints why and ends. */
_Noreturn void bench_fail(const char *what, long value);

/* A mark for the plugin that counts (tests/bench/costs.c): a NOP to everybody else. */
#define BENCH_MARK(n) asm volatile("nopl 0x444d5500+%c0(%%rax)" : : "i"(n) : "memory")
enum { MARK_START = 1, MARK_STOP, MARK_REPORT };

extern uint64_t bench_ticks; /* of the run that is under way */

/* What stands between these counts. They may be called several times in one run. */
static inline void bench_start(void)
{
    BENCH_MARK(MARK_START);
    bench_ticks -= rdtsc();
}

static inline void bench_stop(void)
{
    bench_ticks += rdtsc();
    BENCH_MARK(MARK_STOP);
}

#endif
