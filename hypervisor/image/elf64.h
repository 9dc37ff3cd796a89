/* SPDX-License-Identifier: MIT */
/*
 * The ELF-64 structures that a kernel file consists of; private to this folder.
 *
 * ABI: "ELF-64 Object File Format" 1.5. Little-endian, as the host.
 */
#ifndef IMAGE_ELF64_H
#define IMAGE_ELF64_H

#include <stdint.h>

struct elf64_header {
    uint8_t ident[16];
    uint16_t type;
    uint16_t machine;
    uint32_t version;
    uint64_t entry;
    uint64_t phoff;
    uint64_t shoff;
    uint32_t flags;
    uint16_t ehsize;
    uint16_t phentsize;
    uint16_t phnum;
    uint16_t shentsize;
    uint16_t shnum;
    uint16_t shstrndx;
};

struct elf64_phdr {
    uint32_t type;
    uint32_t flags;
    uint64_t offset;
    uint64_t vaddr;
    uint64_t paddr;
    uint64_t filesz;
    uint64_t memsz;
    uint64_t align;
};

struct elf64_shdr {
    uint32_t name;
    uint32_t type;
    uint64_t flags;
    uint64_t addr;
    uint64_t offset;
    uint64_t size;
    uint32_t link;
    uint32_t info;
    uint64_t addralign;
    uint64_t entsize;
};

struct elf_note {
    uint32_t namesz;
    uint32_t descsz;
    uint32_t type;
};

#define ELF_CLASS64   2
#define ELF_DATA_LSB  1
#define ELF_ET_EXEC   2
#define ELF_ET_DYN    3
#define ELF_EM_X86_64 62
#define ELF_PT_LOAD   1
#define ELF_PT_NOTE   4
#define ELF_SHT_SYMTAB 2
#define ELF_SHT_STRTAB 3
#define ELF_SHT_NOTE  7

_Static_assert(sizeof(struct elf64_header) == 64, "ELF header");
_Static_assert(sizeof(struct elf64_phdr) == 56, "program header");
_Static_assert(sizeof(struct elf64_shdr) == 64, "section header");
_Static_assert(sizeof(struct elf_note) == 12, "note header");

#endif
