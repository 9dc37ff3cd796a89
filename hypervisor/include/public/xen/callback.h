/* SPDX-License-Identifier: MIT */
/*
 * callback_op(cmd, arg): where a PV kernel is entered, other than through its trap table.
 * Leaf; no locks. Facts: Xen 4.17 public ABI.
 */
#ifndef XEN_PUBLIC_CALLBACK_H
#define XEN_PUBLIC_CALLBACK_H

#include "xen.h"

#define CALLBACKOP_register   0
#define CALLBACKOP_unregister 1

#define CALLBACKTYPE_event               0
#define CALLBACKTYPE_failsafe            1 /* a return to the guest failed */
#define CALLBACKTYPE_syscall             2
#define CALLBACKTYPE_sysenter_deprecated 3
#define CALLBACKTYPE_nmi                 4
#define CALLBACKTYPE_sysenter            5
#define CALLBACKTYPE_syscall32           7 /* SYSCALL from a 32-bit process */

#define _CALLBACKF_mask_events 0
#define CALLBACKF_mask_events  (1U << _CALLBACKF_mask_events)

typedef struct callback_register {
    uint16_t type;
    uint16_t flags;
    xen_callback_t address;
} callback_register_t;
DEFINE_XEN_GUEST_HANDLE(callback_register_t);

typedef struct callback_unregister {
    uint16_t type;
    uint16_t _unused;
} callback_unregister_t;
DEFINE_XEN_GUEST_HANDLE(callback_unregister_t);

#endif
