/* SPDX-License-Identifier: MIT */
/*
 * Channel 2 of the timer chip and port 0x61 as dom0 sees them: enough of an 8254 to calibrate a
 * clock against (counting, latching, gate, OUT). The real chip is ours. State in arch.pit under
 * pit_lock. Facts: Intel 8254 data sheet; PC/AT port 0x61.
 */
#include <hv/time.h>

#include "pit.h"

#define PIT_HZ       1193182UL
#define ACCESS_LATCH 0
#define ACCESS_LOW   1
#define ACCESS_HIGH  2
#define ACCESS_BOTH  3

static u64 elapsed_ticks(const struct domain *d)
{
    s64 ns = d->arch.pit.elapsed_ns;

    if (d->arch.pit.gate && d->arch.pit.loaded)
        ns += now_ns() - d->arch.pit.start_ns;
    return mul_div64((u64)ns, PIT_HZ, 1000000000);
}

static bool is_periodic(const struct domain *d)
{
    return d->arch.pit.mode & 2; /* modes 2 and 3, and their aliases 6 and 7 */
}

static u16 count_now(const struct domain *d)
{
    u64 ticks = elapsed_ticks(d);
    u32 count = d->arch.pit.count;

    if (!d->arch.pit.loaded)
        return 0;
    if (!is_periodic(d))
        return (u16)(count - ticks);
    if ((d->arch.pit.mode & 3) == 3)
        return (u16)(count - ticks * 2 % count); /* square wave counts by twos */
    return (u16)(count - ticks % count);
}

static bool out_pin(const struct domain *d)
{
    u64 ticks = elapsed_ticks(d);
    u32 count = d->arch.pit.count;

    if (!d->arch.pit.loaded)
        return d->arch.pit.mode != 0;
    switch (d->arch.pit.mode & 3) {
    case 2:
        return ticks % count != count - 1;
    case 3:
        return ticks % count < (count + 1) / 2;
    default:
        return ticks >= count;
    }
}

static void restart(struct domain *d)
{
    d->arch.pit.elapsed_ns = 0;
    d->arch.pit.start_ns = now_ns();
}

static void load_count(struct domain *d, u32 count)
{
    d->arch.pit.count = count ? count : 0x10000;
    d->arch.pit.loaded = true;
    restart(d);
}

static void write_counter(struct domain *d, u8 v)
{
    switch (d->arch.pit.access) {
    case ACCESS_LOW:
        load_count(d, v);
        return;
    case ACCESS_HIGH:
        load_count(d, (u32)v << 8);
        return;
    default:
        break;
    }
    if (d->arch.pit.write_high)
        load_count(d, (u32)v << 8 | d->arch.pit.low);
    else
        d->arch.pit.low = v;
    d->arch.pit.write_high = !d->arch.pit.write_high;
}

static u8 read_counter(struct domain *d)
{
    u16 v = d->arch.pit.latched ? d->arch.pit.latch : count_now(d);
    bool high = d->arch.pit.access == ACCESS_HIGH;

    if (d->arch.pit.access == ACCESS_BOTH) {
        high = d->arch.pit.read_high;
        d->arch.pit.read_high = !high;
        if (!high)
            return (u8)v; /* a latched value stays for its second half */
    }
    d->arch.pit.latched = false;
    return (u8)(high ? v >> 8 : v);
}

static void write_control(struct domain *d, u8 v)
{
    if (v >> 6 == 3) { /* read-back command: latch the count unless told otherwise */
        if (v & 8 && !(v & 0x20) && !d->arch.pit.latched) {
            d->arch.pit.latch = count_now(d);
            d->arch.pit.latched = true;
        }
        return;
    }
    if (v >> 6 != 2)
        return; /* channels 0 and 1 are not there */
    if ((v >> 4 & 3) == ACCESS_LATCH) {
        if (!d->arch.pit.latched)
            d->arch.pit.latch = count_now(d);
        d->arch.pit.latched = true;
        return;
    }
    d->arch.pit.access = v >> 4 & 3;
    d->arch.pit.mode = v >> 1 & 7;
    d->arch.pit.write_high = d->arch.pit.read_high = false;
    d->arch.pit.latched = d->arch.pit.loaded = false;
}

static void write_gate(struct domain *d, u8 v)
{
    bool gate = v & 1;

    d->arch.pit.speaker = v & 2;
    if (gate == d->arch.pit.gate)
        return;
    if (!gate)
        d->arch.pit.elapsed_ns += now_ns() - d->arch.pit.start_ns;
    d->arch.pit.gate = gate;
    if (gate) {
        d->arch.pit.start_ns = now_ns();
        if (d->arch.pit.mode != 0 && d->arch.pit.mode != 4)
            restart(d); /* a rising gate triggers the other modes */
    }
}

u8 pit_read(struct domain *d, u16 port)
{
    u8 v = 0xff;

    spin_lock(&d->arch.pit_lock);
    if (port == 0x42)
        v = read_counter(d);
    else if (port == 0x61)
        v = (u8)(d->arch.pit.gate | d->arch.pit.speaker << 1 | (elapsed_ticks(d) & 16) |
                 out_pin(d) << 5);
    spin_unlock(&d->arch.pit_lock);
    return v;
}

void pit_write(struct domain *d, u16 port, u8 v)
{
    spin_lock(&d->arch.pit_lock);
    if (port == 0x42)
        write_counter(d, v);
    else if (port == 0x43)
        write_control(d, v);
    else if (port == 0x61)
        write_gate(d, v);
    spin_unlock(&d->arch.pit_lock);
}
