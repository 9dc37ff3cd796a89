/* SPDX-License-Identifier: MIT */
/* The steps of boot, called once each by common/start.c in this order. */
#ifndef HV_BOOT_H
#define HV_BOOT_H

#include <hv/boot_info.h>

/* boot/: read what the loader left (multiboot.c) and put the memory map in order (e820.c). */
void boot_read_loader_info(u32 magic, paddr_t info);
void boot_e820_add(u64 start, u64 size, u32 type);
void boot_e820_sanitise(void);
void boot_e820_print(void);
/** Take [start, end) away from RAM, e.g. for mem= . */
void boot_e820_clip(u64 limit);

/* mm/ */
void hv_map_init(void);           /* final page tables; the identity map is gone afterwards */
void mm_init_heap(void);          /* free RAM goes to the page allocator */
void mm_free_init_sections(void); /* after dom0 is built: init text and data become RAM */

/* cpu/, traps/ */
void trap_init_early(void);              /* boot CPU: IDT usable for panics, on the boot GDT */
void nmi_init(void);                     /* NMIs of the platform reach dom0 from now on */
void percpu_area_init(unsigned int cpu); /* allocates stack, GDT, IDT, TSS of a CPU; panics */
struct cpu_info *percpu_cpu_info(unsigned int cpu); /* at the top of that stack */
void percpu_area_load(unsigned int cpu);            /* on that CPU: LGDT, LIDT, LTR, SYSCALL MSRs */
int percpu_data_init(unsigned int cpu);             /* copy of .data.percpu */
void pv_cpu_init(unsigned int cpu);                 /* pv/: SYSCALL stubs and MSRs, on that CPU */
void acpi_init(void);
void apic_init_boot_cpu(void);
void apic_init_secondary(void);
void ioapic_init(void);
void time_init(void); /* calibrates the TSC; system time runs from here on */
void time_init_secondary(void);
void smp_boot_secondaries(void);
void serial_init_irq(void); /* serial input by interrupt */
void irq_init(void);

/* common/ */
void domain_init_idle(void); /* idle domain, vCPU 0 */
struct vcpu *idle_vcpu_create(unsigned int cpu);
void domain_init_special(void); /* DOMID_XEN, DOMID_IO */
void event_channel_init(void);
void grant_table_init(void);

/* pv/ */
void pv_init(void); /* registers frame type checks, prepares templates */
void pv_cpu_policy_init(void);
/** Build dom0 from the modules; panics with a sentence when that cannot be. */
struct domain *pv_build_dom0(void);

void start_hypervisor(u32 magic, u64 info, u64 image_base) __attribute__((noreturn));
void start_secondary(void) __attribute__((noreturn));

#endif
