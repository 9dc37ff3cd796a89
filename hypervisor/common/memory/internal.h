/* SPDX-License-Identifier: MIT */
/* Between the files of hypercall memory_op in this folder; nobody else includes this. */
#ifndef HV_MEMORY_INTERNAL_H
#define HV_MEMORY_INTERNAL_H

#include <hv/domain.h>
#include <xen/memory.h>

#define EXTENT_SHIFT 6 /* the command's upper bits: where a continuation goes on */
#define COMMAND_MASK ((1u << EXTENT_SHIFT) - 1)

/** Largest extent that calls of d may ask for. */
unsigned int memory_max_order(const struct domain *d);
/** The domain an argument names (DOMID_SELF included), referenced, if the caller may act on it:
 *  0, -ESRCH, -EPERM. */
int memory_target_get(domid_t id, struct domain **out);

/* One command each: arg is the guest's pointer, start the extent to go on with. */
long memory_increase(unsigned long arg, unsigned int start);
long memory_decrease(unsigned long arg, unsigned int start);
long memory_populate(unsigned long arg, unsigned int start);
long memory_exchange(unsigned long arg);
long memory_acquire_resource(unsigned long arg, unsigned int start);

#endif
