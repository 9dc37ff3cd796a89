/* SPDX-License-Identifier: MIT */
/*
 * Messages and the request trace. Owns the trace file and the rate limit of guests' messages.
 */
#include "log.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <syslog.h>
#include <time.h>

enum { GUEST_MESSAGES_PER_SECOND = 5 };

static bool to_stderr = true;
static FILE *trace;
static bool tracing;

void log_open(bool foreground)
{
    to_stderr = foreground;
    if (!foreground)
        openlog("xenstored", LOG_PID, LOG_DAEMON);
}

static void emit(int priority, const char *fmt, va_list args)
{
    if (!to_stderr) {
        vsyslog(priority, fmt, args);
        return;
    }
    fputs("xenstored: ", stderr);
    vfprintf(stderr, fmt, args);
    fputc('\n', stderr);
}

void log_error(const char *fmt, ...)
{
    va_list args;

    va_start(args, fmt);
    emit(LOG_ERR, fmt, args);
    va_end(args);
}

void log_info(const char *fmt, ...)
{
    va_list args;

    va_start(args, fmt);
    emit(LOG_INFO, fmt, args);
    va_end(args);
}

void log_guest(unsigned int domid, const char *fmt, ...)
{
    static time_t second;
    static unsigned int sent;
    time_t now = time(NULL);
    char text[256];
    va_list args;

    if (now != second) {
        second = now;
        sent = 0;
    }
    if (sent++ >= GUEST_MESSAGES_PER_SECOND)
        return;
    va_start(args, fmt);
    vsnprintf(text, sizeof(text), fmt, args);
    va_end(args);
    log_info("domain %u: %s", domid, text);
}

int log_trace_file(const char *name)
{
    FILE *f = NULL;

    if (name) {
        f = fopen(name, "ae");
        if (!f)
            return -errno;
        setvbuf(f, NULL, _IOLBF, 0);
    }
    if (trace)
        fclose(trace);
    trace = f;
    tracing = f != NULL;
    return 0;
}

void log_trace_enable(bool on)
{
    tracing = on && trace;
}

bool log_is_tracing(void)
{
    return tracing;
}

static void put_stamp(void)
{
    struct timespec now;
    struct tm tm;
    char text[32];

    clock_gettime(CLOCK_REALTIME, &now);
    localtime_r(&now.tv_sec, &tm);
    strftime(text, sizeof(text), "%Y%m%d %H:%M:%S", &tm);
    fprintf(trace, "%s.%06ld", text, now.tv_nsec / 1000);
}

void log_trace(const char *direction, unsigned int domid, const void *conn, const char *op,
               const char *data, unsigned int len)
{
    put_stamp();
    fprintf(trace, " %s d%u %p %s (", direction, domid, conn, op);
    for (unsigned int i = 0; i < len; i++) {
        unsigned char c = (unsigned char)data[i];

        fputc(c == 0 || c == '\n' ? ' ' : c >= 32 && c < 127 ? c : '?', trace);
    }
    fputs(")\n", trace);
}
