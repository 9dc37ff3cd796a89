/* SPDX-License-Identifier: MIT */
/* System time: ns since boot, from the TSC (arch/x86/cpu/tsc.c). */
#ifndef HV_TIME_H
#define HV_TIME_H

#include <hv/types.h>

#define SECONDS(s)    ((s_time_t)(s)*1000000000)
#define MILLISECS(ms) ((s_time_t)(ms)*1000000)
#define MICROSECS(us) ((s_time_t)(us)*1000)
#define STIME_MAX     ((s_time_t)0x7fffffffffffffffLL)

/* ns = ((tsc << shift) * mul) >> 32, the pvclock formula; shift may be negative. */
struct time_scale {
    u32 mul;
    s32 shift;
};

s_time_t now_ns(void);
u64 ns_to_tsc(s_time_t ns);
void udelay(unsigned int us);

struct tm_wallclock {
    u64 sec;
    u32 nsec;
}; /* UTC at system time 0 */
struct tm_wallclock wallclock_at_boot(void);
/** UTC sec/nsec that held at system_time ns; used by XENPF_settime64. Updates every domain's
 * shared_info. */
void wallclock_set(u64 sec, u32 nsec, u64 system_time_ns);

#endif
