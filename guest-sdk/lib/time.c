/* SPDX-License-Identifier: MIT */
/* Reads the clock record; no state. */
#include <sdk/cpu.h>
#include <sdk/events.h>
#include <sdk/time.h>

uint64_t time_from(const volatile struct vcpu_time_info *time)
{
    uint32_t version;
    uint64_t ns;

    do {
        uint64_t delta;

        version = time->version;
        barrier();
        delta = rdtsc() - time->tsc_timestamp;
        delta = time->tsc_shift >= 0 ? delta << time->tsc_shift : delta >> -time->tsc_shift;
        delta = (unsigned __int128)delta * time->tsc_to_system_mul >> 32;
        ns = time->system_time + delta;
        barrier();
    } while ((version & 1) || version != time->version);
    return ns;
}

uint64_t time_now_ns(void)
{
    return time_from(&vcpu_info(this_cpu()->id)->time);
}

void time_delay_ns(uint64_t ns)
{
    uint64_t end = time_now_ns() + ns;

    while (time_now_ns() < end)
        cpu_relax();
}
