/* SPDX-License-Identifier: MIT */
/* Log output (common/printk.c). Context: any but NMI (a panic may), with any lock held. */
#ifndef HV_PRINTK_H
#define HV_PRINTK_H

#include <hv/lib.h>

#define LOG_ERR   "<0>"
#define LOG_WARN  "<1>"
#define LOG_INFO  "<2>"
#define LOG_DEBUG "<3>"
/* Said on behalf of, or provoked by, a guest: obeys guest_loglvl= and is rate limited. */
#define LOG_GUEST_ERR   "<G><0>"
#define LOG_GUEST_WARN  "<G><1>"
#define LOG_GUEST_INFO  "<G><2>"
#define LOG_GUEST_DEBUG "<G><3>"

/** Print one line; without a level prefix it is a warning. Lines reach the console prefixed "(XEN)
 * ". */
void printk(const char *fmt, ...) __printf(1, 2);
void vprintk(const char *fmt, va_list ap) __printf(1, 0);

/** The machine is unusable: print, backtrace, stop the other CPUs, reboot unless "noreboot". */
void panic(const char *fmt, ...) __printf(1, 2) __noreturn __cold;

#define gprintk(level, fmt, ...) \
    printk(level "d%dv%d " fmt, current->domain->domid, current->vcpu_id, ##__VA_ARGS__)

#endif
