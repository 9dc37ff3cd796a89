/* SPDX-License-Identifier: MIT */
/* Owns one executable page; the code in it ends in UD2, by which its end is known. */
#include "insn.h"
#include "test.h"

static uint8_t *page;

struct trap_frame insn_regs(void)
{
    struct trap_frame regs = { .rflags = 2, .cs = FLAT_KERNEL_CS & ~3, .ss = FLAT_KERNEL_SS };

    return regs;
}

unsigned long insn_address(void)
{
    if (!page)
        page = page_alloc();
    return (unsigned long)page;
}

static void enter(void *arg)
{
    struct trap_frame frame = *(struct trap_frame *)arg;

    frame.rip = insn_address();
    frame.cs = FLAT_KERNEL_CS & ~3;
    frame.ss = FLAT_KERNEL_SS;
    frame.error_code = 0;
    frame.rsp = ((unsigned long)__builtin_frame_address(0) - 2048) & ~15UL;
    trap_return(&frame);
}

bool insn_run(struct trap_frame *regs, const uint8_t *code, unsigned long length)
{
    uint8_t *to = (uint8_t *)insn_address();
    struct trap_seen *seen = &this_cpu()->seen;

    memcpy(to, code, length);
    to[length] = 0x0f;
    to[length + 1] = 0x0b;
    trap_try(enter, regs);
    *regs = seen->frame;
    return seen->vector == TRAP_UD && seen->frame.rip == insn_address() + length;
}
