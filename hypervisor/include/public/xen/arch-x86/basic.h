/* SPDX-License-Identifier: MIT */
/*
 * What every other ABI header builds on: fixed-width types, suffixed constants, guest handles.
 * Xen has these names in xen.h and arch-x86/xen.h; here they stand apart so that headers do not
 * include each other in a circle. Leaf: includes the compiler's own <stdint.h> only. No locks.
 * Facts: Xen 4.17 public ABI.
 */
#ifndef XEN_PUBLIC_ARCH_X86_BASIC_H
#define XEN_PUBLIC_ARCH_X86_BASIC_H

#ifndef __x86_64__
#error "only the x86-64 ABI is described here"
#endif

#ifndef __ASSEMBLY__
#include <stdint.h>
#endif

/* Constants with a C suffix; the assembler knows none. */
#ifndef __ASSEMBLY__
#define __xen_mk_uint(x)  x##U
#define __xen_mk_ulong(x) x##UL
#ifndef __xen_mk_ullong
#define __xen_mk_ullong(x) x##ULL
#endif
#define xen_mk_uint(x)   __xen_mk_uint(x)
#define xen_mk_ulong(x)  __xen_mk_ulong(x)
#define xen_mk_ullong(x) __xen_mk_ullong(x)
#else
#define xen_mk_uint(x)   x
#define xen_mk_ulong(x)  x
#define xen_mk_ullong(x) x
#endif

/*
 * A guest handle is a guest pointer wrapped in a struct of its own, so that it can be neither
 * dereferenced nor mixed up with another type by accident. Each has a const_ twin.
 */
#define ___DEFINE_XEN_GUEST_HANDLE(name, type) typedef struct { type *p; } __guest_handle_##name
#define __DEFINE_XEN_GUEST_HANDLE(name, type)     \
    ___DEFINE_XEN_GUEST_HANDLE(name, type);       \
    ___DEFINE_XEN_GUEST_HANDLE(const_##name, const type)
#define DEFINE_XEN_GUEST_HANDLE(name) __DEFINE_XEN_GUEST_HANDLE(name, name)

#define __XEN_GUEST_HANDLE(name)      __guest_handle_##name
#define XEN_GUEST_HANDLE(name)        __XEN_GUEST_HANDLE(name)
#define XEN_GUEST_HANDLE_PARAM(name)  XEN_GUEST_HANDLE(name)

#define set_xen_guest_handle_raw(hnd, val) do { (hnd).p = val; } while (0)
#define set_xen_guest_handle(hnd, val)     set_xen_guest_handle_raw(hnd, val)

#endif
