/* SPDX-License-Identifier: MIT */
/*
 * The part of the trace buffer ABI that other headers need: how much a record can carry.
 * Leaf; no locks. Facts: Xen 4.17 public ABI.
 */
#ifndef XEN_PUBLIC_TRACE_H
#define XEN_PUBLIC_TRACE_H

#define TRACE_EXTRA_MAX   7  /* 32-bit words after the head of a record */
#define TRACE_EXTRA_SHIFT 28 /* where their number stands in the head */

#endif
