/* SPDX-License-Identifier: MIT */
/*
 * What kernels said before they had Xen's ELF notes: the section __xen_guest, a string of
 * "NAME=value" with commas between. Each name stands for a note.
 *
 * Owns nothing. The bytes are hostile. Facts: Xen 4.17's xen/elfnote.h, which names the old keys
 * beside the notes. The hypercall page is given as a number of pages behind VIRT_BASE, and without
 * ELF_PADDR_OFFSET the file's physical addresses count from VIRT_BASE.
 */
#include "notes.h"

#include <xen/elfnote.h>

static const struct key {
    const char *name;
    uint32_t note;
    bool is_number;
} keys[] = {
    { "VIRT_BASE", XEN_ELFNOTE_VIRT_BASE, true },
    { "VIRT_ENTRY", XEN_ELFNOTE_ENTRY, true },
    { "ELF_PADDR_OFFSET", XEN_ELFNOTE_PADDR_OFFSET, true },
    { "HYPERCALL_PAGE", XEN_ELFNOTE_HYPERCALL_PAGE, true },
    { "XEN_VER", XEN_ELFNOTE_XEN_VERSION, false },
    { "GUEST_OS", XEN_ELFNOTE_GUEST_OS, false },
    { "GUEST_VER", XEN_ELFNOTE_GUEST_VERSION, false },
    { "LOADER", XEN_ELFNOTE_LOADER, false },
    { "PAE", XEN_ELFNOTE_PAE_MODE, false },
    { "BSD_SYMTAB", XEN_ELFNOTE_BSD_SYMTAB, false },
    { "FEATURES", XEN_ELFNOTE_FEATURES, false },
};

struct text {
    const uint8_t *at;
    size_t size;
};

static bool text_is(struct text t, const char *word)
{
    size_t i;

    for (i = 0; i < t.size && word[i]; i++)
        if (t.at[i] != (uint8_t)word[i])
            return false;
    return i == t.size && !word[i];
}

/* What stands before the first of the two characters; *rest begins with it. */
static struct text take_until(struct text *rest, char a, char b)
{
    struct text word = { rest->at, 0 };

    while (word.size < rest->size && word.at[word.size] != (uint8_t)a &&
           word.at[word.size] != (uint8_t)b)
        word.size++;
    rest->at += word.size;
    rest->size -= word.size;
    return word;
}

static void skip_one(struct text *rest)
{
    rest->at++;
    rest->size--;
}

static int digit_of(uint8_t c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    c |= 0x20;
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : 16;
}

/* Decimal, or hexadecimal after 0x; at most 64 bits. */
static int number_of(struct text t, uint64_t *value)
{
    unsigned int base = 10;

    if (t.size > 2 && t.at[0] == '0' && (t.at[1] | 0x20) == 'x') {
        base = 16;
        t.at += 2;
        t.size -= 2;
    }
    *value = 0;
    for (size_t i = 0; i < t.size; i++) {
        unsigned int digit = (unsigned int)digit_of(t.at[i]);

        if (digit >= base || *value > (~0ull - digit) / base)
            return -IMAGE_E_NOTES;
        *value = *value * base + digit;
    }
    return t.size ? 0 : -IMAGE_E_NOTES;
}

static int apply(struct text name, struct text value, struct pv_image *image,
                 bool *has_paddr_offset)
{
    for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
        uint64_t number;
        int rc;

        if (!text_is(name, keys[i].name))
            continue;
        *has_paddr_offset |= keys[i].note == XEN_ELFNOTE_PADDR_OFFSET;
        if (!keys[i].is_number)
            return note_apply(keys[i].note, value.at, value.size, image);
        rc = number_of(value, &number);
        return rc ? rc : note_apply(keys[i].note, &number, sizeof(number), image);
    }
    return 0; /* nobody knows it */
}

/* One "NAME=value"; a value in quotes may have commas. */
static int take_pair(struct text *rest, struct pv_image *image, bool *has_paddr_offset)
{
    struct text name = take_until(rest, '=', ','), value = { rest->at, 0 };

    if (rest->size && *rest->at == '=') {
        skip_one(rest);
        if (rest->size && *rest->at == '"') {
            skip_one(rest);
            value = take_until(rest, '"', '"');
        } else {
            value = take_until(rest, ',', ',');
        }
    }
    take_until(rest, ',', ',');
    if (rest->size)
        skip_one(rest);
    return apply(name, value, image, has_paddr_offset);
}

int guest_section_parse(const uint8_t *bytes, size_t size, struct pv_image *image)
{
    struct text all = { bytes, size }, rest = take_until(&all, '\0', '\0');
    bool has_paddr_offset = false;
    int rc;

    while (rest.size) {
        rc = take_pair(&rest, image, &has_paddr_offset);
        if (rc)
            return rc;
    }
    if (!has_paddr_offset)
        image->paddr_offset = image->virt_base;
    if (image->has_hypercall_page) {
        if (image->hypercall_page > ~0ull >> 12)
            return -IMAGE_E_NOTES;
        image->hypercall_page = image->virt_base + (image->hypercall_page << 12);
    }
    return 0;
}
