/* SPDX-License-Identifier: MIT */
/*
 * XEN_ELFNOTE_BSD_SYMTAB: the kernel's symbols stand behind its image, as an ELF file of their own
 * with its size before it.
 */
#include "test.h"

extern const uint8_t image_end[];

struct symbol {
    uint32_t name;
    uint8_t info, other;
    uint16_t section;
    uint64_t value, size;
};

struct section {
    uint32_t name, type;
    uint64_t flags, addr, offset, size;
    uint32_t link, info;
    uint64_t align, entsize;
};

/* The ELF file behind its size. */
static const uint8_t *start(void)
{
    return (const uint8_t *)(((unsigned long)image_end + 7) & ~7UL) + 4;
}

static uint64_t field(unsigned int at, unsigned int bytes)
{
    uint64_t value = 0;

    memcpy(&value, start() + at, bytes);
    return value;
}

static struct section section(unsigned int i)
{
    struct section s;

    memcpy(&s, start() + 64 + i * sizeof(s), sizeof(s));
    return s;
}

static void header(void)
{
    uint32_t bytes;

    memcpy(&bytes, start() - 4, 4);
    CHECK_EQ(field(0, 8), 0x00010102464c457f);
    CHECK_EQ(field(16, 8), 0x00000001003e0002);         /* type, machine, version */
    CHECK_EQ(field(24, 8) >> 31, 0x1ffffffff);          /* the entry of the kernel */
    CHECK_EQ(field(32, 8), 0);                          /* no program headers */
    CHECK_EQ(field(40, 8), 64);
    CHECK_EQ(field(48, 8), 0x0000004000000000 | 0);     /* flags, header size, no phdrs */
    CHECK_EQ(field(56, 8), 0x0000000300400000);         /* sections: size, number; no names */
    CHECK_EQ(section(0).type, 0);
    CHECK_EQ(section(1).type, 2);
    CHECK_EQ(section(1).offset, 260);
    CHECK_EQ(section(1).link, 2);
    CHECK_EQ(section(1).entsize, sizeof(struct symbol));
    CHECK_EQ(section(2).type, 3);
    CHECK_EQ(section(2).offset, 260 + section(1).size);
    CHECK_EQ(bytes, section(2).offset + section(2).size);
    CHECK((unsigned long)start() + bytes <= start_info->mfn_list);
}

/* Where this function is, by its name. */
static void symbols(void)
{
    const char *names = (const char *)start() + section(2).offset;
    unsigned int found = 0;

    for (uint64_t at = 0; at < section(1).size; at += sizeof(struct symbol)) {
        struct symbol s;

        memcpy(&s, start() + section(1).offset + at, sizeof(s));
        CHECK(s.name < section(2).size);
        if (strcmp(names + s.name, "symbols"))
            continue;
        CHECK_EQ(s.value, (unsigned long)symbols);
        found++;
    }
    CHECK_EQ(found, 1);
}

static const struct test tests[] = {
    { "header", header },
    { "symbols", symbols },
};

TEST_MAIN(tests)
