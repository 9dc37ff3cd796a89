/* SPDX-License-Identifier: MIT */
/*
 * The frame of a guest-side test: a table of named functions, checks that name file and line.
 *
 * Output, a line each: `PLAN n`, `TEST name: ok`, `TEST name: FAIL file:line text`,
 * `TEST name: skip reason`, `TEST name: error text` (the test's own fault), `DONE`.
 * A check that fails ends its test; the next one still runs.
 */
#ifndef TEST_H
#define TEST_H

#include <stdbool.h>
#include <stdint.h>

#include <xen/memory.h>
#include <xen/xen.h>

#include "errno.h"

#include <sdk/console.h>
#include <sdk/cpu.h>
#include <sdk/events.h>
#include <sdk/hypercall.h>
#include <sdk/mm.h>
#include <sdk/start.h>
#include <sdk/string.h>
#include <sdk/traps.h>

struct test {
    const char *name;
    void (*run)(void);
};

/* Runs all tests of the table, prints their results and ends the machine. */
_Noreturn void test_main(const struct test *tests, unsigned int count);

#define TEST_MAIN(tests_) \
    int main(void) { test_main(tests_, sizeof(tests_) / sizeof((tests_)[0])); }

_Noreturn void test_fail(const char *file, int line, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
_Noreturn void test_skip(const char *format, ...) __attribute__((format(printf, 1, 2)));
_Noreturn void test_error(const char *format, ...) __attribute__((format(printf, 1, 2)));

#define FAIL(...) test_fail(__FILE__, __LINE__, __VA_ARGS__)

#define CHECK(condition_)                                                                    \
    do {                                                                                     \
        if (!(condition_))                                                                   \
            FAIL("%s", #condition_);                                                         \
    } while (0)

/* Compares as signed 64-bit; prints both in hex where large, in decimal where an errno. */
#define CHECK_EQ(got_, want_)                                                                \
    test_check_eq(__FILE__, __LINE__, #got_, (long)(got_), (long)(want_))
void test_check_eq(const char *file, int line, const char *what, long got, long want);

/* The same with a line of a table named. */
#define CHECK_ROW(row_, got_, want_)                                                         \
    test_check_row(__FILE__, __LINE__, row_, #got_, (long)(got_), (long)(want_))
void test_check_row(const char *file, int line, const char *row, const char *what, long got,
                    long want);

/* The last caught trap was @vector at the caught instruction; error code only where it has one. */
#define CHECK_TRAP(vector_, error_) test_check_trap(__FILE__, __LINE__, vector_, error_)
#define CHECK_NO_TRAP() test_check_no_trap(__FILE__, __LINE__)
void test_check_trap(const char *file, int line, unsigned int vector, unsigned long error);
void test_check_no_trap(const char *file, int line);

/* As the initial domain: has the hypervisor count all frames again; faults fail the kernel. */
void audit_frames(void);

/* Our own domain's number, as others see it. */
domid_t own_domid(void);

/* A frame behind the physical address width. */
#define NO_SUCH_MFN 0x10000000UL
/* An address in the linear map that no page backs, and one that is not canonical. */
#define UNMAPPED_VA 0xffffffffc0000000UL
#define NONCANONICAL_VA 0x8000000000000000UL
/* Inside the hypervisor's range and not readable by guests. */
#define HYPERVISOR_VA 0xffff830000000000UL

#endif
