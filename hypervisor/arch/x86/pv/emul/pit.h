/* SPDX-License-Identifier: MIT */
/* The hardware domain's view of timer channel 2: ports 0x42, 0x43, 0x61 (pv/emul/pit.c). */
#ifndef PV_PIT_H
#define PV_PIT_H

#include <hv/domain.h>

u8 pit_read(struct domain *d, u16 port);
void pit_write(struct domain *d, u16 port, u8 v);

#endif
