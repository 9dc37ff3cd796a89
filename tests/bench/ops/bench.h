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

struct bench {
    const char *name;
    void (*setup)(void);              /* may be NULL */
    bool (*run)(unsigned int count);  /* false: an operation did not do its work */
    unsigned int count;               /* operations in one round */
    unsigned int parts;               /* what one operation is divided by: entries, pages */
    uint64_t (*cost)(void);           /* ticks of the last run, where run() measures itself */
};

extern const struct bench bench_calls[], bench_memory[], bench_traps[], bench_vcpus[];

/* A bench that cannot go on: prints why and ends. */
_Noreturn void bench_fail(const char *what, long value);

/* For benches whose run() measures a part of itself. */
extern uint64_t bench_ticks;
uint64_t bench_ticks_get(void);

#endif
