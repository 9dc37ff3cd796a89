/* SPDX-License-Identifier: MIT */
/*
 * event_channel_op(cmd, arg), and what the 2-level and FIFO ABIs share with the guest.
 * Leaf; no locks. Facts: Xen 4.17 public ABI.
 */
#ifndef XEN_PUBLIC_EVENT_CHANNEL_H
#define XEN_PUBLIC_EVENT_CHANNEL_H

#include "xen.h"

#define EVTCHNOP_bind_interdomain 0
#define EVTCHNOP_bind_virq        1
#define EVTCHNOP_bind_pirq        2
#define EVTCHNOP_close            3
#define EVTCHNOP_send             4
#define EVTCHNOP_status           5
#define EVTCHNOP_alloc_unbound    6
#define EVTCHNOP_bind_ipi         7
#define EVTCHNOP_bind_vcpu        8
#define EVTCHNOP_unmask           9
#define EVTCHNOP_reset            10
#define EVTCHNOP_init_control     11
#define EVTCHNOP_expand_array     12
#define EVTCHNOP_set_priority     13
#ifdef __XEN__
#define EVTCHNOP_reset_cont       14 /* reset, restarted after preemption; never from a guest */
#endif

typedef uint32_t evtchn_port_t;
DEFINE_XEN_GUEST_HANDLE(evtchn_port_t);

/* dom's new port, open for remote_dom to bind to. */
typedef struct evtchn_alloc_unbound {
    domid_t dom, remote_dom; /* in */
    evtchn_port_t port;      /* out */
} evtchn_alloc_unbound_t;

typedef struct evtchn_bind_interdomain {
    domid_t remote_dom;        /* in */
    evtchn_port_t remote_port; /* in: unbound, and open for the caller */
    evtchn_port_t local_port;  /* out */
} evtchn_bind_interdomain_t;

typedef struct evtchn_bind_virq {
    uint32_t virq;      /* in: VIRQ_* */
    uint32_t vcpu;      /* in: 0 for a global one */
    evtchn_port_t port; /* out */
} evtchn_bind_virq_t;

typedef struct evtchn_bind_pirq {
    uint32_t pirq;      /* in */
#define BIND_PIRQ__WILL_SHARE 1
    uint32_t flags;     /* in */
    evtchn_port_t port; /* out */
} evtchn_bind_pirq_t;

typedef struct evtchn_bind_ipi {
    uint32_t vcpu;      /* in */
    evtchn_port_t port; /* out */
} evtchn_bind_ipi_t;

typedef struct evtchn_close {
    evtchn_port_t port;
} evtchn_close_t;

typedef struct evtchn_send {
    evtchn_port_t port;
} evtchn_send_t;

#define EVTCHNSTAT_closed      0
#define EVTCHNSTAT_unbound     1
#define EVTCHNSTAT_interdomain 2
#define EVTCHNSTAT_pirq        3
#define EVTCHNSTAT_virq        4
#define EVTCHNSTAT_ipi         5
typedef struct evtchn_status {
    domid_t dom;        /* in */
    evtchn_port_t port; /* in */
    uint32_t status;    /* out: EVTCHNSTAT_*, selects the member of u */
    uint32_t vcpu;      /* out: the one notified */
    union {
        struct {
            domid_t dom;
        } unbound;
        struct {
            domid_t dom;
            evtchn_port_t port;
        } interdomain;
        uint32_t pirq;
        uint32_t virq;
    } u;
} evtchn_status_t;

typedef struct evtchn_bind_vcpu {
    evtchn_port_t port;
    uint32_t vcpu;
} evtchn_bind_vcpu_t;

typedef struct evtchn_unmask {
    evtchn_port_t port;
} evtchn_unmask_t;

/* Closes every port of dom and returns it to the 2-level ABI. */
typedef struct evtchn_reset {
    domid_t dom;
} evtchn_reset_t;

/* Registers the FIFO control block of one vCPU; the first call switches the domain to FIFO. */
typedef struct evtchn_init_control {
    uint64_t control_gfn; /* in */
    uint32_t offset;      /* in: within the frame, multiple of 8 */
    uint32_t vcpu;        /* in */
    uint8_t link_bits;    /* out: width of the LINK field */
    uint8_t _pad[7];
} evtchn_init_control_t;

typedef struct evtchn_expand_array {
    uint64_t array_gfn; /* one more page of event words */
} evtchn_expand_array_t;

typedef struct evtchn_set_priority {
    evtchn_port_t port;
    uint32_t priority; /* EVTCHN_FIFO_PRIORITY_* */
} evtchn_set_priority_t;

/* Argument of event_channel_op_compat. */
typedef struct evtchn_op {
    uint32_t cmd;
    union {
        evtchn_alloc_unbound_t alloc_unbound;
        evtchn_bind_interdomain_t bind_interdomain;
        evtchn_bind_virq_t bind_virq;
        evtchn_bind_pirq_t bind_pirq;
        evtchn_bind_ipi_t bind_ipi;
        evtchn_close_t close;
        evtchn_send_t send;
        evtchn_status_t status;
        evtchn_bind_vcpu_t bind_vcpu;
        evtchn_unmask_t unmask;
    } u;
} evtchn_op_t;
DEFINE_XEN_GUEST_HANDLE(evtchn_op_t);

/* 2-level: a word of selectors, each bit a word of pending bits. */
#define EVTCHN_2L_NR_CHANNELS (sizeof(xen_ulong_t) * sizeof(xen_ulong_t) * 64)

/* FIFO: a queue for each priority of each vCPU, linked through the event words. */
#define EVTCHN_FIFO_PRIORITY_MAX     0
#define EVTCHN_FIFO_PRIORITY_DEFAULT 7
#define EVTCHN_FIFO_PRIORITY_MIN     15
#define EVTCHN_FIFO_MAX_QUEUES       (EVTCHN_FIFO_PRIORITY_MIN + 1)

typedef uint32_t event_word_t;
#define EVTCHN_FIFO_PENDING   31 /* bit numbers */
#define EVTCHN_FIFO_MASKED    30
#define EVTCHN_FIFO_LINKED    29
#define EVTCHN_FIFO_BUSY      28
#define EVTCHN_FIFO_LINK_BITS 17 /* low bits: port of the next event in the queue, 0 at its end */
#define EVTCHN_FIFO_LINK_MASK   ((1 << EVTCHN_FIFO_LINK_BITS) - 1)
#define EVTCHN_FIFO_NR_CHANNELS (1 << EVTCHN_FIFO_LINK_BITS)

typedef struct evtchn_fifo_control_block {
    uint32_t ready; /* bitmap of priorities with events queued */
    uint32_t _rsvd;
    uint32_t head[EVTCHN_FIFO_MAX_QUEUES];
} evtchn_fifo_control_block_t;

#endif
