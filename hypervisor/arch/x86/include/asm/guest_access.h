/* SPDX-License-Identifier: MIT */
/*
 * The sole way to guest virtual memory (mm/guest_access.c): both ends range-checked, index masked
 * against speculation, STAC/CLAC, faults fixed up through the exception table. Only with the
 * guest's root loaded (i.e. on behalf of current), never from an interrupt, never with a spinlock.
 */
#ifndef ASM_GUEST_ACCESS_H
#define ASM_GUEST_ACCESS_H

#include <asm/address_map.h>
#include <hv/types.h>

/** True when [va, va+bytes) lies wholly outside the hypervisor's hole and does not wrap. */
bool guest_range_ok(u64 va, u64 bytes);
/** Bytes NOT copied; 0 is success. */
unsigned long copy_from_guest_va(void *dst, u64 guest_va, unsigned long bytes);
unsigned long copy_to_guest_va(u64 guest_va, const void *src, unsigned long bytes);
unsigned long clear_guest_va(u64 guest_va, unsigned long bytes);

#endif
