/* SPDX-License-Identifier: MIT */
/* The two ways to die: panic (the machine is unusable) and BUG (our own defect). */
#include <asm/current.h>
#include <hv/arch.h>
#include <hv/console.h>
#include <hv/irq.h>
#include <hv/params.h>
#include <hv/printk.h>

#define REBOOT_DELAY_MS 5000

bool opt_noreboot;

static int parse_noreboot(const char *s)
{
    int on = parse_bool(s);

    opt_noreboot = on == 1;
    return on < 0 ? -1 : 0;
}
BOOT_PARAM("noreboot", parse_noreboot);

static void __noreturn die(void)
{
    smp_stop_others();
    printk(LOG_ERR "\n");
    if (opt_noreboot) {
        printk(LOG_ERR "The machine stays as it is (\"noreboot\"): reset it by hand\n");
        machine_halt();
    }
    printk(LOG_ERR "Reboot in five seconds...\n");
    machine_restart(REBOOT_DELAY_MS);
}

void panic(const char *fmt, ...)
{
    va_list ap;

    irq_disable();
    console_force_unlock();
    printk(LOG_ERR "\n");
    printk(LOG_ERR "****************************************\n");
    printk(LOG_ERR "Panic on CPU %u:\n", smp_processor_id());
    va_start(ap, fmt);
    vprintk(fmt, ap);
    va_end(ap);
    show_backtrace((u64)__builtin_return_address(0), (u64)__builtin_frame_address(0),
                   *(u64 *)__builtin_frame_address(0));
    printk(LOG_ERR "****************************************\n");
    die();
}

void bug_at(const char *file, int line, const char *what)
{
    irq_disable();
    console_force_unlock();
    printk(LOG_ERR "\n");
    printk(LOG_ERR "****************************************\n");
    printk(LOG_ERR "Defect in the hypervisor on CPU %u: %s at %s:%d\n", smp_processor_id(), what,
           file, line);
    show_backtrace((u64)__builtin_return_address(0), (u64)__builtin_frame_address(0),
                   *(u64 *)__builtin_frame_address(0));
    printk(LOG_ERR "****************************************\n");
    die();
}
