/* SPDX-License-Identifier: MIT */
/*
 * Names for addresses. The table is made by a second link pass (arch/x86/objects.mk): sorted
 * offsets from _stext and a string pool. Backtraces follow frame pointers and stay within the
 * current stack, so a damaged chain ends them and does no harm.
 */
#include <asm/current.h>
#include <hv/sections.h>
#include <hv/console.h>
#include <hv/printk.h>

/* In the first link pass the table is empty. */
extern const u32 symbol_count;
extern const u32 symbol_offsets[];
extern const u32 symbol_name_offsets[];
extern const char symbol_names[];

int format_symbol(char *buf, size_t size, u64 addr);

static bool in_text(u64 a)
{
    return (a >= (u64)_stext && a < (u64)_etext) ||
           (a >= (u64)_sinit_text && a < (u64)_einit_text);
}

const char *symbol_lookup(u64 addr, u64 *offset, u64 *size)
{
    u32 lo = 0, hi, off;

    if (!symbol_count || !in_text(addr))
        return NULL;
    off = (u32)(addr - (u64)_stext);
    hi = symbol_count;
    if (off < symbol_offsets[0])
        return NULL;
    while (hi - lo > 1) {
        u32 mid = (lo + hi) / 2;

        if (symbol_offsets[mid] <= off)
            lo = mid;
        else
            hi = mid;
    }
    *offset = off - symbol_offsets[lo];
    *size = (lo + 1 < symbol_count ? symbol_offsets[lo + 1] : (u32)(_etext - _stext)) -
            symbol_offsets[lo];
    return symbol_names + symbol_name_offsets[lo];
}

u32 symbol_table_size(void)
{
    return symbol_count;
}

const char *symbol_by_index(u32 i, u64 *addr)
{
    if (i >= symbol_count)
        return NULL;
    i = (u32)array_index_nospec(i, symbol_count);
    *addr = (u64)_stext + symbol_offsets[i];
    return symbol_names + symbol_name_offsets[i];
}

int format_symbol(char *buf, size_t size, u64 addr)
{
    u64 off, len;
    const char *name = symbol_lookup(addr, &off, &len);

    if (!name)
        return 0;
    return scnprintf(buf, size, "%s+%#lx/%#lx", name, off, len);
}

void show_backtrace(u64 rip, u64 rsp, u64 rbp)
{
    u64 base = rsp & ~(STACK_SIZE - 1UL), end = base + STACK_SIZE - sizeof(struct cpu_info);

    printk(LOG_ERR "Call trace:\n");
    printk(LOG_ERR "   [<%016lx>] %pS\n", rip, (void *)rip);
    for (int depth = 0; depth < 32; depth++) {
        const u64 *frame = (const u64 *)rbp;

        if (rbp < rsp || rbp + 16 > end || rbp & 7)
            break;
        if (!in_text(frame[1]))
            break;
        printk(LOG_ERR "   [<%016lx>] %pS\n", frame[1], (void *)frame[1]);
        rsp = rbp;
        rbp = frame[0];
    }
}
