/* SPDX-License-Identifier: MIT */
/* sched_op(cmd, arg). Leaf; no locks. Facts: Xen 4.17 public ABI. */
#ifndef XEN_PUBLIC_SCHED_H
#define XEN_PUBLIC_SCHED_H

#include "event_channel.h"

#define SCHEDOP_yield           0 /* no argument */
#define SCHEDOP_block           1 /* no argument; unmasks upcalls, then waits for one */
#define SCHEDOP_shutdown        2
#define SCHEDOP_poll            3
#define SCHEDOP_remote_shutdown 4
#define SCHEDOP_shutdown_code   5 /* sched_shutdown: note the reason, but go on running */
#define SCHEDOP_watchdog        6
#define SCHEDOP_pin_override    7

/* Reasons, as shown to the tools. */
#define SHUTDOWN_poweroff   0
#define SHUTDOWN_reboot     1
#define SHUTDOWN_suspend    2
#define SHUTDOWN_crash      3
#define SHUTDOWN_watchdog   4
#define SHUTDOWN_soft_reset 5
#define SHUTDOWN_MAX        5

/* For SHUTDOWN_suspend of a PV guest, rdx holds the frame of its start_info. */
typedef struct sched_shutdown {
    unsigned int reason;
} sched_shutdown_t;
DEFINE_XEN_GUEST_HANDLE(sched_shutdown_t);

typedef struct sched_poll {
    XEN_GUEST_HANDLE(evtchn_port_t) ports;
    unsigned int nr_ports;
    uint64_t timeout; /* absolute system time in ns; 0: none */
} sched_poll_t;
DEFINE_XEN_GUEST_HANDLE(sched_poll_t);

typedef struct sched_remote_shutdown {
    domid_t domain_id;
    unsigned int reason;
} sched_remote_shutdown_t;
DEFINE_XEN_GUEST_HANDLE(sched_remote_shutdown_t);

/* id 0 arms a new one and returns its id; timeout 0 disarms. */
typedef struct sched_watchdog {
    uint32_t id;
    uint32_t timeout; /* seconds */
} sched_watchdog_t;
DEFINE_XEN_GUEST_HANDLE(sched_watchdog_t);

typedef struct sched_pin_override {
    int32_t pcpu; /* negative: end the override */
} sched_pin_override_t;
DEFINE_XEN_GUEST_HANDLE(sched_pin_override_t);

#endif
