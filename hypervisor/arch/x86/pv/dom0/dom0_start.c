/* SPDX-License-Identifier: MIT */
/*
 * What dom0 finds at its first instruction: boot page tables, the p2m list, start_info. Boot only.
 * ABI: "Start-of-day memory layout" and struct start_info of <xen/xen.h>.
 */
#include <asm/frame.h>
#include <hv/boot_info.h>
#include <hv/printk.h>

#include "internal.h"

static u64 frame_of(void *ctx, u64 pfn)
{
    const struct dom0_memory *m = ctx;

    BUG_ON(pfn >= m->nr_pages);
    return m->mfns[pfn];
}

void dom0_write_tables(const struct dom0_memory *m, const struct pv_layout *l)
{
    u64 n = pv_layout_nr_tables(l);

    for (u64 i = 0; i < n; i++) {
        unsigned int level;
        u64 pfn;

        pv_layout_table(l, i, &pfn, &level);
        pv_layout_table_fill(l, i, frame_of, (void *)m, dom0_page(m, pfn));
    }
}

void dom0_write_p2m(const struct dom0_memory *m, const struct pv_layout *l)
{
    dom0_copy(m, l->p2m_list.pfn << PAGE_SHIFT, m->mfns, m->nr_pages * sizeof(*m->mfns));
}

/* --- the screen --- */

static void describe_text(struct dom0_vga_console_info *v)
{
    v->video_type = XEN_VGATYPE_TEXT_MODE_3;
    v->u.text_mode_3.font_height = 16;
    v->u.text_mode_3.columns = (u16)(boot_info.fb.width ? boot_info.fb.width : 80);
    v->u.text_mode_3.rows = (u16)(boot_info.fb.height ? boot_info.fb.height : 25);
}

static void describe_framebuffer(struct dom0_vga_console_info *v)
{
    v->video_type = boot_info.is_efi ? XEN_VGATYPE_EFI_LFB : XEN_VGATYPE_VESA_LFB;
    v->u.vesa_lfb.width = (u16)boot_info.fb.width;
    v->u.vesa_lfb.height = (u16)boot_info.fb.height;
    v->u.vesa_lfb.bytes_per_line = (u16)boot_info.fb.pitch;
    v->u.vesa_lfb.bits_per_pixel = boot_info.fb.bpp;
    v->u.vesa_lfb.lfb_base = (u32)boot_info.fb.base;
    v->u.vesa_lfb.ext_lfb_base = (u32)(boot_info.fb.base >> 32);
    v->u.vesa_lfb.lfb_size = DIV_ROUND_UP(boot_info.fb.pitch * boot_info.fb.height, 0x10000);
    v->u.vesa_lfb.red_pos = boot_info.fb.red_pos;
    v->u.vesa_lfb.red_size = boot_info.fb.red_size;
    v->u.vesa_lfb.green_pos = boot_info.fb.green_pos;
    v->u.vesa_lfb.green_size = boot_info.fb.green_size;
    v->u.vesa_lfb.blue_pos = boot_info.fb.blue_pos;
    v->u.vesa_lfb.blue_size = boot_info.fb.blue_size;
}

/* Directly behind struct start_info, in the same page. */
static void write_vga_info(struct start_info *si)
{
    struct dom0_vga_console_info *v = (void *)(si + 1);

    if (!boot_info.fb.present)
        return;
    if (boot_info.fb.is_text)
        describe_text(v);
    else
        describe_framebuffer(v);
    si->console.dom0.info_off = sizeof(*si);
    si->console.dom0.info_size = sizeof(*v);
}

void dom0_write_start_info(const struct dom0_memory *m, const struct pv_layout *l,
                           u64 ramdisk_bytes, const char *cmdline)
{
    struct start_info *si = dom0_page(m, l->start_info.pfn);

    _Static_assert(sizeof(*si) + sizeof(struct dom0_vga_console_info) <= PAGE_SIZE, "one page");
    memset(si, 0, PAGE_SIZE);
    strlcpy(si->magic, "xen-3.0-x86_64p", sizeof(si->magic));
    si->nr_pages = m->nr_pages;
    si->shared_info = virt_to_paddr(m->d->shared_info);
    si->flags = SIF_PRIVILEGED | SIF_INITDOMAIN | SIF_VIRT_P2M_4TOOLS;
    if (ramdisk_bytes && l->mod_start_is_pfn)
        si->flags |= SIF_MOD_START_PFN;
    si->pt_base = l->pt_base;
    si->nr_pt_frames = l->nr_pt_frames;
    si->mfn_list = l->mfn_list;
    si->mod_start = ramdisk_bytes ? l->mod_start : 0;
    si->mod_len = ramdisk_bytes;
    if (l->p2m_list.pfn >= l->mapped_pages) { /* the list has a mapping of its own */
        si->first_p2m_pfn = l->first_p2m_pfn;
        si->nr_p2m_frames = l->nr_p2m_frames;
    }
    if (strlcpy((char *)si->cmd_line, cmdline, sizeof(si->cmd_line)) >= sizeof(si->cmd_line))
        printk(LOG_WARN "dom0's command line is cut to %zu bytes\n", sizeof(si->cmd_line) - 1);
    write_vga_info(si);
}
