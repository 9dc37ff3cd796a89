/* SPDX-License-Identifier: MIT */
/*
 * The poll loop. Owns the epoll descriptor.
 */
#include "loop.h"

#include <errno.h>
#include <stdlib.h>

#include "log.h"

enum { EVENTS_PER_ROUND = 64 };

static int epoll_fd = -1;
static bool running;

int loop_init(void)
{
    epoll_fd = epoll_create1(EPOLL_CLOEXEC);
    return epoll_fd < 0 ? -errno : 0;
}

static int control(int op, struct loop_source *src, uint32_t events)
{
    struct epoll_event ev = { .events = events, .data.ptr = src };

    src->events = events;
    return epoll_ctl(epoll_fd, op, src->fd, &ev) < 0 ? -errno : 0;
}

int loop_add(struct loop_source *src, uint32_t events)
{
    return control(EPOLL_CTL_ADD, src, events);
}

int loop_modify(struct loop_source *src, uint32_t events)
{
    return src->events == events ? 0 : control(EPOLL_CTL_MOD, src, events);
}

void loop_remove(struct loop_source *src)
{
    control(EPOLL_CTL_DEL, src, 0);
}

void loop_run(bool (*round_end)(void))
{
    struct epoll_event ev[EVENTS_PER_ROUND];

    for (running = true; running;) {
        bool more = round_end(); /* first of all what recovery has left to do */
        int n = epoll_wait(epoll_fd, ev, EVENTS_PER_ROUND, more ? 0 : -1);

        if (n < 0 && errno != EINTR) {
            log_error("cannot wait for requests: errno %d", errno);
            abort();
        }
        for (int i = 0; i < n; i++) {
            struct loop_source *src = ev[i].data.ptr;

            src->ready(src, ev[i].events);
        }
    }
    round_end();
}

void loop_stop(void)
{
    running = false;
}
