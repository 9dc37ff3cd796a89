/* SPDX-License-Identifier: MIT */
/*
 * The decompressors (zlib, liblzma, libzstd, liblz4 from Debian's static archives) are user-space
 * code: they use SSE, the red zone and a stack canary at %fs:0x28. So they run here with interrupts
 * off (NMI, #MC and #DF have stacks of their own), on a separate stack, FS base at a block with a
 * canary, and a bump heap whose pages are mapped on demand and all returned at the end. Their
 * constructors (.init_array: CRC tables) run first.
 */
#include <asm/cpu.h>
#include <asm/frame.h>
#include <hv/arch.h>
#include <hv/kernel_unpack.h>
#include <hv/page_alloc.h>
#include <hv/printk.h>
#include <image/unpack.h>

#define HEAP_START \
    (VMAP_END - (1UL << 38)) /* the upper half of the vmap slot is not used by vmap */
#define HEAP_BYTES         (1UL << 30)
#define OUTPUT_LIMIT       (512UL << 20)
#define UNPACK_STACK_ORDER 3 /* STACK_SIZE: masking RSP finds a struct cpu_info on it too */
#define CHUNK_ORDER        9 /* 2 MiB at a time; smaller ones when memory is in pieces */
#define MAX_CHUNKS         2048

extern void (*const _sinit_array[])(void), (*const _einit_array[])(void);

static u64 heap_top __initdata = HEAP_START, heap_mapped __initdata = HEAP_START;
static u64 canary_block[6] __initdata __aligned(16) = { [5] = 0x00ff0a0d6d757300 };

static struct job {
    const void *file;
    size_t bytes;
    struct image_unpacked out;
    int rc;
} job __initdata;

static struct {
    void *va;
    u8 order;
} chunk[MAX_CHUNKS] __initdata;
static u32 nr_chunks __initdata;

static bool __init add_chunk(void)
{
    unsigned int order = CHUNK_ORDER;
    void *va;

    if (nr_chunks == MAX_CHUNKS)
        return false;
    while (!(va = hv_alloc_pages(order, 0)) && order)
        order--;
    if (!va)
        return false;
    if (hv_map_pages(heap_mapped, virt_to_mfn(va), 1UL << order, PAGE_HV_RW)) {
        hv_free_pages(va, order);
        return false;
    }
    chunk[nr_chunks].va = va;
    chunk[nr_chunks++].order = (u8)order;
    heap_mapped += PAGE_SIZE << order;
    return true;
}

static bool __init map_more(u64 until)
{
    while (heap_mapped < until)
        if (!add_chunk())
            return false;
    return true;
}

static void *__init heap_alloc(void *ctx, size_t bytes)
{
    u64 at = heap_top, want;

    (void)ctx;
    want = ROUND_UP(bytes, 16UL);
    if (want < bytes || want > HEAP_START + HEAP_BYTES - at)
        return NULL;
    if (!map_more(at + want))
        return NULL;
    heap_top = at + want;
    return (void *)at;
}

static void __init heap_free(void *ctx, void *block)
{
    (void)ctx;
    (void)block; /* all at once, in kernel_unpack_release() */
}

static const struct image_allocator heap __initconst = { heap_alloc, heap_free, NULL };

/* What the archives call. Only they do; everybody else uses heap.c. */
void *malloc(size_t bytes);
void *calloc(size_t n, size_t size);
void free(void *p);
void __stack_chk_fail(void) __noreturn;

void *__init malloc(size_t bytes)
{
    return heap_alloc(NULL, bytes);
}

void *__init calloc(size_t n, size_t size)
{
    size_t bytes;
    void *p;

    if (__builtin_mul_overflow(n, size, &bytes))
        return NULL;
    p = heap_alloc(NULL, bytes);
    if (p)
        memset(p, 0, bytes);
    return p;
}

void __init free(void *p)
{
    (void)p;
}

void __init __stack_chk_fail(void)
{
    panic("A decompressor has overrun its stack frame: dom0's kernel file is hostile or damaged\n");
}

/* libzstd's tracing hooks are weak; an absent one would need address 0, out of our code's reach. */
unsigned long long ZSTD_trace_decompress_begin(const void *dctx);
void ZSTD_trace_decompress_end(unsigned long long ctx, const void *trace);

unsigned long long __init ZSTD_trace_decompress_begin(const void *dctx)
{
    (void)dctx;
    return 0; /* not tracing */
}

void __init ZSTD_trace_decompress_end(unsigned long long ctx, const void *trace)
{
    (void)ctx;
    (void)trace;
}

static void __init __used unpack_job(void)
{
    for (void (*const *ctor)(void) = _sinit_array; ctor < _einit_array; ctor++)
        (*ctor)();
    job.rc = image_unpack(job.file, job.bytes, OUTPUT_LIMIT, &heap, &job.out);
}

/* Calls unpack_job() on another stack; callee-saved registers carry the old one. */
static void __init run_on_stack(void *top)
{
    __asm__ volatile("mov %%rsp, %%rbx\n\t"
                     "mov %0, %%rsp\n\t"
                     "call unpack_job\n\t"
                     "mov %%rbx, %%rsp" ::"r"(top)
                     : "rax", "rbx", "rcx", "rdx", "rsi", "rdi", "r8", "r9", "r10", "r11", "memory",
                       "cc");
}

int __init kernel_unpack(const void *file, size_t bytes, struct kernel_elf *out)
{
    char *stack = hv_alloc_pages(UNPACK_STACK_ORDER, 0);
    struct cpu_info *info = (void *)(stack + STACK_SIZE - sizeof(*info));
    u64 fs_base = rdmsr(MSR_FS_BASE);
    unsigned long flags;

    if (!stack)
        return -IMAGE_E_NO_MEMORY;
    *info = *get_cpu_info();
    job = (struct job){ .file = file, .bytes = bytes };
    flags = irq_save();
    wrmsr(MSR_FS_BASE, (u64)canary_block);
    run_on_stack(info);
    wrmsr(MSR_FS_BASE, fs_base);
    irq_restore(flags);
    hv_free_pages(stack, UNPACK_STACK_ORDER);
    out->elf = job.out.elf;
    out->bytes = job.out.size;
    return job.rc;
}

void __init kernel_unpack_release(void)
{
    u64 va = HEAP_START;

    for (u32 i = 0; i < nr_chunks; i++) {
        hv_unmap_pages(va, 1UL << chunk[i].order);
        va += PAGE_SIZE << chunk[i].order;
        hv_free_pages(chunk[i].va, chunk[i].order);
    }
    nr_chunks = 0;
    heap_top = heap_mapped = HEAP_START;
}
