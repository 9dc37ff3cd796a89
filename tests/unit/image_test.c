/* SPDX-License-Identifier: MIT */
/*
 * hypervisor/image: ELF and notes, hostile files, unpacking, start-of-day layout and page tables.
 *
 * DOMUS_TEST_KERNEL names a distribution's bzImage for the tests that want a real one; without it
 * they are skipped.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <bzlib.h>
#include <lz4.h>
#include <lzma.h>
#include <zlib.h>
#include <zstd.h>

#include <image/pv_image.h>
#include <image/pv_layout.h>
#include <image/unpack.h>
#include <xen/features.h>

#include "image_fixture.h"

#define MIB_PAGES 256ull

/* The parser reads a copy of exactly the file's size, so that the sanitizer sees a step outside. */
static int parse(const void *bytes, size_t size, struct pv_image *image)
{
    uint8_t *copy = malloc(size ? size : 1);
    int rc;

    memcpy(copy, bytes, size);
    rc = image_parse_elf(copy, size, image);
    free(copy);
    return rc;
}

static int parse_fixture(const struct fixture *f, struct pv_image *image)
{
    return parse(f->bytes, sizeof(f->bytes), image);
}

/* ---- ELF and notes ---- */

static void test_fixture_is_good(void **state)
{
    struct fixture f;
    struct pv_image image;

    (void)state;
    fixture_init(&f);
    fixture_note_string(&f, XEN_ELFNOTE_FEATURES,
                        "!writable_page_tables|pae_pgdir_above_4gb|unheard_of");
    fixture_note_u64(&f, XEN_ELFNOTE_INIT_P2M, 0x8000000000ull);
    fixture_note_string(&f, XEN_ELFNOTE_GUEST_OS, "li\033nux");
    assert_int_equal(parse_fixture(&f, &image), 0);
    assert_int_equal(image.nr_segments, 2);
    assert_int_equal(image.phys_start, FIXTURE_PHYS);
    assert_int_equal(image.phys_end, FIXTURE_PHYS + 0x13000);
    assert_int_equal(image.entry, FIXTURE_VIRT_BASE + FIXTURE_PHYS + 0x40);
    assert_true(image.has_init_p2m);
    assert_false(image.mod_start_pfn);
    assert_int_equal(image.features_required, 1u << XENFEAT_writable_page_tables);
    assert_int_equal(image.features_supported,
                     1u << XENFEAT_writable_page_tables | 1u << XENFEAT_pae_pgdir_above_4gb);
    assert_string_equal(image.guest_os, "li?nux");
}

static void test_every_truncation(void **state)
{
    struct fixture f;
    struct pv_image image;

    (void)state;
    fixture_init(&f);
    for (size_t size = 0; size < 0x3800; size += size < 0x1200 ? 1 : 16)
        assert_int_not_equal(parse(f.bytes, size, &image), 0);
    assert_int_equal(parse(f.bytes, 0x3800, &image), 0);
}

/* Whatever one corrupted byte does, the parser stays inside the file and its promises hold. */
static void test_every_corruption(void **state)
{
    struct fixture f;
    struct pv_image image;

    (void)state;
    for (size_t at = 0; at < FIXTURE_NOTES + 0x80; at++) {
        static const uint8_t values[] = { 0x00, 0x01, 0x7f, 0x80, 0xff };

        for (size_t v = 0; v < sizeof(values); v++) {
            fixture_init(&f);
            f.bytes[at] = values[v];
            if (parse_fixture(&f, &image))
                continue;
            assert_in_range(image.nr_segments, 1, IMAGE_MAX_SEGMENTS);
            for (unsigned int i = 0; i < image.nr_segments; i++) {
                const struct pv_segment *s = &image.segments[i];

                assert_true(s->file_offset <= FIXTURE_BYTES);
                assert_true(s->file_bytes <= FIXTURE_BYTES - s->file_offset);
                assert_true(s->file_bytes <= s->mem_bytes);
                assert_true(s->phys >= image.phys_start);
                assert_true(s->phys + s->mem_bytes <= image.phys_end);
            }
        }
    }
}

static void check_change(size_t at, uint64_t value, size_t size, int expected)
{
    struct fixture f;
    struct pv_image image;

    fixture_init(&f);
    fixture_put(&f, at, value, size);
    assert_int_equal(parse_fixture(&f, &image), expected);
}

static void test_hostile_headers(void **state)
{
    (void)state;
    check_change(4, 1, 1, -IMAGE_E_NOT_ELF64_X86);                     /* 32-bit */
    check_change(18, 183, 2, -IMAGE_E_NOT_ELF64_X86);                  /* AArch64 */
    check_change(16, 1, 2, -IMAGE_E_NOT_ELF64_X86);                    /* relocatable */
    check_change(56, 0, 2, -IMAGE_E_SEGMENTS);                         /* no program header */
    check_change(54, 32, 2, -IMAGE_E_HEADERS);                         /* their size */
    check_change(32, ~0ull - 8, 8, -IMAGE_E_TRUNCATED);                /* their offset wraps */
    check_change(56, 0xffff, 2, -IMAGE_E_TRUNCATED);                   /* their number */
    check_change(FIXTURE_PHDRS + 8, ~0ull, 8, -IMAGE_E_TRUNCATED);     /* segment offset */
    check_change(FIXTURE_PHDRS + 32, 1ull << 63, 8, -IMAGE_E_HEADERS); /* filesz > memsz */
    check_change(FIXTURE_PHDRS + 40, ~0ull, 8, -IMAGE_E_ADDRESSES);    /* memsz */
    check_change(FIXTURE_PHDRS + 24, ~0ull, 8, -IMAGE_E_ADDRESSES);    /* paddr */
    check_change(FIXTURE_PHDRS + 2 * 56 + 32, ~0ull, 8, -IMAGE_E_TRUNCATED); /* note size */
    check_change(FIXTURE_NOTES + 4, ~0u, 4, -IMAGE_E_NOTES);                 /* descriptor size */
    check_change(FIXTURE_NOTES, ~0u, 4, -IMAGE_E_NOTES);                     /* name size */
    check_change(FIXTURE_NOTES + 16, 0, 8, -IMAGE_E_ENTRY); /* VIRT_BASE 0, entry high */
    check_change(FIXTURE_NOTES + 16, 0xffffffff80000001ull, 8, -IMAGE_E_ADDRESSES);
}

static void check_note(uint32_t type, const void *desc, uint32_t size, int expected)
{
    struct fixture f;
    struct pv_image image;

    fixture_init(&f);
    fixture_note(&f, type, desc, size);
    assert_int_equal(parse_fixture(&f, &image), expected);
}

static void test_hostile_notes(void **state)
{
    static const uint64_t high = ~0ull, inside = FIXTURE_VIRT_BASE + FIXTURE_PHYS;

    (void)state;
    check_note(XEN_ELFNOTE_ENTRY, &high, 8, -IMAGE_E_ENTRY);
    check_note(XEN_ELFNOTE_ENTRY, &high, 3, -IMAGE_E_NOTES);
    check_note(XEN_ELFNOTE_HYPERCALL_PAGE, &high, 8, -IMAGE_E_NOTES);
    check_note(XEN_ELFNOTE_HYPERCALL_PAGE, &inside, 8, 0);
    check_note(XEN_ELFNOTE_PADDR_OFFSET, &high, 8, -IMAGE_E_ADDRESSES);
    check_note(XEN_ELFNOTE_L1_MFN_VALID, &high, 8, -IMAGE_E_NOTES);
    check_note(XEN_ELFNOTE_XEN_VERSION, "xen-2.0", 8, -IMAGE_E_GUEST_LOADER);
    check_note(XEN_ELFNOTE_LOADER, "special", 8, -IMAGE_E_GUEST_LOADER);
    check_note(XEN_ELFNOTE_FEATURES, "!auto_translated_physmap", 25, -IMAGE_E_FEATURES);
    check_note(XEN_ELFNOTE_FEATURES, "a|!no_such_thing", 17, -IMAGE_E_FEATURES);
    check_note(XEN_ELFNOTE_FEATURES, "||!|", 4, 0);
    check_note(XEN_ELFNOTE_FEATURES, "", 0, 0);
    check_note(999, &high, 8, 0);
}

static void test_without_xen_notes(void **state)
{
    struct fixture f;
    struct pv_image image;

    (void)state;
    fixture_init(&f);
    fixture_phdr(&f, 2, 4, FIXTURE_NOTES, 0, 0, 0);
    assert_int_equal(parse_fixture(&f, &image), -IMAGE_E_NO_XEN_NOTES);
    /* The same notes in a section, with one section header at 0x3900. */
    fixture_put(&f, 40, 0x3900, 8);
    fixture_put(&f, 58, 64, 2);
    fixture_put(&f, 60, 1, 2);
    fixture_put(&f, 0x3900 + 4, 7, 4);
    fixture_put(&f, 0x3900 + 24, FIXTURE_NOTES, 8);
    fixture_put(&f, 0x3900 + 32, f.notes_end - FIXTURE_NOTES, 8);
    assert_int_equal(parse_fixture(&f, &image), 0);
    fixture_put(&f, 0x3900 + 32, ~0ull, 8);
    assert_int_equal(parse_fixture(&f, &image), -IMAGE_E_TRUNCATED);
    fixture_put(&f, 58, 40, 2);
    assert_int_equal(parse_fixture(&f, &image), -IMAGE_E_HEADERS);
}

/* The fixture without notes, with a section __xen_guest of this text. */
static void with_guest_section(struct fixture *f, const char *text)
{
    static const char names[] = "\0.shstrtab\0__xen_guest";

    fixture_init(f);
    fixture_phdr(f, 2, 4, FIXTURE_NOTES, 0, 0, 0);
    fixture_put(f, 40, 0x3900, 8); /* three section headers */
    fixture_put(f, 58, 64, 2);
    fixture_put(f, 60, 3, 2);
    fixture_put(f, 62, 1, 2);
    memcpy(f->bytes + 0x3200, names, sizeof(names));
    fixture_put(f, 0x3940, 1, 4);
    fixture_put(f, 0x3940 + 24, 0x3200, 8);
    fixture_put(f, 0x3940 + 32, sizeof(names), 8);
    strcpy((char *)f->bytes + 0x3000, text);
    fixture_put(f, 0x3980, 11, 4);
    fixture_put(f, 0x3980 + 4, 1, 4);
    fixture_put(f, 0x3980 + 24, 0x3000, 8);
    fixture_put(f, 0x3980 + 32, strlen(text) + 1, 8);
}

static void test_guest_section(void **state)
{
    static const struct {
        const char *text;
        int rc;
    } rows[] = {
        { "VIRT_BASE=0xffffffff80000000x", -IMAGE_E_NOTES },
        { "VIRT_BASE=", -IMAGE_E_NOTES },
        { "VIRT_BASE", -IMAGE_E_NOTES },
        { "VIRT_BASE=0x1ffffffffffffffff", -IMAGE_E_NOTES },
        { "HYPERCALL_PAGE=0xfffffffffffff000,ELF_PADDR_OFFSET=0", -IMAGE_E_NOTES },
        { "XEN_VER=xen-2.0", -IMAGE_E_GUEST_LOADER },
        { "LOADER=\"generic", 0 },
        { "FEATURES=!auto_translated_physmap|dom0,ELF_PADDR_OFFSET=0,VIRT_ENTRY=0x1000000",
          -IMAGE_E_FEATURES },
        { ",,=,UNKNOWN=1,ELF_PADDR_OFFSET=0,VIRT_ENTRY=16777216,,", 0 },
    };
    struct fixture f;
    struct pv_image image;

    (void)state;
    with_guest_section(&f, "GUEST_OS=\"old, and good\",XEN_VER=xen-3.0,LOADER=generic,PAE=yes,"
                           "VIRT_BASE=0xffffffff80000000,HYPERCALL_PAGE=0x1000,FEATURES="
                           "writable_page_tables|pae_pgdir_above_4gb,BSD_SYMTAB=yes");
    fixture_phdr(&f, 0, 1, FIXTURE_TEXT, FIXTURE_VIRT_BASE + FIXTURE_PHYS, 0x1000, 0x1000);
    fixture_phdr(&f, 1, 1, FIXTURE_TEXT, FIXTURE_VIRT_BASE + FIXTURE_PHYS + 0x1000, 0, 0x1000);
    fixture_put(&f, 24, FIXTURE_VIRT_BASE + FIXTURE_PHYS, 8);
    assert_int_equal(parse_fixture(&f, &image), 0);
    assert_string_equal(image.guest_os, "old, and good");
    assert_int_equal(image.virt_base, FIXTURE_VIRT_BASE);
    assert_int_equal(image.paddr_offset, FIXTURE_VIRT_BASE);
    assert_int_equal(image.phys_start, FIXTURE_PHYS);
    assert_int_equal(image.hypercall_page, FIXTURE_VIRT_BASE + 0x1000000);
    assert_true(image.bsd_symtab);
    assert_int_equal(image.features_required, 0);
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        with_guest_section(&f, rows[i].text);
        assert_int_equal(parse_fixture(&f, &image), rows[i].rc);
    }
    with_guest_section(&f, "ELF_PADDR_OFFSET=0,VIRT_ENTRY=0x1000000");
    fixture_put(&f, 0x3980 + 24, ~0ull, 8);
    assert_int_equal(parse_fixture(&f, &image), -IMAGE_E_TRUNCATED);
    fixture_put(&f, 0x3940 + 32, ~0ull, 8);
    assert_int_equal(parse_fixture(&f, &image), -IMAGE_E_TRUNCATED);
}

/* Two more sections: symbols of 48 bytes at 0x3400, their strings of 9 at 0x3500. */
static void with_symtab(struct fixture *f)
{
    with_guest_section(f, "ELF_PADDR_OFFSET=0,VIRT_ENTRY=0x1000000,BSD_SYMTAB=yes");
    fixture_put(f, 60, 5, 2);
    fixture_put(f, 0x39c0, 5, 4);
    fixture_put(f, 0x39c0 + 4, 2, 4);
    fixture_put(f, 0x39c0 + 24, 0x3400, 8);
    fixture_put(f, 0x39c0 + 32, 48, 8);
    fixture_put(f, 0x39c0 + 40, 4, 4);
    fixture_put(f, 0x3a00 + 4, 3, 4);
    fixture_put(f, 0x3a00 + 24, 0x3500, 8);
    fixture_put(f, 0x3a00 + 32, 9, 8);
}

static uint64_t start_field(const struct pv_image *image, unsigned int at, unsigned int bytes)
{
    uint64_t value = 0;

    memcpy(&value, image->symtab_start + at, bytes);
    return value;
}

static void test_symtab(void **state)
{
    static const struct {
        unsigned int at, bytes;
        uint64_t value;
        int rc;
    } bad[] = {
        { 0x39c0 + 24, 8, 0x3fd1, -IMAGE_E_TRUNCATED },
        { 0x39c0 + 32, 8, ~0ull, -IMAGE_E_TRUNCATED },
        { 0x3a00 + 24, 8, ~0ull, -IMAGE_E_TRUNCATED },
        { 0x3a00 + 32, 8, 0x4000, -IMAGE_E_TRUNCATED },
    };
    struct fixture f;
    struct pv_image image;
    unsigned int first;
    uint64_t end;

    (void)state;
    with_guest_section(&f, "ELF_PADDR_OFFSET=0,VIRT_ENTRY=0x1000000");
    assert_int_equal(parse_fixture(&f, &image), 0);
    first = image.nr_segments;
    end = image.phys_end;
    with_symtab(&f);
    assert_int_equal(parse_fixture(&f, &image), 0);
    assert_int_equal(image.nr_segments, first + 3);
    assert_int_equal(image.symtab_segment, first);
    assert_int_equal(image.segments[first].phys, (end + 7) & ~7ull);
    assert_int_equal(image.phys_end, image.segments[first].phys + 264 + 48 + 9);
    assert_ptr_equal(image_segment_bytes(&image, first, f.bytes), image.symtab_start);
    assert_ptr_equal(image_segment_bytes(&image, first + 1, f.bytes), f.bytes + 0x3400);
    assert_ptr_equal(image_segment_bytes(&image, first + 2, f.bytes), f.bytes + 0x3500);
    assert_int_equal(start_field(&image, 0, 4), 260 + 48 + 9);
    assert_int_equal(start_field(&image, 4, 4), 0x464c457f);
    assert_int_equal(start_field(&image, 4 + 40, 8), 64);             /* sections */
    assert_int_equal(start_field(&image, 4 + 60, 2), 3);
    assert_int_equal(start_field(&image, 4 + 128 + 24, 8), 260);      /* symbols */
    assert_int_equal(start_field(&image, 4 + 128 + 40, 4), 2);
    assert_int_equal(start_field(&image, 4 + 192 + 24, 8), 260 + 48); /* strings */
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        with_symtab(&f);
        fixture_put(&f, bad[i].at, bad[i].value, bad[i].bytes);
        assert_int_equal(parse_fixture(&f, &image), bad[i].rc);
    }
    /* Strings that are none, or elsewhere: as if there were no symbols. */
    with_symtab(&f);
    fixture_put(&f, 0x39c0 + 40, 7, 4);
    assert_int_equal(parse_fixture(&f, &image), 0);
    assert_int_equal(image.nr_segments, first);
}

static void test_low_kernel(void **state)
{
    struct fixture f;
    struct pv_image image;

    (void)state;
    /* As GRUB's PV image: virtual base and entry 0, physical 0. */
    fixture_init(&f);
    fixture_phdr(&f, 0, 1, FIXTURE_TEXT, 0, 0x1000, 0x1000);
    fixture_phdr(&f, 1, 1, FIXTURE_TEXT, 0x1000, 0x800, 0x900);
    fixture_note_u64(&f, XEN_ELFNOTE_VIRT_BASE, 0);
    fixture_note_u64(&f, XEN_ELFNOTE_ENTRY, 0);
    assert_int_equal(parse_fixture(&f, &image), 0);
    assert_int_equal(image.entry, 0);
    /* An old kernel that wrote virtual addresses into p_paddr. */
    fixture_init(&f);
    fixture_phdr(&f, 0, 1, FIXTURE_TEXT, FIXTURE_VIRT_BASE + FIXTURE_PHYS, 0x1000, 0x1000);
    fixture_phdr(&f, 1, 1, FIXTURE_TEXT, FIXTURE_VIRT_BASE + FIXTURE_PHYS + 0x1000, 0, 0x1000);
    fixture_note_u64(&f, XEN_ELFNOTE_PADDR_OFFSET, FIXTURE_VIRT_BASE);
    assert_int_equal(parse_fixture(&f, &image), 0);
    assert_int_equal(image.phys_start, FIXTURE_PHYS);
}

/* ---- unpacking ---- */

static size_t blocks_live;

static void *heap_alloc(void *ctx, size_t bytes)
{
    size_t *budget = ctx;

    if (budget && *budget < bytes)
        return NULL;
    if (budget)
        *budget -= bytes;
    blocks_live++;
    return malloc(bytes);
}

static void heap_free(void *ctx, void *block)
{
    (void)ctx;
    blocks_live -= block != NULL;
    free(block);
}

static const struct image_allocator heap = { heap_alloc, heap_free, NULL };

struct packed {
    uint8_t bytes[FIXTURE_BYTES * 2];
    size_t size;
    const char *name;
};

static void pack_gzip(const struct fixture *f, struct packed *out)
{
    z_stream z = { .next_in = (z_const Bytef *)f->bytes, .avail_in = sizeof(f->bytes) };

    assert_int_equal(deflateInit2(&z, 6, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY), Z_OK);
    z.next_out = out->bytes;
    z.avail_out = sizeof(out->bytes);
    assert_int_equal(deflate(&z, Z_FINISH), Z_STREAM_END);
    out->size = z.total_out;
    out->name = "gzip";
    deflateEnd(&z);
}

static void pack_xz(const struct fixture *f, struct packed *out, lzma_check check)
{
    size_t used = 0;

    assert_int_equal(lzma_easy_buffer_encode(6, check, NULL, f->bytes, sizeof(f->bytes), out->bytes,
                                             &used, sizeof(out->bytes)),
                     LZMA_OK);
    out->size = used;
    out->name = "xz";
}

static void pack_zstd(const struct fixture *f, struct packed *out)
{
    out->size = ZSTD_compress(out->bytes, sizeof(out->bytes), f->bytes, sizeof(f->bytes), 3);
    assert_false(ZSTD_isError(out->size));
    out->name = "zstd";
}

static void pack_bzip2(const struct fixture *f, struct packed *out)
{
    unsigned int size = sizeof(out->bytes);
    char *from = (char *)(uintptr_t)f->bytes;

    assert_int_equal(BZ2_bzBuffToBuffCompress((char *)out->bytes, &size, from, sizeof(f->bytes), 1,
                                              0, 0),
                     BZ_OK);
    out->size = size;
    out->name = "bzip2";
}

/* Two blocks, of which the second is in a frame of its own. */
static void pack_lz4(const struct fixture *f, struct packed *out)
{
    static const uint8_t magic[4] = { 0x02, 0x21, 0x4c, 0x18 };
    size_t done = 0, part = sizeof(f->bytes) / 3;

    out->size = 0;
    out->name = "lz4";
    for (unsigned int i = 0; i < 2; i++, done += part, part = sizeof(f->bytes) - part) {
        uint8_t *at = out->bytes + out->size;
        int size = LZ4_compress_default((const char *)f->bytes + done, (char *)at + 8, (int)part,
                                        LZ4_compressBound((int)part));

        assert_true(size > 0);
        memcpy(at, magic, 4);
        memcpy(at + 4, &size, 4);
        out->size += 8 + (size_t)size;
    }
}

static void pack_lzma(const struct fixture *f, struct packed *out)
{
    lzma_stream stream = LZMA_STREAM_INIT;
    lzma_options_lzma options;

    assert_false(lzma_lzma_preset(&options, 6));
    assert_int_equal(lzma_alone_encoder(&stream, &options), LZMA_OK);
    stream.next_in = f->bytes;
    stream.avail_in = sizeof(f->bytes);
    stream.next_out = out->bytes;
    stream.avail_out = sizeof(out->bytes);
    assert_int_equal(lzma_code(&stream, LZMA_FINISH), LZMA_STREAM_END);
    out->size = stream.total_out;
    out->name = "lzma";
    lzma_end(&stream);
}

/* Wraps as the kernel's build does: one setup sector more, size word behind all but gzip. */
static void wrap_bzimage(const struct packed *in, uint32_t claimed, struct packed *out)
{
    uint32_t length = (uint32_t)in->size, hdrs = 0x53726448, offset = 0x20;
    uint16_t version = 0x20f;

    memset(out, 0, sizeof(*out));
    out->bytes[0x1f1] = 2;
    memcpy(out->bytes + 0x202, &hdrs, 4);
    memcpy(out->bytes + 0x206, &version, 2);
    memcpy(out->bytes + 3 * 512 + offset, in->bytes, in->size);
    if (strcmp(in->name, "gzip") != 0) {
        memcpy(out->bytes + 3 * 512 + offset + length, &claimed, 4);
        length += 4;
    }
    memcpy(out->bytes + 0x248, &offset, 4);
    memcpy(out->bytes + 0x24c, &length, 4);
    out->size = 3 * 512 + offset + length;
    out->name = in->name;
}

/* Without `f` the result is not compared. */
static int unpack(const struct packed *p, size_t size, size_t limit, const struct fixture *f)
{
    uint8_t *copy = malloc(size ? size : 1);
    struct image_unpacked out;
    int rc;

    memcpy(copy, p->bytes, size);
    rc = image_unpack(copy, size, limit, &heap, &out);
    if (rc == 0 && f) {
        assert_int_equal(out.size, sizeof(f->bytes));
        assert_memory_equal(out.elf, f->bytes, sizeof(f->bytes));
    }
    image_unpack_free(&heap, &out);
    free(copy);
    assert_int_equal(blocks_live, 0);
    return rc;
}

#define CHECKED_FORMATS 4 /* those with a checksum */
#define LZ4_FORMAT      5
#define ALL_FORMATS     7

static void pack_nth(unsigned int n, const struct fixture *f, struct packed *out)
{
    if (n == 0)
        pack_gzip(f, out);
    else if (n == 1)
        pack_xz(f, out, LZMA_CHECK_CRC32);
    else if (n == 2)
        pack_xz(f, out, LZMA_CHECK_CRC64);
    else if (n == 3)
        pack_bzip2(f, out);
    else if (n == 4)
        pack_zstd(f, out);
    else if (n == LZ4_FORMAT)
        pack_lz4(f, out);
    else
        pack_lzma(f, out);
}

static void test_unpack_all_formats(void **state)
{
    struct fixture f;
    struct packed plain, wrapped;

    (void)state;
    fixture_init(&f);
    for (unsigned int i = 0; i < 0x1000; i++) /* something that does not compress to nothing */
        f.bytes[FIXTURE_TEXT + i] = (uint8_t)(i * i >> 3);
    for (unsigned int n = 0; n < ALL_FORMATS; n++) {
        pack_nth(n, &f, &plain);
        assert_int_equal(unpack(&plain, plain.size, 1 << 20, &f), 0);
        assert_int_equal(unpack(&plain, plain.size, sizeof(f.bytes), &f), 0);
        assert_int_equal(unpack(&plain, plain.size, sizeof(f.bytes) - 1, &f), -IMAGE_E_TOO_BIG);
        wrap_bzimage(&plain, sizeof(f.bytes), &wrapped);
        assert_int_equal(unpack(&wrapped, wrapped.size, 1 << 20, &f), 0);
        assert_int_equal(unpack(&wrapped, wrapped.size, 1000, &f), -IMAGE_E_TOO_BIG);
        if (n == 0)
            continue;
        wrap_bzimage(&plain, sizeof(f.bytes) - 1, &wrapped);
        assert_int_equal(unpack(&wrapped, wrapped.size, 1 << 20, &f), -IMAGE_E_CORRUPT);
        wrap_bzimage(&plain, sizeof(f.bytes) + 1, &wrapped);
        assert_int_equal(unpack(&wrapped, wrapped.size, 1 << 20, &f), -IMAGE_E_CORRUPT);
    }
}

static void test_unpack_damaged(void **state)
{
    struct fixture f;
    struct packed plain, damaged;

    (void)state;
    fixture_init(&f);
    for (unsigned int n = 0; n < ALL_FORMATS; n++) {
        pack_nth(n, &f, &plain);
        for (size_t size = 0; size < plain.size; size++) {
            int rc = unpack(&plain, size, 1 << 20, n == LZ4_FORMAT ? NULL : &f);

            /* lz4 may end behind any block; in a bzImage the size that it tells finds that. */
            if (n != LZ4_FORMAT)
                assert_int_not_equal(rc, 0);
        }
        for (size_t at = 0; at < plain.size; at++) {
            damaged = plain;
            damaged.bytes[at] ^= 0x55;
            /* Without a checksum damage may go unseen but must do no harm. */
            unpack(&damaged, damaged.size, 1 << 20, n < CHECKED_FORMATS ? &f : NULL);
        }
    }
}

static void test_unpack_out_of_memory(void **state)
{
    struct fixture f;
    struct packed plain;
    struct image_unpacked out;

    (void)state;
    fixture_init(&f);
    for (unsigned int n = 0; n < ALL_FORMATS; n++) {
        pack_nth(n, &f, &plain);
        for (size_t budget = 0; budget < 64 << 10; budget += 1111) {
            size_t left = budget;
            struct image_allocator tight = { heap_alloc, heap_free, &left };
            int rc = image_unpack(plain.bytes, plain.size, 1 << 20, &tight, &out);

            if (rc == 0)
                image_unpack_free(&tight, &out);
            else
                assert_int_equal(rc, -IMAGE_E_NO_MEMORY);
            assert_int_equal(blocks_live, 0);
        }
    }
}

static void test_payload_names(void **state)
{
    static const uint8_t lzo[8] = { 0x89, 'L', 'Z', 'O' };
    struct image_payload payload;
    struct packed p = { .size = 0x250 };
    uint32_t hdrs = 0x53726448;

    (void)state;
    assert_int_equal(image_find_payload(lzo, sizeof(lzo), &payload), 0);
    assert_int_equal(payload.format, IMAGE_FORMAT_OTHER);
    assert_string_equal(payload.format_name, "lzo");
    assert_int_equal(image_find_payload("MZ hello", 8, &payload), -IMAGE_E_NOT_KERNEL);
    assert_int_equal(image_find_payload("", 0, &payload), -IMAGE_E_NOT_KERNEL);
    memcpy(p.bytes + 0x202, &hdrs, 4);
    assert_int_equal(image_find_payload(p.bytes, 0x206, &payload), -IMAGE_E_TRUNCATED);
    assert_int_equal(image_find_payload(p.bytes, p.size, &payload), -IMAGE_E_OLD_BZIMAGE);
    p.bytes[0x207] = 2;
    p.bytes[0x206] = 8;
    memset(p.bytes + 0x248, 0xff, 8);
    assert_int_equal(image_find_payload(p.bytes, p.size, &payload), -IMAGE_E_TRUNCATED);
}

/* ---- layout ---- */

static uint64_t to_frame(void *ctx, uint64_t pfn)
{
    return pfn + *(uint64_t *)ctx;
}

struct walk {
    uint64_t bias;
    uint64_t nr_tables;
    uint64_t (*tables)[512]; /* by table number */
    const struct pv_layout *layout;
};

static uint64_t *walk_table(const struct walk *w, uint64_t frame)
{
    for (uint64_t i = 0; i < w->nr_tables; i++) {
        uint64_t pfn;
        unsigned int level;

        pv_layout_table(w->layout, i, &pfn, &level);
        if (pfn + w->bias == frame)
            return w->tables[i];
    }
    fail_msg("an entry points to no table");
    return NULL;
}

/* Reads a virtual address as the hardware would: the leaf entry, 0 if there is none. */
static uint64_t walk(const struct walk *w, uint64_t va)
{
    uint64_t *table = w->tables[0];

    for (int level = 4;; level--) {
        uint64_t entry = table[va >> (12 + 9 * (level - 1)) & 511];

        if (!(entry & 1) || level == 1)
            return entry;
        table = walk_table(w, entry >> 12 & ((1ull << 40) - 1));
    }
}

static void check_mapping(const struct walk *w, uint64_t va, uint64_t pfn)
{
    uint64_t entry = walk(w, va);

    assert_true(entry & 1);
    assert_int_equal(entry >> 12 & ((1ull << 40) - 1), pfn + w->bias);
    assert_int_equal((entry >> 1) & 1, !pv_layout_is_table(w->layout, pfn));
}

static void check_region(const struct walk *w, const struct pv_region *r, uint64_t *pfn)
{
    if (r->pages == 0)
        return;
    if (pfn) {
        assert_int_equal(r->pfn, *pfn);
        *pfn += r->pages;
    }
    if (r->va == PV_UNMAPPED)
        return;
    check_mapping(w, r->va, r->pfn);
    check_mapping(w, r->va + (r->pages - 1) * 4096, r->pfn + r->pages - 1);
}

static void check_tables(const struct pv_layout *l)
{
    struct walk w = { .bias = 0x100000, .nr_tables = pv_layout_nr_tables(l), .layout = l };
    uint64_t pfn = l->kernel.pfn, mapped_end = l->virt_base + l->mapped_pages * 4096;

    w.tables = calloc(w.nr_tables, 4096);
    for (uint64_t i = 0; i < w.nr_tables; i++)
        pv_layout_table_fill(l, i, to_frame, &w.bias, w.tables[i]);
    check_region(&w, &l->kernel, &pfn);
    check_region(&w, &l->ramdisk, l->mod_start_is_pfn ? NULL : &pfn);
    check_region(&w, &l->p2m_list, l->p2m_tables.pages ? NULL : &pfn);
    check_region(&w, &l->start_info, &pfn);
    check_region(&w, &l->xenstore, &pfn);
    check_region(&w, &l->console, &pfn);
    check_region(&w, &l->page_tables, &pfn);
    check_region(&w, &l->stack, &pfn);
    assert_true(l->mapped_pages - pfn >= 128);
    assert_int_equal(mapped_end & ((4 << 20) - 1), 0);
    check_mapping(&w, l->virt_base, 0);
    check_mapping(&w, mapped_end - 4096, l->mapped_pages - 1);
    if (mapped_end && mapped_end != l->p2m_list.va)
        assert_int_equal(walk(&w, mapped_end), 0);
    free(w.tables);
}

static struct pv_image image_for(uint64_t virt_base, uint64_t end_mib)
{
    struct pv_image image = {
        .virt_base = virt_base,
        .nr_segments = 1,
        .phys_start = 1 << 20,
        .phys_end = end_mib << 20,
    };

    return image;
}

static void test_layout_variants(void **state)
{
    static const uint64_t bases[] = { 0, FIXTURE_VIRT_BASE, 0xffff880000000000ull, 0x200000,
                                      0x7fc0000000ull };
    static const uint64_t p2ms[] = { 0, 0x8000000000ull, 0xffff900000000000ull };

    (void)state;
    for (unsigned int v = 0; v < 5 * 3 * 2 * 2 * 2; v++) {
        struct pv_image image = image_for(bases[v % 5], 20);
        struct pv_layout_request request = { .image = &image, .nr_pages = 128 * MIB_PAGES };
        struct pv_layout layout;

        image.init_p2m = p2ms[v / 5 % 3];
        image.has_init_p2m = image.init_p2m != 0;
        image.mod_start_pfn = v / 15 & 1;
        request.is_dom0 = v / 30 & 1;
        request.ramdisk_bytes = (v / 60 & 1) ? 5000000 : 0;
        assert_int_equal(pv_layout_compute(&request, &layout), 0);
        check_tables(&layout);
        assert_int_equal(layout.mfn_list, layout.p2m_list.va);
        assert_int_equal(layout.xenstore.pages, request.is_dom0 ? 0 : 1);
        assert_true(layout.used_pages <= request.nr_pages);
        assert_true(layout.needed_pages <= request.nr_pages);
        request.nr_pages = layout.needed_pages;
        assert_int_equal(pv_layout_compute(&request, &layout), 0);
        request.nr_pages--;
        assert_int_equal(pv_layout_compute(&request, &layout), -IMAGE_E_MEMORY_TOO_SMALL);
        assert_int_equal(layout.needed_pages, request.nr_pages + 1);
    }
}

static void test_layout_refusals(void **state)
{
    struct pv_image image = image_for(FIXTURE_VIRT_BASE, 74);
    struct pv_layout_request request = { .image = &image, .nr_pages = 64 * MIB_PAGES };
    struct pv_layout layout;

    (void)state;
    assert_int_equal(pv_layout_compute(&request, &layout), -IMAGE_E_MEMORY_TOO_SMALL);
    assert_in_range(layout.needed_pages, 75 * MIB_PAGES, 80 * MIB_PAGES);
    request.nr_pages = 0;
    assert_int_equal(pv_layout_compute(&request, &layout), -IMAGE_E_MEMORY_TOO_SMALL);
    request.nr_pages = ~0ull;
    assert_int_equal(pv_layout_compute(&request, &layout), -IMAGE_E_MEMORY_TOO_SMALL);
    request.nr_pages = 128 * MIB_PAGES;
    request.ramdisk_bytes = ~0ull;
    assert_int_equal(pv_layout_compute(&request, &layout), -IMAGE_E_MEMORY_TOO_SMALL);
    request.ramdisk_bytes = 0;
    image.virt_base = 0xffffffffff000000ull; /* 16 MiB below the end */
    assert_int_equal(pv_layout_compute(&request, &layout), -IMAGE_E_VIRT_RANGE);
    image.virt_base = 0xffff800000000000ull; /* the hypervisor's */
    assert_int_equal(pv_layout_compute(&request, &layout), -IMAGE_E_VIRT_RANGE);
    image.virt_base = 0x00007fffff000000ull; /* into the hole */
    assert_int_equal(pv_layout_compute(&request, &layout), -IMAGE_E_VIRT_RANGE);
    image.virt_base = FIXTURE_VIRT_BASE;
    image.has_init_p2m = true;
    image.init_p2m = FIXTURE_VIRT_BASE + 0x100000; /* over the kernel */
    assert_int_equal(pv_layout_compute(&request, &layout), -IMAGE_E_P2M_ADDRESS);
    image.init_p2m = 0x8000000001ull;
    assert_int_equal(pv_layout_compute(&request, &layout), -IMAGE_E_P2M_ADDRESS);
    image.init_p2m = 0xffff810000000000ull;
    assert_int_equal(pv_layout_compute(&request, &layout), -IMAGE_E_P2M_ADDRESS);
}

/* A list next to the boot mapping shares some of its tables, on either side. */
static void test_layout_shared_tables(void **state)
{
    struct pv_image image = image_for(0xffffffff00000000ull, 20);
    struct pv_layout_request request = { .image = &image, .nr_pages = 1024 * MIB_PAGES };
    struct pv_layout layout;

    (void)state;
    image.has_init_p2m = true;
    image.init_p2m = image.virt_base - (2 << 20); /* 2 MiB of list, ends at the base */
    assert_int_equal(pv_layout_compute(&request, &layout), 0);
    assert_int_equal(layout.p2m.count[3], 0);
    check_tables(&layout);
    image.init_p2m = image.virt_base + (24 << 20);
    assert_int_equal(pv_layout_compute(&request, &layout), 0);
    assert_int_equal(layout.p2m.count[2] + layout.p2m.count[1], 0);
    check_tables(&layout);
}

/* ---- a distribution's kernel ---- */

static void *read_file(const char *path, size_t *size)
{
    FILE *file = fopen(path, "rb");
    void *bytes;
    long end;

    if (!file)
        return NULL;
    fseek(file, 0, SEEK_END);
    end = ftell(file);
    rewind(file);
    *size = end > 0 ? (size_t)end : 0;
    bytes = malloc(*size + 1);
    if (fread(bytes, 1, *size, file) != *size)
        *size = 0;
    fclose(file);
    return bytes;
}

static void test_real_kernel(void **state)
{
    const char *path = getenv("DOMUS_TEST_KERNEL");
    struct image_unpacked unpacked;
    struct pv_layout layout;
    struct pv_image image;
    size_t size = 0;
    void *file = path ? read_file(path, &size) : NULL;

    (void)state;
    if (!file)
        skip();
    assert_int_equal(image_unpack(file, size, 512 << 20, &heap, &unpacked), 0);
    assert_int_equal(image_parse_elf(unpacked.elf, unpacked.size, &image), 0);
    assert_string_equal(image.guest_os, "linux");
    assert_int_equal(image.virt_base, FIXTURE_VIRT_BASE);
    assert_true(image.has_init_p2m);
    assert_int_equal(image.init_p2m, 0x8000000000ull);
    assert_true(image.mod_start_pfn);
    assert_true(image.suspend_cancel);
    assert_true(image.features_supported & (1u << XENFEAT_dom0));
    for (uint64_t mib = 128; mib <= 4096; mib *= 2) {
        struct pv_layout_request request = {
            .image = &image,
            .nr_pages = mib * MIB_PAGES,
            .ramdisk_bytes = 10 << 20,
        };

        assert_int_equal(pv_layout_compute(&request, &layout), 0);
        check_tables(&layout);
    }
    image_unpack_free(&heap, &unpacked);
    free(file);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_fixture_is_good),  cmocka_unit_test(test_every_truncation),
        cmocka_unit_test(test_every_corruption), cmocka_unit_test(test_hostile_headers),
        cmocka_unit_test(test_hostile_notes),    cmocka_unit_test(test_without_xen_notes),
        cmocka_unit_test(test_guest_section),
        cmocka_unit_test(test_symtab),
        cmocka_unit_test(test_low_kernel),       cmocka_unit_test(test_unpack_all_formats),
        cmocka_unit_test(test_unpack_damaged),   cmocka_unit_test(test_unpack_out_of_memory),
        cmocka_unit_test(test_payload_names),    cmocka_unit_test(test_layout_variants),
        cmocka_unit_test(test_layout_refusals),  cmocka_unit_test(test_layout_shared_tables),
        cmocka_unit_test(test_real_kernel),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
