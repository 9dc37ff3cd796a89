/* SPDX-License-Identifier: MIT */
/* Between platform_op.c (the table), platform_cpu.c and platform_firmware.c. */
#ifndef PLATFORM_PLATFORM_INTERNAL_H
#define PLATFORM_PLATFORM_INTERNAL_H

#include <hv/types.h>
#include <xen/platform.h>

/*
 * A sub-operation on op, a copy of the guest's structure; u points behind cmd and version, where
 * the part it changes is copied back to if *copy_out becomes true.
 */
typedef long (*platform_fn)(struct xen_platform_op *op, bool *copy_out);

long platform_firmware_info(struct xen_platform_op *op, bool *copy_out);
long platform_efi_runtime_call(struct xen_platform_op *op, bool *copy_out);
long platform_get_cpuinfo(struct xen_platform_op *op, bool *copy_out);
long platform_get_cpu_version(struct xen_platform_op *op, bool *copy_out);
long platform_cpu_online(struct xen_platform_op *op, bool *copy_out);
long platform_cpu_offline(struct xen_platform_op *op, bool *copy_out);
long platform_cpu_hotadd(struct xen_platform_op *op, bool *copy_out);
long platform_core_parking(struct xen_platform_op *op, bool *copy_out);
long platform_set_processor_pminfo(struct xen_platform_op *op, bool *copy_out);
long platform_resource_op(struct xen_platform_op *op, bool *copy_out);

#endif
