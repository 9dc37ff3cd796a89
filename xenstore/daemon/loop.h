/* SPDX-License-Identifier: MIT */
/*
 * The one loop of the daemon: waits for descriptors, runs their handlers, ends the round.
 */
#ifndef XENSTORE_DAEMON_LOOP_H
#define XENSTORE_DAEMON_LOOP_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/epoll.h>

/* A descriptor in the loop; embedded in what it belongs to, which must live to the round's end. */
struct loop_source {
    int fd;
    uint32_t events; /* EPOLL* waited for */
    void (*ready)(struct loop_source *src, uint32_t events);
};

/* 0 or -errno. */
int loop_init(void);
int loop_add(struct loop_source *src, uint32_t events);
int loop_modify(struct loop_source *src, uint32_t events);
void loop_remove(struct loop_source *src);

/* Runs until loop_stop(). `round_end` runs before each wait and returns true if
 * there is work left that needs no descriptor (the next wait is then none). */
void loop_run(bool (*round_end)(void));
void loop_stop(void);

#endif
