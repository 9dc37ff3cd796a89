/* SPDX-License-Identifier: MIT */
/*
 * PCI configuration space through ports 0xcf8 and 0xcfc, and the devices that dom0 has reported.
 * Dom0 enumerates the buses itself; we keep what interrupt messages need. Segment 0 only: others
 * are not reachable through the ports, so their devices are known but get no messages.
 *
 * Locks: pci_lock (devices), config_lock (the port pair; interrupts off, a leaf).
 * Facts: PCI Local Bus 3.0, 3.2.2.3.2 and 6.7.
 */
#include "pci.h"
#include "irq_internal.h"

#include <asm/cpu.h>
#include <asm/platform.h>
#include <hv/errno.h>
#include <hv/page_alloc.h>

#define CF8_ENABLE 0x80000000u
#define REG_STATUS 0x06
#define STATUS_CAPABILITIES 0x10
#define REG_CAPABILITIES 0x34

DEFINE_SPINLOCK(pci_lock);
static DEFINE_SPINLOCK(config_lock);
static LIST_HEAD(devices);

/* ---- configuration space ---- */

u32 pci_config_read(u32 cf8, unsigned int offset, unsigned int bytes)
{
    u16 port = (u16)(0xcfc + (offset & 3));
    unsigned long flags;
    u32 v;

    if (!(cf8 & CF8_ENABLE))
        return ~0u;
    spin_lock_irqsave(&config_lock, flags);
    outl(0xcf8, cf8 & ~3u);
    v = bytes == 1 ? inb(port) : bytes == 2 ? inw(port) : inl(port);
    spin_unlock_irqrestore(&config_lock, flags);
    return v;
}

void pci_config_write(u32 cf8, unsigned int offset, unsigned int bytes, u32 value)
{
    u16 port = (u16)(0xcfc + (offset & 3));
    unsigned long flags;

    if (!(cf8 & CF8_ENABLE))
        return;
    spin_lock_irqsave(&config_lock, flags);
    outl(0xcf8, cf8 & ~3u);
    if (bytes == 1)
        outb(port, (u8)value);
    else if (bytes == 2)
        outw(port, (u16)value);
    else
        outl(port, value);
    spin_unlock_irqrestore(&config_lock, flags);
}

static u32 address(const struct pci_device *p, u32 reg)
{
    return CF8_ENABLE | (u32)p->bus << 16 | (u32)p->devfn << 8 | (reg & 0xfc);
}

u8 pci_read8(const struct pci_device *p, u32 reg)
{
    return (u8)pci_config_read(address(p, reg), reg & 3, 1);
}

u16 pci_read16(const struct pci_device *p, u32 reg)
{
    return (u16)pci_config_read(address(p, reg), reg & 3, 2);
}

u32 pci_read32(const struct pci_device *p, u32 reg)
{
    return pci_config_read(address(p, reg), 0, 4);
}

void pci_write16(const struct pci_device *p, u32 reg, u16 v)
{
    pci_config_write(address(p, reg), reg & 3, 2, v);
}

void pci_write32(const struct pci_device *p, u32 reg, u32 v)
{
    pci_config_write(address(p, reg), 0, 4, v);
}

u8 pci_find_capability(const struct pci_device *p, u8 id)
{
    u8 pos;

    if (p->segment || !(pci_read16(p, REG_STATUS) & STATUS_CAPABILITIES))
        return 0;
    pos = pci_read8(p, REG_CAPABILITIES) & 0xfc;
    /* 48 capabilities fill the space: a longer chain is a loop. */
    for (int n = 0; pos >= 0x40 && n < 48; n++) {
        u8 found = pci_read8(p, pos);

        if (found == 0xff)
            return 0;
        if (found == id)
            return pos;
        pos = pci_read8(p, pos + 1u) & 0xfc;
    }
    return 0;
}

bool pci_config_write_allowed(struct domain *d, u32 cf8, unsigned int offset, unsigned int bytes,
                              u32 *value)
{
    struct pci_device *p;
    bool allowed = true;

    (void)d;
    spin_lock(&pci_lock);
    p = pci_find(0, (u8)(cf8 >> 16), (u8)(cf8 >> 8));
    if (p && !(cf8 & 0x0f000000)) /* bits 24-27: extended registers, where no message lives */
        allowed = msi_config_write_allowed(p, (cf8 & 0xfc) | (offset & 3), bytes, value);
    spin_unlock(&pci_lock);
    return allowed;
}

/* ---- devices ---- */

struct pci_device *pci_find(u16 segment, u8 bus, u8 devfn)
{
    struct pci_device *p;

    list_for_each_entry(p, &devices, list)
        if (p->segment == segment && p->bus == bus && p->devfn == devfn)
            return p;
    return NULL;
}

bool pci_device_known(u16 segment, u8 bus, u8 devfn)
{
    bool known;

    spin_lock(&pci_lock);
    known = pci_find(segment, bus, devfn);
    spin_unlock(&pci_lock);
    return known;
}

/* pci_lock held. */
static struct pci_device *find_or_make(u16 segment, u8 bus, u8 devfn)
{
    struct pci_device *p = pci_find(segment, bus, devfn);

    if (p)
        return p;
    p = zalloc_obj(struct pci_device);
    if (!p)
        return NULL;
    p->segment = segment;
    p->bus = bus;
    p->devfn = devfn;
    p->pxm = ~0u;
    list_init(&p->msi);
    list_add_tail(&p->list, &devices);
    msi_probe(p);
    return p;
}

int pci_add(const struct pci_device_add *a)
{
    struct pci_device *p;
    int rc = -ENOMEM;

    spin_lock(&pci_lock);
    if (a->is_virtfn && !find_or_make(a->segment, a->physfn_bus, a->physfn_devfn))
        goto out;
    p = find_or_make(a->segment, a->bus, a->devfn);
    if (!p)
        goto out;
    p->is_virtfn = a->is_virtfn;
    p->is_extfn = a->is_extfn;
    p->physfn_bus = a->physfn_bus;
    p->physfn_devfn = a->physfn_devfn;
    p->pxm = a->pxm;
    rc = 0;
out:
    spin_unlock(&pci_lock);
    return rc;
}

int pci_remove(u16 segment, u8 bus, u8 devfn)
{
    struct pci_device *p;

    spin_lock(&pci_lock);
    p = pci_find(segment, bus, devfn);
    if (p) {
        msi_unmap_all(p);
        list_del(&p->list);
    }
    spin_unlock(&pci_lock);
    hv_free(p);
    return p ? 0 : -ENODEV;
}
