/* SPDX-License-Identifier: MIT */
/*
 * Memory of domains. Owns nothing. ABI: <xen/memory.h>. Calls whose result may not fit an int, or
 * that others make so too, go through a one-entry multicall.
 */
#include "control.h"

#include <errno.h>
#include <string.h>

/* Frames a call: bounds the buffer, and what an interrupted call has to redo. */
#define EXTENTS_PER_CALL 4096

/* Makes memory_op(cmd, copy of arg) and copies the structure back. */
static int memory_op(struct control *ctl, unsigned int cmd, void *arg, size_t bytes, long *result)
{
    struct privcmd_buffer buffer;
    int rc = privcmd_buffer_alloc(&ctl->privcmd, bytes, &buffer);

    if (rc)
        return rc;
    memcpy(buffer.addr, arg, bytes);
    rc = privcmd_multicall_one(&ctl->privcmd, __HYPERVISOR_memory_op, cmd,
                               (unsigned long)buffer.addr, result);
    memcpy(arg, buffer.addr, bytes);
    privcmd_buffer_free(&buffer);
    return rc;
}

static int populate_some(struct control *ctl, domid_t domid, unsigned int order,
                         struct privcmd_buffer *extents, size_t nr, size_t *done)
{
    struct xen_memory_reservation reservation = {
        .nr_extents = nr,
        .extent_order = order,
        .domid = domid,
    };
    long result = 0;
    int rc;

    set_xen_guest_handle(reservation.extent_start, extents->addr);
    rc = memory_op(ctl, XENMEM_populate_physmap, &reservation, sizeof(reservation), &result);
    *done = rc ? 0 : (size_t)result;
    if (*done > nr)
        return -EIO;
    return rc == 0 && *done < nr ? -ENOMEM : rc;
}

int memory_populate(struct control *ctl, domid_t domid, unsigned int order, xen_pfn_t *extents,
                    size_t nr, size_t *done)
{
    size_t batch = nr < EXTENTS_PER_CALL ? nr : EXTENTS_PER_CALL;
    struct privcmd_buffer buffer;
    int rc = privcmd_buffer_alloc(&ctl->privcmd, batch * sizeof(*extents), &buffer);

    *done = 0;
    while (rc == 0 && *done < nr) {
        size_t now = nr - *done < batch ? nr - *done : batch, got;

        memcpy(buffer.addr, extents + *done, now * sizeof(*extents));
        rc = populate_some(ctl, domid, order, &buffer, now, &got);
        if (rc == -EIO)
            break;
        memcpy(extents + *done, buffer.addr, got * sizeof(*extents));
        *done += got;
    }
    privcmd_buffer_free(&buffer);
    return rc;
}

int memory_claim(struct control *ctl, domid_t domid, uint64_t pages)
{
    struct xen_memory_reservation reservation = { .nr_extents = pages, .domid = domid };

    return memory_op(ctl, XENMEM_claim_pages, &reservation, sizeof(reservation), NULL);
}

/* One entry as BIOS call E820 gives them; type 1 is RAM. */
struct e820_entry {
    uint64_t addr;
    uint64_t size;
    uint32_t type;
} __attribute__((packed));

int memory_set_map(struct control *ctl, domid_t domid, uint64_t bytes)
{
    struct xen_foreign_memory_map map = { .domid = domid, .map = { .nr_entries = 1 } };
    struct e820_entry ram = { .addr = 0, .size = bytes, .type = 1 };
    struct privcmd_buffer buffer;
    int rc = privcmd_buffer_alloc(&ctl->privcmd, sizeof(ram), &buffer);

    if (rc)
        return rc;
    memcpy(buffer.addr, &ram, sizeof(ram));
    set_xen_guest_handle(map.map.buffer, buffer.addr);
    rc = memory_op(ctl, XENMEM_set_memory_map, &map, sizeof(map), NULL);
    privcmd_buffer_free(&buffer);
    return rc;
}

int memory_get_current_reservation(struct control *ctl, domid_t domid, uint64_t *pages)
{
    long result = 0;
    int rc = memory_op(ctl, XENMEM_current_reservation, &domid, sizeof(domid), &result);

    if (rc == 0)
        *pages = (uint64_t)result;
    return rc;
}

int memory_get_maximum_gpfn(struct control *ctl, domid_t domid, xen_pfn_t *gpfn)
{
    long result = 0;
    int rc = memory_op(ctl, XENMEM_maximum_gpfn, &domid, sizeof(domid), &result);

    if (rc == 0)
        *gpfn = (xen_pfn_t)result;
    return rc;
}

int memory_get_frames(struct control *ctl, xen_pfn_t *count)
{
    long result = 0;
    int rc = privcmd_multicall_one(&ctl->privcmd, __HYPERVISOR_memory_op, XENMEM_maximum_ram_page,
                                   0, &result);

    if (rc == 0)
        *count = (xen_pfn_t)result + 1;
    return rc;
}

int memory_get_m2p(struct control *ctl, xen_pfn_t *frames, unsigned int max, unsigned int *count)
{
    struct xen_machphys_mfn_list list = { .max_extents = max };
    struct privcmd_buffer buffer;
    int rc = privcmd_buffer_alloc(&ctl->privcmd, max * sizeof(*frames), &buffer);

    if (rc)
        return rc;
    set_xen_guest_handle(list.extent_start, buffer.addr);
    rc = memory_op(ctl, XENMEM_machphys_mfn_list, &list, sizeof(list), NULL);
    if (rc == 0 && list.nr_extents > max)
        rc = -EIO;
    if (rc == 0) {
        memcpy(frames, buffer.addr, list.nr_extents * sizeof(*frames));
        *count = list.nr_extents;
    }
    privcmd_buffer_free(&buffer);
    return rc;
}
