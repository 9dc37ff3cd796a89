/* SPDX-License-Identifier: MIT */
/*
 * Where the frame table and the machine-to-physical table lie: mapped in chunks of 2 MiB for RAM.
 * Holes below max_frame read as zero records (one shared read-only chunk), so that a record may be
 * looked at for any frame below max_frame: a hole's has no references and never gets one. The M2P
 * has no shared chunk: guests read it with a fault handler. Filled once the final tables are live.
 */
#include "internal.h"

#include <hv/printk.h>

struct frame *const frame_table = (struct frame *)FRAME_TABLE_START;
u64 max_frame;

static void __init must_map(u64 va, paddr_t pa, u64 bytes, u64 flags)
{
    if (hv_map_range(va, pa, bytes, flags))
        panic("No memory for the frame table\n");
}

static bool __init chunk_has_ram(u64 chunk, u64 record_bytes)
{
    u64 first = chunk * PAGE_SIZE_2M / record_bytes;
    u64 last = ((chunk + 1) * PAGE_SIZE_2M - 1) / record_bytes;

    return ram_overlaps(first << PAGE_SHIFT, (last + 1) << PAGE_SHIFT);
}

static u64 __init nr_chunks(u64 record_bytes)
{
    return DIV_ROUND_UP(max_frame * record_bytes, PAGE_SIZE_2M);
}

static void __init map_frame_table(void)
{
    paddr_t zero_chunk = 0;

    for (u64 i = 0; i < nr_chunks(sizeof(struct frame)); i++) {
        u64 va = FRAME_TABLE_START + i * PAGE_SIZE_2M;

        if (chunk_has_ram(i, sizeof(struct frame))) {
            must_map(va, boot_alloc(PAGE_SIZE_2M, PAGE_SIZE_2M, 0), PAGE_SIZE_2M, PAGE_HV_RW);
            continue;
        }
        if (!zero_chunk) {
            zero_chunk = boot_alloc(PAGE_SIZE_2M, PAGE_SIZE_2M, BOOT_MAPPED_LIMIT);
            memset(paddr_to_virt(zero_chunk), 0, PAGE_SIZE_2M);
        }
        must_map(va, zero_chunk, PAGE_SIZE_2M, PAGE_HV_RO);
    }
}

static void __init map_m2p(void)
{
    for (u64 i = 0; i < nr_chunks(sizeof(u64)); i++) {
        paddr_t pa;

        if (!chunk_has_ram(i, sizeof(u64)))
            continue;
        pa = boot_alloc(PAGE_SIZE_2M, PAGE_SIZE_2M, 0);
        must_map(M2P_VIRT_START + i * PAGE_SIZE_2M, pa, PAGE_SIZE_2M, PAGE_HV_RW);
        must_map(RO_M2P_VIRT_START + i * PAGE_SIZE_2M, pa, PAGE_SIZE_2M, PAGE_HV_RO | PTE_USER);
    }
}

void __init frame_table_map(void)
{
    map_frame_table();
    map_m2p();
}

static void __init fill_words(u64 va, u64 value)
{
    u64 n = PAGE_SIZE_2M / 8;

    __asm__ volatile("rep stosq" : "+D"(va), "+c"(n) : "a"(value) : "memory");
}

void __init frame_table_fill(void)
{
    for (u64 i = 0; i < nr_chunks(sizeof(struct frame)); i++)
        if (chunk_has_ram(i, sizeof(struct frame)))
            fill_words(FRAME_TABLE_START + i * PAGE_SIZE_2M, 0);
    for (u64 i = 0; i < nr_chunks(sizeof(u64)); i++) {
        mfn_t mfn = m2p_chunk_mfn(i);

        if (!mfn_raw(mfn))
            continue;
        fill_words(M2P_VIRT_START + i * PAGE_SIZE_2M, ~0UL);
        /* Tools save a domain with the M2P mapped. */
        for (u64 page = 0; page < PT_ENTRIES; page++)
            frame_share_with_privileged(mfn_to_virt(mfn_add(mfn, page)), SHARE_RO);
    }
}
