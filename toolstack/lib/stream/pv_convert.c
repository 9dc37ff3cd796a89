/* SPDX-License-Identifier: MIT */
/*
 * Page tables and registers between machine and stream.
 *
 * Owns nothing. Facts: page table entries of x86-64; the root that user space runs on is marked in
 * the stream by bit 0, so that page 0 can be one, as libxc has it. Locks: none.
 */
#include "pv_convert.h"

#include <errno.h>

#define PTE_PRESENT    0x001ull
#define PTE_LARGE      0x080ull
#define PTE_FRAME_MASK 0x000ffffffffff000ull

/* Slots of a level 4 table that are the hypervisor's. */
#define XEN_FIRST_SLOT 256u
#define XEN_LAST_SLOT  271u

#define USER_ROOT_PRESENT 1ull
#define GDT_FRAMES        16u
#define GDT_PER_FRAME     512u

int pv_table_translate(uint64_t *to, const uint64_t *from, unsigned int level,
                       pv_translate *translate, void *arg, unsigned int *bad)
{
    for (unsigned int i = 0; i < TABLE_ENTRIES; i++) {
        uint64_t entry = from[i], number;

        if (level == 4 && i >= XEN_FIRST_SLOT && i <= XEN_LAST_SLOT) {
            to[i] = 0;
            continue;
        }
        to[i] = entry;
        if (!(entry & PTE_PRESENT))
            continue;
        *bad = i;
        if ((level == 2 || level == 3) && entry & PTE_LARGE)
            return -E2BIG;
        if (!translate(arg, (entry & PTE_FRAME_MASK) >> 12, &number) ||
            number > PTE_FRAME_MASK >> 12)
            return -EINVAL;
        to[i] = (entry & ~PTE_FRAME_MASK) | number << 12;
    }
    return 0;
}

/* What both directions have in common. */
static int translate_context(vcpu_guest_context_t *context, uint32_t vcpu, pv_translate *translate,
                             void *arg, const char **bad)
{
    uint64_t root;

    *bad = "the start_info";
    if (vcpu == 0 && !translate(arg, context->user_regs.rdx, &context->user_regs.rdx))
        return -EINVAL;
    *bad = "the descriptor table";
    if (context->gdt_ents > GDT_FRAMES * GDT_PER_FRAME)
        return -EINVAL;
    for (unsigned int i = 0; i * GDT_PER_FRAME < context->gdt_ents; i++) {
        uint64_t frame;

        if (!translate(arg, context->gdt_frames[i], &frame))
            return -EINVAL;
        context->gdt_frames[i] = frame;
    }
    *bad = "the page table root";
    if (!translate(arg, context->ctrlreg[3] >> 12, &root))
        return -EINVAL;
    context->ctrlreg[3] = root << 12;
    return 0;
}

int pv_context_to_stream(vcpu_guest_context_t *context, uint32_t vcpu, pv_translate *translate,
                         void *arg, const char **bad)
{
    int rc = translate_context(context, vcpu, translate, arg, bad);
    uint64_t root;

    if (rc || !context->ctrlreg[1])
        return rc;
    *bad = "the page table root for users";
    if (!translate(arg, context->ctrlreg[1] >> 12, &root))
        return -EINVAL;
    context->ctrlreg[1] = root << 12 | USER_ROOT_PRESENT;
    return 0;
}

int pv_context_from_stream(vcpu_guest_context_t *context, uint32_t vcpu, pv_translate *translate,
                           void *arg, const char **bad)
{
    int rc = translate_context(context, vcpu, translate, arg, bad);
    uint64_t root;

    if (rc || !(context->ctrlreg[1] & USER_ROOT_PRESENT))
        return rc;
    *bad = "the page table root for users";
    if (!translate(arg, context->ctrlreg[1] >> 12, &root))
        return -EINVAL;
    context->ctrlreg[1] = root << 12;
    return 0;
}
