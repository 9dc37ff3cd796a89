/* SPDX-License-Identifier: MIT */
/* Which machine frames a PV guest's memory consists of, as the guest has published it. */
#ifndef DOMUS_GUEST_P2M_H
#define DOMUS_GUEST_P2M_H

#include <stdbool.h>
#include <stdint.h>

#include "control.h"

/* A copy of the table, in whole frames. It is the guest's word only: a frame may be another's, then
 * mapping it fails. */
struct guest_p2m {
    uint64_t count;      /* pfns */
    uint64_t *frames;    /* [pfn]: a machine frame, or a mark for what is not its memory */
    uint64_t *list;      /* the machine frames that the table lies in */
    uint64_t list_count; /* how many: 512 of `frames` in each */
};

/* The highest bits mark holes, foreign frames and identity-mapped ones. */
static inline bool guest_p2m_is_memory(uint64_t entry)
{
    return !(entry >> 62);
}

/* Copies a frame of the domain into `page` (4096 bytes). 0 or -errno. */
int guest_frame_copy(struct control *ctl, domid_t domid, xen_pfn_t frame, void *page);

/* Reads the whole table, of at most `most` pfns; `arch` is in the domain's shared page or a copy of
 * it. -ENODATA if the guest has not come so far as to publish it. The sentence in *e begins with
 * "its": put the domain before it. Free with guest_p2m_free(), also after a failure. */
int guest_p2m_read(struct control *ctl, domid_t domid, const struct arch_shared_info *arch,
                   uint64_t most, struct guest_p2m *p2m, struct error *e);
void guest_p2m_free(struct guest_p2m *p2m);

#endif
