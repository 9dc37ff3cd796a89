/* SPDX-License-Identifier: MIT */
/* Machine devices and tables (platform/): contracts used within arch/x86. */
#ifndef ASM_PLATFORM_H
#define ASM_PLATFORM_H

#include <hv/types.h>

struct domain;

/* serial.c, vga.c */
void console_devices_init(void);  /* after options are parsed */
void vga_console_init(void);
void vga_console_init_graphics(void); /* the same for a graphics screen: when there is memory */
void vga_console_release(void);   /* dom0 starts: it owns the screen */
/* framebuffer.c, for vga.c only */
void framebuffer_console_init(void);
void framebuffer_console_release(void);
bool serial_owns_port(u32 port);
int serial_irq(void);             /* GSI of the console UART, -1 none */

/* irq.c: an interrupt line or vector for the hypervisor's own use. 0, -EBUSY, -ENOSPC. */
int irq_request_hv(u32 gsi, void (*handler)(void *), void *data);

/* acpi.c */
struct acpi_info {
    paddr_t rsdp;
    u64 lapic_base;
    u32 nr_cpus;
    struct { u32 apic_id, acpi_id; bool enabled; } cpu[256];
    u32 nr_ioapics;
    struct { u32 id, gsi_base; u64 base; } ioapic[8];
    u32 nr_overrides;
    /* ACPI flags: 1 high/edge, 3 low/level, 0 bus */
    struct { u8 irq; u8 polarity, trigger; u32 gsi; } override[32];
    bool has_8259;
    u32 pm1a_cnt, pm1b_cnt, pm1a_evt, pm1_evt_len, pm_timer_port;
    u32 smi_port;
    u16 sci_irq;
    u32 reset_flags; u8 reset_space, reset_value; u64 reset_addr;
    u8 reset_width;
    u8 s5_a, s5_b;
    bool has_s5;
    u64 hpet_base;
    u32 nr_mmcfg;
    struct { u64 base; u16 segment; u8 first_bus, last_bus; } mmcfg[8];
    u16 iapc_boot_arch;
};
extern struct acpi_info acpi_info;
/** A table by its signature, mapped for good; NULL: not there or its checksum is wrong. */
const void *acpi_find_table(const char sig[4]);

/* efi.c */
struct efi_info {
    bool present;
    u32 version, fw_revision, nr_config;
    u64 config_table;
    u16 vendor[100];               /* UTF-16, terminated */
};
extern struct efi_info efi_info;
void efi_find_rsdp(void);          /* also fills efi_info */

/* ioapic.c */
u32 ioapic_nr_gsis(void);
/** Program the entry of a GSI: vector to a CPU. masked or not. trigger 1 level, polarity 1 low. */
void ioapic_program(u32 gsi, u8 vector, u32 dest_apic_id, bool level, bool low, bool masked);
void ioapic_mask(u32 gsi, bool mask);
/** Send it elsewhere under the same vector: not masked meanwhile, which would lose an edge. */
void ioapic_set_dest(u32 gsi, u32 dest_apic_id);
/* PHYSDEVOP_apic_read: only what is harmless */
bool ioapic_reg_read(u64 base, u32 reg, u32 *value);
bool ioapic_owns_frame(u64 mfn);
u64 lapic_base_address(void);

/* apic.c */
void apic_eoi(void);
u32 apic_id_of_cpu(unsigned int cpu);
u32 acpi_id_of_cpu(unsigned int cpu);
void apic_send_ipi(unsigned int cpu, u8 vector);
void apic_send_nmi(unsigned int cpu);
/** Can an IPI be sent there? Ids above 254 need x2APIC. */
bool apic_reaches(u32 apic_id);
void apic_send_init(u32 apic_id);
void apic_send_startup(u32 apic_id, u8 page);
u32 apic_id_self(void);

/* pci.c */
/* offset 0..3 in the dword */
u32 pci_config_read(u32 cf8, unsigned int offset, unsigned int bytes);
void pci_config_write(u32 cf8, unsigned int offset, unsigned int bytes, u32 value);
/** May d write this? Keeps what the hypervisor must (MSI control, BARs of MSI-X tables). */
bool pci_config_write_allowed(struct domain *d, u32 cf8, unsigned int offset, unsigned int bytes,
                              u32 *value);
bool pci_device_known(u16 segment, u8 bus, u8 devfn); /* dom0 has told us of it */

/* rtc.c */
u8 cmos_read(u8 index);
void cmos_write(u8 index, u8 v);

/* reset.c */
void acpi_enter_sleep(u16 pm1a, u16 pm1b);

/* smp.c */
void smp_call_interrupt(void);

/* Vectors. Device interrupts take 0x30..0xdf. */
#define VECTOR_LEGACY_SPURIOUS 0x20 /* 0x20..0x2f: masked 8259s */
#define VECTOR_FIRST_DEVICE 0x30
#define VECTOR_LAST_DEVICE 0xdf
#define VECTOR_EVENT_CHECK 0xf0
#define VECTOR_CALL 0xf1
#define VECTOR_TLB_FLUSH 0xf2
#define VECTOR_TIMER 0xf3
#define VECTOR_ERROR 0xf4
#define VECTOR_STOP 0xf5
#define VECTOR_SPURIOUS 0xff

#endif
