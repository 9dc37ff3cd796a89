/* SPDX-License-Identifier: MIT */
/* The hypercall page (pv/hypercall_page.c). */
#ifndef PV_HYPERCALL_PAGE_H
#define PV_HYPERCALL_PAGE_H

#include <hv/domain.h>

/** Fill a frame of d with the stubs. 0 or -EINVAL (not d's, or in use as something not writable).
 */
int pv_hypercall_page_init(struct domain *d, mfn_t mfn);
/** The same for memory that we have mapped. */
void pv_hypercall_page_fill(u8 *page);

#endif
