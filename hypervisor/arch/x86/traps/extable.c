/* SPDX-License-Identifier: MIT */
/* Where to go on when a chosen instruction of ours faults: pairs of self-relative addresses. */
#include <hv/sections.h>
#include <asm/traps.h>

struct extable_entry { s32 from, to; };

/* Few entries, and only on faults: a linear search is enough and needs no sorting at boot. */
u64 extable_lookup(u64 rip)
{
    const struct extable_entry *e = (const void *)_sextable, *end = (const void *)_eextable;

    for (; e < end; e++)
        if ((u64)&e->from + (u64)(s64)e->from == rip)
            return (u64)&e->to + (u64)(s64)e->to;
    return 0;
}
