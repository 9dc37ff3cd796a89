/* SPDX-License-Identifier: MIT */
/*
 * What the files of common/control/ share: the operations on domains and on the machine, behind
 * tables. The dispatcher copies the argument in once, and out once: for domctl when the operation
 * sets *copyback, for sysctl after success or when it sets *copyback. An operation touches guest
 * memory only for what its argument points to.
 */
#ifndef HV_DOMCTL_H
#define HV_DOMCTL_H

#include <hv/domain.h>
#include <xen/domctl.h>
#include <xen/sysctl.h>

/* d is referenced; NULL only where the table allows it. -ERESTART: run the whole call again. */
typedef long (*domctl_fn)(struct domain *d, struct xen_domctl *op, bool *copyback);
typedef long (*sysctl_fn)(struct xen_sysctl *op, bool *copyback);

/* domctl_life.c */
long domctl_createdomain(struct domain *d, struct xen_domctl *op, bool *copyback);
long domctl_destroydomain(struct domain *d, struct xen_domctl *op, bool *copyback);
long domctl_pausedomain(struct domain *d, struct xen_domctl *op, bool *copyback);
long domctl_unpausedomain(struct domain *d, struct xen_domctl *op, bool *copyback);
long domctl_resumedomain(struct domain *d, struct xen_domctl *op, bool *copyback);
long domctl_soft_reset(struct domain *d, struct xen_domctl *op, bool *copyback);

/* domctl_domain.c */
long domctl_getdomaininfo(struct domain *d, struct xen_domctl *op, bool *copyback);
long domctl_setdomainhandle(struct domain *d, struct xen_domctl *op, bool *copyback);
long domctl_setdebugging(struct domain *d, struct xen_domctl *op, bool *copyback);
long domctl_settimeoffset(struct domain *d, struct xen_domctl *op, bool *copyback);
long domctl_subscribe(struct domain *d, struct xen_domctl *op, bool *copyback);
long domctl_set_target(struct domain *d, struct xen_domctl *op, bool *copyback);
long domctl_set_virq_handler(struct domain *d, struct xen_domctl *op, bool *copyback);
long domctl_max_mem(struct domain *d, struct xen_domctl *op, bool *copyback);
long domctl_getpageframeinfo3(struct domain *d, struct xen_domctl *op, bool *copyback);
long domctl_scheduler_op(struct domain *d, struct xen_domctl *op, bool *copyback);
/** Also for sysctl getdomaininfolist: every field, padding zeroed. */
void domain_info_get(const struct domain *d, struct xen_domctl_getdomaininfo *info);

/* domctl_vcpu.c */
long domctl_max_vcpus(struct domain *d, struct xen_domctl *op, bool *copyback);
long domctl_setvcpucontext(struct domain *d, struct xen_domctl *op, bool *copyback);
long domctl_getvcpucontext(struct domain *d, struct xen_domctl *op, bool *copyback);
long domctl_getvcpuinfo(struct domain *d, struct xen_domctl *op, bool *copyback);
long domctl_setvcpuaffinity(struct domain *d, struct xen_domctl *op, bool *copyback);
long domctl_getvcpuaffinity(struct domain *d, struct xen_domctl *op, bool *copyback);
long domctl_setnodeaffinity(struct domain *d, struct xen_domctl *op, bool *copyback);
long domctl_getnodeaffinity(struct domain *d, struct xen_domctl *op, bool *copyback);

/* domctl_device.c */
long domctl_irq_permission(struct domain *d, struct xen_domctl *op, bool *copyback);
long domctl_iomem_permission(struct domain *d, struct xen_domctl *op, bool *copyback);
long domctl_ioport_permission(struct domain *d, struct xen_domctl *op, bool *copyback);
long domctl_memory_mapping(struct domain *d, struct xen_domctl *op, bool *copyback);

/* bitmap_copy.c: bitmaps of the tools, of any length; missing bits are 0, surplus ones ignored. */
int bitmap_from_guest(u64 *bits, const struct xenctl_bitmap *map);
/** What lies beyond our bits is zeroed, up to BITMAP_OUT_MAX bytes. */
int bitmap_to_guest(const struct xenctl_bitmap *map, u64 bits);
#define BITMAP_OUT_MAX 4096

/* sysctl.c, sysctl_machine.c, sysctl_pool.c, sysctl_power.c */
long sysctl_physinfo(struct xen_sysctl *op, bool *copyback);
long sysctl_getcpuinfo(struct xen_sysctl *op, bool *copyback);
long sysctl_availheap(struct xen_sysctl *op, bool *copyback);
long sysctl_cputopoinfo(struct xen_sysctl *op, bool *copyback);
long sysctl_numainfo(struct xen_sysctl *op, bool *copyback);
long sysctl_sched_id(struct xen_sysctl *op, bool *copyback);
long sysctl_get_pmstat(struct xen_sysctl *op, bool *copyback);
long sysctl_pm_op(struct xen_sysctl *op, bool *copyback);
long sysctl_scheduler_op(struct xen_sysctl *op, bool *copyback);
long sysctl_cpupool_op(struct xen_sysctl *op, bool *copyback);
/** The domain with the lowest id from id on, referenced, or NULL. */
struct domain *domain_get_next(u32 id);

#endif
