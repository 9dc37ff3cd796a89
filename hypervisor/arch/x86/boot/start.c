/* SPDX-License-Identifier: MIT */
/*
 * Boot as one list. Part one runs on the image's boot stack and page tables; part two on the boot
 * CPU's own stack in its per-CPU area, with final page tables, and ends in the idle loop.
 */
#include <asm/cpu.h>
#include <asm/current.h>
#include <asm/frame.h>
#include <asm/platform.h>
#include <hv/sections.h>
#include <hv/arch.h>
#include <hv/boot.h>
#include <hv/console.h>
#include <hv/irq.h>
#include <hv/page_alloc.h>
#include <hv/params.h>
#include <hv/printk.h>
#include <hv/sched.h>
#include <hv/timer.h>
#include <hv/version.h>

static u64 opt_mem_limit;

static int parse_mem(const char *s)
{
    opt_mem_limit = parse_size_and_unit(s, NULL);
    return 0;
}
BOOT_PARAM("mem", parse_mem);

paddr_t image_to_paddr(const void *va)
{
    return (u64)va - HV_TEXT_START + boot_info.image_start;
}

static void banner(void)
{
    printk(LOG_ERR "Domus %s (Xen ABI %d.%d), built with %s\n", HV_VERSION, HV_XEN_MAJOR,
           HV_XEN_MINOR, HV_COMPILER);
    printk(LOG_INFO "Boot loader: %s\n", boot_info.loader_name);
    printk(LOG_INFO "Command line: %s\n", boot_info.cmdline);
    for (u32 i = 0; i < boot_info.nr_modules; i++)
        printk(LOG_INFO "Module %u: %lu bytes at %#lx %s\n", i, boot_info.module[i].bytes,
               boot_info.module[i].start, boot_info.module[i].cmdline);
}

static void first_cpu_info(u64 image_base)
{
    struct cpu_info *info = get_cpu_info();

    memset(info, 0, sizeof(*info));
    boot_info.image_start = image_base;
    boot_info.image_end = image_base + (u64)(_end - _start);
}

static void __noreturn start_dom0(void)
{
    struct domain *d;

    console_init_ring();
    vga_console_init_graphics();
    timer_subsystem_init();
    acpi_init();
    apic_init_boot_cpu();
    ioapic_init();
    irq_init();
    nmi_init();
    time_init();
    sched_init();
    domain_init_special();
    domain_init_idle();
    event_channel_init();
    grant_table_init();
    alloc_fault_init();
    pv_init();
    pv_cpu_policy_init();
    irq_enable();
    serial_init_irq();
    smp_boot_secondaries();
    d = pv_build_dom0();
    mm_free_init_sections();
    vga_console_release();
    printk(LOG_INFO "%u CPUs, %lu of %lu MiB free; starting dom0\n", nr_cpus,
           page_alloc_free_pages() >> 8, page_alloc_total_pages() >> 8);
    printk(LOG_INFO "*** Serial input to dom0 (type 'ctrl-a' three times to switch)\n");
    domain_unpause_by_controller(d);
    idle_loop();
}

/* Continue on the stack in the per-CPU area: it is the one that traps from guests use. */
static void __noreturn switch_to_own_stack(void)
{
    struct cpu_info *info = percpu_cpu_info(0);

    /* Fresh memory; pv_cpu_init() has already noted how guests are left. */
    info->percpu_offset = percpu_offset[0];
    __asm__ volatile("mov %0, %%rsp; xor %%ebp, %%ebp; pushq $0; jmp *%1"
                     ::"r"(info), "r"(start_dom0) : "memory");
    __builtin_unreachable();
}

void start_hypervisor(u32 magic, u64 info, u64 image_base)
{
    first_cpu_info(image_base);
    trap_init_early();
    boot_read_loader_info(magic, info);
    boot_params_parse(boot_info.cmdline);
    console_devices_init();
    banner();
    cpu_features_detect();
    cpu_features_apply();
    cpu_features_print();
    boot_e820_sanitise();
    if (opt_mem_limit)
        boot_e820_clip(opt_mem_limit);
    boot_e820_print();
    hv_map_init();
    mm_init_heap();
    if (percpu_data_init(0))
        panic("No memory for the boot CPU's data\n");
    percpu_area_init(0);
    get_cpu_info()->percpu_offset = percpu_offset[0];
    percpu_area_load(0);
    switch_to_own_stack();
}
