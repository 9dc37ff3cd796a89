/* SPDX-License-Identifier: MIT */
/*
 * From Multiboot 1 or 2 to boot_info. Runs on the boot page tables: machine memory below 4 GiB is
 * readable through the direct map. The loader's data may lie anywhere in RAM and is given back
 * later, so everything is copied.
 *
 * Facts: Multiboot 0.6.96 and Multiboot2 2.0 specifications.
 */
#include <asm/page.h>
#include <hv/boot.h>
#include <hv/lib.h>
#include <hv/printk.h>

#define MB1_BOOT_MAGIC 0x2badb002u
#define MB2_BOOT_MAGIC 0x36d76289u

struct boot_info boot_info;

static const void *low(u64 pa)
{
    return paddr_to_virt(pa);
}

static void add_module(u64 start, u64 end, const char *cmdline)
{
    struct boot_module *m;

    if (boot_info.nr_modules == BOOT_MAX_MODULES) {
        printk(LOG_WARN "Boot: module at %#lx is one too many (limit %d): ignored\n", start,
               BOOT_MAX_MODULES);
        return;
    }
    m = &boot_info.module[boot_info.nr_modules];
    m->start = start;
    m->bytes = end > start ? end - start : 0;
    if (strlcpy(boot_info.module_cmdline[boot_info.nr_modules], cmdline,
                sizeof(boot_info.module_cmdline[0])) >= sizeof(boot_info.module_cmdline[0]))
        printk(LOG_WARN "Boot: command line of module %u cut to %zu bytes\n", boot_info.nr_modules,
               sizeof(boot_info.module_cmdline[0]) - 1);
    m->cmdline = boot_info.module_cmdline[boot_info.nr_modules++];
}

static void set_cmdline(const char *s)
{
    if (strlcpy(boot_info.cmdline, s, sizeof(boot_info.cmdline)) >= sizeof(boot_info.cmdline))
        printk(LOG_WARN "Boot: command line cut to %zu bytes\n", sizeof(boot_info.cmdline) - 1);
}

/* Multiboot 1: the first word of a command line is the file's name. QEMU gives it, GRUB too. */
static const char *skip_first_word(const char *s)
{
    while (*s == ' ')
        s++;
    while (*s && *s != ' ')
        s++;
    while (*s == ' ')
        s++;
    return s;
}

struct mb1_info {
    u32 flags, mem_lower, mem_upper, boot_device, cmdline, mods_count, mods_addr, syms[4];
    u32 mmap_length, mmap_addr, drives_length, drives_addr, config_table, boot_loader_name;
    u32 apm_table, vbe_control_info, vbe_mode_info;
    u16 vbe_mode, vbe_interface_seg, vbe_interface_off, vbe_interface_len;
    u64 framebuffer_addr;
    u32 framebuffer_pitch, framebuffer_width, framebuffer_height;
    u8 framebuffer_bpp, framebuffer_type, color_info[6];
} __packed;
struct mb1_module { u32 start, end, cmdline, pad; };
struct mb1_mmap { u32 size; u64 addr, len; u32 type; } __packed;

static void read_mb1_memory(const struct mb1_info *mi)
{
    if (mi->flags & BIT(6)) {
        u64 at = mi->mmap_addr, end = at + mi->mmap_length;

        while (at + sizeof(struct mb1_mmap) <= end) {
            const struct mb1_mmap *e = low(at);

            boot_e820_add(e->addr, e->len, e->type);
            at += e->size + sizeof(e->size);
        }
    } else if (mi->flags & BIT(0)) {
        boot_e820_add(0, (u64)mi->mem_lower << 10, E820_TYPE_RAM);
        boot_e820_add(0x100000, (u64)mi->mem_upper << 10, E820_TYPE_RAM);
    }
}

static void read_mb1(const struct mb1_info *mi)
{
    if (mi->flags & BIT(9))
        boot_info.loader_name = low(mi->boot_loader_name);
    if (mi->flags & BIT(2))
        set_cmdline(skip_first_word(low(mi->cmdline)));
    if (mi->flags & BIT(3)) {
        const struct mb1_module *m = low(mi->mods_addr);

        for (u32 i = 0; i < mi->mods_count; i++)
            add_module(m[i].start, m[i].end,
                       m[i].cmdline ? skip_first_word(low(m[i].cmdline)) : "");
    }
    read_mb1_memory(mi);
    if (mi->flags & BIT(12) && mi->framebuffer_type == 1) {
        boot_info.fb.present = true;
        boot_info.fb.base = mi->framebuffer_addr;
        boot_info.fb.pitch = mi->framebuffer_pitch;
        boot_info.fb.width = mi->framebuffer_width;
        boot_info.fb.height = mi->framebuffer_height;
        boot_info.fb.bpp = mi->framebuffer_bpp;
    }
}

struct mb2_tag { u32 type, size; };

static void mb2_mmap(const struct mb2_tag *t)
{
    const struct { u32 type, size, entry_size, entry_version; } *m = (const void *)t;
    const u8 *p = (const u8 *)(m + 1), *end = (const u8 *)t + t->size;

    if (m->entry_size < 24)
        return;
    for (; p + m->entry_size <= end; p += m->entry_size) {
        const struct { u64 addr, len; u32 type, zero; } *e = (const void *)p;

        boot_e820_add(e->addr, e->len, e->type);
    }
}

static void mb2_framebuffer(const struct mb2_tag *t)
{
    const struct {
        u32 type, size;
        u64 addr;
        u32 pitch, width, height;
        u8 bpp, fb_type, reserved[2];
        u8 red_pos, red_size, green_pos, green_size, blue_pos, blue_size;
    } __packed *f = (const void *)t;

    if (t->size < 32)
        return;
    boot_info.fb.present = true;
    boot_info.fb.is_text = f->fb_type == 2;
    boot_info.fb.base = f->addr;
    boot_info.fb.pitch = f->pitch;
    boot_info.fb.width = f->width;
    boot_info.fb.height = f->height;
    boot_info.fb.bpp = f->bpp;
    if (f->fb_type == 1 && t->size >= 38) {
        boot_info.fb.red_pos = f->red_pos;
        boot_info.fb.red_size = f->red_size;
        boot_info.fb.green_pos = f->green_pos;
        boot_info.fb.green_size = f->green_size;
        boot_info.fb.blue_pos = f->blue_pos;
        boot_info.fb.blue_size = f->blue_size;
    }
}

/* The string that ends a tag; "" for one that goes on behind the tag. */
static const char *mb2_string(const struct mb2_tag *t, size_t offset)
{
    const char *s = (const char *)t + offset;

    return memchr(s, '\0', t->size - offset) ? s : "";
}

static void mb2_cmdline(const struct mb2_tag *t)
{
    set_cmdline(mb2_string(t, sizeof(*t)));
}

static void mb2_loader_name(const struct mb2_tag *t)
{
    boot_info.loader_name = mb2_string(t, sizeof(*t));
}

/* GRUB gives modules the command line that follows the file's name. */
static void mb2_module(const struct mb2_tag *t)
{
    const u32 *w = (const u32 *)(t + 1);

    add_module(w[0], w[1], mb2_string(t, sizeof(*t) + 8));
}

static void mb2_rsdp(const struct mb2_tag *t)
{
    size_t n = MIN((size_t)t->size - sizeof(*t), sizeof(boot_info.rsdp_copy));

    if (t->type == 14 && boot_info.has_rsdp_copy)
        return; /* the newer one (tag 15) wins */
    memcpy(boot_info.rsdp_copy, t + 1, n);
    boot_info.has_rsdp_copy = true;
}

static void mb2_efi64(const struct mb2_tag *t)
{
    boot_info.is_efi = true;
    boot_info.efi_system_table = *(const u64 *)(t + 1);
}

static u8 efi_mmap_copy[32768];

static void mb2_efi_mmap(const struct mb2_tag *t)
{
    const u32 *w = (const u32 *)(t + 1);
    u32 bytes = t->size - 16;

    if (t->size < 16 || bytes > sizeof(efi_mmap_copy))
        return;
    boot_info.efi_desc_size = w[0];
    boot_info.efi_desc_version = w[1];
    memcpy(efi_mmap_copy, w + 2, bytes);
    boot_info.efi_mmap_bytes = bytes;
    boot_info.efi_mmap = image_to_paddr(efi_mmap_copy);
}

static const struct {
    u32 type;
    u32 min_size;
    void (*read)(const struct mb2_tag *t);
} mb2_readers[] = {
    {1, 9, mb2_cmdline},   {2, 9, mb2_loader_name}, {3, 17, mb2_module},
    {6, 16, mb2_mmap},     {8, 32, mb2_framebuffer}, {12, 16, mb2_efi64},
    {14, 28, mb2_rsdp},    {15, 44, mb2_rsdp},      {17, 16, mb2_efi_mmap},
};

static void read_mb2(const u8 *info)
{
    u32 total = *(const u32 *)info;

    for (u32 off = 8; off + sizeof(struct mb2_tag) <= total;) {
        const struct mb2_tag *t = (const void *)(info + off);

        if (t->type == 0 || t->size < sizeof(*t) || t->size > total - off)
            break;
        for (size_t i = 0; i < ARRAY_SIZE(mb2_readers); i++)
            if (mb2_readers[i].type == t->type && t->size >= mb2_readers[i].min_size)
                mb2_readers[i].read(t);
        off += ROUND_UP(t->size, 8u);
    }
}

void boot_read_loader_info(u32 magic, paddr_t info)
{
    static char loader_name[64];

    if (magic == MB1_BOOT_MAGIC)
        read_mb1(low(info));
    else if (magic == MB2_BOOT_MAGIC)
        read_mb2(low(info));
    else
        panic("Booted by something that is neither Multiboot nor Multiboot2 (magic %#x)\n", magic);
    strlcpy(loader_name, boot_info.loader_name ? boot_info.loader_name : "unknown",
            sizeof(loader_name));
    boot_info.loader_name = loader_name;
}
