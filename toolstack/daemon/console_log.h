/* SPDX-License-Identifier: MIT */
/*
 * A guest's console on disk: /var/log/domus/<name>.log, bounded in size and in rate.
 *
 * At a mebibyte the file becomes <name>.log.1 and a new one begins. A guest that prints without end
 * loses lines in the log, which says how many bytes; it never waits for the disk and never fills
 * it.
 */
#ifndef DOMUSD_CONSOLE_LOG_H
#define DOMUSD_CONSOLE_LOG_H

#include <stddef.h>
#include <stdint.h>

struct console_log {
    int fd;
    char path[160];
    uint64_t size;
    int64_t refilled_ms;
    uint64_t credit;  /* bytes that may still be written now */
    uint64_t dropped; /* bytes since the last that were */
};

/* 0, or -errno; then writing does nothing. */
int console_log_open(struct console_log *log, const char *name);
void console_log_write(struct console_log *log, const char *bytes, size_t count);
/* Reads up to `count` bytes from the end of the log; returns how many. */
size_t console_log_read_end(const struct console_log *log, char *bytes, size_t count);
void console_log_close(struct console_log *log);

/* Where the log of a domain is. */
void console_log_path(const char *name, char *path, size_t bytes);

#endif
