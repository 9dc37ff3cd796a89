/* SPDX-License-Identifier: MIT */
/* Between physdev_op.c (the table, interrupts) and physdev_pci.c. */
#ifndef PLATFORM_PHYSDEV_H
#define PLATFORM_PHYSDEV_H

#include <hv/types.h>

/*
 * A sub-operation: its argument is in our memory already and goes back to the guest if *copy_out is
 * set. va is where it came from, for what follows it there.
 */
typedef long (*physdev_fn)(void *arg, u64 va, bool *copy_out);

long physdev_manage_pci_add(void *arg, u64 va, bool *copy_out);
long physdev_manage_pci_remove(void *arg, u64 va, bool *copy_out);
long physdev_manage_pci_add_ext(void *arg, u64 va, bool *copy_out);
long physdev_pci_device_add(void *arg, u64 va, bool *copy_out);
long physdev_pci_device_remove(void *arg, u64 va, bool *copy_out);
long physdev_restore_msi(void *arg, u64 va, bool *copy_out);
long physdev_restore_msi_ext(void *arg, u64 va, bool *copy_out);
long physdev_prepare_msix(void *arg, u64 va, bool *copy_out);
long physdev_release_msix(void *arg, u64 va, bool *copy_out);
long physdev_pci_mmcfg_reserved(void *arg, u64 va, bool *copy_out);
long physdev_dbgp_op(void *arg, u64 va, bool *copy_out);

#endif
