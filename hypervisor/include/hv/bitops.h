/* SPDX-License-Identifier: MIT */
/* Bit operations. Names without prefix are atomic (locked); with __ they are not. */
#ifndef HV_BITOPS_H
#define HV_BITOPS_H

#include <hv/lib.h>

#define BITS_PER_LONG 64
#define BITS_TO_LONGS(n) (((n) + 63) / 64)

#define BITOP(name, insn)                                                                    \
    static inline void name(unsigned long nr, volatile void *addr)                           \
    {                                                                                        \
        __asm__ volatile(insn " %1, %0" : "+m"(*(volatile unsigned long *)addr)              \
                         : "r"(nr) : "memory", "cc");                                        \
    }
#define BITOP_TEST(name, insn)                                                               \
    static inline bool name(unsigned long nr, volatile void *addr)                           \
    {                                                                                        \
        bool old;                                                                            \
        __asm__ volatile(insn " %2, %1" : "=@ccc"(old), "+m"(*(volatile unsigned long *)addr)\
                         : "r"(nr) : "memory");                                              \
        return old;                                                                          \
    }
BITOP(set_bit, "lock btsq")
BITOP(clear_bit, "lock btrq")
BITOP(__set_bit, "btsq")
BITOP(__clear_bit, "btrq")
BITOP_TEST(test_and_set_bit, "lock btsq")
BITOP_TEST(test_and_clear_bit, "lock btrq")
BITOP_TEST(__test_and_set_bit, "btsq")
BITOP_TEST(__test_and_clear_bit, "btrq")

static inline bool test_bit(unsigned long nr, const volatile void *addr)
{
    return (((const volatile unsigned long *)addr)[nr / 64] >> (nr % 64)) & 1;
}
/** Index of the lowest/highest set bit; undefined for 0. */
static inline unsigned int ffs64(u64 x) { return (unsigned int)__builtin_ctzll(x); }
static inline unsigned int fls64(u64 x) { return 63u - (unsigned int)__builtin_clzll(x); }
/** First set (clear) bit at or after start, or size when there is none. */
unsigned long find_next_bit(const unsigned long *map, unsigned long size, unsigned long start);
unsigned long find_next_zero_bit(const unsigned long *map, unsigned long size, unsigned long start);
unsigned long bitmap_weight(const unsigned long *map, unsigned long size);
/* Written out: the builtin would call libgcc, which we do not link. */
static inline unsigned int hweight64(u64 x)
{
    x -= (x >> 1) & 0x5555555555555555UL;
    x = (x & 0x3333333333333333UL) + ((x >> 2) & 0x3333333333333333UL);
    x = (x + (x >> 4)) & 0x0f0f0f0f0f0f0f0fUL;
    return (unsigned int)((x * 0x0101010101010101UL) >> 56);
}

#define for_each_set_bit(i, map, size)                                            \
    for ((i) = find_next_bit(map, size, 0); (i) < (size); (i) = find_next_bit(map, size, (i) + 1))

/* CPU masks: one word is enough for MAX_CPUS 64. */
typedef struct { u64 bits; } cpumask_t;
#define cpumask_test(c, m) (((m)->bits >> (c)) & 1)
#define cpumask_set(c, m) set_bit(c, &(m)->bits)
#define cpumask_clear(c, m) clear_bit(c, &(m)->bits)
#define for_each_cpu_in(c, m) \
    for (u64 _w = (m)->bits; _w ? ((c) = ffs64(_w), true) : false; _w &= _w - 1)

#endif
