/* SPDX-License-Identifier: MIT */
/*
 * CPU and node maps of the control interface (struct xenctl_bitmap): nr_bits bits, bit n in byte
 * n/8. Touches guest memory; no locks. ABI facts: public xen.h.
 */
#include <hv/domctl.h>
#include <hv/guest_access.h>

int bitmap_from_guest(u64 *bits, const struct xenctl_bitmap *map)
{
    u64 bytes = MIN(((u64)map->nr_bits + 7) / 8, (u64)sizeof(*bits));

    *bits = 0;
    if (bytes && copy_from_guest_va(bits, (u64)map->bitmap.p, bytes))
        return -EFAULT;
    if (map->nr_bits < 64)
        *bits &= BIT(map->nr_bits) - 1;
    return 0;
}

int bitmap_to_guest(const struct xenctl_bitmap *map, u64 bits)
{
    u64 bytes = ((u64)map->nr_bits + 7) / 8, head = MIN(bytes, (u64)sizeof(bits));

    if (map->nr_bits < 64)
        bits &= BIT(map->nr_bits) - 1;
    if (head && copy_to_guest_va((u64)map->bitmap.p, &bits, head))
        return -EFAULT;
    bytes = MIN(bytes, (u64)BITMAP_OUT_MAX);
    if (bytes > head && clear_guest_va((u64)map->bitmap.p + head, bytes - head))
        return -EFAULT;
    return 0;
}
