/* SPDX-License-Identifier: MIT */
/*
 * Trace buffers (common/trace.c), as the public trace.h lays them out: a ring of records a CPU,
 * shared with the control domain, which reads and moves the consumer index.
 *
 * Events of our own, in the class of PV entries. The first word is domid << 16 | vcpu, the second
 * the hypercall number | arguments << 8:
 *   TRACE_HYPERCALL      then arguments 1 and 2, 64 bits each, low word first
 *   TRACE_HYPERCALL_END  then the result and argument 3; no arguments: a continuation
 */
#ifndef HV_TRACE_H
#define HV_TRACE_H

#include <hv/lib.h>

struct xen_sysctl_tbuf_op;

#define TRACE_HYPERCALL 0x00201050
#define TRACE_HYPERCALL_END 0x00201051

extern bool trace_enabled;

/** Append a record of n (0..7) words with a time stamp. Any context but NMI. */
void trace_record(u32 event, unsigned int n, const u32 *words);
void trace_hypercall(u64 nr, u64 a1, u64 a2);
void trace_hypercall_end(u64 nr, u64 result, u64 a3);
/** XEN_SYSCTL_tbuf_op; 0, -EINVAL, -ENOMEM, ... */
long trace_control(struct xen_sysctl_tbuf_op *op);

#endif
