/* SPDX-License-Identifier: MIT */
/* The console: serial and VGA output, the ring that "dmesg" reads, input, debug keys
 * (common/console.c). */
#ifndef HV_CONSOLE_H
#define HV_CONSOLE_H

#include <hv/types.h>

struct cpu_user_regs;
struct domain;
struct xen_sysctl_readconsole;

/** A device that can print. write: any context, never waits longer than the hardware needs. */
struct console_device {
    const char *name;
    void (*write)(const char *s, size_t n);
    void (*flush)(void); /* NULL: nothing is buffered in hardware */
};
void console_register(const struct console_device *dev);
void console_init_ring(void); /* from then on the ring has its final size */
/** Raw bytes of a domain (CONSOLEIO_write): to the devices and the ring; with a prefix for domUs.
 */
void console_write_guest(struct domain *d, const char *s, size_t n);
/** Input characters for dom0. Returns bytes put in buf. */
size_t console_read_input(char *buf, size_t n);
void console_rx(char c);                                   /* from the serial interrupt */
long console_read_ring(struct xen_sysctl_readconsole *op); /* copies to the guest */
void console_force_unlock(void);                           /* panic, NMI */
/** Wait until the devices have sent what they hold: before power-off and sleep. */
void console_flush(void);

/* debug_key.c */
void debug_key_register(char key, const char *what, void (*fn)(unsigned char key));
void debug_key_handle(unsigned char key);
void debug_key_typed(unsigned char key); /* from an interrupt: handled soon after it */

/* symbols.c */
const char *symbol_lookup(u64 addr, u64 *offset, u64 *size); /* NULL: not ours */
u32 symbol_table_size(void);
const char *symbol_by_index(u32 i, u64 *addr); /* sorted by address; NULL: no more */
void show_registers(const struct cpu_user_regs *regs);
void show_backtrace(u64 rip, u64 rsp, u64 rbp);

#endif
