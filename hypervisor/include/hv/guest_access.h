/* SPDX-License-Identifier: MIT */
/* Typed copies by guest handle; 0 or -EFAULT. Context: see asm/guest_access.h. */
#ifndef HV_GUEST_ACCESS_H
#define HV_GUEST_ACCESS_H

#include <asm/guest_access.h>
#include <hv/errno.h>

#define guest_handle_is_null(h) ((h).p == NULL)
#define guest_handle_add(h, n) ((h).p += (n))
#define guest_handle_cast(h, name) ((XEN_GUEST_HANDLE(name)){(void *)(h).p})
#define guest_handle_from_arg(name, arg) ((XEN_GUEST_HANDLE(name)){(void *)(arg)})

/** Copy n objects starting at element off. The size product is overflow-checked. */
#define copy_from_guest_offset(dst, h, off, n) \
    guest_copy_in((dst), (u64)(h).p, (off), (n), sizeof(*(h).p), sizeof(*(dst)))
#define copy_to_guest_offset(h, off, src, n) \
    guest_copy_out((u64)(h).p, (off), (src), (n), sizeof(*(h).p), sizeof(*(src)))
#define copy_from_guest(dst, h, n) copy_from_guest_offset(dst, h, 0, n)
#define copy_to_guest(h, src, n) copy_to_guest_offset(h, 0, src, n)
/** One field of a structure back to the guest. */
#define copy_field_to_guest(h, ptr, field) \
    (copy_to_guest_va((u64) & (h).p->field, &(ptr)->field, sizeof((ptr)->field)) ? -EFAULT : 0)

int guest_copy_in(void *dst, u64 va, u64 off, u64 n, size_t guest_size, size_t own_size);
int guest_copy_out(u64 va, u64 off, const void *src, u64 n, size_t guest_size, size_t own_size);

#endif
