/* SPDX-License-Identifier: MIT */
/*
 * domusd's own log.
 *
 * Owns the log's descriptor. A worker inherits it: lines are written whole, with O_APPEND, so
 * they do not mix. Locks: none.
 */
#include "log.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define LARGEST_LOG (4 << 20)

static int log_fd = 2;
static char log_path[256];
static char operation[24];

static int open_file(void)
{
    return open(log_path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0640);
}

int log_open(const char *path)
{
    snprintf(log_path, sizeof(log_path), "%s", path);
    int fd = open_file();

    if (fd < 0)
        return -errno;
    log_fd = fd;
    return 0;
}

void log_operation(const char *name)
{
    snprintf(operation, sizeof(operation), "[%.16s] ", name);
}

int log_descriptor(void)
{
    return log_fd;
}

static void begin_anew_if_large(void)
{
    char old[sizeof(log_path) + 2];
    struct stat st;

    if (log_fd == 2 || fstat(log_fd, &st) || st.st_size < LARGEST_LOG)
        return;
    snprintf(old, sizeof(old), "%s.1", log_path);
    if (rename(log_path, old))
        return;
    int fd = open_file();
    if (fd < 0)
        return;
    close(log_fd);
    log_fd = fd;
}

void log_line(const char *format, ...)
{
    char line[8192];
    struct tm tm;
    time_t now = time(NULL);
    va_list ap;

    begin_anew_if_large();
    gmtime_r(&now, &tm);
    size_t used = strftime(line, sizeof(line), "%Y-%m-%dT%H:%M:%SZ ", &tm);
    used += (size_t)snprintf(line + used, sizeof(line) - used, "%s", operation);
    va_start(ap, format);
    int n = vsnprintf(line + used, sizeof(line) - used - 1, format, ap);
    va_end(ap);
    used += n < 0 ? 0 : (size_t)n;
    if (used > sizeof(line) - 2)
        used = sizeof(line) - 2;
    line[used++] = '\n';
    ssize_t written = write(log_fd, line, used);
    (void)written; /* a full disk must not stop domains */
}
