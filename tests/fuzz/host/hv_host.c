/* SPDX-License-Identifier: MIT */
/* The log goes nowhere, but is formatted, so that arguments are read; a panic ends the input. */
#include "hv/hv_host.h"

jmp_buf hv_panic;

void vprintk(const char *fmt, va_list ap)
{
    char line[512];

    vsnprintf(line, sizeof(line), fmt, ap);
}

void printk(const char *fmt, ...)
{
    va_list ap;

    va_start(ap, fmt);
    vprintk(fmt, ap);
    va_end(ap);
}

void panic(const char *fmt, ...)
{
    va_list ap;

    va_start(ap, fmt);
    vprintk(fmt, ap);
    va_end(ap);
    longjmp(hv_panic, 1);
}

void bug_at(const char *file, int line, const char *what)
{
    (void)file, (void)line, (void)what;
    abort();
}
