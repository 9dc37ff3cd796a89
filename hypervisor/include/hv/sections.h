/* SPDX-License-Identifier: MIT */
/* Boundaries set by arch/x86/hypervisor.lds.S; all page aligned. */
#ifndef HV_SECTIONS_H
#define HV_SECTIONS_H

#include <hv/types.h>

extern char _start[];                        /* image start, HV_TEXT_START */
extern char _stext[], _etext[];              /* RX */
extern char _sentry[], _eentry[];            /* within text: entry code, visible under PTI */
extern char _srodata[], _erodata[];          /* R */
extern char _sinit[], _sinit_text[], _einit_text[], _sinit_data[], _einit[]; /* freed after boot */
extern char _sro_after_init[], _ero_after_init[]; /* RW until boot is done, then R */
extern char _sdata[], _edata[];              /* RW */
extern char _spercpu[], _epercpu[];          /* template of per-CPU data, in data */
extern char _sbss[], _end[];                 /* RW */
extern const char _sextable[], _eextable[];

#endif
