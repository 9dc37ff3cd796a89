/* SPDX-License-Identifier: MIT */
/*
 * Mapping frames of another domain by right of privilege (no grant), through privcmd.
 *
 * For a PV domain a frame number is a machine frame. Mappings are not inherited by fork.
 */
#ifndef TOOLSTACK_SYS_FOREIGN_MAP_H
#define TOOLSTACK_SYS_FOREIGN_MAP_H

#include <stddef.h>
#include <stdint.h>

#include <xen/xen.h>

#include "privcmd.h"

/* Maps `count` frames of domain dom side by side; prot as for mmap(). All or nothing: if one frame
 * cannot be mapped, none is, and its error is returned (-EINVAL: not a frame of that domain, or
 * its type forbids writing). */
int foreign_map(struct privcmd *pc, domid_t dom, const xen_pfn_t *frames, size_t count, int prot,
                void **addr);

/* Maps what can be mapped; errs[i] is 0 or -errno for frame i (touching a failed page faults). */
int foreign_map_partial(struct privcmd *pc, domid_t dom, const xen_pfn_t *frames, size_t count,
                        int prot, int *errs, void **addr);

/* Maps frames [frame, frame + count) of a resource of domain dom (XENMEM_resource_*), for example
 * its grant table. */
int foreign_map_resource(struct privcmd *pc, domid_t dom, unsigned int type, unsigned int id,
                         unsigned int frame, size_t count, int prot, void **addr);

/* Unmaps `count` pages; harmless for a NULL address. */
void foreign_unmap(void *addr, size_t count);

#endif
