/* SPDX-License-Identifier: MIT */
/*
 * Ticket spinlocks and reader-writer locks (common/spinlock.c). The lock order is in
 * docs/LOCKING.md. Nobody holding a lock may copy from or to guest memory in a way that can
 * fault, and nobody may wait for a TLB flush with interrupts off.
 */
#ifndef HV_SPINLOCK_H
#define HV_SPINLOCK_H

#include <hv/atomic.h>

typedef struct {
    union {
        u32 both;
        struct { u16 head, tail; };
    };
#ifdef CONFIG_DEBUG
    u16 owner_cpu;      /* MAX: free */
    u16 irq_seen;       /* taken with interrupts on (1) / off (2): both is a bug when used in irq */
#endif
} spinlock_t;

#define SPIN_LOCK_UNLOCKED ((spinlock_t){})
#define DEFINE_SPINLOCK(n) spinlock_t n

static inline void spin_lock_init(spinlock_t *l) { *l = (spinlock_t){}; }
void spin_lock(spinlock_t *l);
void spin_unlock(spinlock_t *l);
bool spin_trylock(spinlock_t *l);
void spin_lock_irq(spinlock_t *l);
void spin_unlock_irq(spinlock_t *l);
unsigned long spin_lock_save(spinlock_t *l);
void spin_unlock_restore(spinlock_t *l, unsigned long flags);
#define spin_lock_irqsave(l, f) ((f) = spin_lock_save(l))
#define spin_unlock_irqrestore(l, f) spin_unlock_restore(l, f)
bool spin_is_locked(const spinlock_t *l);
/** Take a then b in address order when they differ; both must be of the same class. */
void spin_lock_both(spinlock_t *a, spinlock_t *b);
void spin_unlock_both(spinlock_t *a, spinlock_t *b);

/* Writers wait for readers; a waiting writer stops new readers. */
typedef struct { u32 cnts; spinlock_t lock; } rwlock_t;
static inline void rwlock_init(rwlock_t *l) { *l = (rwlock_t){}; }
void read_lock(rwlock_t *l);
void read_unlock(rwlock_t *l);
void write_lock(rwlock_t *l);
void write_unlock(rwlock_t *l);

#endif
