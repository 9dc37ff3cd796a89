/* SPDX-License-Identifier: MIT */
/* Ending: reboot by ACPI reset register, keyboard controller, CF9, triple fault; ACPI sleep states.
 */
#include <asm/cpu.h>
#include <asm/platform.h>
#include <hv/arch.h>
#include <hv/atomic.h>
#include <hv/irq.h>
#include <hv/printk.h>
#include <hv/time.h>

void machine_halt(void)
{
    for (;;)
        __asm__ volatile("cli; hlt");
}

static void reset_by_acpi(void)
{
    /* FADT flag 10: the reset register is there (ACPI 4.8.3.6). */
    if (acpi_info.reset_flags & BIT(10) && acpi_info.reset_space == 1)
        outb((u16)acpi_info.reset_addr, acpi_info.reset_value);
}

static void reset_by_keyboard_controller(void)
{
    for (int i = 0; i < 10; i++) {
        for (int w = 0; w < 10000 && inb(0x64) & 2; w++)
            cpu_relax();
        outb(0x64, 0xfe);
        udelay(50);
    }
}

static void reset_by_triple_fault(void)
{
    struct {
        u16 limit;
        u64 base;
    } __packed none = { 0, 0 };

    __asm__ volatile("lidt %0; int3" ::"m"(none));
}

void machine_restart(unsigned int delay_ms)
{
    irq_disable();
    for (unsigned int i = 0; i < delay_ms; i++)
        udelay(1000);
    smp_stop_others();
    reset_by_acpi();
    udelay(1000);
    outb(0xcf9, 0x02);
    outb(0xcf9, 0x06);
    udelay(1000);
    reset_by_keyboard_controller();
    reset_by_triple_fault();
    machine_halt();
}

/* XENPF_enter_acpi_sleep: dom0's AML gave the values for PM1a/b control, SLP_EN (bit 13) included.
 */
void acpi_enter_sleep(u16 pm1a, u16 pm1b)
{
    if (acpi_info.pm1a_cnt)
        outw((u16)acpi_info.pm1a_cnt, pm1a);
    if (acpi_info.pm1b_cnt)
        outw((u16)acpi_info.pm1b_cnt, pm1b);
}
