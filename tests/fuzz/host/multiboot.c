/* SPDX-License-Identifier: MIT */
/*
 * What a boot loader leaves in memory. Multiboot2: the tags, whole. Multiboot 1 is full of pointers
 * that nobody can check: they and the lengths of what they point to are bent into the input first.
 */
#include "hv/hv_host.h"

#include <sys/mman.h>

#define MB1_MAGIC 0x2badb002u
#define MB2_MAGIC 0x36d76289u
#define ARENA     65536u
#define MB1_BYTES 116u

paddr_t image_to_paddr(const void *va)
{
    return (paddr_t)va;
}

static u32 get(const u8 *p)
{
    u32 v;

    memcpy(&v, p, sizeof(v));
    return v;
}

static void put(u8 *p, u32 v)
{
    memcpy(p, &v, sizeof(v));
}

static void check(void)
{
    if (boot_info.nr_modules > BOOT_MAX_MODULES || boot_info.nr_e820 > BOOT_MAX_E820 ||
        strnlen(boot_info.cmdline, sizeof(boot_info.cmdline)) == sizeof(boot_info.cmdline))
        abort();
    for (u32 i = 0; i < boot_info.nr_modules; i++)
        if (boot_info.module[i].cmdline != boot_info.module_cmdline[i] ||
            strnlen(boot_info.module_cmdline[i], sizeof(boot_info.module_cmdline[i])) ==
                sizeof(boot_info.module_cmdline[i]))
            abort();
    boot_e820_sanitise();
    if (boot_info.nr_e820 > BOOT_MAX_E820)
        abort();
    for (u32 i = 0; i < boot_info.nr_e820; i++) {
        const struct boot_e820 *e = &boot_info.e820[i];

        if (!e->size || e->start + e->size < e->start ||
            (i && e->start < e[-1].start + e[-1].size) ||
            (e->type == E820_TYPE_RAM && (e->start | e->size) & ~PAGE_MASK))
            abort();
    }
}

static void read_tags(const u8 *data, size_t size)
{
    u8 *tags = malloc(size);

    if (!tags)
        return;
    memcpy(tags, data, size);
    put(tags, (u32)size);
    boot_read_loader_info(MB2_MAGIC, (paddr_t)tags);
    check();
    free(tags);
}

/* Below 4 GiB, with nothing mapped behind it. */
static u8 *arena(void)
{
    static u8 *base;

    if (!base) {
        base = mmap(NULL, ARENA + PAGE_SIZE, PROT_READ | PROT_WRITE,
                    MAP_PRIVATE | MAP_ANONYMOUS | MAP_32BIT, -1, 0);
        if (base == MAP_FAILED || mprotect(base + ARENA, PAGE_SIZE, PROT_NONE))
            abort();
    }
    return base;
}

static u32 bend(u8 *field, const u8 *base, u32 size)
{
    u32 at = get(field) % size;

    put(field, (u32)(u64)base + at);
    return size - at; /* bytes that are left there */
}

static void limit(u8 *field, u32 most)
{
    if (get(field) > most)
        put(field, get(field) % (most + 1));
}

static void read_struct(const u8 *data, size_t size)
{
    u8 *info = arena() + ARENA - size;
    u32 n = (u32)size, mods, left;

    memcpy(info, data, size);
    bend(info + 16, info, n);
    left = bend(info + 24, info, n);
    limit(info + 20, left / 16);
    mods = get(info + 24) - (u32)(u64)info;
    left = bend(info + 48, info, n);
    limit(info + 44, left);
    bend(info + 64, info, n);
    for (u32 i = get(info + 20); i--;)
        if (mods >= MB1_BYTES) /* else the modules are the structure itself */
            bend(info + mods + i * 16 + 8, info, n);
        else
            put(info + 20, 0);
    info[n - 1] = '\0';
    boot_read_loader_info(MB1_MAGIC, (paddr_t)info);
    check();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    memset(&boot_info, 0, sizeof(boot_info));
    if (size < 1 + MB1_BYTES + 1 || size > ARENA)
        return 0;
    if (data[0] & 1)
        read_struct(data + 1, size - 1);
    else
        read_tags(data + 1, size - 1);
    return 0;
}
