/* SPDX-License-Identifier: MIT */
/*
 * Memory before the heap: free ranges taken from the memory map, less the image and the modules,
 * carved from the top so that low memory stays for devices. Boot CPU only, no locks. The first
 * MiB is left alone: firmware data lives there, and the CPUs' start-up code.
 */
#include "internal.h"

#include <hv/printk.h>

#define MAX_RANGES (BOOT_MAX_E820 + 2 * BOOT_MAX_MODULES + 64)
#define LOW_MIB 0x100000UL

struct ram_range ram_ranges[BOOT_MAX_E820];
unsigned int nr_ram_ranges;

static struct ram_range __initdata free_range[MAX_RANGES];
static unsigned int __initdata nr_free;

static void __init add_free(paddr_t start, paddr_t end)
{
    if (start >= end)
        return;
    if (nr_free == MAX_RANGES) {
        printk(LOG_WARN "Boot: too many memory ranges; [%#lx, %#lx) stays unused\n", start, end);
        return;
    }
    free_range[nr_free++] = (struct ram_range){start, end};
}

/* Take [start, end) out of the free ranges. */
static void __init reserve(paddr_t start, paddr_t end)
{
    unsigned int n = nr_free;

    start = ROUND_DOWN(start, PAGE_SIZE);
    end = ROUND_UP(end, PAGE_SIZE);
    for (unsigned int i = 0; i < n; i++) {
        struct ram_range r = free_range[i];

        if (r.end <= start || r.start >= end)
            continue;
        free_range[i].end = MAX(r.start, start);
        if (r.end > end)
            add_free(MAX(end, r.start), r.end);
    }
}

static void __init add_ram(paddr_t start, paddr_t end)
{
    if (end > DIRECTMAP_MAX_BYTES) {
        printk(LOG_WARN "RAM from %#lx on is not used: it lies beyond the direct map\n",
               MAX(start, (paddr_t)DIRECTMAP_MAX_BYTES));
        end = DIRECTMAP_MAX_BYTES;
    }
    /* Part of a page may be somebody else's, where the loader's entries overlap. */
    start = ROUND_UP(MAX(start, LOW_MIB), PAGE_SIZE);
    end = ROUND_DOWN(end, PAGE_SIZE);
    if (start >= end)
        return;
    ram_ranges[nr_ram_ranges++] = (struct ram_range){start, end};
    add_free(start, end);
}

void __init boot_alloc_init(void)
{
    for (u32 i = 0; i < boot_info.nr_e820; i++) {
        const struct boot_e820 *e = &boot_info.e820[i];

        if (e->type == E820_TYPE_RAM)
            add_ram(e->start, e->start + e->size);
    }
    if (!nr_ram_ranges)
        panic("The memory map that the boot loader passed lists no usable RAM\n");
    reserve(boot_info.image_start, boot_info.image_end);
    for (u32 i = 0; i < boot_info.nr_modules; i++)
        reserve(boot_info.module[i].start, boot_info.module[i].start + boot_info.module[i].bytes);
    if (boot_info.efi_mmap)
        reserve(boot_info.efi_mmap, boot_info.efi_mmap + boot_info.efi_mmap_bytes);
}

paddr_t __init boot_alloc(u64 bytes, u64 align, paddr_t limit)
{
    unsigned int best = MAX_RANGES;
    paddr_t where = 0;

    bytes = ROUND_UP(bytes, PAGE_SIZE);
    for (unsigned int i = 0; i < nr_free; i++) {
        paddr_t end = limit ? MIN(free_range[i].end, limit) : free_range[i].end;
        paddr_t at;

        if (end < bytes)
            continue;
        at = ROUND_DOWN(end - bytes, align);
        if (at >= free_range[i].start && at + bytes <= end && at > where) {
            best = i;
            where = at;
        }
    }
    if (best == MAX_RANGES)
        panic("No %lu KiB of memory for the hypervisor's own tables\n", bytes >> 10);
    add_free(where + bytes, free_range[best].end);
    free_range[best].end = where;
    return where;
}

void __init boot_alloc_finish(void (*fn)(paddr_t start, paddr_t end))
{
    for (unsigned int i = 0; i < nr_free; i++)
        if (free_range[i].start < free_range[i].end)
            fn(free_range[i].start, free_range[i].end);
    nr_free = 0;
}

bool ram_overlaps(paddr_t start, paddr_t end)
{
    for (unsigned int i = 0; i < nr_ram_ranges; i++)
        if (ram_ranges[i].start < end && start < ram_ranges[i].end)
            return true;
    return false;
}

bool mfn_valid(mfn_t mfn)
{
    paddr_t pa = mfn_to_paddr(mfn);

    if (mfn_raw(mfn) >= max_frame)
        return false;
    for (unsigned int i = 0; i < nr_ram_ranges; i++)
        if (pa >= ram_ranges[i].start && pa < ram_ranges[i].end)
            return true;
    return false;
}

u64 ram_total_pages(void)
{
    u64 bytes = 0;

    for (unsigned int i = 0; i < nr_ram_ranges; i++)
        bytes += ram_ranges[i].end - ram_ranges[i].start;
    return bytes >> PAGE_SHIFT;
}
