/* SPDX-License-Identifier: MIT */
/* Atomics on plain integers; every operation is a full barrier unless its name says otherwise. */
#ifndef HV_ATOMIC_H
#define HV_ATOMIC_H

#include <hv/lib.h>

#define smp_mb() __asm__ volatile("lock addl $0, -4(%%rsp)" ::: "memory", "cc")
#define smp_rmb() barrier()   /* x86 orders loads with loads and stores with stores */
#define smp_wmb() barrier()
#define cpu_relax() __asm__ volatile("pause" ::: "memory")

#define atomic_read(p) READ_ONCE(*(p))
#define atomic_set(p, v) WRITE_ONCE(*(p), v)
#define atomic_add(p, v) ((void)__atomic_add_fetch(p, v, __ATOMIC_SEQ_CST))
#define atomic_sub(p, v) ((void)__atomic_sub_fetch(p, v, __ATOMIC_SEQ_CST))
#define atomic_inc(p) atomic_add(p, 1)
#define atomic_dec(p) atomic_sub(p, 1)
#define atomic_add_return(p, v) __atomic_add_fetch(p, v, __ATOMIC_SEQ_CST)
#define atomic_inc_return(p) atomic_add_return(p, 1)
#define atomic_dec_and_test(p) (__atomic_sub_fetch(p, 1, __ATOMIC_SEQ_CST) == 0)
#define atomic_or(p, v) ((void)__atomic_fetch_or(p, v, __ATOMIC_SEQ_CST))
#define atomic_and(p, v) ((void)__atomic_fetch_and(p, v, __ATOMIC_SEQ_CST))
#define xchg(p, v) __atomic_exchange_n(p, v, __ATOMIC_SEQ_CST)
/** Store new where *p == old; returns what was there before (== old on success). */
#define cmpxchg(p, old, new)                                                               \
    ({                                                                                     \
        __typeof__(*(p)) _o = (old);                                                       \
        __atomic_compare_exchange_n(p, &_o, new, false, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST); \
        _o;                                                                                \
    })

#endif
