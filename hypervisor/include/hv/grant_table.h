/* SPDX-License-Identifier: MIT */
/* Grant tables (common/grant_table.c, grant_map.c, grant_copy.c); ABI: public grant_table.h. */
#ifndef HV_GRANT_TABLE_H
#define HV_GRANT_TABLE_H

#include <hv/domain.h>

/** -EINVAL: a limit that cannot be, max_version 0 or above what gnttab=max-ver allows. */
int grant_table_domain_init(struct domain *d, u32 max_grant_frames, u32 max_maptrack_frames,
                            u32 max_version);
/** Release every mapping d holds of others' frames; preemptible. */
int grant_table_release_mappings(struct domain *d);
void grant_table_domain_free(struct domain *d);
/** XENMEM_acquire_resource and add-to-physmap need the frame at idx (grown on demand).
 * 0/-EINVAL/-ENOMEM. */
int grant_table_get_frame(struct domain *d, u32 idx, mfn_t *mfn);
/** The same of status frames; -EINVAL unless the table is of version 2. */
int grant_table_get_status_frame(struct domain *d, u32 idx, mfn_t *mfn);
u32 grant_table_max_status_frames(struct domain *d);
/** What domains may be created with: 1 or 2. */
u32 grant_table_max_version(void);
u32 grant_table_nr_frames(struct domain *d);
u32 grant_table_max_frames(struct domain *d);

/** For the frame audit: frames of d that others hold for devices, and how often. */
void grant_table_each_device_pin(struct domain *d,
                                 void (*fn)(struct frame *f, u32 readers, u32 writers));

/*
 * Contract with the arch for host mappings: write or clear a PTE that maps frame for current's
 * domain. addr is a linear address or, with GNTMAP_contains_pte, the machine address of the
 * entry. The caller owns the references; 0 or a GNTST_* code.
 */
int arch_grant_map_host(u64 addr, mfn_t frame, u32 flags, u32 cache_flags);
/** new_addr != 0: unmap_and_replace. Verifies that addr maps frame. */
int arch_grant_unmap_host(u64 addr, mfn_t frame, u64 new_addr, u32 flags);

#endif
