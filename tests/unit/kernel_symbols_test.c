/* SPDX-License-Identifier: MIT */
/* Names for addresses: this program's own symbol table, a System.map, files that lie. */
#include <elf.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <unistd.h>

#include <cmocka.h>

#include "inspect/kernel_symbols.h"

static char folder[] = "/tmp/kernel-symbols-XXXXXX";

/* Where a function is in the file: this program may be loaded anywhere. */
static uint64_t linked_address(void (*fn)(void **state))
{
    uint64_t headers = getauxval(AT_PHDR);

    return (uint64_t)(uintptr_t)fn - (headers - sizeof(Elf64_Ehdr));
}

static void own_symbols(void **state)
{
    char text[100];

    (void)state;
    assert_true(
        kernel_symbol_find("/proc/self/exe", linked_address(own_symbols), text, sizeof(text)));
    assert_string_equal(text, "own_symbols+0x0");
    assert_true(
        kernel_symbol_find("/proc/self/exe", linked_address(own_symbols) + 5, text, sizeof(text)));
    assert_string_equal(text, "own_symbols+0x5");
    assert_false(kernel_symbol_find("/proc/self/exe", 1, text, sizeof(text)));
    assert_false(kernel_symbol_find("/proc/self/exe", ~0ull, text, sizeof(text)));
}

static void write_file(const char *name, const void *bytes, size_t count)
{
    char path[100];

    snprintf(path, sizeof(path), "%s/%s", folder, name);
    FILE *out = fopen(path, "w");
    assert_non_null(out);
    assert_int_equal(fwrite(bytes, 1, count, out), count);
    fclose(out);
}

static void system_map(void **state)
{
    static const char map[] = "ffffffff81000000 T _text\nffffffff81001000 t do_one\n"
                              "ffffffff81002000 D data\nnonsense\nffffffff81003000 T do_two\n";
    char kernel[100], text[100];

    (void)state;
    write_file("System.map-6.1", map, strlen(map));
    write_file("image.map", map, strlen(map));
    snprintf(kernel, sizeof(kernel), "%s/vmlinuz-6.1", folder);
    assert_true(kernel_symbol_find(kernel, 0xffffffff81002fff, text, sizeof(text)));
    assert_string_equal(text, "do_one+0x1fff");
    snprintf(kernel, sizeof(kernel), "%s/image", folder);
    assert_true(kernel_symbol_find(kernel, 0xffffffff81000010, text, sizeof(text)));
    assert_string_equal(text, "_text+0x10");
    assert_false(kernel_symbol_find(kernel, 0xffffffff81103000, text, sizeof(text)));
    assert_false(kernel_symbol_find(kernel, 0xffffffff80ffffff, text, sizeof(text)));
}

/* Every field of the headers may be anything. */
static void hostile_elf(void **state)
{
    struct elf_parts {
        Elf64_Ehdr header;
        Elf64_Shdr sections[2];
        Elf64_Sym symbols[2];
    };
    union {
        struct elf_parts elf;
        uint8_t bytes[512];
    } file;
    char kernel[100], text[100];

    (void)state;
    snprintf(kernel, sizeof(kernel), "%s/bent", folder);
    srandom(1);
    for (int i = 0; i < 3000; i++) {
        for (size_t j = 0; j < sizeof(file); j++)
            file.bytes[j] = (uint8_t)(random() % 4 ? random() % 3 * 127 : random());
        memcpy(file.elf.header.e_ident, ELFMAG, SELFMAG);
        file.elf.header.e_ident[EI_CLASS] = ELFCLASS64;
        file.elf.header.e_shentsize = sizeof(Elf64_Shdr);
        file.elf.header.e_shnum = 2;
        file.elf.header.e_shoff = i % 3 ? sizeof(Elf64_Ehdr) : (uint64_t)random();
        file.elf.sections[0].sh_type = SHT_SYMTAB;
        file.elf.sections[0].sh_link = i % 2;
        if (i % 5)
            file.elf.sections[0].sh_offset = offsetof(struct elf_parts, symbols);
        write_file("bent", &file, i % 7 ? sizeof(file) : 1 + (size_t)random() % sizeof(file));
        kernel_symbol_find(kernel, (uint64_t)random() << 32 | (uint64_t)random(), text,
                           sizeof(text));
    }
}

static int make_folder(void **state)
{
    (void)state;
    return mkdtemp(folder) ? 0 : -1;
}

static int remove_folder(void **state)
{
    static const char *const names[] = { "System.map-6.1", "image.map", "bent" };
    char path[100];

    (void)state;
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        snprintf(path, sizeof(path), "%s/%s", folder, names[i]);
        unlink(path);
    }
    return rmdir(folder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(own_symbols),
        cmocka_unit_test(system_map),
        cmocka_unit_test(hostile_elf),
    };

    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
