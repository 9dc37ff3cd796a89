/* SPDX-License-Identifier: MIT */
/*
 * A PV guest's table from pfns to machine frames.
 *
 * A guest publishes it in its shared_info in one of two ways: a tree of frames
 * (pfn_to_mfn_frame_list_list), or a linear table in its address space (p2m_vaddr under p2m_cr3).
 * All of it is the guest's memory: each frame is copied once, numbers are bounded, and a frame that
 * is not the guest's is refused by the hypervisor. Facts: <xen/arch-x86/xen.h>. Locks: none.
 */
#include "guest_p2m.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "sys/foreign_map.h"

#define ENTRIES      512u
#define PAGE_BYTES   4096u
#define PTE_FRAME(e) (((e) >> 12) & ((1ull << 40) - 1))
#define PTE_PRESENT  1u
#define PTE_LARGE    0x80u

struct reading {
    struct control *ctl;
    domid_t domid;
    struct guest_p2m *p2m;
    xen_pfn_t root; /* of the tree, or of the page table */
    uint64_t vaddr; /* of the linear table */
    uint64_t page[ENTRIES];
};

int guest_frame_copy(struct control *ctl, domid_t domid, xen_pfn_t frame, void *page)
{
    void *at;
    int rc = foreign_map(&ctl->privcmd, domid, &frame, 1, PROT_READ, &at);

    if (rc)
        return rc;
    memcpy(page, at, PAGE_BYTES);
    foreign_unmap(at, 1);
    return 0;
}

static int copy(struct reading *r, xen_pfn_t frame)
{
    return guest_frame_copy(r->ctl, r->domid, frame, r->page);
}

/* The frame that holds entries from `first` on, by the tree. */
static int find_in_tree(struct reading *r, uint64_t first, xen_pfn_t *frame)
{
    int rc = copy(r, r->root);

    if (rc)
        return rc;
    uint64_t index = first / ENTRIES / ENTRIES;
    if (index >= ENTRIES)
        return -ERANGE;
    rc = copy(r, r->page[index]);
    *frame = r->page[first / ENTRIES % ENTRIES];
    return rc;
}

/* The same by the page table. */
static int find_in_tables(struct reading *r, uint64_t first, xen_pfn_t *frame)
{
    uint64_t address = r->vaddr + first * sizeof(xen_pfn_t);

    *frame = r->root;
    for (int shift = 39; shift >= 12; shift -= 9) {
        int rc = copy(r, *frame);
        uint64_t entry = r->page[address >> shift & (ENTRIES - 1)];

        if (rc)
            return rc;
        if (!(entry & PTE_PRESENT) || (shift > 12 && entry & PTE_LARGE))
            return -EFAULT;
        *frame = PTE_FRAME(entry);
    }
    return 0;
}

static int read_all(struct reading *r,
                    int (*find)(struct reading *r, uint64_t first, xen_pfn_t *frame))
{
    for (uint64_t first = 0; first < r->p2m->count; first += ENTRIES) {
        uint64_t left = r->p2m->count - first;
        xen_pfn_t frame;
        int rc = find(r, first, &frame);

        if (!rc)
            rc = copy(r, frame);
        if (rc)
            return rc;
        for (uint64_t i = 0; i < ENTRIES && i < left; i++)
            /* The highest bits mark foreign and identity-mapped frames: not the guest's memory. */
            r->p2m->frames[first + i] = r->page[i] >> 62 ? GUEST_P2M_HOLE : r->page[i];
    }
    return 0;
}

static int begin(struct reading *r, const struct xen_domctl_getdomaininfo *info,
                 const shared_info_t *shared, bool *tree, struct error *e)
{
    uint64_t count = shared->arch.max_pfn;
    xen_pfn_t list = shared->arch.pfn_to_mfn_frame_list_list;

    *tree = list && list != GUEST_P2M_HOLE && !shared->arch.p2m_cr3;
    r->root = *tree ? list : shared->arch.p2m_cr3 >> 12;
    r->vaddr = shared->arch.p2m_vaddr;
    if (!count || !r->root)
        return error_set(e, -ENODATA,
                         "domain %u has not told yet where its memory is: its kernel has not come "
                         "so far",
                         r->domid);
    /* With holes it may be more than it has, but a guest cannot make us take any size. */
    if (count > info->max_pages * 4 + (1u << 20))
        return error_set(e, -ERANGE,
                         "domain %u claims to have %llu pages, which cannot be: its shared page is "
                         "corrupt",
                         r->domid, (unsigned long long)count);
    r->p2m->frames = calloc(count, sizeof(*r->p2m->frames));
    r->p2m->count = count;
    return r->p2m->frames ? 0 : error_set(e, -ENOMEM, "there is not enough memory in dom0");
}

int guest_p2m_read(struct control *ctl, domid_t domid, struct guest_p2m *p2m, struct error *e)
{
    struct reading *r = calloc(1, sizeof(*r));
    union {
        shared_info_t info;
        uint8_t page[PAGE_BYTES];
    } *shared = calloc(1, sizeof(*shared));
    struct xen_domctl_getdomaininfo info;
    bool tree = false;
    int rc = r && shared ? domctl_get_info(ctl, domid, &info) : -ENOMEM;

    memset(p2m, 0, sizeof(*p2m));
    if (!rc)
        rc = guest_frame_copy(ctl, domid, info.shared_info_frame, shared);
    if (rc) {
        error_set(e, rc, "the shared page of domain %u cannot be read: %s", domid,
                  error_clause(rc));
        goto out;
    }
    r->ctl = ctl;
    r->domid = domid;
    r->p2m = p2m;
    rc = begin(r, &info, &shared->info, &tree, e);
    if (rc)
        goto out;
    rc = read_all(r, tree ? find_in_tree : find_in_tables);
    if (rc)
        error_set(e, rc, "the table of domain %u's memory cannot be read: %s", domid,
                  error_clause(rc));
out:
    if (rc)
        guest_p2m_free(p2m);
    free(r);
    free(shared);
    return rc;
}

void guest_p2m_free(struct guest_p2m *p2m)
{
    free(p2m->frames);
    memset(p2m, 0, sizeof(*p2m));
}
