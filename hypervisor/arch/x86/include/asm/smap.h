/* SPDX-License-Identifier: MIT */
/*
 * STAC and CLAC that exist only where SMAP is in force: every site is a three-byte NOP, listed in
 * the section smap_sites, until smap_patch_sites() (traps/smap.c) writes the instruction over it.
 */
#ifndef ASM_SMAP_H
#define ASM_SMAP_H

#ifdef __ASSEMBLY__
.macro SMAP_SITE insn:req
661:
    .byte 0x0f, 0x1f, 0x00
    .pushsection smap_sites, "a"
    .balign 4
    .long 661b - .
    .long \insn
    .popsection
.endm
#define ASM_STAC SMAP_SITE 0xcb
#define ASM_CLAC SMAP_SITE 0xca
#else
#include <hv/types.h>

#define SMAP_SITE(insn)                                                            \
    "661: .byte 0x0f, 0x1f, 0x00\n"                                                \
    ".pushsection smap_sites, \"a\"; .balign 4; .long 661b - .; .long " insn "\n" \
    ".popsection\n"
#define ASM_STAC SMAP_SITE("0xcb")
#define ASM_CLAC SMAP_SITE("0xca")

static inline void stac(void) { __asm__ volatile(ASM_STAC ::: "memory"); }
static inline void clac(void) { __asm__ volatile(ASM_CLAC ::: "memory"); }

/** Boot CPU, once, with SMAP known and only one CPU running: make every site real if it is on. */
void smap_patch_sites(bool smap);
#endif

#endif
