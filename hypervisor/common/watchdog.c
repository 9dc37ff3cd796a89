/* SPDX-License-Identifier: MIT */
/* Domain watchdogs: two timers a domain, on dom's vCPU 0. ABI: public sched.h (sched_watchdog). */
#include <hv/errno.h>
#include <hv/printk.h>
#include <hv/time.h>
#include <hv/watchdog.h>

static void fired(void *data)
{
    struct domain *d = data;

    if (d->is_shutting_down || d->dying)
        return;
    printk(LOG_WARN "Watchdog of domain %u has fired\n", d->domid);
    domain_shutdown(d, SHUTDOWN_watchdog);
}

void domain_watchdog_init(struct domain *d)
{
    for (u32 i = 0; i < NR_WATCHDOGS; i++)
        timer_init(&d->watchdog[i], fired, d, 0);
}

void domain_watchdog_destroy(struct domain *d)
{
    for (u32 i = 0; i < NR_WATCHDOGS; i++)
        timer_kill(&d->watchdog[i]);
}

long domain_watchdog_set(struct domain *d, u32 id, u32 timeout_seconds)
{
    long rc = 0;

    if (id > NR_WATCHDOGS)
        return -EINVAL;
    spin_lock(&d->watchdog_lock);
    if (!id) {
        rc = timeout_seconds ? -ENOSPC : -EINVAL;
        for (u32 i = 0; timeout_seconds && i < NR_WATCHDOGS; i++) {
            if (d->watchdog_inuse & 1u << i)
                continue;
            d->watchdog_inuse |= 1u << i;
            timer_set(&d->watchdog[i], now_ns() + SECONDS(timeout_seconds));
            rc = i + 1;
            break;
        }
    } else if (!(d->watchdog_inuse & 1u << (id - 1))) {
        rc = -EINVAL;
    } else if (!timeout_seconds) {
        timer_stop(&d->watchdog[id - 1]);
        d->watchdog_inuse &= ~(1u << (id - 1));
    } else {
        timer_set(&d->watchdog[id - 1], now_ns() + SECONDS(timeout_seconds));
    }
    spin_unlock(&d->watchdog_lock);
    return rc;
}
