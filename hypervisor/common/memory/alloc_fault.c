/* SPDX-License-Identifier: MIT */
/*
 * Debug builds only: an allocation that fails on purpose, and a count of what is allocated. By
 * debug keys: '/' prints the counts and begins a number anew, digits follow; of the allocations
 * from then on the one with that number fails, once, and says so. What lives is objects, and
 * blocks of pages that are no slabs. tests/guest/alloc_faults drives it.
 *
 * Counters are atomic; what is armed belongs to whoever types the keys.
 */
#include <hv/atomic.h>
#include <hv/console.h>
#include <hv/page_alloc.h>
#include <hv/printk.h>

static unsigned long made, armed;
static long live;

bool alloc_should_fail(const char *what, size_t bytes, const void *caller)
{
    unsigned long number = __atomic_add_fetch(&made, 1, __ATOMIC_RELAXED);

    if (likely(number != READ_ONCE(armed)))
        return false;
    printk(LOG_ERR "alloc: number %lu fails on purpose: %s, %zu bytes, for %pS\n", number, what,
           bytes, caller);
    return true;
}

void alloc_count_live(long change)
{
    __atomic_add_fetch(&live, change, __ATOMIC_RELAXED);
}

static void fault_key(unsigned char key)
{
    if (key == '/') {
        WRITE_ONCE(armed, 0);
        printk(LOG_ERR "alloc: %lu since the last time, %ld live\n", made, live);
        WRITE_ONCE(made, 0);
        return;
    }
    WRITE_ONCE(armed, armed * 10 + key - '0');
    WRITE_ONCE(made, 0);
}

void alloc_fault_init(void)
{
    debug_key_register('/', "allocations: show counts, no fault; digits: fail one", fault_key);
    for (char digit = '0'; digit <= '9'; digit++)
        debug_key_register(digit, "a digit of the number of the allocation that fails", fault_key);
}
