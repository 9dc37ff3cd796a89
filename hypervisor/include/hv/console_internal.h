/* SPDX-License-Identifier: MIT */
/* Between printk.c, console.c and panic.c only. */
#ifndef HV_CONSOLE_INTERNAL_H
#define HV_CONSOLE_INTERNAL_H

#include <hv/types.h>

/** Bytes to every device and into the ring; the caller holds the output lock. */
void console_emit(const char *s, size_t n);

/**
 * The output lock, except after console_force_unlock(): then a CPU that panics, or an NMI, prints
 * without it, since its owner may never go on.
 */
unsigned long console_lock_irqsave(void);
void console_unlock_irqrestore(unsigned long flags);

#endif
