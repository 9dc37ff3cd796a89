/* SPDX-License-Identifier: MIT */
/*
 * Turns the STAC/CLAC sites into real instructions where SMAP is in force. Text is mapped
 * read-only, so it is written through the direct map. Boot only, one CPU, no locks.
 */
#include <asm/page.h>
#include <asm/smap.h>
#include <hv/lib.h>

struct smap_site {
    s32 where; /* from this field */
    u32 insn;  /* third byte of 0f 01 xx */
};

/* The linker provides these for a section whose name is a C identifier. */
extern const struct smap_site __start_smap_sites[], __stop_smap_sites[];

void __init smap_patch_sites(bool smap)
{
    if (!smap)
        return;
    for (const struct smap_site *s = __start_smap_sites; s < __stop_smap_sites; s++) {
        const char *at = (const char *)&s->where + s->where;
        u8 *p = paddr_to_virt(image_to_paddr(at));

        p[0] = 0x0f;
        p[1] = 0x01;
        p[2] = (u8)s->insn;
    }
}
