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
    u16 owner_cpu;      /* CPU + 1; 0: free */
    u8 order;           /* enum lock_order; 0: unchecked */
    u8 irq_seen;        /* taken with interrupts on (1), in an interrupt (2): both is a bug */
#endif
} spinlock_t;

/* The lines of the table in docs/LOCKING.md; debug builds check that nobody goes upwards. */
enum lock_order {
    ORDER_DOMCTL = 10, ORDER_DOMAIN_LIST = 20, ORDER_WATCHDOG = 30, ORDER_EVENTS = 40,
    ORDER_GRANT_TABLE = 50, ORDER_GRANT_ENTRY, ORDER_MAPTRACK, ORDER_CHANNEL = 60,
    ORDER_IRQ_LINE = 70, ORDER_PAGES = 90, ORDER_HEAP = 100, ORDER_SHUTDOWN = 105,
    ORDER_RUN_QUEUE = 110, ORDER_TIMERS = 120, ORDER_LEAF = 130,
};

#define SPIN_LOCK_UNLOCKED ((spinlock_t){})
#define DEFINE_SPINLOCK(n) spinlock_t n
#ifdef CONFIG_DEBUG
#define SPIN_LOCK_AT(o) { .order = (o) }
/** Nothing may be waited for now: no lock but those that are only ever tried. Debug builds. */
void assert_no_locks(void);
void lock_interrupt_enter(void);
void lock_interrupt_leave(void);
#else
#define SPIN_LOCK_AT(o) { .both = 0 }
static inline void assert_no_locks(void) { }
static inline void lock_interrupt_enter(void) { }
static inline void lock_interrupt_leave(void) { }
#endif

#define DEFINE_SPINLOCK_AT(n, o) spinlock_t n = SPIN_LOCK_AT(o)
#define spin_lock_init_at(l, o) ((void)(*(l) = (spinlock_t)SPIN_LOCK_AT(o)))
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
/* The order is that of writers; readers are not checked. */
#define rwlock_init_at(l, o) ((void)(*(l) = (rwlock_t){ .lock = SPIN_LOCK_AT(o) }))
static inline void rwlock_init(rwlock_t *l) { *l = (rwlock_t){}; }
void read_lock(rwlock_t *l);
void read_unlock(rwlock_t *l);
void write_lock(rwlock_t *l);
void write_unlock(rwlock_t *l);

#endif
