/* SPDX-License-Identifier: MIT */
/* Text out: console_io for the initial domain, the console ring for every other. */
#ifndef SDK_CONSOLE_H
#define SDK_CONSOLE_H

#include <stdarg.h>
#include <stddef.h>

/* Writes @length bytes; returns when the hypervisor or the ring has taken all of them. */
void console_write(const char *text, size_t length);

/* printf with %c %s %d %u %x %p %%, flag 0, '-', width, precision of %s, lengths l, ll and z. */
int printf(const char *format, ...) __attribute__((format(printf, 1, 2)));
int vprintf(const char *format, va_list args);
int snprintf(char *buffer, size_t size, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
int vsnprintf(char *buffer, size_t size, const char *format, va_list args);

#endif
