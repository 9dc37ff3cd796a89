/* SPDX-License-Identifier: MIT */
/* Which machine frames a PV guest's memory consists of, as the guest has published it. */
#ifndef DOMUS_GUEST_P2M_H
#define DOMUS_GUEST_P2M_H

#include <stdint.h>

#include "control.h"

#define GUEST_P2M_HOLE (~(xen_pfn_t)0)

/* frames[pfn]: the machine frame, or GUEST_P2M_HOLE. The guest's word only: a frame may be
 * another's, then mapping it fails. */
struct guest_p2m {
    xen_pfn_t *frames;
    uint64_t count;
};

/* Copies a frame of the domain into `page` (4096 bytes). 0 or -errno. */
int guest_frame_copy(struct control *ctl, domid_t domid, xen_pfn_t frame, void *page);

/* Reads the whole table. -ENODATA if the guest has not come so far as to publish it. Free with
 * guest_p2m_free(). */
int guest_p2m_read(struct control *ctl, domid_t domid, struct guest_p2m *p2m, struct error *e);
void guest_p2m_free(struct guest_p2m *p2m);

#endif
