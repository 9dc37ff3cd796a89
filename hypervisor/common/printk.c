/* SPDX-License-Identifier: MIT */
/*
 * The log: levels and thresholds (loglvl=, guest_loglvl=), rate limit for what guests provoke,
 * time stamps, whole lines to console.c.
 */
#include <asm/current.h>
#include <hv/arch.h>
#include <hv/console.h>
#include <hv/console_internal.h>
#include <hv/params.h>
#include <hv/printk.h>
#include <hv/time.h>

enum { LEVEL_ERR, LEVEL_WARN, LEVEL_INFO, LEVEL_DEBUG };
#define RATE_BURST 10
#define RATE_PERIOD SECONDS(5)

static int host_threshold = LEVEL_INFO;
static int guest_threshold = LEVEL_WARN;
static bool timestamps;
static char line[512];
static size_t line_len;
static bool line_visible;

static struct {
    s_time_t period_start;
    unsigned int said, dropped;
} rate;

/* "all", "none", "error", "warning", "info", "debug"; "lower/upper" uses the upper one. */
static int parse_level(const char *s, int *threshold)
{
    static const char *const names[] = {"none", "error", "warning", "info", "debug", "all"};
    const char *slash = strchr(s, '/');

    if (slash)
        s = slash + 1;
    for (int i = 0; i < (int)ARRAY_SIZE(names); i++) {
        if (strcmp(s, names[i]))
            continue;
        *threshold = MIN(i - 1, (int)LEVEL_DEBUG);
        return 0;
    }
    return -1;
}
static int parse_loglvl(const char *s) { return parse_level(s, &host_threshold); }
BOOT_PARAM("loglvl", parse_loglvl);
static int parse_guest_loglvl(const char *s) { return parse_level(s, &guest_threshold); }
BOOT_PARAM("guest_loglvl", parse_guest_loglvl);
static int parse_timestamps(const char *s)
{
    timestamps = parse_bool(s) != 0 && strcmp(s, "none");
    return 0;
}
BOOT_PARAM("console_timestamps", parse_timestamps);

static bool rate_allows(void)
{
    s_time_t now = now_ns();

    if (now - rate.period_start > RATE_PERIOD) {
        rate.period_start = now;
        rate.said = 0;
    }
    if (rate.said < RATE_BURST) {
        rate.said++;
        return true;
    }
    rate.dropped++;
    return false;
}

static const char *take_level(const char *s, int *level, bool *guest)
{
    *guest = !strncmp(s, "<G>", 3);
    if (*guest)
        s += 3;
    *level = LEVEL_WARN;
    if (s[0] == '<' && s[1] >= '0' && s[1] <= '3' && s[2] == '>') {
        *level = s[1] - '0';
        s += 3;
    }
    return s;
}

static void emit_prefix(void)
{
    char head[40];
    int n;

    if (timestamps) {
        s_time_t t = now_ns();

        n = scnprintf(head, sizeof(head), "(XEN) [%5lu.%06lu] ", (u64)t / 1000000000,
                      (u64)t / 1000 % 1000000);
    } else {
        n = scnprintf(head, sizeof(head), "(XEN) ");
    }
    console_emit(head, (size_t)n);
}

static void emit_dropped_note(void)
{
    char note[64];
    int n;

    if (!rate.dropped || rate.said >= RATE_BURST)
        return;
    n = scnprintf(note, sizeof(note), "(XEN) %u guest messages dropped\n", rate.dropped);
    rate.dropped = 0;
    console_emit(note, (size_t)n);
}

static void put_text(const char *s)
{
    while (*s) {
        const char *nl = strchr(s, '\n');
        size_t n = nl ? (size_t)(nl - s) + 1 : strlen(s);

        if (!line_len) { /* at the start of a line: its level decides */
            int level;
            bool guest;
            const char *body = take_level(s, &level, &guest);

            n -= (size_t)(body - s);
            s = body;
            line_visible = level <= (guest ? guest_threshold : host_threshold) &&
                           (!guest || rate_allows());
            if (line_visible) {
                emit_dropped_note();
                emit_prefix();
            }
        }
        if (line_visible)
            console_emit(s, n);
        line_len = nl ? 0 : line_len + n;
        s += n;
    }
}

void vprintk(const char *fmt, va_list ap)
{
    unsigned long flags;

    flags = console_lock_irqsave();
    vsnprintf(line, sizeof(line), fmt, ap);
    put_text(line);
    console_unlock_irqrestore(flags);
}

void printk(const char *fmt, ...)
{
    va_list ap;

    va_start(ap, fmt);
    vprintk(fmt, ap);
    va_end(ap);
}
