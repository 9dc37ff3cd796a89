/* SPDX-License-Identifier: MIT */
/*
 * Finding a PV guest's p2m: a list in its own address space, or a tree of three levels.
 *
 * What is read is the guest's and may be anything: every frame on the way must be one of its own
 * (the hypervisor refuses to map others), every number is used once, after being checked. Locks:
 * none. ABI: struct arch_shared_info of <xen/arch-x86/xen.h>.
 */
#include "guest_p2m.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "sys/foreign_map.h"

#define PAGE_BYTES     4096u
#define ENTRIES        512u
#define PTE_PRESENT    0x001ull
#define PTE_LARGE      0x080ull
#define PTE_FRAME_MASK 0x000ffffffffff000ull
#define NOWHERE        (~0ull)

/* Pages of the guest mapped one at a time: [level]. */
struct walk {
    struct control *ctl;
    domid_t domid;
    struct guest_p2m *p2m;
    struct error *e;
    uint64_t frame[5];
    const uint64_t *page[5];
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

static int map_one(struct walk *w, unsigned int level, uint64_t frame)
{
    xen_pfn_t number = frame;
    void *addr;
    int rc;

    if (w->page[level] && w->frame[level] == frame)
        return 0;
    foreign_unmap((void *)(uintptr_t)w->page[level], 1);
    w->page[level] = NULL;
    rc = foreign_map(&w->ctl->privcmd, w->domid, &number, 1, PROT_READ, &addr);
    if (rc)
        return error_set(w->e, rc, "its p2m leads to frame %#llx, which is not its own",
                         (unsigned long long)frame);
    w->frame[level] = frame;
    w->page[level] = addr;
    return 0;
}

static void walk_end(struct walk *w)
{
    for (unsigned int level = 0; level < 5; level++)
        foreign_unmap((void *)(uintptr_t)w->page[level], 1);
}

static uint64_t word(const struct walk *w, unsigned int level, uint64_t index)
{
    return __atomic_load_n(&w->page[level][index % ENTRIES], __ATOMIC_RELAXED);
}

/* ---- as a list ------------------------------------------------------------------------ */

/* The frame behind an address, through the guest's page tables. */
static int walk_tables(struct walk *w, uint64_t root, uint64_t va, uint64_t *frame)
{
    uint64_t at = root;

    for (unsigned int level = 4; level >= 1; level--) {
        int rc = map_one(w, level, at);

        if (rc)
            return rc;
        uint64_t entry = word(w, level, va >> (12 + 9 * (level - 1)));
        if (!(entry & PTE_PRESENT) || (level > 1 && entry & PTE_LARGE))
            return error_set(w->e, -EINVAL, "its p2m is not mapped at %#llx",
                             (unsigned long long)va);
        at = (entry & PTE_FRAME_MASK) >> 12;
    }
    *frame = at;
    return 0;
}

static int find_list(struct walk *w, uint64_t root, uint64_t va)
{
    int rc = 0;

    for (uint64_t i = 0; !rc && i < w->p2m->list_count; i++)
        rc = walk_tables(w, root, va + i * PAGE_BYTES, &w->p2m->list[i]);
    return rc;
}

/* ---- as a tree ------------------------------------------------------------------------ */

static int find_tree(struct walk *w, uint64_t root)
{
    int rc = map_one(w, 3, root);

    for (uint64_t i = 0; !rc && i < w->p2m->list_count; i++) {
        if (i / ENTRIES >= ENTRIES)
            return error_set(w->e, -EINVAL, "its p2m is too large for its tree");
        rc = map_one(w, 2, word(w, 3, i / ENTRIES));
        if (!rc)
            w->p2m->list[i] = word(w, 2, i);
    }
    return rc;
}

/* ---- reading it ----------------------------------------------------------------------- */

static int copy_frames(struct walk *w)
{
    struct guest_p2m *p2m = w->p2m;
    void *addr;
    int rc = foreign_map(&w->ctl->privcmd, w->domid, p2m->list, p2m->list_count, PROT_READ, &addr);

    if (rc)
        return error_set(w->e, rc, "its p2m cannot be mapped: %s", error_clause(rc));
    memcpy(p2m->frames, addr, p2m->list_count * PAGE_BYTES);
    foreign_unmap(addr, p2m->list_count);
    return 0;
}

int guest_p2m_read(struct control *ctl, domid_t domid, const struct arch_shared_info *arch,
                   uint64_t most, struct guest_p2m *p2m, struct error *e)
{
    uint64_t tree = __atomic_load_n(&arch->pfn_to_mfn_frame_list_list, __ATOMIC_RELAXED);
    uint64_t cr3 = __atomic_load_n(&arch->p2m_cr3, __ATOMIC_RELAXED);
    uint64_t va = __atomic_load_n(&arch->p2m_vaddr, __ATOMIC_RELAXED);
    struct walk w = { .ctl = ctl, .domid = domid, .p2m = p2m, .e = e };
    int rc;

    *p2m = (struct guest_p2m){ .count = __atomic_load_n(&arch->max_pfn, __ATOMIC_RELAXED) };
    if (!p2m->count || (!cr3 && (!tree || tree == NOWHERE)))
        return error_set(e, -ENODATA,
                         "its kernel has not told yet where its memory is: it has not come so far");
    if (p2m->count > most)
        return error_set(e, -ERANGE, "its kernel says that it has %llu pages, which cannot be",
                         (unsigned long long)p2m->count);
    p2m->list_count = (p2m->count + ENTRIES - 1) / ENTRIES;
    p2m->list = calloc(p2m->list_count, sizeof(*p2m->list));
    p2m->frames = calloc(p2m->list_count, PAGE_BYTES);
    if (!p2m->list || !p2m->frames)
        return error_set(e, -ENOMEM, "its p2m is too large for dom0's memory");
    rc = cr3 ? find_list(&w, cr3 >> 12, va) : find_tree(&w, tree);
    walk_end(&w);
    return rc ? rc : copy_frames(&w);
}

void guest_p2m_free(struct guest_p2m *p2m)
{
    free(p2m->frames);
    free(p2m->list);
    memset(p2m, 0, sizeof(*p2m));
}
