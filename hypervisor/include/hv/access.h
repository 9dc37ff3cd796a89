/* SPDX-License-Identifier: MIT */
/*
 * Who may do what to whom: every privilege decision stands in common/access.c. Each returns 0 or
 * the errno the ABI gives (-EPERM mostly).
 */
#ifndef HV_ACCESS_H
#define HV_ACCESS_H

#include <hv/domain.h>

int access_control_op(const struct domain *caller); /* domctl, sysctl at all */
int access_domctl(const struct domain *caller, const struct domain *target, u32 cmd);
int access_sysctl(const struct domain *caller, u32 cmd);
int access_platform_op(const struct domain *caller, u32 cmd);
int access_physdev_op(const struct domain *caller, u32 cmd);
int access_console_io(const struct domain *caller, u32 cmd);
int access_map_foreign(const struct domain *caller,
                       const struct domain *owner); /* mmu_update, PTEs */
int access_mmuext(const struct domain *caller, const struct domain *target);
int access_memory_op(const struct domain *caller,
                     const struct domain *target); /* on another's memory */
int access_event_channel(const struct domain *caller, const struct domain *target);
int access_grant(const struct domain *caller, const struct domain *target);
/** Ports, device memory, interrupts: is caller allowed to use [first, last]? */
bool access_ioports(const struct domain *d, u32 first, u32 last);
bool access_iomem(const struct domain *d, u64 first_mfn, u64 last_mfn);
bool access_irq(const struct domain *d, u32 irq);

#endif
