/* SPDX-License-Identifier: MIT */
/*
 * Xen's ELF notes: one short function a type of value, behind a table of note numbers.
 *
 * Owns nothing. The bytes are hostile. ABI: <xen/elfnote.h>, <xen/features.h>. A numeric note has
 * four or eight bytes; a string ends at its NUL or at its size.
 */
#include "notes.h"

#include <xen/elfnote.h>
#include <xen/features.h>

#include "elf64.h"

struct note {
    const uint8_t *desc;
    size_t size;
};

static int read_number(const struct note *note, uint64_t *value)
{
    uint32_t small;

    if (note->size == sizeof(uint64_t)) {
        __builtin_memcpy(value, note->desc, sizeof(*value));
        return 0;
    }
    if (note->size != sizeof(uint32_t))
        return -IMAGE_E_NOTES;
    __builtin_memcpy(&small, note->desc, sizeof(small));
    *value = small;
    return 0;
}

static void read_string(const struct note *note, char out[IMAGE_STRING_BYTES])
{
    size_t i;

    for (i = 0; i < note->size && i < IMAGE_STRING_BYTES - 1 && note->desc[i]; i++)
        out[i] = note->desc[i] >= 0x20 && note->desc[i] < 0x7f ? (char)note->desc[i] : '?';
    out[i] = '\0';
}

static bool string_is(const char *a, const char *b)
{
    while (*a && *a == *b) {
        a++;
        b++;
    }
    return *a == *b;
}

/* ---- FEATURES -------------------------------------------------------------------------- */

static const char *const feature_names[32] = {
    [XENFEAT_writable_page_tables] = "writable_page_tables",
    [XENFEAT_writable_descriptor_tables] = "writable_descriptor_tables",
    [XENFEAT_auto_translated_physmap] = "auto_translated_physmap",
    [XENFEAT_supervisor_mode_kernel] = "supervisor_mode_kernel",
    [XENFEAT_pae_pgdir_above_4gb] = "pae_pgdir_above_4gb",
    [XENFEAT_dom0] = "dom0",
};

static bool name_is(const uint8_t *text, size_t len, const char *name)
{
    size_t i;

    for (i = 0; i < len && name[i]; i++)
        if (text[i] != (uint8_t)name[i])
            return false;
    return i == len && !name[i];
}

/* A name that nobody knows is harmless unless it is required. */
static int add_feature(const uint8_t *text, size_t len, struct pv_image *image)
{
    bool required = len > 0 && text[0] == '!';

    if (required) {
        text++;
        len--;
    }
    if (len == 0)
        return 0;
    for (unsigned int i = 0; i < 32; i++) {
        if (!feature_names[i] || !name_is(text, len, feature_names[i]))
            continue;
        image->features_supported |= 1u << i;
        if (required)
            image->features_required |= 1u << i;
        return 0;
    }
    return required ? -IMAGE_E_FEATURES : 0;
}

static int note_features(const struct note *note, struct pv_image *image)
{
    size_t start = 0;

    for (size_t i = 0; i <= note->size; i++) {
        bool end = i == note->size || note->desc[i] == '\0';
        int rc;

        if (!end && note->desc[i] != '|')
            continue;
        rc = add_feature(note->desc + start, i - start, image);
        if (rc || end)
            return rc;
        start = i + 1;
    }
    return 0;
}

static int note_supported_features(const struct note *note, struct pv_image *image)
{
    uint64_t bits;
    int rc = read_number(note, &bits);

    if (rc == 0)
        image->features_supported |= (uint32_t)bits;
    return rc;
}

/* ---- numbers ----------------------------------------------------------------------------- */

static int note_entry(const struct note *note, struct pv_image *image)
{
    return read_number(note, &image->entry);
}

static int note_hypercall_page(const struct note *note, struct pv_image *image)
{
    image->has_hypercall_page = true;
    return read_number(note, &image->hypercall_page);
}

static int note_virt_base(const struct note *note, struct pv_image *image)
{
    return read_number(note, &image->virt_base);
}

static int note_paddr_offset(const struct note *note, struct pv_image *image)
{
    return read_number(note, &image->paddr_offset);
}

static int note_hv_start_low(const struct note *note, struct pv_image *image)
{
    image->has_hv_start_low = true;
    return read_number(note, &image->hv_start_low);
}

static int note_init_p2m(const struct note *note, struct pv_image *image)
{
    image->has_init_p2m = true;
    return read_number(note, &image->init_p2m);
}

static int note_phys32_entry(const struct note *note, struct pv_image *image)
{
    image->has_phys32_entry = true;
    return read_number(note, &image->phys32_entry);
}

static int note_mod_start_pfn(const struct note *note, struct pv_image *image)
{
    uint64_t value;
    int rc = read_number(note, &value);

    if (rc == 0)
        image->mod_start_pfn = value != 0;
    return rc;
}

static int note_suspend_cancel(const struct note *note, struct pv_image *image)
{
    uint64_t value;
    int rc = read_number(note, &value);

    if (rc == 0)
        image->suspend_cancel = value != 0;
    return rc;
}

/* A list of pairs; kernels give one. */
static int note_l1_mfn_valid(const struct note *note, struct pv_image *image)
{
    struct note mask = { note->desc, 8 };
    struct note value = { note->desc + 8, 8 };

    if (note->size < 16)
        return -IMAGE_E_NOTES;
    image->has_l1_mfn_valid = true;
    read_number(&mask, &image->l1_mfn_mask);
    return read_number(&value, &image->l1_mfn_value);
}

/* ---- strings ------------------------------------------------------------------------------ */

static int note_xen_version(const struct note *note, struct pv_image *image)
{
    read_string(note, image->xen_version);
    return string_is(image->xen_version, "xen-3.0") ? 0 : -IMAGE_E_GUEST_LOADER;
}

static int note_loader(const struct note *note, struct pv_image *image)
{
    read_string(note, image->loader);
    return string_is(image->loader, "generic") ? 0 : -IMAGE_E_GUEST_LOADER;
}

static int note_guest_os(const struct note *note, struct pv_image *image)
{
    read_string(note, image->guest_os);
    return 0;
}

static int note_guest_version(const struct note *note, struct pv_image *image)
{
    read_string(note, image->guest_version);
    return 0;
}

static int note_pae_mode(const struct note *note, struct pv_image *image)
{
    read_string(note, image->pae_mode);
    return 0;
}

static int note_bsd_symtab(const struct note *note, struct pv_image *image)
{
    char text[IMAGE_STRING_BYTES];

    read_string(note, text);
    image->bsd_symtab = string_is(text, "yes");
    return 0;
}

/* ---- the table ------------------------------------------------------------------------------ */

typedef int (*note_handler)(const struct note *note, struct pv_image *image);

static const note_handler handlers[XEN_ELFNOTE_MAX + 1] = {
    [XEN_ELFNOTE_ENTRY] = note_entry,
    [XEN_ELFNOTE_HYPERCALL_PAGE] = note_hypercall_page,
    [XEN_ELFNOTE_VIRT_BASE] = note_virt_base,
    [XEN_ELFNOTE_PADDR_OFFSET] = note_paddr_offset,
    [XEN_ELFNOTE_XEN_VERSION] = note_xen_version,
    [XEN_ELFNOTE_GUEST_OS] = note_guest_os,
    [XEN_ELFNOTE_GUEST_VERSION] = note_guest_version,
    [XEN_ELFNOTE_LOADER] = note_loader,
    [XEN_ELFNOTE_PAE_MODE] = note_pae_mode,
    [XEN_ELFNOTE_FEATURES] = note_features,
    [XEN_ELFNOTE_BSD_SYMTAB] = note_bsd_symtab,
    [XEN_ELFNOTE_HV_START_LOW] = note_hv_start_low,
    [XEN_ELFNOTE_L1_MFN_VALID] = note_l1_mfn_valid,
    [XEN_ELFNOTE_SUSPEND_CANCEL] = note_suspend_cancel,
    [XEN_ELFNOTE_INIT_P2M] = note_init_p2m,
    [XEN_ELFNOTE_MOD_START_PFN] = note_mod_start_pfn,
    [XEN_ELFNOTE_SUPPORTED_FEATURES] = note_supported_features,
    [XEN_ELFNOTE_PHYS32_ENTRY] = note_phys32_entry,
};

int note_apply(uint32_t type, const void *desc, size_t size, struct pv_image *image)
{
    struct note note = { desc, size };

    return type <= XEN_ELFNOTE_MAX && handlers[type] ? handlers[type](&note, image) : 0;
}

static bool is_xen_name(const uint8_t *name, size_t size)
{
    return size == 4 && name[0] == 'X' && name[1] == 'e' && name[2] == 'n' && name[3] == '\0';
}

static uint64_t round_up(uint64_t value, uint64_t align)
{
    return (value + align - 1) & ~(align - 1);
}

/* Name and descriptor are padded to four bytes; where the segment's alignment is eight (GNU
 * property notes), to eight. All sums are of 32-bit numbers in 64 bits. */
int notes_parse(const uint8_t *notes, size_t size, size_t align, struct pv_image *image,
                unsigned int *found)
{
    uint64_t at = 0;

    align = align == 8 ? 8 : 4;
    while (at < size && size - at >= sizeof(struct elf_note)) {
        struct elf_note header;
        uint64_t desc_at, next;

        __builtin_memcpy(&header, notes + at, sizeof(header));
        desc_at = round_up(at + sizeof(header) + header.namesz, align);
        next = round_up(desc_at + header.descsz, align);
        if (desc_at > size || header.descsz > size - desc_at)
            return -IMAGE_E_NOTES;
        if (is_xen_name(notes + at + sizeof(header), header.namesz)) {
            int rc = note_apply(header.type, notes + desc_at, header.descsz, image);

            ++*found;
            if (rc)
                return rc;
        }
        at = next;
    }
    return 0;
}
