/* SPDX-License-Identifier: MIT */
/*
 * The poll loop.
 *
 * Owns the tables of sources and timers. Locks: none, one thread.
 */
#include "loop.h"

#include <errno.h>
#include <poll.h>
#include <stddef.h>
#include <stdlib.h>
#include <time.h>

#define LONGEST_SLEEP_MS 60000

static struct loop_source **sources; /* with holes where one was removed during a round */
static struct pollfd *polled;
static size_t source_count, source_room;
static struct loop_timer *timers; /* soonest first */
static bool running;

int64_t loop_now_ms(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * 1000LL + now.tv_nsec / 1000000;
}

static int make_room(void)
{
    if (source_count < source_room)
        return 0;
    size_t room = source_room ? source_room * 2 : 16;
    struct loop_source **more = realloc(sources, room * sizeof(*more));

    if (!more)
        return -ENOMEM;
    sources = more;
    struct pollfd *fds = realloc(polled, room * sizeof(*fds));
    if (!fds)
        return -ENOMEM;
    polled = fds;
    source_room = room;
    return 0;
}

int loop_add(struct loop_source *source)
{
    int rc = make_room();

    if (!rc)
        sources[source_count++] = source;
    return rc;
}

void loop_remove(struct loop_source *source)
{
    for (size_t i = 0; i < source_count; i++)
        if (sources[i] == source)
            sources[i] = NULL;
}

void loop_disarm(struct loop_timer *timer)
{
    for (struct loop_timer **link = &timers; timer->armed && *link; link = &(*link)->next)
        if (*link == timer) {
            *link = timer->next;
            break;
        }
    timer->armed = false;
}

void loop_arm(struct loop_timer *timer, unsigned int delay_ms)
{
    struct loop_timer **link = &timers;

    loop_disarm(timer);
    timer->at_ms = loop_now_ms() + delay_ms;
    while (*link && (*link)->at_ms <= timer->at_ms)
        link = &(*link)->next;
    timer->next = *link;
    timer->armed = true;
    *link = timer;
}

static void fire_timers(void)
{
    int64_t now = loop_now_ms();

    while (timers && timers->at_ms <= now) {
        struct loop_timer *timer = timers;

        loop_disarm(timer);
        timer->fire(timer);
    }
}

static int sleep_ms(void)
{
    int64_t left = timers ? timers->at_ms - loop_now_ms() : LONGEST_SLEEP_MS;

    if (left < 0)
        return 0;
    return left < LONGEST_SLEEP_MS ? (int)left : LONGEST_SLEEP_MS;
}

static void close_holes(void)
{
    size_t kept = 0;

    for (size_t i = 0; i < source_count; i++)
        if (sources[i])
            sources[kept++] = sources[i];
    source_count = kept;
}

static int run_once(void)
{
    close_holes();
    size_t count = source_count; /* sources added by a callback wait for the next round */
    for (size_t i = 0; i < count; i++)
        polled[i] = (struct pollfd){ .fd = sources[i]->fd, .events = sources[i]->events };
    int n = poll(polled, count, sleep_ms());
    if (n < 0 && errno != EINTR)
        return -errno;
    fire_timers();
    for (size_t i = 0; n > 0 && i < count; i++)
        if (polled[i].revents && sources[i])
            sources[i]->ready(sources[i], polled[i].revents);
    return 0;
}

int loop_run(void)
{
    int rc = 0;

    running = true;
    while (running && !rc)
        rc = run_once();
    return rc;
}

void loop_stop(void)
{
    running = false;
}
