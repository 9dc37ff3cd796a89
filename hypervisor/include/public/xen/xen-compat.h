/* SPDX-License-Identifier: MIT */
/*
 * Interface version of the public headers. Leaf; no locks.
 *
 * Pinned: these headers describe one interface only, the newest of Xen 4.17 (ABI fact:
 * 0x00040e00). Code that asks for an older one would get other layouts from Xen's own headers,
 * so it is refused here instead of being given layouts that it does not expect. Unlike Xen's,
 * an unset version means the newest, for guests too.
 */
#ifndef XEN_PUBLIC_XEN_COMPAT_H
#define XEN_PUBLIC_XEN_COMPAT_H

#define __XEN_LATEST_INTERFACE_VERSION__ 0x00040e00

#if !defined(__XEN_INTERFACE_VERSION__)
#define __XEN_INTERFACE_VERSION__ __XEN_LATEST_INTERFACE_VERSION__
#elif __XEN_INTERFACE_VERSION__ != __XEN_LATEST_INTERFACE_VERSION__
#error "only interface version 0x00040e00 is described here: define that one, or none"
#endif

#define COMPAT_FLEX_ARRAY_DIM XEN_FLEX_ARRAY_DIM

#endif
