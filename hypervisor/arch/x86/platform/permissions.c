/* SPDX-License-Identifier: MIT */
/*
 * What of the machine the hardware domain may use: everything but what the hypervisor itself
 * drives. Fills the domain's rangesets once; domctl may narrow them later.
 * Facts: PC/AT port numbers; Intel SDM vol. 3 (local APIC page, interrupt message window).
 */
#include <asm/cpu.h>
#include <asm/page.h>
#include <asm/platform.h>
#include <hv/arch.h>
#include <hv/boot_info.h>
#include <hv/rangeset.h>

static const struct { u16 first, last; } own_ports[] = {
    {0x20, 0x21}, {0xa0, 0xa1},   /* 8259s */
    {0x40, 0x43}, {0x61, 0x61},   /* timer and its gate: the guest has a virtual channel 2 */
    {0x92, 0x92},                 /* INIT# */
    {0x4d0, 0x4d1},               /* trigger modes of the 8259s */
    {0xcf8, 0xcff},               /* configuration space: filtered in priv_emul */
};

static int deny_ports(struct domain *d)
{
    int rc = 0;

    for (size_t i = 0; i < ARRAY_SIZE(own_ports) && !rc; i++)
        rc = rangeset_remove(d->ioports, own_ports[i].first, own_ports[i].last);
    if (!rc && acpi_info.pm_timer_port)
        rc = rangeset_remove(d->ioports, acpi_info.pm_timer_port, acpi_info.pm_timer_port + 3UL);
    for (u32 port = 0; port <= 0xffff && !rc; port++)
        if (serial_owns_port(port))
            rc = rangeset_remove(d->ioports, port, port);
    return rc;
}

/* RAM above 1 MiB is mapped by its owners' right, never as a device. */
static int deny_ram(struct domain *d)
{
    int rc = 0;

    for (u32 i = 0; i < boot_info.nr_e820 && !rc; i++) {
        const struct boot_e820 *e = &boot_info.e820[i];
        u64 start = MAX(e->start, (u64)0x100000) >> PAGE_SHIFT;
        u64 end = (e->start + e->size) >> PAGE_SHIFT;

        if (e->type == E820_TYPE_RAM && start < end)
            rc = rangeset_remove(d->iomem, start, end - 1);
    }
    return rc;
}

static int deny_iomem(struct domain *d)
{
    int rc = rangeset_remove(d->iomem, acpi_info.lapic_base >> PAGE_SHIFT,
                             acpi_info.lapic_base >> PAGE_SHIFT);

    if (!rc)
        rc = rangeset_remove(d->iomem, 0xfee00, 0xfeeff); /* message-signalled interrupts */
    for (u32 i = 0; i < acpi_info.nr_ioapics && !rc; i++) {
        u64 mfn = acpi_info.ioapic[i].base >> PAGE_SHIFT;

        rc = rangeset_remove(d->iomem, mfn, mfn);
    }
    /* AMD: addresses that HyperTransport uses for messages. */
    if (!rc && cpu_features.vendor == VENDOR_AMD)
        rc = rangeset_remove(d->iomem, 0xfd00000000 >> PAGE_SHIFT, 0xffffffffff >> PAGE_SHIFT);
    return rc ? rc : deny_ram(d);
}

int arch_permit_hardware(struct domain *d)
{
    u64 last_mfn = (1UL << (cpu_features.phys_bits - PAGE_SHIFT)) - 1;
    int rc = rangeset_add(d->ioports, 0, 0xffff);

    if (!rc)
        rc = deny_ports(d);
    if (!rc)
        rc = rangeset_add(d->iomem, 0, last_mfn);
    if (!rc)
        rc = deny_iomem(d);
    if (!rc)
        rc = rangeset_add(d->irqs, 1, ~0U);
    if (!rc && serial_irq() >= 0)
        rc = rangeset_remove(d->irqs, (u64)serial_irq(), (u64)serial_irq());
    return rc;
}
