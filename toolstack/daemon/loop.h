/* SPDX-License-Identifier: MIT */
/*
 * The poll loop: descriptors that become ready, moments that come.
 *
 * One thread; everything in domusd but the workers runs from here, and nothing called from here
 * may block. Sources and timers belong to their owners and may be removed at any time, also from
 * inside a callback.
 */
#ifndef DOMUSD_LOOP_H
#define DOMUSD_LOOP_H

#include <stdbool.h>
#include <stdint.h>

struct loop_source {
    int fd;
    short events; /* POLLIN, POLLOUT; may be changed at any time. POLLERR and POLLHUP always come */
    void (*ready)(struct loop_source *source, short revents);
};

struct loop_timer {
    int64_t at_ms;
    void (*fire)(struct loop_timer *timer);
    struct loop_timer *next; /* loop.c's */
    bool armed;              /* loop.c's */
};

/* 0 or -ENOMEM. */
int loop_add(struct loop_source *source);
/* Harmless for a source that was not added. Does not close the descriptor. */
void loop_remove(struct loop_source *source);

/* Fires once, delay_ms from now; arming again moves it. */
void loop_arm(struct loop_timer *timer, unsigned int delay_ms);
void loop_disarm(struct loop_timer *timer);

/* Runs until loop_stop(). 0, or -errno if poll() fails. */
int loop_run(void);
void loop_stop(void);

/* Milliseconds of the monotonic clock. */
int64_t loop_now_ms(void);

#endif
