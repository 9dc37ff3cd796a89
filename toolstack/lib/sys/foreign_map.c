/* SPDX-License-Identifier: MIT */
/*
 * Foreign mappings.
 *
 * Owns nothing beyond the mappings it returns. No locks. ABI facts: linux_xen.h. A mapping is
 * made in two steps: mmap() of privcmd reserves addresses, the ioctl fills them.
 */
#include "foreign_map.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <sys/mman.h>

#include "linux_xen.h"

#define PAGE_BYTES 4096ul

static int reserve(struct privcmd *pc, size_t count, int prot, void **addr)
{
    *addr = NULL;
    if (count == 0 || count > INT_MAX)
        return -EINVAL;
    *addr = mmap(NULL, count * PAGE_BYTES, prot, MAP_SHARED, pc->fd, 0);
    if (*addr == MAP_FAILED) {
        *addr = NULL;
        return -errno;
    }
    return 0;
}

int foreign_map_partial(struct privcmd *pc, domid_t dom, const xen_pfn_t *frames, size_t count,
                        int prot, int *errs, void **addr)
{
    struct linux_privcmd_mmapbatch_v2 batch = {
        .num = (uint32_t)count,
        .dom = dom,
        .gfns = frames,
        .errs = errs,
    };
    int rc = reserve(pc, count, prot, addr);

    if (rc)
        return rc;
    batch.addr = (uint64_t)(uintptr_t)*addr;
    /* ENOENT tells that a frame is paged out; errs[] says which, like every other failure. */
    if (ioctl(pc->fd, LINUX_PRIVCMD_MMAPBATCH_V2, &batch) < 0 && errno != ENOENT) {
        rc = -errno;
        foreign_unmap(*addr, count);
        *addr = NULL;
    }
    return rc;
}

int foreign_map(struct privcmd *pc, domid_t dom, const xen_pfn_t *frames, size_t count, int prot,
                void **addr)
{
    int *errs = calloc(count ? count : 1, sizeof(*errs));
    int rc;

    *addr = NULL;
    if (!errs)
        return -ENOMEM;
    rc = foreign_map_partial(pc, dom, frames, count, prot, errs, addr);
    for (size_t i = 0; rc == 0 && i < count; i++)
        rc = errs[i];
    if (rc && *addr) {
        foreign_unmap(*addr, count);
        *addr = NULL;
    }
    free(errs);
    return rc;
}

int foreign_map_resource(struct privcmd *pc, domid_t dom, unsigned int type, unsigned int id,
                         unsigned int frame, size_t count, int prot, void **addr)
{
    struct linux_privcmd_mmap_resource res = {
        .dom = dom,
        .type = type,
        .id = id,
        .idx = frame,
        .num = count,
    };
    int rc = reserve(pc, count, prot, addr);

    if (rc)
        return rc;
    res.addr = (uint64_t)(uintptr_t)*addr;
    if (ioctl(pc->fd, LINUX_PRIVCMD_MMAP_RESOURCE, &res) < 0) {
        rc = -errno;
        foreign_unmap(*addr, count);
        *addr = NULL;
    }
    return rc;
}

void foreign_unmap(void *addr, size_t count)
{
    if (addr)
        munmap(addr, count * PAGE_BYTES);
}
