/* SPDX-License-Identifier: MIT */
/*
 * Byte-sized objects: slabs of one page for sizes up to 2032 bytes, whole pages above that. A
 * slab's page begins with its header, so an object is never page aligned and a page-aligned pointer
 * is a large one, whose order the frame record keeps. Memory is handed out zeroed.
 *
 * slab_lock protects the lists; a leaf. Guests never see these pages.
 */
#include <asm/frame.h>
#include <hv/errno.h>
#include <hv/list.h>
#include <hv/page_alloc.h>
#include <hv/spinlock.h>

#define SLAB_MAGIC 0x51ab51ab

struct slab {
    struct list_head list; /* of its class while it has free objects, else alone */
    void *free;            /* chain through the first word of free objects */
    u32 magic;
    u16 in_use;
    u8 class;
};

/* Sizes so that a page less the header holds a whole number without much waste. */
static const u16 class_size[] = { 16,  32,  48,  64,  96,   128,  192, 256,
                                  336, 448, 576, 800, 1008, 1344, 2016 };
#define NR_CLASSES ARRAY_SIZE(class_size)
#define HEADER     ROUND_UP(sizeof(struct slab), 16UL)

static struct list_head partial[NR_CLASSES];
static DEFINE_SPINLOCK(slab_lock);

static unsigned int class_for(size_t bytes)
{
    unsigned int c = 0;

    while (c < NR_CLASSES && class_size[c] < bytes)
        c++;
    return c;
}

static struct slab *slab_make(unsigned int class)
{
    struct slab *s = hv_alloc_pages(0, 0);
    u16 size = class_size[class];

    if (!s)
        return NULL;
    alloc_count_live(-1);
    *s = (struct slab){ .magic = SLAB_MAGIC, .class = (u8) class };
    list_init(&s->list);
    for (size_t at = HEADER; at + size <= PAGE_SIZE; at += size) {
        void **object = (void **)((char *)s + at);

        *object = s->free;
        s->free = object;
    }
    return s;
}

static void *take_object(struct slab *s)
{
    void **object = s->free;

    s->free = *object;
    s->in_use++;
    if (!s->free)
        list_del(&s->list);
    return object;
}

static void *slab_alloc(unsigned int class)
{
    struct slab *s, *fresh = NULL;
    void *object = NULL;

    for (;;) {
        spin_lock(&slab_lock);
        if (!partial[class].next)
            list_init(&partial[class]);
        if (fresh)
            list_add(&fresh->list, &partial[class]);
        if (!list_empty(&partial[class])) {
            s = list_first_entry(&partial[class], struct slab, list);
            object = take_object(s);
        }
        spin_unlock(&slab_lock);
        if (object)
            return object;
        fresh = slab_make(class);
        if (!fresh)
            return NULL;
    }
}

static void slab_free(struct slab *s, void *p)
{
    bool empty;

    BUG_ON(s->magic != SLAB_MAGIC || ((u64)p - (u64)s - HEADER) % class_size[s->class]);
    spin_lock(&slab_lock);
    BUG_ON(!s->in_use);
    if (!s->free)
        list_add(&s->list, &partial[s->class]);
    *(void **)p = s->free;
    s->free = p;
    /* One empty slab of a class is kept, so that a single object does not cost a page each time. */
    empty = --s->in_use == 0 && s->list.next != s->list.prev;
    if (empty)
        list_del(&s->list);
    spin_unlock(&slab_lock);
    if (empty) {
        s->magic = 0;
        alloc_count_live(1);
        hv_free_pages(s, 0);
    }
}

static void *large_alloc(size_t bytes)
{
    unsigned int order = 0;

    while (order <= MAX_ORDER && PAGE_SIZE << order < bytes)
        order++;
    return hv_alloc_pages(order, MEMF_ZERO);
}

void *hv_zalloc(size_t bytes)
{
    unsigned int class = class_for(bytes);
    void *p;

    if (alloc_should_fail("an object", bytes, __builtin_return_address(0)))
        return NULL;
    p = class == NR_CLASSES ? large_alloc(bytes) : slab_alloc(class);
    if (!p)
        return NULL;
    alloc_count_live(1);
    if (class != NR_CLASSES)
        memset(p, 0, class_size[class]);
    return p;
}

void *hv_zalloc_array(size_t n, size_t size)
{
    size_t bytes;

    return __builtin_mul_overflow(n, size, &bytes) ? NULL : hv_zalloc(bytes);
}

void hv_free(void *p)
{
    if (!p)
        return;
    alloc_count_live(-1);
    if ((u64)p & ~PAGE_MASK)
        slab_free((struct slab *)((u64)p & PAGE_MASK), p);
    else
        hv_free_pages(p, mfn_to_frame(virt_to_mfn(p))->order);
}
