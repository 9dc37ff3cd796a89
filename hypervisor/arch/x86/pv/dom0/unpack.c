/* SPDX-License-Identifier: MIT */
/*
 * Runs the decompressors, which are ordinary user-space objects: they use SSE, a stack-protector
 * canary at FS:0x28 and constructors. So they get a stack of their own (aligned as ours, with a
 * struct cpu_info at its top), FS base at a block with the canary, and interrupts off; NMI, #MC and #DF
 * have stacks of their own anyway. Their memory comes from the page allocator. Boot CPU only.
 */
#include <asm/cpu.h>
#include <asm/sections.h>
#include <hv/arch.h>
#include <hv/page_alloc.h>
#include <hv/printk.h>
#include <image/unpack.h>

#include "unpack.h"

#define UNPACKED_LIMIT (512UL << 20)
#define CANARY_OFFSET 0x28
#define STACK_ORDER 3
_Static_assert(PAGE_SIZE << STACK_ORDER == STACK_SIZE, "get_cpu_info() works on it");

/* --- memory: a header in front of each block; the pages behind its end are given back --- */

struct block_header {
    u64 pages; /* 0: from the heap of small objects */
    u64 pad;
};

/* Page runs of any length are made of aligned powers of two. */
static void free_run(char *base, u64 first, u64 end)
{
    while (first < end) {
        unsigned int order = first ? ffs64(first) : MAX_ORDER;

        while (first + BIT(order) > end)
            order--;
        hv_free_pages(base + first * PAGE_SIZE, order);
        first += BIT(order);
    }
}

static void *block_alloc(void *ctx, size_t bytes)
{
    struct block_header *h;
    unsigned int order = 0;
    u64 pages;

    (void)ctx;
    bytes += sizeof(*h);
    if (bytes <= PAGE_SIZE / 2) {
        h = hv_zalloc(bytes);
        return h ? h + 1 : NULL;
    }
    pages = DIV_ROUND_UP(bytes, PAGE_SIZE);
    while (BIT(order) < pages)
        order++;
    h = order <= MAX_ORDER ? hv_alloc_pages(order, 0) : NULL;
    if (!h)
        return NULL;
    free_run((char *)h, pages, BIT(order));
    h->pages = pages;
    return h + 1;
}

static void block_free(void *ctx, void *block)
{
    struct block_header *h = (struct block_header *)block - 1;

    (void)ctx;
    if (h->pages)
        free_run((char *)h, 0, h->pages);
    else
        hv_free(h);
}

static const struct image_allocator allocator = {.alloc = block_alloc, .free = block_free};

/* --- what the archives want of a C library; all their memory comes from the allocator above --- */

void *malloc(size_t bytes);
void *calloc(size_t n, size_t bytes);
void free(void *p);
void __stack_chk_fail(void) __noreturn;

void *malloc(size_t bytes)
{
    return block_alloc(NULL, bytes);
}

void *calloc(size_t n, size_t bytes)
{
    size_t total;
    void *p;

    if (__builtin_mul_overflow(n, bytes, &total))
        return NULL;
    p = block_alloc(NULL, total);
    return p ? memset(p, 0, total) : NULL;
}

void free(void *p)
{
    if (p)
        block_free(NULL, p);
}

void __stack_chk_fail(void)
{
    panic("A decompressor overran its stack\n");
}

/* --- the call --- */

struct call {
    const void *file;
    size_t bytes;
    struct image_unpacked *out;
    int rc;
};

extern void (*const _sinit_array[])(void), (*const _einit_array[])(void);

static void run(struct call *c)
{
    static bool constructed;

    if (!constructed)
        for (void (*const *f)(void) = _sinit_array; f < _einit_array; f++)
            (*f)();
    constructed = true;
    c->rc = image_unpack(c->file, c->bytes, UNPACKED_LIMIT, &allocator, c->out);
}

static void call_on_stack(struct call *c, char *stack)
{
    struct cpu_info *info = (void *)(stack + STACK_SIZE - sizeof(*info));

    *info = *get_cpu_info();
    __asm__ volatile("mov %%rsp, %%rbx; mov %0, %%rsp; call *%1; mov %%rbx, %%rsp"
                     : : "r"((u64)info & ~15UL), "r"(run), "D"(c)
                     : "rax", "rbx", "rcx", "rdx", "rsi", "r8", "r9", "r10", "r11", "r12", "r13",
                       "r14", "r15", "memory", "cc");
}

int dom0_unpack(const void *file, size_t bytes, struct image_unpacked *out)
{
    struct call c = {.file = file, .bytes = bytes, .out = out};
    char *stack = hv_alloc_pages(STACK_ORDER, MEMF_ZERO);
    u64 *canary_block = hv_alloc_page();
    unsigned long flags;
    u64 fs;

    if (!stack || !canary_block)
        panic("No memory to unpack dom0's kernel\n");
    canary_block[CANARY_OFFSET / 8] = rdtsc() & ~0xffUL;
    flags = irq_save();
    fs = rdmsr(MSR_FS_BASE);
    wrmsr(MSR_FS_BASE, (u64)canary_block);
    call_on_stack(&c, stack);
    wrmsr(MSR_FS_BASE, fs);
    irq_restore(flags);
    hv_free_page(canary_block);
    hv_free_pages(stack, STACK_ORDER);
    return c.rc;
}

void dom0_unpack_free(struct image_unpacked *image)
{
    image_unpack_free(&allocator, image);
}
