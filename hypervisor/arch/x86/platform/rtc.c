/* SPDX-License-Identifier: MIT */
/*
 * The CMOS clock, read once at boot to know the date at system time 0; and the ports 0x70/0x71 for
 * dom0, whose index is latched so that the two users do not disturb each other.
 * Facts: Motorola MC146818 data sheet.
 */
#include <asm/cpu.h>
#include <asm/tsc.h>
#include <asm/platform.h>
#include <hv/arch.h>
#include <hv/domain.h>
#include <hv/printk.h>
#include <hv/spinlock.h>

static DEFINE_SPINLOCK_AT(cmos_lock, ORDER_LEAF);
static DEFINE_SPINLOCK(wallclock_lock);
static struct tm_wallclock at_boot;

u8 cmos_read(u8 index)
{
    unsigned long flags = spin_lock_save(&cmos_lock);
    u8 v;

    outb(0x70, index);
    v = inb(0x71);
    spin_unlock_restore(&cmos_lock, flags);
    return v;
}

void cmos_write(u8 index, u8 v)
{
    unsigned long flags = spin_lock_save(&cmos_lock);

    outb(0x70, index);
    outb(0x71, v);
    spin_unlock_restore(&cmos_lock, flags);
}

struct rtc_reading {
    u8 sec, min, hour, day, month, year;
};

static struct rtc_reading read_once(void)
{
    return (struct rtc_reading){ cmos_read(0), cmos_read(2), cmos_read(4),
                                 cmos_read(7), cmos_read(8), cmos_read(9) };
}

static u8 from_bcd(u8 v, bool binary)
{
    return binary ? v : (u8)((v & 15) + (v >> 4) * 10);
}

/* Days since 1970-01-01 of a date in the Gregorian calendar, by counting years from March. */
static u64 days_since_epoch(u32 year, u32 month, u32 day)
{
    if (month <= 2) {
        month += 12;
        year--;
    }
    return 365UL * year + year / 4 - year / 100 + year / 400 + (153 * (month - 3) + 2) / 5 + day -
           719469;
}

static u64 rtc_seconds(void)
{
    struct rtc_reading a, b = { 0 };
    u8 status;
    bool binary, pm;

    /*
     * Two equal readings outside an update: no carry was under way. An update takes up to 2.2 ms,
     * for which many readings are fast enough.
     */
    for (int i = 0; i < 100000; i++) {
        if (cmos_read(10) & 0x80)
            continue;
        a = read_once();
        if (!memcmp(&a, &b, sizeof(a)))
            break;
        b = a;
    }
    a = b;
    status = cmos_read(11);
    binary = status & 4;
    pm = !(status & 2) && a.hour & 0x80;
    a.hour = from_bcd(a.hour & 0x7f, binary);
    if (!(status & 2))
        a.hour = (u8)(a.hour % 12 + (pm ? 12 : 0));
    return days_since_epoch(from_bcd(a.year, binary) +
                                (from_bcd(a.year, binary) < 70 ? 2000u : 1900u),
                            from_bcd(a.month, binary), from_bcd(a.day, binary)) *
               86400 +
           a.hour * 3600UL + from_bcd(a.min, binary) * 60UL + from_bcd(a.sec, binary);
}

void wallclock_init(void)
{
    at_boot.sec = rtc_seconds();
    printk(LOG_INFO "Wall clock: %lu s since 1970\n", at_boot.sec);
}

struct tm_wallclock wallclock_at_boot(void)
{
    struct tm_wallclock w;

    spin_lock(&wallclock_lock);
    w = at_boot;
    spin_unlock(&wallclock_lock);
    return w;
}

void wallclock_set(u64 sec, u32 nsec, u64 system_time_ns)
{
    u64 total = sec * 1000000000UL + nsec - system_time_ns;
    struct domain *d;

    spin_lock(&wallclock_lock);
    at_boot = (struct tm_wallclock){ total / 1000000000UL, (u32)(total % 1000000000UL) };
    spin_unlock(&wallclock_lock);
    read_lock(&domain_list_lock);
    list_for_each_entry(d, &domain_list, list) arch_domain_wallclock_update(d);
    read_unlock(&domain_list_lock);
}
