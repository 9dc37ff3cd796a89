/* SPDX-License-Identifier: MIT */
/*
 * A page of descriptors that a guest wants to load: if it is taken, then every descriptor that is
 * present is code or data for ring 3, or of the type that faults, and only DPLs were changed.
 */
#include "hv/hv_host.h"

#include <asm/frame.h>
#include "hypervisor/arch/x86/pv/internal.h"

#define PRESENT (1UL << 47)
#define SEGMENT (1UL << 44)
#define DPL     (3UL << 45)
#define TYPE    (15UL << 40)

static u64 page[PAGE_SIZE / sizeof(u64)] __aligned(PAGE_SIZE);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    u64 before[PAGE_SIZE / sizeof(u64)];

    memset(page, 0, sizeof(page));
    memcpy(page, data, MIN(size, sizeof(page)));
    memcpy(before, page, sizeof(page));
    if (!pv_descriptor_page_valid(mfn_to_frame(virt_to_mfn(page))))
        return 0;
    for (size_t i = 0; i < ARRAY_SIZE(page); i++) {
        if ((page[i] ^ before[i]) & ~DPL)
            abort();
        if (!(page[i] & PRESENT) || !(page[i] & (SEGMENT | TYPE)))
            continue;
        if (!(page[i] & SEGMENT) || (page[i] & DPL) != DPL)
            abort();
    }
    return 0;
}
