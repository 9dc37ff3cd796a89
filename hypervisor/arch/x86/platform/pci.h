/* SPDX-License-Identifier: MIT */
/*
 * Between pci.c, msi.c and physdev_pci.c: the devices that dom0 has told us of. pci_lock guards
 * all.
 */
#ifndef PLATFORM_PCI_H
#define PLATFORM_PCI_H

#include <hv/list.h>
#include <hv/spinlock.h>

struct pci_device {
    struct list_head list;
    u16 segment;
    u8 bus, devfn;
    bool is_virtfn, is_extfn;
    u8 physfn_bus, physfn_devfn;
    u32 pxm;                    /* ACPI proximity domain, ~0 not told */
    u8 msi_pos, msix_pos;       /* capabilities, 0 none */
    struct list_head msi;       /* struct msi_entry in use */
    struct {                    /* while open */
        volatile u32 *table;    /* mapped, NULL: not open */
        u32 entries;
        bool prepared;          /* dom0 gave the device away: open without a user */
        u8 bar;                 /* register of the table's BAR */
        u32 bar_value[2];       /* while the table is ours it stays where it is */
        u64 ro_first[2], ro_last[2]; /* frames of table and pending bits */
    } msix;
};

extern spinlock_t pci_lock;

struct pci_device *pci_find(u16 segment, u8 bus, u8 devfn);
u8 pci_read8(const struct pci_device *p, u32 reg);
u16 pci_read16(const struct pci_device *p, u32 reg);
u32 pci_read32(const struct pci_device *p, u32 reg);
void pci_write16(const struct pci_device *p, u32 reg, u16 v);
void pci_write32(const struct pci_device *p, u32 reg, u32 v);
/** Offset of the capability, 0: not there. */
u8 pci_find_capability(const struct pci_device *p, u8 id);

struct pci_device_add {
    u16 segment;
    u8 bus, devfn;
    bool is_virtfn, is_extfn;
    u8 physfn_bus, physfn_devfn;
    u32 pxm;
};
int pci_add(const struct pci_device_add *a);            /* 0, -ENOMEM */
int pci_remove(u16 segment, u8 bus, u8 devfn);          /* 0, -ENODEV */

#endif
