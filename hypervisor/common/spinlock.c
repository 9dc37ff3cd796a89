/* SPDX-License-Identifier: MIT */
/*
 * Ticket spinlocks (fair, so that no CPU starves) and writer-preferring reader-writer locks.
 * Debug builds record owners and what each CPU holds: recursion, a lock taken against the order of
 * docs/LOCKING.md, and one that an interrupt could find taken on its own CPU stop the machine.
 */
#include <asm/current.h>
#include <hv/arch.h>
#include <hv/percpu.h>
#include <hv/spinlock.h>

#define RW_WRITER 0x80000000u

#ifdef CONFIG_DEBUG
#define MAX_HELD 16

struct held {
    u32 n, interrupts; /* locks, and interrupts that have come one upon the other */
    spinlock_t *lock[MAX_HELD];
};
static DEFINE_PER_CPU(struct held, held);

/* Two of a class: in the order that the class has for itself. */
static bool may_nest(u8 order)
{
    return order == ORDER_EVENTS || order == ORDER_GRANT_ENTRY || order == ORDER_CHANNEL ||
           order == ORDER_RUN_QUEUE || order == ORDER_TIMERS;
}

static void check_before(spinlock_t *l)
{
    BUG_ON(l->owner_cpu == smp_processor_id() + 1);
    if (this_cpu(held).interrupts)
        l->irq_seen |= 2;
    else if (irq_is_enabled())
        l->irq_seen |= 1;
    BUG_ON(l->irq_seen == 3);
    for (u32 i = 0; l->order && i < this_cpu(held).n; i++) {
        u8 above = this_cpu(held).lock[i]->order;

        BUG_ON(above > l->order || (above == l->order && !may_nest(above)));
    }
}

static void note_taken(spinlock_t *l)
{
    unsigned long flags = irq_save();

    l->owner_cpu = (u16)(smp_processor_id() + 1);
    BUG_ON(this_cpu(held).n >= MAX_HELD);
    this_cpu(held).lock[this_cpu(held).n++] = l;
    irq_restore(flags);
}

static void note_given(spinlock_t *l)
{
    unsigned long flags = irq_save();
    u32 i = this_cpu(held).n;

    BUG_ON(l->owner_cpu != smp_processor_id() + 1);
    l->owner_cpu = 0;
    while (i-- && this_cpu(held).lock[i] != l)
        ;
    BUG_ON(i == ~0u);
    for (this_cpu(held).n--; i < this_cpu(held).n; i++)
        this_cpu(held).lock[i] = this_cpu(held).lock[i + 1];
    irq_restore(flags);
}

void assert_no_locks(void)
{
    for (u32 i = 0; i < this_cpu(held).n; i++)
        BUG_ON(this_cpu(held).lock[i]->order != ORDER_DOMCTL);
}

void lock_interrupt_enter(void)
{
    this_cpu(held).interrupts++;
}

void lock_interrupt_leave(void)
{
    this_cpu(held).interrupts--;
}
#else
static inline void check_before(spinlock_t *l) { (void)l; }
static inline void note_taken(spinlock_t *l) { (void)l; }
static inline void note_given(spinlock_t *l) { (void)l; }
#endif

void spin_lock(spinlock_t *l)
{
    u32 ticket;

    check_before(l);
    ticket = __atomic_fetch_add(&l->both, 0x10000, __ATOMIC_ACQUIRE) >> 16;
    while (__atomic_load_n(&l->head, __ATOMIC_ACQUIRE) != (u16)ticket)
        cpu_relax();
    note_taken(l);
}

void spin_unlock(spinlock_t *l)
{
    note_given(l);
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
    note_taken(l);
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
