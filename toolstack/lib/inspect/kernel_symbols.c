/* SPDX-License-Identifier: MIT */
/*
 * Names for addresses in a guest's kernel.
 *
 * Reads the kernel's file and a map beside it; both may have come out of a guest's disk, so every
 * offset is checked against the file's size. Facts: <elf.h>; System.map's lines are "address type
 * name" in the order of addresses. Locks: none.
 */
#include "kernel_symbols.h"

#include <ctype.h>
#include <elf.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#define LARGEST_FILE (1ull << 30)
#define FARTHEST     (1ull << 20) /* no function is so long */
#define NAME_MAX_LEN 80

struct mapped {
    const char *bytes;
    uint64_t size;
};

static bool map_file(const char *path, struct mapped *file)
{
    struct stat st;
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    void *at = MAP_FAILED;

    if (fd < 0)
        return false;
    if (!fstat(fd, &st) && S_ISREG(st.st_mode) && st.st_size > 0 &&
        (uint64_t)st.st_size <= LARGEST_FILE)
        at = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
    close(fd);
    if (at == MAP_FAILED)
        return false;
    *file = (struct mapped){ .bytes = at, .size = (uint64_t)st.st_size };
    return true;
}

static void unmap_file(struct mapped *file)
{
    munmap((void *)file->bytes, file->size);
}

/* A copy of a structure at an offset, which need not be aligned; false if it is not in the file. */
static bool take(const struct mapped *file, uint64_t at, void *out, size_t bytes)
{
    if (at > file->size || file->size - at < bytes)
        return false;
    memcpy(out, file->bytes + at, bytes);
    return true;
}

/* The nearest name at or below the address so far. */
struct nearest {
    uint64_t address, base;
    char name[NAME_MAX_LEN + 1];
};

static void consider(struct nearest *n, uint64_t value, const char *name, size_t length)
{
    if (!value || value > n->address || value < n->base || !length || !isgraph(name[0]))
        return;
    n->base = value;
    length = length < NAME_MAX_LEN ? length : NAME_MAX_LEN;
    for (size_t i = 0; i < length; i++)
        n->name[i] = isgraph((unsigned char)name[i]) ? name[i] : '?';
    n->name[length] = '\0';
}

/* ---- ELF ------------------------------------------------------------------------------ */

static void search_table(const struct mapped *file, const Elf64_Shdr *table,
                         const Elf64_Shdr *strings, struct nearest *n)
{
    uint64_t count = table->sh_size / sizeof(Elf64_Sym);

    if (strings->sh_offset > file->size || file->size - strings->sh_offset < strings->sh_size)
        return;
    for (uint64_t i = 0; i < count; i++) {
        Elf64_Sym symbol;

        if (table->sh_offset > file->size ||
            !take(file, table->sh_offset + i * sizeof(symbol), &symbol, sizeof(symbol)))
            return;
        unsigned int type = ELF64_ST_TYPE(symbol.st_info);
        if (symbol.st_shndx == SHN_UNDEF || (type != STT_FUNC && type != STT_NOTYPE) ||
            symbol.st_name >= strings->sh_size)
            continue;
        const char *name = file->bytes + strings->sh_offset + symbol.st_name;
        consider(n, symbol.st_value, name, strnlen(name, strings->sh_size - symbol.st_name));
    }
}

static void search_elf(const char *path, struct nearest *n)
{
    struct mapped file;
    Elf64_Ehdr header;

    if (!map_file(path, &file))
        return;
    bool is_elf = take(&file, 0, &header, sizeof(header)) &&
                  !memcmp(header.e_ident, ELFMAG, SELFMAG) &&
                  header.e_ident[EI_CLASS] == ELFCLASS64 &&
                  header.e_shentsize == sizeof(Elf64_Shdr) && header.e_shoff < file.size;
    for (unsigned int i = 0; is_elf && i < header.e_shnum; i++) {
        Elf64_Shdr table, strings;

        if (!take(&file, header.e_shoff + i * sizeof(table), &table, sizeof(table)))
            break;
        if (table.sh_type == SHT_SYMTAB && table.sh_link < header.e_shnum &&
            take(&file, header.e_shoff + table.sh_link * sizeof(strings), &strings,
                 sizeof(strings)))
            search_table(&file, &table, &strings, n);
    }
    unmap_file(&file);
}

/* ---- System.map ----------------------------------------------------------------------- */

static void search_map(const char *path, struct nearest *n)
{
    char line[256], name[NAME_MAX_LEN + 1], type;
    uint64_t value;
    FILE *in = fopen(path, "re");

    if (!in)
        return;
    for (long lines = 0; lines < 1000000 && fgets(line, sizeof(line), in); lines++)
        if (sscanf(line, "%" SCNx64 " %c %80s", &value, &type, name) == 3 && strchr("tTwW", type))
            consider(n, value, name, strlen(name));
    fclose(in);
}

static void search_maps(const char *kernel, struct nearest *n)
{
    const char *slash = strrchr(kernel, '/'), *file = slash ? slash + 1 : kernel;
    int folder = (int)(file - kernel);
    char path[4200];

    if (!strncmp(file, "vmlinuz-", 8)) {
        snprintf(path, sizeof(path), "%.*sSystem.map-%s", folder, kernel, file + 8);
        search_map(path, n);
    }
    snprintf(path, sizeof(path), "%s.map", kernel);
    search_map(path, n);
}

bool kernel_symbol_find(const char *kernel, uint64_t address, char *text, size_t bytes)
{
    struct nearest n = { .address = address };

    search_elf(kernel, &n);
    if (!n.base)
        search_maps(kernel, &n);
    if (!n.base || address - n.base >= FARTHEST)
        return false;
    snprintf(text, bytes, "%s+0x%" PRIx64, n.name, address - n.base);
    return true;
}
