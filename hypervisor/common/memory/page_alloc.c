/* SPDX-License-Identifier: MIT */
/*
 * The buddy allocator: free blocks of 2^order frames, listed by order and by zone, where a zone
 * holds the frames whose numbers have the same highest bit, so that an address limit is a highest
 * zone. The head of a free block is marked FC_FREE and carries order, dirt and flush stamp; the
 * other frames of the block have no references and no mark.
 *
 * heap_lock protects the lists and counts; a leaf, never taken with interrupts off. Flushing and
 * scrubbing happen outside of it. Domains' accounting is in domain_memory.c.
 */
#include <asm/frame.h>
#include <hv/atomic.h>
#include <hv/bitops.h>
#include <hv/page_alloc.h>
#include <hv/printk.h>
#include <hv/softirq.h>
#include <hv/spinlock.h>

#include "page_alloc_internal.h"

#define NR_ZONES 32
#define SCRUBS_FOR_ALLOC 32 /* of up to 2 MiB */

static u32 first_block[NR_ZONES][MAX_ORDER + 1]; /* circular: its list_prev is the last */
static u32 orders_present[NR_ZONES];             /* bit per order */
static u64 free_pages, dirty_pages, claimed_pages;
static DEFINE_SPINLOCK_AT(heap_lock, ORDER_HEAP);

static struct frame *frame_nr(u64 nr)
{
    return mfn_to_frame(mfn_from(nr));
}
static u64 nr_of(const struct frame *f)
{
    return mfn_raw(frame_to_mfn(f));
}
static unsigned int zone_of(u64 nr)
{
    return fls64(nr);
}

/* ---- the lists ---- */

struct state {
    bool dirty, flush;
    u32 dirty_by, stamp;
};

static struct state state_of(const struct frame *f)
{
    return (struct state){ f->need_scrub, f->need_flush, f->dirty_by, f->free_stamp };
}

/* Clean blocks go first, so that they are found first; dirty ones last. */
static void list_block(struct frame *f, unsigned int order, struct state st)
{
    u32 nr = (u32)nr_of(f), *head = &first_block[zone_of(nr)][order];

    f->order = (u8)order;
    f->need_scrub = st.dirty;
    f->dirty_by = st.dirty_by;
    f->need_flush = st.flush;
    f->free_stamp = st.stamp;
    f->count = FC_FREE;
    if (*head) {
        struct frame *first = frame_nr(*head), *last = frame_nr(first->list_prev);

        f->list_next = *head;
        f->list_prev = first->list_prev;
        last->list_next = nr;
        first->list_prev = nr;
    } else {
        f->list_next = f->list_prev = nr;
    }
    if (!st.dirty || !*head)
        *head = nr;
    orders_present[zone_of(nr)] |= 1u << order;
}

static void unlist_block(struct frame *f)
{
    u32 nr = (u32)nr_of(f), *head = &first_block[zone_of(nr)][f->order];

    if (f->list_next == nr) {
        *head = 0;
        orders_present[zone_of(nr)] &= ~(1u << f->order);
    } else {
        frame_nr(f->list_next)->list_prev = f->list_prev;
        frame_nr(f->list_prev)->list_next = f->list_next;
        if (*head == nr)
            *head = f->list_next;
    }
    f->list_next = f->list_prev = 0;
    f->count = 0;
}

static struct frame *find_block(unsigned int order, unsigned int top_zone)
{
    for (unsigned int z = top_zone + 1; z-- > 0;) {
        u32 fitting = orders_present[z] & ~((1u << order) - 1);

        if (fitting)
            return frame_nr(first_block[z][ffs64(fitting)]);
    }
    return NULL;
}

/* Cut a listed block down to 2^order frames; the rest is listed again. */
static void take_block(struct frame *f, unsigned int order)
{
    struct state st = state_of(f);
    unsigned int have = f->order;

    unlist_block(f);
    while (have > order) {
        have--;
        list_block(f + (1UL << have), have, st);
    }
    free_pages -= 1UL << order;
    if (st.dirty)
        dirty_pages -= 1UL << order;
}

/*
 * Clean and dirty halves stay apart, or cleaning in pieces would never end; so do the data of
 * different domains, or nobody would get his own back.
 */
static bool can_join(const struct frame *other, unsigned int order, const struct state *st)
{
    return other->count == FC_FREE && other->order == order && other->need_scrub == st->dirty &&
           other->dirty_by == st->dirty_by;
}

static void give_block(struct frame *f, unsigned int order, struct state st)
{
    u64 nr = nr_of(f);

    free_pages += 1UL << order;
    if (st.dirty)
        dirty_pages += 1UL << order;
    for (; order < MAX_ORDER; order++) {
        u64 other_nr = nr ^ (1UL << order);
        struct frame *other = frame_nr(other_nr);

        if (other_nr >= max_frame || !can_join(other, order, &st))
            break;
        st.flush |= other->need_flush;
        unlist_block(other);
        nr &= ~(1UL << order);
    }
    st.stamp = tlb_stamp_now();
    list_block(frame_nr(nr), order, st);
}

/* ---- claims: memory promised to domains that are being built ---- */

void claims_adjust(s64 delta)
{
    spin_lock(&heap_lock);
    claimed_pages += (u64)delta;
    spin_unlock(&heap_lock);
}

bool claims_try_add(u64 pages)
{
    bool ok;

    spin_lock(&heap_lock);
    ok = claimed_pages <= free_pages && pages <= free_pages - claimed_pages;
    if (ok)
        claimed_pages += pages;
    spin_unlock(&heap_lock);
    return ok;
}

/* ---- blocks ---- */

static unsigned int top_zone_for(unsigned int memflags)
{
    unsigned int bits = memflags >> 8;

    if (!bits || bits >= NR_ZONES + PAGE_SHIFT)
        return NR_ZONES - 1;
    return bits > PAGE_SHIFT ? bits - PAGE_SHIFT - 1 : 0;
}

static void frames_fill(struct frame *f, unsigned int order, u64 value)
{
    char *p = frame_to_virt(f);
    u64 words = PAGE_SIZE / 8 << order;

    __asm__ volatile("rep stosq" : "+D"(p), "+c"(words) : "a"(value) : "memory");
}

static struct frame *find_dirty(void)
{
    for (unsigned int z = 0; z < NR_ZONES; z++)
        for (u32 orders = orders_present[z]; orders; orders &= orders - 1) {
            struct frame *last = frame_nr(frame_nr(first_block[z][ffs64(orders)])->list_prev);

            if (last->need_scrub)
                return last;
        }
    return NULL;
}

/* Up to 2 MiB, out of the lock; the piece cannot be allocated meanwhile. */
static bool scrub_one(void)
{
    unsigned int order = 0;
    struct frame *f;

    spin_lock(&heap_lock);
    f = dirty_pages ? find_dirty() : NULL;
    if (f) {
        order = MIN(f->order, (u8)9);
        take_block(f, order);
    }
    spin_unlock(&heap_lock);
    if (!f)
        return false;
    if (f->need_flush)
        tlb_flush_stale(~0UL, f->free_stamp);
    frames_fill(f, order, 0);
    spin_lock(&heap_lock);
    give_block(f, order, (struct state){});
    spin_unlock(&heap_lock);
    return true;
}

static struct frame *try_alloc(unsigned int order, unsigned int memflags, bool claimed)
{
    struct frame *f = NULL;

    spin_lock(&heap_lock);
    if (claimed || claimed_pages + (1UL << order) <= free_pages)
        f = find_block(order, top_zone_for(memflags));
    if (f)
        take_block(f, order);
    spin_unlock(&heap_lock);
    return f;
}

struct frame *block_alloc(unsigned int order, unsigned int memflags, const struct block_user *user)
{
    struct frame *f;

    if (order > MAX_ORDER)
        return NULL;
    f = try_alloc(order, memflags, user->claimed);
    /* Neighbours may be apart only because one of them is clean. The caller may be a guest. */
    for (unsigned int n = 0; !f && order && n < SCRUBS_FOR_ALLOC && scrub_one(); n++)
        f = try_alloc(order, memflags, user->claimed);
    if (!f)
        return NULL;
    /* Whoever mapped these frames before must not reach them any more. */
    if (f->need_flush)
        tlb_flush_stale(~0UL, f->free_stamp);
    if (f->need_scrub && user->clear && (!f->dirty_by || f->dirty_by != user->serial))
        frames_fill(f, order, 0);
#ifdef CONFIG_DEBUG
    else if (f->need_scrub)
        frames_fill(f, order, 0xc2c2c2c2c2c2c2c2); /* nobody may rely on zeroes by chance */
#endif
    return f;
}

/* Frames without references, owner or type. */
void block_free(struct frame *f, unsigned int order, bool was_guest_visible, u32 dirty_by)
{
    spin_lock(&heap_lock);
    give_block(f, order, (struct state){ true, was_guest_visible, dirty_by, 0 });
    spin_unlock(&heap_lock);
}

void page_alloc_add_range(paddr_t start, paddr_t end)
{
    u64 nr = PFN_UP(start), last = PFN_DOWN(end);

    spin_lock(&heap_lock);
    while (nr < last) {
        unsigned int order = MIN(MAX_ORDER, (int)ffs64(nr));

        while (nr + (1UL << order) > last)
            order--;
        give_block(frame_nr(nr), order, (struct state){ .dirty = true });
        nr += 1UL << order;
    }
    spin_unlock(&heap_lock);
}

/* ---- the hypervisor's own pages ---- */

void *hv_alloc_pages(unsigned int order, unsigned int memflags)
{
    struct block_user user = { .clear = memflags & MEMF_ZERO };
    struct frame *f = NULL;

    if (!alloc_should_fail("pages", PAGE_SIZE << order, __builtin_return_address(0)))
        f = block_alloc(order, memflags, &user);
    if (!f)
        return NULL;
    alloc_count_live(1);
    for (u64 i = 0; i < 1UL << order; i++) {
        f[i].type = 0;
        f[i].owner = 0;
        f[i].count = FC_HV;
    }
    f->order = (u8)order;
    return frame_to_virt(f);
}

void hv_free_pages(void *va, unsigned int order)
{
    struct frame *f;
    bool was_shared = false;

    if (!va)
        return;
    alloc_count_live(-1);
    f = mfn_to_frame(virt_to_mfn(va));
    for (u64 i = 0; i < 1UL << order; i++) {
        BUG_ON(f[i].count != FC_HV);
        was_shared |= f[i].type != 0;
        f[i].type = 0;
        f[i].owner = 0;
        f[i].count = 0;
    }
    block_free(f, order, was_shared, 0);
}

/* ---- idle work and numbers ---- */

void page_alloc_scrub_idle(void)
{
    for (unsigned int i = 0; i < 16 && !softirq_pending(smp_processor_id()); i++)
        if (!scrub_one())
            return;
}

u64 page_alloc_free_pages(void)
{
    return atomic_read(&free_pages);
}
u64 page_alloc_total_pages(void)
{
    return ram_total_pages();
}
u64 page_alloc_outstanding_claims(void)
{
    return atomic_read(&claimed_pages);
}
u64 page_alloc_max_mfn(void)
{
    return max_frame;
}
