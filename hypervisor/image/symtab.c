/* SPDX-License-Identifier: MIT */
/*
 * The symbol table that a BSD kernel wants behind its segments (XEN_ELFNOTE_BSD_SYMTAB): at the
 * next multiple of 8 a 32-bit size, then as many bytes of an ELF file: header, three section
 * headers (none, symbols, their strings), 4 bytes that align the symbols, and the two sections. The
 * form is what Xen 4.17 was seen to give; tests/guest/bsd_symtab compares.
 *
 * Owns nothing; the file is hostile.
 */
#include "symtab.h"

struct __attribute__((packed)) start {
    uint32_t bytes;
    struct elf64_header header;
    struct elf64_shdr sections[3];
    uint32_t padding;
};
_Static_assert(sizeof(struct start) == PV_SYMTAB_START_BYTES, "what stands before the symbols");

/* The first symbol table and its strings; false if there is none. */
static bool find(const struct file *file, const struct elf64_header *header,
                 struct elf64_shdr *symbols, struct elf64_shdr *strings)
{
    for (unsigned int i = 0; i < header->shnum; i++) {
        *symbols = read_shdr(file, header, i);
        if (symbols->type != ELF_SHT_SYMTAB || symbols->link >= header->shnum)
            continue;
        *strings = read_shdr(file, header, symbols->link);
        return strings->type == ELF_SHT_STRTAB;
    }
    return false;
}

static void fill_start(const struct elf64_header *header, const struct elf64_shdr *symbols,
                       const struct elf64_shdr *strings, uint8_t *out)
{
    const uint64_t symbols_at = sizeof(struct start) - offsetof(struct start, header);
    struct start start = { .header = *header, .sections = { [1] = *symbols, [2] = *strings } };

    start.header.phoff = start.header.flags = 0;
    start.header.phentsize = start.header.phnum = start.header.shstrndx = 0;
    start.header.shoff = sizeof(start.header);
    start.header.ehsize = sizeof(start.header);
    start.header.shentsize = sizeof(start.sections[0]);
    start.header.shnum = 3;
    start.sections[1].offset = symbols_at;
    start.sections[1].link = 2;
    start.sections[2].offset = symbols_at + symbols->size;
    start.bytes = (uint32_t)(start.sections[2].offset + strings->size);
    __builtin_memcpy(out, &start, sizeof(start));
}

static void add(struct pv_image *image, uint64_t file_offset, uint64_t bytes)
{
    image->segments[image->nr_segments++] = (struct pv_segment){
        .file_offset = file_offset,
        .file_bytes = bytes,
        .mem_bytes = bytes,
        .phys = image->phys_end,
    };
    image->phys_end += bytes;
}

int image_add_symtab(const struct file *file, const struct elf64_header *header,
                     struct pv_image *image)
{
    struct elf64_shdr symbols, strings;
    int rc = header->shnum ? check_sections(file, header) : 0;

    if (rc || !find(file, header, &symbols, &strings))
        return rc;
    if (!file_range(file, symbols.offset, symbols.size) ||
        !file_range(file, strings.offset, strings.size))
        return -IMAGE_E_TRUNCATED;
    if (sizeof(struct start) + symbols.size + strings.size > UINT32_MAX)
        return -IMAGE_E_HEADERS;
    fill_start(header, &symbols, &strings, image->symtab_start);
    image->phys_end = (image->phys_end + 7) & ~7ull;
    image->symtab_segment = image->nr_segments;
    add(image, 0, sizeof(struct start));
    add(image, symbols.offset, symbols.size);
    add(image, strings.offset, strings.size);
    return 0;
}
