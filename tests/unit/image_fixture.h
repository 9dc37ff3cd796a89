/* SPDX-License-Identifier: MIT */
/*
 * Hand-made kernel files for the tests of the image library and the domain builder.
 */
#ifndef TESTS_IMAGE_FIXTURE_H
#define TESTS_IMAGE_FIXTURE_H

#include <stdint.h>
#include <string.h>

#include <xen/elfnote.h>

#define FIXTURE_BYTES     0x4000
#define FIXTURE_PHDRS     64 /* offset of the program headers: two LOAD, one NOTE */
#define FIXTURE_NOTES     0x1000
#define FIXTURE_TEXT      0x2000
#define FIXTURE_VIRT_BASE 0xffffffff80000000ull
#define FIXTURE_PHYS      0x1000000ull

struct fixture {
    uint8_t bytes[FIXTURE_BYTES];
    size_t notes_end;
};

static inline void fixture_put(struct fixture *f, size_t at, uint64_t value, size_t size)
{
    memcpy(f->bytes + at, &value, size);
}

static inline void fixture_phdr(struct fixture *f, unsigned int i, uint32_t type, uint64_t offset,
                                uint64_t paddr, uint64_t filesz, uint64_t memsz)
{
    size_t at = FIXTURE_PHDRS + i * 56;

    fixture_put(f, at, type, 4);
    fixture_put(f, at + 8, offset, 8);
    fixture_put(f, at + 24, paddr, 8);
    fixture_put(f, at + 32, filesz, 8);
    fixture_put(f, at + 40, memsz, 8);
    fixture_put(f, at + 48, 4, 8);
}

static inline void fixture_note(struct fixture *f, uint32_t type, const void *desc, uint32_t size)
{
    size_t at = f->notes_end;

    fixture_put(f, at, 4, 4);
    fixture_put(f, at + 4, size, 4);
    fixture_put(f, at + 8, type, 4);
    memcpy(f->bytes + at + 12, "Xen", 4);
    memcpy(f->bytes + at + 16, desc, size);
    f->notes_end = at + 16 + ((size + 3) & ~3u);
    fixture_phdr(f, 2, 4, FIXTURE_NOTES, 0, f->notes_end - FIXTURE_NOTES, 0);
}

static inline void fixture_note_u64(struct fixture *f, uint32_t type, uint64_t value)
{
    fixture_note(f, type, &value, sizeof(value));
}

static inline void fixture_note_string(struct fixture *f, uint32_t type, const char *text)
{
    fixture_note(f, type, text, (uint32_t)strlen(text) + 1);
}

/* A small kernel with the notes that Linux cannot do without, loaded at 16 MiB. */
static inline void fixture_init(struct fixture *f)
{
    static const uint8_t ident[8] = { 0x7f, 'E', 'L', 'F', 2, 1, 1, 0 };

    memset(f, 0, sizeof(*f));
    memcpy(f->bytes, ident, sizeof(ident));
    fixture_put(f, 16, 2, 2);  /* ET_EXEC */
    fixture_put(f, 18, 62, 2); /* x86-64 */
    fixture_put(f, 20, 1, 4);
    fixture_put(f, 24, FIXTURE_PHYS, 8);
    fixture_put(f, 32, FIXTURE_PHDRS, 8);
    fixture_put(f, 52, 64, 2);
    fixture_put(f, 54, 56, 2);
    fixture_put(f, 56, 3, 2);
    f->notes_end = FIXTURE_NOTES;
    fixture_phdr(f, 0, 1, FIXTURE_TEXT, FIXTURE_PHYS, 0x1000, 0x1000);
    fixture_phdr(f, 1, 1, FIXTURE_TEXT + 0x1000, FIXTURE_PHYS + 0x10000, 0x800, 0x3000);
    fixture_note_u64(f, XEN_ELFNOTE_VIRT_BASE, FIXTURE_VIRT_BASE);
    fixture_note_u64(f, XEN_ELFNOTE_ENTRY, FIXTURE_VIRT_BASE + FIXTURE_PHYS + 0x40);
    fixture_note_string(f, XEN_ELFNOTE_XEN_VERSION, "xen-3.0");
}

#endif
