/* SPDX-License-Identifier: MIT */
/* TSC and wall clock (cpu/tsc.c, platform/rtc.c); contracts within arch/x86. */
#ifndef ASM_TSC_H
#define ASM_TSC_H

#include <hv/time.h>

/** This CPU's present (tsc, system time) pair and scale, for pvclock. */
void tsc_time_params(u64 *tsc_stamp, s_time_t *stime, struct time_scale *s);
u64 tsc_khz(void);
/** The pvclock scale of a TSC of that frequency, not 0. */
struct time_scale tsc_scale_from_khz(u64 khz);
void tsc_sync_serve(void);          /* boot CPU, while a new CPU is in time_init_secondary() */

void apic_timer_calibrate_start(void);
u32 apic_timer_calibrate_elapsed(void);
void apic_timer_set_frequency(u64 hz);
void apic_timer_start(void);
void apic_note_cpu(unsigned int cpu, u32 apic_id, u32 acpi_id);
void apic_error_interrupt(void);

void wallclock_init(void);          /* rtc.c: reads the CMOS clock once */

#endif
