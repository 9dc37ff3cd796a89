/* SPDX-License-Identifier: MIT */
/*
 * Reading the hypervisor's trace buffers: hypercalls with arguments and results. One reader at a
 * time; it consumes what it reads. ABI: public trace.h, sysctl tbuf_op, and the two events of
 * hypervisor/include/hv/trace.h (0x201050 begin, 0x201051 end).
 */
#ifndef DOMUS_TRACE_BUFFER_H
#define DOMUS_TRACE_BUFFER_H

#include "control.h"
#include "error.h"

struct trace_reader;

/* One half of a hypercall, or a loss. */
struct trace_event {
    enum { TRACE_BEGIN, TRACE_END, TRACE_LOST } kind;
    unsigned int cpu, domain, vcpu;
    uint64_t cycles;
    unsigned int number, nr_args;   /* hypercall number; arguments it takes */
    uint64_t args[2];               /* BEGIN: arguments 1 and 2 */
    int64_t result;                 /* END */
    uint64_t arg3;                  /* END */
    uint64_t lost;                  /* LOST: records that found no room */
};

/* Allocates the buffers on first use, maps them and switches tracing on. 0 or -errno with *e. */
int trace_open(struct control *ctl, struct trace_reader **reader, struct error *e);
/* Hands over what is there now, CPU by CPU in order; returns how many events. */
unsigned int trace_read(struct trace_reader *reader,
                        void (*event)(const struct trace_event *event, void *arg), void *arg);
/* Switches tracing off and unmaps. NULL is fine. */
void trace_close(struct trace_reader *reader);

#endif
