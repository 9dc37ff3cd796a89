/* SPDX-License-Identifier: MIT */
/* I/O APICs (Intel 82093AA data sheet), and the 8259 pair, which is only ever masked. */
#include <asm/cpu.h>
#include <asm/frame.h>
#include <asm/platform.h>
#include <hv/arch.h>
#include <hv/boot.h>
#include <hv/printk.h>
#include <hv/spinlock.h>

#define ENTRY_MASKED 0x10000u
#define ENTRY_LEVEL  0x8000u
#define ENTRY_LOW    0x2000u

static DEFINE_SPINLOCK_AT(ioapic_lock, ORDER_LEAF);
static struct {
    volatile u32 *mmio;
    u32 gsi_base, pins;
} ioapic[8];
static u32 nr_gsis;

static u32 reg_read(u32 i, u32 reg)
{
    ioapic[i].mmio[0] = reg;
    return ioapic[i].mmio[4];
}

static void reg_write(u32 i, u32 reg, u32 v)
{
    ioapic[i].mmio[0] = reg;
    ioapic[i].mmio[4] = v;
}

static bool find(u32 gsi, u32 *i, u32 *pin)
{
    for (*i = 0; *i < acpi_info.nr_ioapics; ++*i) {
        if (!ioapic[*i].mmio || gsi < ioapic[*i].gsi_base ||
            gsi >= ioapic[*i].gsi_base + ioapic[*i].pins)
            continue;
        *pin = gsi - ioapic[*i].gsi_base;
        return true;
    }
    return false;
}

u32 ioapic_nr_gsis(void)
{
    return nr_gsis;
}

void ioapic_program(u32 gsi, u8 vector, u32 dest_apic_id, bool level, bool low, bool masked)
{
    unsigned long flags;
    u32 i, pin;

    if (!find(gsi, &i, &pin))
        return;
    spin_lock_irqsave(&ioapic_lock, flags);
    reg_write(i, 0x10 + pin * 2, ENTRY_MASKED);
    reg_write(i, 0x11 + pin * 2, dest_apic_id << 24);
    reg_write(i, 0x10 + pin * 2,
              vector | (level ? ENTRY_LEVEL : 0) | (low ? ENTRY_LOW : 0) |
                  (masked ? ENTRY_MASKED : 0));
    spin_unlock_irqrestore(&ioapic_lock, flags);
}

void ioapic_mask(u32 gsi, bool mask)
{
    unsigned long flags;
    u32 i, pin, low;

    if (!find(gsi, &i, &pin))
        return;
    spin_lock_irqsave(&ioapic_lock, flags);
    low = reg_read(i, 0x10 + pin * 2);
    reg_write(i, 0x10 + pin * 2, mask ? low | ENTRY_MASKED : low & ~ENTRY_MASKED);
    spin_unlock_irqrestore(&ioapic_lock, flags);
}

void ioapic_set_dest(u32 gsi, u32 dest_apic_id)
{
    unsigned long flags;
    u32 i, pin;

    if (!find(gsi, &i, &pin))
        return;
    spin_lock_irqsave(&ioapic_lock, flags);
    reg_write(i, 0x11 + pin * 2, dest_apic_id << 24);
    spin_unlock_irqrestore(&ioapic_lock, flags);
}

bool ioapic_reg_read(u64 base, u32 reg, u32 *value)
{
    for (u32 i = 0; i < acpi_info.nr_ioapics; i++) {
        unsigned long flags;

        if (acpi_info.ioapic[i].base != base || !ioapic[i].mmio)
            continue;
        spin_lock_irqsave(&ioapic_lock, flags);
        *value = reg_read(i, reg);
        spin_unlock_irqrestore(&ioapic_lock, flags);
        return true;
    }
    return false;
}

bool ioapic_owns_frame(u64 mfn)
{
    for (u32 i = 0; i < acpi_info.nr_ioapics; i++)
        if (acpi_info.ioapic[i].base >> PAGE_SHIFT == mfn)
            return true;
    return false;
}

static void mask_8259(void)
{
    /* Initialise, so that a spurious interrupt has a vector of ours, then mask all. */
    outb(0x20, 0x11);
    outb(0xa0, 0x11);
    outb(0x21, VECTOR_LEGACY_SPURIOUS);
    outb(0xa1, VECTOR_LEGACY_SPURIOUS + 8);
    outb(0x21, 4);
    outb(0xa1, 2);
    outb(0x21, 1);
    outb(0xa1, 1);
    outb(0x21, 0xff);
    outb(0xa1, 0xff);
}

void ioapic_init(void)
{
    mask_8259();
    for (u32 i = 0; i < acpi_info.nr_ioapics; i++) {
        u64 base = acpi_info.ioapic[i].base;
        char *page = vmap_device(base & PAGE_MASK, PAGE_SIZE, PAGE_HV_UC);

        if (!page) {
            printk(LOG_ERR "I/O APIC at %#lx cannot be mapped; its interrupts are lost\n", base);
            continue;
        }
        ioapic[i].mmio = (volatile u32 *)(page + (base & ~PAGE_MASK));
        ioapic[i].gsi_base = acpi_info.ioapic[i].gsi_base;
        ioapic[i].pins = (reg_read(i, 1) >> 16 & 255) + 1;
        for (u32 pin = 0; pin < ioapic[i].pins; pin++)
            reg_write(i, 0x10 + pin * 2, ENTRY_MASKED);
        nr_gsis = MAX(nr_gsis, ioapic[i].gsi_base + ioapic[i].pins);
    }
    printk(LOG_INFO "I/O APICs: %u, %u interrupt lines\n", acpi_info.nr_ioapics, nr_gsis);
}
