/* SPDX-License-Identifier: MIT */
/*
 * The part of the trace buffer ABI that other headers need: how much a record can carry.
 * Leaf; no locks. Facts: Xen 4.17 public ABI.
 */
#ifndef XEN_PUBLIC_TRACE_H
#define XEN_PUBLIC_TRACE_H

#define TRACE_EXTRA_MAX   7  /* 32-bit words after the head of a record */
#define TRACE_EXTRA_SHIFT 28 /* where their number stands in the head */

/* Classes, and the events a reader of any buffer must know. */
#define TRC_GEN               0x0001f000
#define TRC_PV                0x0020f000
#define TRC_GUEST             0x0800f000 /* what guests record themselves */
#define TRC_LOST_RECORDS      (TRC_GEN + 1)
#define TRC_TRACE_WRAP_BUFFER (TRC_GEN + 2)
#define TRC_PV_ENTRY          0x00201000
#define TRC_64_FLAG           0x100

#endif
