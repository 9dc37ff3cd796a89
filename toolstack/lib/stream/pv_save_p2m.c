/* SPDX-License-Identifier: MIT */
/*
 * Finding a guest's p2m: as a list in its own address space, or as a tree of three levels.
 *
 * What is read is the guest's and may be anything: every frame on the way must be one of its own
 * (the hypervisor refuses to map others), every number is used once, after being checked. Locks:
 * none. ABI: struct arch_shared_info of <xen/arch-x86/xen.h>.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "pv_save_internal.h"
#include "stream_read.h"
#include "sys/foreign_map.h"

#define PTE_PRESENT    0x001ull
#define PTE_LARGE      0x080ull
#define PTE_FRAME_MASK 0x000ffffffffff000ull
#define LIST_ENTRIES   512u /* frame numbers in a page */

/* Pages of the guest mapped one at a time: [level]. */
struct walk {
    struct pv_save *s;
    uint64_t frame[5];
    const uint64_t *page[5];
};

static int map_one(struct walk *w, unsigned int level, uint64_t frame, struct error *e)
{
    xen_pfn_t number = frame;
    void *addr;
    int rc;

    if (w->page[level] && w->frame[level] == frame)
        return 0;
    foreign_unmap((void *)(uintptr_t)w->page[level], 1);
    w->page[level] = NULL;
    rc = foreign_map(&w->s->ctl->privcmd, w->s->domid, &number, 1, PROT_READ, &addr);
    if (rc)
        return save_fail(w->s, e, rc, "its p2m leads to frame %#llx, which is not its own",
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

/* ---- as a list ------------------------------------------------------------------------ */

/* The frame behind an address, through the guest's page tables. */
static int walk_tables(struct walk *w, uint64_t root, uint64_t va, uint64_t *frame, struct error *e)
{
    uint64_t at = root;

    for (unsigned int level = 4; level >= 1; level--) {
        int rc = map_one(w, level, at, e);
        uint64_t entry;

        if (rc)
            return rc;
        entry = __atomic_load_n(&w->page[level][(va >> (12 + 9 * (level - 1))) & 511],
                                __ATOMIC_RELAXED);
        if (!(entry & PTE_PRESENT) || (level > 1 && entry & PTE_LARGE))
            return save_fail(w->s, e, -EINVAL, "its p2m is not mapped at %#llx",
                             (unsigned long long)va);
        at = (entry & PTE_FRAME_MASK) >> 12;
    }
    *frame = at;
    return 0;
}

static int find_list(struct walk *w, uint64_t cr3, uint64_t va, struct error *e)
{
    int rc = 0;

    for (uint64_t i = 0; !rc && i < w->s->p2m_frames; i++)
        rc = walk_tables(w, cr3 >> 12, va + i * STREAM_PAGE_BYTES, &w->s->p2m_list[i], e);
    return rc;
}

/* ---- as a tree ------------------------------------------------------------------------ */

static int find_tree(struct walk *w, uint64_t root, struct error *e)
{
    int rc = map_one(w, 3, root, e);

    for (uint64_t i = 0; !rc && i < w->s->p2m_frames; i++) {
        if (i / LIST_ENTRIES >= LIST_ENTRIES)
            return save_fail(w->s, e, -EINVAL, "its p2m is too large for its tree");
        rc = map_one(w, 2, __atomic_load_n(&w->page[3][i / LIST_ENTRIES], __ATOMIC_RELAXED), e);
        if (!rc)
            w->s->p2m_list[i] = __atomic_load_n(&w->page[2][i % LIST_ENTRIES], __ATOMIC_RELAXED);
    }
    return rc;
}

/* ---- reading it ----------------------------------------------------------------------- */

/* Copies the p2m and replaces the frames that it lies in by their pfns. */
static int copy_p2m(struct pv_save *s, struct error *e)
{
    void *addr;
    int rc = foreign_map(&s->ctl->privcmd, s->domid, s->p2m_list, s->p2m_frames, PROT_READ, &addr);

    if (rc)
        return save_fail(s, e, rc, "its p2m cannot be mapped: %s", error_clause(rc));
    memcpy(s->p2m, addr, s->p2m_frames * STREAM_PAGE_BYTES);
    foreign_unmap(addr, s->p2m_frames);
    for (uint64_t i = 0; i < s->p2m_frames; i++)
        if (!save_pfn_of(s, s->p2m_list[i], &s->p2m_list[i]))
            return save_fail(s, e, -EINVAL, "its p2m lies in a frame that it does not list");
    return 0;
}

int save_read_p2m(struct pv_save *s, struct error *e)
{
    const struct arch_shared_info *arch = &s->shared->arch;
    uint64_t root = __atomic_load_n(&arch->pfn_to_mfn_frame_list_list, __ATOMIC_RELAXED);
    uint64_t cr3 = __atomic_load_n(&arch->p2m_cr3, __ATOMIC_RELAXED);
    uint64_t va = __atomic_load_n(&arch->p2m_vaddr, __ATOMIC_RELAXED);
    struct walk w = { .s = s };
    int rc;

    s->nr_pfns = __atomic_load_n(&arch->max_pfn, __ATOMIC_RELAXED);
    if (!s->nr_pfns || s->nr_pfns > STREAM_MAX_PFNS)
        return save_fail(s, e, -EINVAL, "it says that it has %llu pages of memory",
                         (unsigned long long)s->nr_pfns);
    s->p2m_frames = (s->nr_pfns + P2M_PER_FRAME - 1) / P2M_PER_FRAME;
    s->p2m_list = calloc(s->p2m_frames, sizeof(*s->p2m_list));
    s->p2m = calloc(s->p2m_frames, STREAM_PAGE_BYTES);
    if (!s->p2m_list || !s->p2m)
        return save_fail(s, e, -ENOMEM, "dom0 has not enough memory");
    rc = cr3 ? find_list(&w, cr3, va, e) : find_tree(&w, root, e);
    walk_end(&w);
    return rc ? rc : copy_p2m(s, e);
}

bool save_pfn_of(void *arg, uint64_t frame, uint64_t *pfn)
{
    const struct pv_save *s = arg;

    if (frame >= s->nr_frames)
        return false;
    uint64_t number = __atomic_load_n(&s->m2p[frame], __ATOMIC_RELAXED);
    if (number >= s->nr_pfns || s->p2m[number] != frame)
        return false;
    *pfn = number;
    return true;
}
