/* SPDX-License-Identifier: MIT */
/* Commands of mmuext_op outside of mmuext.c: d is the domain they are about. 0 or an errno;
 * -EINTR and -ERESTART: again. */
#ifndef PV_MM_MMUEXT_H
#define PV_MM_MMUEXT_H

#include "internal.h"

int mmuext_pin(struct domain *d, const struct mmuext_op *op);
int mmuext_unpin(struct domain *d, const struct mmuext_op *op);

#endif
