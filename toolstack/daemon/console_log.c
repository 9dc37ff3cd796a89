/* SPDX-License-Identifier: MIT */
/*
 * A guest's console on disk.
 *
 * Owns the log files. What is written is the guest's bytes as they are: whoever shows them on a
 * terminal must mind escape sequences. Locks: none.
 */
#include "console_log.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "log.h"
#include "loop.h"
#include "paths.h"

#define LARGEST_LOG   (1u << 20)
#define CREDIT_MAX    (1u << 20)
#define CREDIT_PER_MS 64u /* 64 kB a second when the first burst is over */

void console_log_path(const char *name, char *path, size_t bytes)
{
    snprintf(path, bytes, "%s/%s.log", DOMUS_LOG_DIR, name);
}

static int open_file(struct console_log *log)
{
    struct stat st;

    log->fd = open(log->path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0640);
    if (log->fd < 0)
        return -errno;
    log->size = fstat(log->fd, &st) ? 0 : (uint64_t)st.st_size;
    return 0;
}

int console_log_open(struct console_log *log, const char *name)
{
    memset(log, 0, sizeof(*log));
    console_log_path(name, log->path, sizeof(log->path));
    log->credit = CREDIT_MAX;
    log->refilled_ms = loop_now_ms();
    return open_file(log);
}

static void put(struct console_log *log, const char *bytes, size_t count)
{
    ssize_t n = write(log->fd, bytes, count);

    if (n > 0)
        log->size += (uint64_t)n;
    else
        log->dropped += count; /* a full disk: the guest goes on */
}

static void begin_anew(struct console_log *log)
{
    char old[sizeof(log->path) + 2];

    snprintf(old, sizeof(old), "%s.1", log->path);
    close(log->fd);
    if (rename(log->path, old))
        log_line("cannot rename %s: %s", log->path, strerror(errno));
    if (open_file(log))
        log_line("cannot open %s: %s", log->path, strerror(errno));
}

static void refill(struct console_log *log)
{
    int64_t now = loop_now_ms();
    uint64_t credit = log->credit + (uint64_t)(now - log->refilled_ms) * CREDIT_PER_MS;

    log->credit = credit < CREDIT_MAX ? credit : CREDIT_MAX;
    log->refilled_ms = now;
}

void console_log_write(struct console_log *log, const char *bytes, size_t count)
{
    if (log->fd < 0)
        return;
    refill(log);
    if (count > log->credit) {
        log->dropped += count;
        return;
    }
    log->credit -= count;
    if (log->dropped) {
        char text[80];
        int n = snprintf(text, sizeof(text), "\n[domusd: %llu bytes are missing here]\n",
                         (unsigned long long)log->dropped);

        log->dropped = 0;
        put(log, text, (size_t)n);
    }
    put(log, bytes, count);
    if (log->size >= LARGEST_LOG)
        begin_anew(log);
}

size_t console_log_read_end(const struct console_log *log, char *bytes, size_t count)
{
    int fd = open(log->path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    uint64_t from = log->size > count ? log->size - count : 0;

    if (fd < 0)
        return 0;
    ssize_t n = pread(fd, bytes, count, (off_t)from);
    close(fd);
    return n > 0 ? (size_t)n : 0;
}

void console_log_close(struct console_log *log)
{
    if (log->fd >= 0)
        close(log->fd);
    log->fd = -1;
}
