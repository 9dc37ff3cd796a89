/* SPDX-License-Identifier: MIT */
/*
 * Values of the "state" nodes with which the two ends of a device find each other.
 * Leaf; no locks. Facts: Xen 4.17 public ABI.
 */
#ifndef XEN_PUBLIC_IO_XENBUS_H
#define XEN_PUBLIC_IO_XENBUS_H

typedef enum xenbus_state {
    XenbusStateUnknown       = 0,
    XenbusStateInitialising  = 1,
    XenbusStateInitWait      = 2, /* backend: waits for the frontend's details */
    XenbusStateInitialised   = 3, /* frontend: details published */
    XenbusStateConnected     = 4,
    XenbusStateClosing       = 5,
    XenbusStateClosed        = 6,
    XenbusStateReconfiguring = 7,
    XenbusStateReconfigured  = 8
} XenbusState;

#endif
