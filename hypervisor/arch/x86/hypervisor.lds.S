/* SPDX-License-Identifier: MIT */
/*
 * The image: linked at HV_TEXT_START, loaded from 2 MiB of machine memory or wherever the loader
 * relocates it (2 MiB aligned). Every boundary is page aligned, so that text is mapped read-only
 * and data never executable. The load address of a byte is its offset plus LOAD_BASE.
 */
#include <asm/address_map.h>

#define LOAD_BASE 0x200000

/* The decompressors: their code and data are wanted only until dom0 is built. */
#define ARCHIVES *liblzma.a:* *libzstd.a:* *liblz4.a:* *libz.a:*

OUTPUT_FORMAT("elf64-x86-64")
OUTPUT_ARCH(i386:x86-64)
ENTRY(boot_entry_phys)

PHDRS
{
    text PT_LOAD FLAGS(5);
    rodata PT_LOAD FLAGS(4);
    data PT_LOAD FLAGS(7);
}

SECTIONS
{
    . = HV_TEXT_START;
    _start = .;
    .text : AT(ADDR(.text) - HV_TEXT_START + LOAD_BASE) {
        _stext = .;
        *(.text.head)
        . = ALIGN(4096);
        _sentry = .;
        *(.text.entry)
        . = ALIGN(4096);
        _eentry = .;
        *(EXCLUDE_FILE(ARCHIVES) .text EXCLUDE_FILE(ARCHIVES) .text.*)
        . = ALIGN(4096);
        _etext = .;
    } :text

    .rodata : AT(ADDR(.rodata) - HV_TEXT_START + LOAD_BASE) {
        _srodata = .;
        *(EXCLUDE_FILE(ARCHIVES) .rodata EXCLUDE_FILE(ARCHIVES) .rodata.*)
        . = ALIGN(4);
        build_id_note = .;
        KEEP(*(.note.gnu.build-id))
        . = ALIGN(8);
        _sextable = .;
        KEEP(*(.extable))
        _eextable = .;
        . = ALIGN(8);
        __start_smap_sites = .;
        KEEP(*(smap_sites))
        __stop_smap_sites = .;
        . = ALIGN(16);
        KEEP(*(.symbols))
        . = ALIGN(4096);
        _erodata = .;
    } :rodata

    . = ALIGN(4096);
    .init : AT(ADDR(.init) - HV_TEXT_START + LOAD_BASE) {
        _sinit = .;
        _sinit_text = .;
        *(.init.text .init.text.*)
        *lib*.a:*(.text .text.*)
        . = ALIGN(4096);
        _einit_text = .;
        _sinit_data = .;
        *(.init.rodata .init.rodata.*)
        *lib*.a:*(.rodata .rodata.*)
        *(.init.data .init.data.*)
        *lib*.a:*(.data .data.* .got .got.* .bss .bss.* COMMON)
        . = ALIGN(8);
        _sparams = .;
        KEEP(*(.init.params))
        _eparams = .;
        . = ALIGN(8);
        _sinit_array = .;
        KEEP(*(SORT_BY_INIT_PRIORITY(.init_array.*)))
        KEEP(*(.init_array))
        _einit_array = .;
        *(.init.bss .init.bss.*)
        . = ALIGN(4096);
        _einit = .;
    } :data

    .data.ro_after_init : AT(ADDR(.data.ro_after_init) - HV_TEXT_START + LOAD_BASE) {
        _sro_after_init = .;
        *(.data.ro_after_init)
        . = ALIGN(4096);
        _ero_after_init = .;
    } :data

    .data : AT(ADDR(.data) - HV_TEXT_START + LOAD_BASE) {
        _sdata = .;
        *(.data.page_aligned)
        *(.data.read_mostly)
        . = ALIGN(64);
        _spercpu = .;
        *(.data.percpu)
        . = ALIGN(64);
        _epercpu = .;
        *(.data .data.*)
        *(.got .got.*)
        . = ALIGN(8);
        _sgcov_info = .; /* of a coverage build: tests/cover */
        KEEP(*(.gcov_info))
        _egcov_info = .;
        . = ALIGN(4096);
        _edata = .;
    } :data

    .bss (NOLOAD) : AT(ADDR(.bss) - HV_TEXT_START + LOAD_BASE) {
        _sbss = .;
        *(.bss.page_aligned)
        *(.bss .bss.* COMMON)
        . = ALIGN(4096);
        _end = .;
    } :data

    boot_entry_phys = boot_entry - HV_TEXT_START + LOAD_BASE;

    .debug_info 0 : { *(.debug_info) }
    .debug_abbrev 0 : { *(.debug_abbrev) }
    .debug_line 0 : { *(.debug_line) }
    .debug_line_str 0 : { *(.debug_line_str) }
    .debug_str 0 : { *(.debug_str) }
    .debug_str_offsets 0 : { *(.debug_str_offsets) }
    .debug_addr 0 : { *(.debug_addr) }
    .debug_aranges 0 : { *(.debug_aranges) }
    .debug_ranges 0 : { *(.debug_ranges) }
    .debug_rnglists 0 : { *(.debug_rnglists) }
    .debug_loc 0 : { *(.debug_loc) }
    .debug_loclists 0 : { *(.debug_loclists) }
    .debug_frame 0 : { *(.debug_frame) }

    /DISCARD/ : {
        *(.comment) *(.note .note.GNU-stack .note.gnu.property)
        *(.eh_frame .eh_frame_hdr) *(.interp) *(.dynamic) *(.dynsym)
        *(.dynstr) *(.hash) *(.gnu.hash)
    }
}

ASSERT(_end - _start <= 0x1000000, "head.S maps 16 MiB of image")
ASSERT(_einit_text - _sinit_text >= 0, "sections out of order")
