/* SPDX-License-Identifier: MIT */
/*
 * The memory map: collected from the loader, then sorted and made free of overlaps, where the
 * stronger type wins (anything beats RAM). What is left of RAM is then rounded inwards to whole
 * pages; everything else is left alone.
 */
#include <hv/boot.h>
#include <hv/lib.h>
#include <hv/printk.h>

void boot_e820_add(u64 start, u64 size, u32 type)
{
    if (!size || start + size < start)
        return;
    if (boot_info.nr_e820 == BOOT_MAX_E820) {
        printk(LOG_WARN "Boot: memory map has more than %d entries; the rest is ignored\n",
               BOOT_MAX_E820);
        return;
    }
    boot_info.e820[boot_info.nr_e820++] =
        (struct boot_e820){start, size, type ? type : E820_TYPE_RESERVED};
}

/* RAM is weakest; unusable strongest. */
static unsigned int type_rank(u32 type)
{
    return type == E820_TYPE_RAM ? 0 : type == E820_TYPE_UNUSABLE ? 2 : 1;
}

static u32 strongest_type_in(u64 start, u64 end)
{
    u32 best = 0;

    for (u32 i = 0; i < boot_info.nr_e820; i++) {
        const struct boot_e820 *e = &boot_info.e820[i];

        if (e->start <= start && e->start + e->size >= end &&
            (!best || type_rank(e->type) > type_rank(best)))
            best = e->type;
    }
    return best;
}

static void sort_points(u64 *p, u32 n)
{
    for (u32 i = 1; i < n; i++) {
        u64 v = p[i];
        u32 j = i;

        for (; j && p[j - 1] > v; j--)
            p[j] = p[j - 1];
        p[j] = v;
    }
}

/* Rounds RAM inwards; false: nothing is left. */
static bool to_whole_pages(struct boot_e820 *e)
{
    u64 start = DIV_ROUND_UP(e->start, PAGE_SIZE), end = (e->start + e->size) / PAGE_SIZE;

    if (e->type != E820_TYPE_RAM)
        return true;
    if (e->start > ROUND_DOWN(~0UL, PAGE_SIZE) || start >= end)
        return false;
    e->start = start * PAGE_SIZE;
    e->size = (end - start) * PAGE_SIZE;
    return true;
}

void boot_e820_sanitise(void)
{
    static u64 point[2 * BOOT_MAX_E820];
    static struct boot_e820 out[BOOT_MAX_E820];
    u32 n = 0, k = 0;

    for (u32 i = 0; i < boot_info.nr_e820; i++) {
        point[n++] = boot_info.e820[i].start;
        point[n++] = boot_info.e820[i].start + boot_info.e820[i].size;
    }
    sort_points(point, n);
    for (u32 i = 0; i + 1 < n; i++) {
        u32 type;

        if (point[i] == point[i + 1])
            continue;
        type = strongest_type_in(point[i], point[i + 1]);
        if (!type)
            continue;
        if (k && out[k - 1].type == type && out[k - 1].start + out[k - 1].size == point[i])
            out[k - 1].size += point[i + 1] - point[i];
        else if (k < BOOT_MAX_E820)
            out[k++] = (struct boot_e820){point[i], point[i + 1] - point[i], type};
    }
    boot_info.nr_e820 = 0;
    for (u32 i = 0; i < k; i++)
        if (to_whole_pages(&out[i]))
            boot_info.e820[boot_info.nr_e820++] = out[i];
}

void boot_e820_clip(u64 limit)
{
    for (u32 i = 0; i < boot_info.nr_e820; i++) {
        struct boot_e820 *e = &boot_info.e820[i];

        if (e->type != E820_TYPE_RAM || e->start + e->size <= limit)
            continue;
        if (e->start >= limit)
            e->type = E820_TYPE_UNUSABLE;
        else
            e->size = limit - e->start;
    }
}

void boot_e820_print(void)
{
    static const char *const name[] = {"?", "usable", "reserved", "ACPI data", "ACPI NVS",
                                       "unusable"};

    printk(LOG_INFO "Memory map:\n");
    for (u32 i = 0; i < boot_info.nr_e820; i++) {
        const struct boot_e820 *e = &boot_info.e820[i];

        printk(LOG_INFO " [%016lx, %016lx] (%s)\n", e->start, e->start + e->size - 1,
               e->type < ARRAY_SIZE(name) ? name[e->type] : "other");
    }
}
