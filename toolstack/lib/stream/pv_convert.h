/* SPDX-License-Identifier: MIT */
/*
 * A stream names pages by their place in the guest (pfn), a machine by their place in it (frame):
 * page tables and registers are translated on the way. Pure: who knows the numbers is asked.
 */
#ifndef TOOLSTACK_PV_CONVERT_H
#define TOOLSTACK_PV_CONVERT_H

#include <stdbool.h>
#include <stdint.h>

#include <xen/xen.h>

#define TABLE_ENTRIES 512u

/* Gives the number on the other side; false: there is none. */
typedef bool pv_translate(void *arg, uint64_t number, uint64_t *other);

/* Copies a page table of level 1 to 4 with its present entries translated; the hypervisor's own
 * slots of a level 4 table become 0. `to` may be `from`. -EINVAL: entry *bad cannot be translated;
 * -E2BIG: it maps a large page. */
int pv_table_translate(uint64_t *to, const uint64_t *from, unsigned int level,
                       pv_translate *translate, void *arg, unsigned int *bad);

/* Translates what names a page in a virtual CPU's registers: page table roots, descriptor table,
 * and in CPU 0 the start_info that the guest has handed over by its suspend call. -EINVAL: *bad
 * says what. */
int pv_context_to_stream(vcpu_guest_context_t *context, uint32_t vcpu, pv_translate *translate,
                         void *arg, const char **bad);
int pv_context_from_stream(vcpu_guest_context_t *context, uint32_t vcpu, pv_translate *translate,
                           void *arg, const char **bad);

#endif
