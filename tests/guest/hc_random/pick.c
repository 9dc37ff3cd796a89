/* SPDX-License-Identifier: MIT */
/*
 * What may stand in a place of a call: mostly something that exists, now and then something at or
 * beyond a limit. The pool's pages may become anything; nothing else of ours is ever named.
 */
#include "random.h"

#define PAGES 16
#define SPARE 16
#define GUARDS 8

static uint64_t *pages[PAGES];
static unsigned long mfns[PAGES], spare[SPARE];

uint64_t random_next(struct random *r)
{
    r->state ^= r->state << 13;
    r->state ^= r->state >> 7;
    r->state ^= r->state << 17;
    return r->state >> 11;
}

void pool_init(struct random *r)
{
    /* Results may reach beyond the page that they begin in; the allocator goes downwards. */
    for (unsigned int i = 0; i < GUARDS && !pages[0]; i++)
        page_alloc();
    for (unsigned int i = 0; i < PAGES && !pages[i]; i++) {
        pages[i] = page_alloc();
        mfns[i] = mfn_of(pages[i]);
    }
    for (unsigned int i = 0; i < SPARE && !spare[i]; i++)
        spare[i] = p2m()[pfn_alloc()];
    r->args = page_alloc();
    r->list = page_alloc();
}

void pool_put_back(void)
{
    for (unsigned int i = 0; i < PAGES; i++)
        mmuext(MMUEXT_UNPIN_TABLE, mfns[i], 0);
    for (unsigned int i = 0; i < PAGES; i++)
        hc_update_va_mapping((unsigned long)pages[i], 0, UVMF_INVLPG | UVMF_ALL);
    for (unsigned int i = 0; i < PAGES; i++)
        hc_update_va_mapping((unsigned long)pages[i], pte_make(mfns[i], PTE_RW_PAGE), UVMF_INVLPG);
}

/* Frames of the machine that a test runs on: a wild guess must not hit the kernel's own. */
static bool could_be_ours(uint64_t mfn)
{
    return mfn >= 0x400 && mfn < 0x100000;
}

static uint64_t wild(struct random *r)
{
    static const uint64_t edges[] = {
        ~0UL, 1UL << 63, 1UL << 32, ~0U, 0x7fffffff, 0x80000000, 0x10000, 0xffff, 0xfff, 0x1000,
        HYPERVISOR_VA, NONCANONICAL_VA, 1UL << 47, 0xffff800000000000UL, ~0UL - 4095,
    };
    uint64_t v = random_next(r), any = v >> v / 4 % 48;

    if (v % 3 == 0)
        return edges[v / 4 % (sizeof(edges) / sizeof(edges[0]))];
    return could_be_ours(any) || could_be_ours(any >> PAGE_SHIFT) ? any | 1UL << 44 : any;
}

static uint64_t frame(struct random *r)
{
    uint64_t v = random_next(r);

    if (v % 23 == 0)
        return wild(r);
    if (v % 29 == 0)
        return mfn_of(root_table());
    if (v % 31 == 0) /* a frame that is ours to see only */
        return start_info->shared_info >> PAGE_SHIFT;
    return v % 4 ? mfns[v / 8 % PAGES] : spare[v / 8 % (SPARE - 1)];
}

static uint64_t flags(struct random *r)
{
    static const uint64_t kinds[] = {
        PTE_RO_PAGE, PTE_RW_PAGE, PTE_TABLE, PTE_TABLE & ~PTE_RW, PTE_RW_PAGE | PTE_US, 0,
        PTE_TABLE | PTE_PSE, PTE_P | PTE_G | PTE_US, PTE_P | PTE_PCD, PTE_P | PTE_NX, PTE_TABLE,
    };

    return kinds[random_next(r) % (sizeof(kinds) / sizeof(kinds[0]))];
}

static uint64_t address(struct random *r)
{
    static const uint64_t bad[] = { 0, UNMAPPED_VA, HYPERVISOR_VA, NONCANONICAL_VA, ~0UL,
                                    (1UL << 47) - 8, 0xffff880000000000UL, 0xffff7ffffffff000UL };
    uint64_t v = random_next(r);

    if (v % 8 == 0)
        return bad[v / 8 % 8];
    return (uint64_t)pages[v / 8 % PAGES] + (v / 1024 % 4 ? 0 : v / 4096 % PAGE_SIZE);
}

static uint64_t domain(struct random *r)
{
    static const uint16_t others[] = { DOMID_IO, DOMID_XEN, DOMID_INVALID, DOMID_COW, 0, 1, 2,
                                       DOMID_IDLE, 0x7ff7, 3 };
    uint64_t v = random_next(r);

    return v % 2 ? DOMID_SELF : v % 4 ? others[v / 8 % 10] : own_domid();
}

/* The kernel's console has one of the first ports. */
static uint64_t port(struct random *r)
{
    uint64_t v = random_next(r);

    return v % 16 ? 8 + v / 16 % 24 : v / 16 % 8 ? 4096 + v / 128 % 200000 : 0xffffffff;
}

static uint64_t list(struct random *r)
{
    for (unsigned int i = 0; i < 8; i++)
        r->list[i] = frame(r);
    return random_next(r) % 16 ? (uint64_t)r->list : address(r);
}

unsigned int kind_bytes(char kind)
{
    switch (kind) {
    case 'b': return 1;
    case 'w': case 'D': case ',': return 2;
    case 'u': case 'U': case 'P': case 'V': case 'g': case 'h': case 'c': case '.': return 4;
    default: return 8;
    }
}

uint64_t pick(struct random *r, char kind)
{
    uint64_t v = random_next(r);

    switch (kind) {
    case 'b': case 'w': case 'u': case 'q': return v % 32 ? v / 32 % 12 : wild(r);
    case 'D': return domain(r);
    case 'U': case 'Q': return wild(r);
    case 'n': return v % 32 ? v / 32 % 4 : wild(r);
    case 'P': return port(r);
    case 'V': return 1 + v % 5;
    case 'g': return v % 32 ? 8 + v / 32 % 24 : wild(r);
    case 'h': return v % 32 ? v / 32 % 12 : wild(r);
    case 'c': return v % 32 ? v / 32 % 320 : wild(r);
    case 'x': return 1 + v % 1000; /* 0 would be for ever */
    case 'm': case 'f': return frame(r);
    case 'T': return v % 8 ? spare[SPARE - 1] : mfns[0]; /* lost to whom it is offered, or not */
    case 'e': return frame(r) << PAGE_SHIFT | (v % 4 ? v / 4 % 4 : v / 4 % 512) * 8;
    case 't': return v % 16 ? pte_make(frame(r), flags(r)) : 0;
    case 'd': return v % 2 ? 0x00cff3000000ffffUL ^ 1UL << v / 2 % 64 : v << 11;
    case 'a': return address(r);
    case 'l': return list(r);
    case 'H': return HYPERVISOR_VA;
    default: return 0;
    }
}
