/* SPDX-License-Identifier: MIT */
/*
 * The PCI part of physdev_op: dom0 reports its devices, and what becomes of their messages.
 * Locks: pci_lock. ABI: public physdev.h; errors as Xen 4.17.
 */
#include "physdev.h"
#include "irq_internal.h"
#include "pci.h"

#include <asm/platform.h>
#include <hv/access.h>
#include <hv/errno.h>
#include <hv/guest_access.h>
#include <xen/physdev.h>

long physdev_manage_pci_add(void *arg, u64 va, bool *copy_out)
{
    const struct physdev_manage_pci *m = arg;
    struct pci_device_add a = {.bus = m->bus, .devfn = m->devfn, .pxm = ~0u};

    (void)va;
    (void)copy_out;
    return pci_add(&a);
}

long physdev_manage_pci_remove(void *arg, u64 va, bool *copy_out)
{
    const struct physdev_manage_pci *m = arg;

    (void)va;
    (void)copy_out;
    return pci_remove(0, m->bus, m->devfn);
}

long physdev_manage_pci_add_ext(void *arg, u64 va, bool *copy_out)
{
    const struct physdev_manage_pci_ext *m = arg;
    struct pci_device_add a = {.bus = m->bus, .devfn = m->devfn, .pxm = ~0u,
                               .is_extfn = m->is_extfn, .is_virtfn = m->is_virtfn,
                               .physfn_bus = m->physfn.bus, .physfn_devfn = m->physfn.devfn};

    (void)va;
    (void)copy_out;
    if (m->is_extfn > 1 || m->is_virtfn > 1)
        return -EINVAL;
    return access_control_op(current->domain) ? -EPERM : pci_add(&a);
}

long physdev_pci_device_add(void *arg, u64 va, bool *copy_out)
{
    const struct physdev_pci_device_add *m = arg;
    struct pci_device_add a = {.segment = m->seg, .bus = m->bus, .devfn = m->devfn, .pxm = ~0u,
                               .is_extfn = m->flags & XEN_PCI_DEV_EXTFN,
                               .is_virtfn = m->flags & XEN_PCI_DEV_VIRTFN};

    (void)copy_out;
    if (a.is_virtfn) {
        a.physfn_bus = m->physfn.bus;
        a.physfn_devfn = m->physfn.devfn;
    }
    if (m->flags & XEN_PCI_DEV_PXM &&
        copy_from_guest_va(&a.pxm, va + offsetof(struct physdev_pci_device_add, optarr),
                           sizeof(a.pxm)))
        return -EFAULT;
    return pci_add(&a);
}

long physdev_pci_device_remove(void *arg, u64 va, bool *copy_out)
{
    const struct physdev_pci_device *m = arg;

    (void)va;
    (void)copy_out;
    return pci_remove(m->seg, m->bus, m->devfn);
}

static long restore(u16 segment, u8 bus, u8 devfn)
{
    struct pci_device *p;
    long rc;

    spin_lock(&pci_lock);
    p = pci_find(segment, bus, devfn);
    rc = p ? access_control_op(current->domain) : -ENODEV;
    if (!rc)
        rc = msi_restore(p);
    spin_unlock(&pci_lock);
    return rc;
}

long physdev_restore_msi(void *arg, u64 va, bool *copy_out)
{
    const struct physdev_restore_msi *m = arg;

    (void)va;
    (void)copy_out;
    return restore(0, m->bus, m->devfn);
}

long physdev_restore_msi_ext(void *arg, u64 va, bool *copy_out)
{
    const struct physdev_pci_device *m = arg;

    (void)va;
    (void)copy_out;
    return restore(m->seg, m->bus, m->devfn);
}

static long prepare_msix(const struct physdev_pci_device *m, bool release)
{
    struct pci_device *p;
    long rc;

    spin_lock(&pci_lock);
    p = pci_find(m->seg, m->bus, m->devfn);
    rc = p ? msix_prepare(p, release) : -ENODEV;
    spin_unlock(&pci_lock);
    return rc;
}

long physdev_prepare_msix(void *arg, u64 va, bool *copy_out)
{
    (void)va;
    (void)copy_out;
    return prepare_msix(arg, false);
}

long physdev_release_msix(void *arg, u64 va, bool *copy_out)
{
    (void)va;
    (void)copy_out;
    return prepare_msix(arg, true);
}

/* We reach configuration space through the ports; the answer says whether the region is MCFG's. */
long physdev_pci_mmcfg_reserved(void *arg, u64 va, bool *copy_out)
{
    const struct physdev_pci_mmcfg_reserved *m = arg;

    (void)va;
    (void)copy_out;
    if (m->flags & ~(u32)XEN_PCI_MMCFG_RESERVED)
        return -EINVAL;
    for (u32 i = 0; i < acpi_info.nr_mmcfg; i++)
        if (acpi_info.mmcfg[i].base == m->address && acpi_info.mmcfg[i].segment == m->segment &&
            acpi_info.mmcfg[i].first_bus == m->start_bus &&
            acpi_info.mmcfg[i].last_bus == m->end_bus)
            return 0;
    return -ENODEV;
}

/* Our console is no USB debug port, so dom0 may do to its controllers what it likes. */
long physdev_dbgp_op(void *arg, u64 va, bool *copy_out)
{
    (void)arg;
    (void)va;
    (void)copy_out;
    return 0;
}
