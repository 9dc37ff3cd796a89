/* SPDX-License-Identifier: MIT */
/*
 * The sole guest copy. Both ends of a range are checked; the start is forced to 0 under speculation
 * when it lies in our hole. A range cannot cross into the hole from below without meeting the
 * non-canonical gap, which faults. No locks; context: asm/guest_access.h.
 */
#include <asm/guest_access.h>
#include <hv/errno.h>
#include <hv/lib.h>
#include <hv/spinlock.h>

#define LOW_HALF_END 0x800000000000UL

unsigned long guest_copy_raw(void *dst, const void *src, unsigned long bytes);
unsigned long guest_clear_raw(void *dst, unsigned long bytes);

bool guest_range_ok(u64 va, u64 bytes)
{
    u64 end = va + bytes;

    return end >= va && (end <= LOW_HALF_END || va >= HV_VIRT_END);
}

/* va, or 0 where va lies in [HV_VIRT_START, HV_VIRT_END): without a branch. */
static inline u64 outside_hole(u64 va)
{
    u64 offset = va - HV_VIRT_START, in_hole;

    __asm__ volatile("cmp %1, %2; sbb %0, %0"
                     : "=r"(in_hole) : "r"(HV_VIRT_END - HV_VIRT_START), "r"(offset) : "cc");
    return va & ~in_hole;
}

unsigned long copy_from_guest_va(void *dst, u64 guest_va, unsigned long bytes)
{
    assert_no_locks();
    if (unlikely(!guest_range_ok(guest_va, bytes)))
        return bytes;
    return guest_copy_raw(dst, (const void *)outside_hole(guest_va), bytes);
}

unsigned long copy_to_guest_va(u64 guest_va, const void *src, unsigned long bytes)
{
    assert_no_locks();
    if (unlikely(!guest_range_ok(guest_va, bytes)))
        return bytes;
    return guest_copy_raw((void *)outside_hole(guest_va), src, bytes);
}

unsigned long clear_guest_va(u64 guest_va, unsigned long bytes)
{
    assert_no_locks();
    if (unlikely(!guest_range_ok(guest_va, bytes)))
        return bytes;
    return guest_clear_raw((void *)outside_hole(guest_va), bytes);
}

/* Start and length of elements [off, off + n); false when a product or sum wraps. */
static bool element_range(u64 va, u64 off, u64 n, size_t size, u64 *start, u64 *bytes)
{
    u64 skip;

    return !__builtin_mul_overflow(off, size, &skip) && !__builtin_mul_overflow(n, size, bytes) &&
           !__builtin_add_overflow(va, skip, start);
}

int guest_copy_in(void *dst, u64 va, u64 off, u64 n, size_t guest_size, size_t own_size)
{
    u64 start, bytes;

    BUG_ON(guest_size != own_size);
    if (!element_range(va, off, n, guest_size, &start, &bytes))
        return -EFAULT;
    return copy_from_guest_va(dst, start, bytes) ? -EFAULT : 0;
}

int guest_copy_out(u64 va, u64 off, const void *src, u64 n, size_t guest_size, size_t own_size)
{
    u64 start, bytes;

    BUG_ON(guest_size != own_size);
    if (!element_range(va, off, n, guest_size, &start, &bytes))
        return -EFAULT;
    return copy_to_guest_va(start, src, bytes) ? -EFAULT : 0;
}
