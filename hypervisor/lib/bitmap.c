/* SPDX-License-Identifier: MIT */
/* Searches in bitmaps of unsigned long. */
#include <hv/bitops.h>

static unsigned long find_from(const unsigned long *map, unsigned long size, unsigned long start,
                               unsigned long invert)
{
    while (start < size) {
        unsigned long w = (map[start / 64] ^ invert) >> (start % 64);

        if (w) {
            start += ffs64(w);
            return start < size ? start : size;
        }
        start = (start / 64 + 1) * 64;
    }
    return size;
}

unsigned long find_next_bit(const unsigned long *map, unsigned long size, unsigned long start)
{
    return find_from(map, size, start, 0);
}

unsigned long find_next_zero_bit(const unsigned long *map, unsigned long size, unsigned long start)
{
    return find_from(map, size, start, ~0UL);
}

unsigned long bitmap_weight(const unsigned long *map, unsigned long size)
{
    unsigned long n = 0, i;

    for (i = 0; i < size / 64; i++)
        n += hweight64(map[i]);
    if (size % 64)
        n += hweight64(map[i] & ((1UL << (size % 64)) - 1));
    return n;
}
