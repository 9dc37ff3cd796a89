/* SPDX-License-Identifier: MIT */
/*
 * Ticket spinlocks (fair, so that no CPU starves) and writer-preferring reader-writer locks.
 * Debug builds record the owner and catch recursion.
 */
#include <asm/current.h>
#include <hv/arch.h>
#include <hv/spinlock.h>

#define RW_WRITER 0x80000000u

void spin_lock(spinlock_t *l)
{
    u32 ticket = __atomic_fetch_add(&l->both, 0x10000, __ATOMIC_ACQUIRE) >> 16;

#ifdef CONFIG_DEBUG
    if (READ_ONCE(l->head) != (u16)ticket)
        BUG_ON(l->owner_cpu == smp_processor_id() + 1);
#endif
    while (__atomic_load_n(&l->head, __ATOMIC_ACQUIRE) != (u16)ticket)
        cpu_relax();
#ifdef CONFIG_DEBUG
    l->owner_cpu = (u16)(smp_processor_id() + 1);
#endif
}

void spin_unlock(spinlock_t *l)
{
#ifdef CONFIG_DEBUG
    BUG_ON(l->owner_cpu != smp_processor_id() + 1);
    l->owner_cpu = 0;
#endif
    /* Only the owner writes head, so a plain add is enough. */
    __atomic_store_n(&l->head, (u16)(l->head + 1), __ATOMIC_RELEASE);
}

bool spin_trylock(spinlock_t *l)
{
    u32 old = READ_ONCE(l->both);

    if ((u16)old != (u16)(old >> 16))
        return false;
    if (cmpxchg(&l->both, old, old + 0x10000) != old)
        return false;
#ifdef CONFIG_DEBUG
    l->owner_cpu = (u16)(smp_processor_id() + 1);
#endif
    return true;
}

bool spin_is_locked(const spinlock_t *l)
{
    u32 v = READ_ONCE(l->both);

    return (u16)v != (u16)(v >> 16);
}

void spin_lock_irq(spinlock_t *l)
{
    irq_disable();
    spin_lock(l);
}

void spin_unlock_irq(spinlock_t *l)
{
    spin_unlock(l);
    irq_enable();
}

unsigned long spin_lock_save(spinlock_t *l)
{
    unsigned long flags = irq_save();

    spin_lock(l);
    return flags;
}

void spin_unlock_restore(spinlock_t *l, unsigned long flags)
{
    spin_unlock(l);
    irq_restore(flags);
}

void spin_lock_both(spinlock_t *a, spinlock_t *b)
{
    if (a > b) {
        spinlock_t *t = a;

        a = b;
        b = t;
    }
    spin_lock(a);
    if (a != b)
        spin_lock(b);
}

void spin_unlock_both(spinlock_t *a, spinlock_t *b)
{
    spin_unlock(a);
    if (a != b)
        spin_unlock(b);
}

void read_lock(rwlock_t *l)
{
    if (likely(!(atomic_add_return(&l->cnts, 1) & RW_WRITER)))
        return;
    atomic_dec(&l->cnts);
    /* A writer holds or wants it: queue behind it, so that it cannot starve. */
    spin_lock(&l->lock);
    while (atomic_add_return(&l->cnts, 1) & RW_WRITER) {
        atomic_dec(&l->cnts);
        cpu_relax();
    }
    spin_unlock(&l->lock);
}

void read_unlock(rwlock_t *l)
{
    atomic_dec(&l->cnts);
}

void write_lock(rwlock_t *l)
{
    spin_lock(&l->lock);
    atomic_or(&l->cnts, RW_WRITER);
    while (atomic_read(&l->cnts) != RW_WRITER)
        cpu_relax();
}

void write_unlock(rwlock_t *l)
{
    atomic_and(&l->cnts, ~RW_WRITER);
    spin_unlock(&l->lock);
}
