/* SPDX-License-Identifier: MIT */
/*
 * ELF64 kernels: segments, notes, and the checks that make both safe to use.
 *
 * Owns nothing; the file is hostile, and read only through file_range(). ABI: elf64.h,
 * <xen/elfnote.h>.
 */
#include <image/pv_image.h>

#include <xen/elfnote.h>
#include <xen/features.h>

#include "notes.h"
#include "symtab.h"

/* No x86 machine has more physical address bits than 52. */
#define PHYS_LIMIT (1ull << 52)

const uint8_t *file_range(const struct file *file, uint64_t offset, uint64_t size)
{
    if (offset > file->size || size > file->size - offset)
        return NULL;
    return file->bytes + offset;
}

bool image_is_elf(const void *file, size_t size)
{
    static const uint8_t magic[4] = { 0x7f, 'E', 'L', 'F' };

    return size >= sizeof(magic) && __builtin_memcmp(file, magic, sizeof(magic)) == 0;
}

static int read_header(const struct file *file, struct elf64_header *header)
{
    const uint8_t *bytes = file_range(file, 0, sizeof(*header));

    if (!image_is_elf(file->bytes, file->size))
        return -IMAGE_E_NOT_KERNEL;
    if (!bytes)
        return -IMAGE_E_TRUNCATED;
    __builtin_memcpy(header, bytes, sizeof(*header));
    if (header->ident[4] != ELF_CLASS64 || header->ident[5] != ELF_DATA_LSB ||
        header->machine != ELF_EM_X86_64 ||
        (header->type != ELF_ET_EXEC && header->type != ELF_ET_DYN))
        return -IMAGE_E_NOT_ELF64_X86;
    if (header->phnum == 0)
        return -IMAGE_E_SEGMENTS;
    if (header->phentsize != sizeof(struct elf64_phdr))
        return -IMAGE_E_HEADERS;
    if (!file_range(file, header->phoff, (uint64_t)header->phnum * sizeof(struct elf64_phdr)))
        return -IMAGE_E_TRUNCATED;
    return 0;
}

/* Only after read_header() has checked the table's range. */
static struct elf64_phdr read_phdr(const struct file *file, const struct elf64_header *header,
                                   unsigned int i)
{
    struct elf64_phdr phdr;

    __builtin_memcpy(&phdr, file->bytes + header->phoff + i * sizeof(phdr), sizeof(phdr));
    return phdr;
}

/* ---- notes ------------------------------------------------------------------------------- */

static int parse_note_segments(const struct file *file, const struct elf64_header *header,
                               struct pv_image *image, unsigned int *found)
{
    for (unsigned int i = 0; i < header->phnum; i++) {
        struct elf64_phdr phdr = read_phdr(file, header, i);
        const uint8_t *notes;
        int rc;

        if (phdr.type != ELF_PT_NOTE)
            continue;
        notes = file_range(file, phdr.offset, phdr.filesz);
        if (!notes)
            return -IMAGE_E_TRUNCATED;
        rc = notes_parse(notes, phdr.filesz, phdr.align, image, found);
        if (rc)
            return rc;
    }
    return 0;
}

int check_sections(const struct file *file, const struct elf64_header *header)
{
    if (header->shentsize != sizeof(struct elf64_shdr))
        return -IMAGE_E_HEADERS;
    if (!file_range(file, header->shoff, (uint64_t)header->shnum * sizeof(struct elf64_shdr)))
        return -IMAGE_E_TRUNCATED;
    return 0;
}

struct elf64_shdr read_shdr(const struct file *file, const struct elf64_header *header,
                            unsigned int i)
{
    struct elf64_shdr shdr;

    __builtin_memcpy(&shdr, file->bytes + header->shoff + i * sizeof(shdr), sizeof(shdr));
    return shdr;
}

static int parse_note_sections(const struct file *file, const struct elf64_header *header,
                               struct pv_image *image, unsigned int *found)
{
    for (unsigned int i = 0; i < header->shnum; i++) {
        struct elf64_shdr shdr = read_shdr(file, header, i);
        const uint8_t *notes;
        int rc;

        if (shdr.type != ELF_SHT_NOTE)
            continue;
        notes = file_range(file, shdr.offset, shdr.size);
        if (!notes)
            return -IMAGE_E_TRUNCATED;
        rc = notes_parse(notes, shdr.size, shdr.addralign, image, found);
        if (rc)
            return rc;
    }
    return 0;
}

/* The section of old kernels, by name. */
static int parse_guest_section(const struct file *file, const struct elf64_header *header,
                               struct pv_image *image, unsigned int *found)
{
    static const char wanted[] = "__xen_guest";
    struct elf64_shdr names;

    if (header->shstrndx >= header->shnum)
        return 0;
    names = read_shdr(file, header, header->shstrndx);
    if (!file_range(file, names.offset, names.size))
        return -IMAGE_E_TRUNCATED;
    for (unsigned int i = 0; i < header->shnum; i++) {
        struct elf64_shdr shdr = read_shdr(file, header, i);
        const uint8_t *text;

        if (shdr.name > names.size || names.size - shdr.name < sizeof(wanted) ||
            __builtin_memcmp(file->bytes + names.offset + shdr.name, wanted, sizeof(wanted)))
            continue;
        text = file_range(file, shdr.offset, shdr.size);
        if (!text)
            return -IMAGE_E_TRUNCATED;
        ++*found;
        return guest_section_parse(text, shdr.size, image);
    }
    return 0;
}

/*
 * Sections only count if no segment has a Xen note: the same notes are normally in both; and the
 * old section only where there is no note at all.
 */
static int parse_notes(const struct file *file, const struct elf64_header *header,
                       struct pv_image *image)
{
    unsigned int found = 0;
    int rc = parse_note_segments(file, header, image, &found);

    if (rc == 0 && found == 0 && header->shnum) {
        rc = check_sections(file, header);
        if (rc == 0)
            rc = parse_note_sections(file, header, image, &found);
        if (rc == 0 && found == 0)
            rc = parse_guest_section(file, header, image, &found);
    }
    if (rc)
        return rc;
    return found ? 0 : -IMAGE_E_NO_XEN_NOTES;
}

/* ---- segments ---------------------------------------------------------------------------- */

static int add_segment(const struct file *file, const struct elf64_phdr *phdr,
                       struct pv_image *image)
{
    struct pv_segment *segment;

    if (phdr->memsz == 0)
        return 0;
    if (image->nr_segments == IMAGE_MAX_SEGMENTS)
        return -IMAGE_E_SEGMENTS;
    if (phdr->filesz > phdr->memsz)
        return -IMAGE_E_HEADERS;
    if (!file_range(file, phdr->offset, phdr->filesz))
        return -IMAGE_E_TRUNCATED;
    if (phdr->paddr < image->paddr_offset)
        return -IMAGE_E_ADDRESSES;
    segment = &image->segments[image->nr_segments++];
    segment->file_offset = phdr->offset;
    segment->file_bytes = phdr->filesz;
    segment->mem_bytes = phdr->memsz;
    segment->phys = phdr->paddr - image->paddr_offset;
    if (segment->phys >= PHYS_LIMIT || segment->mem_bytes >= PHYS_LIMIT)
        return -IMAGE_E_ADDRESSES;
    if (image->nr_segments == 1 || segment->phys < image->phys_start)
        image->phys_start = segment->phys;
    if (segment->phys + segment->mem_bytes > image->phys_end)
        image->phys_end = segment->phys + segment->mem_bytes;
    return 0;
}

static int parse_segments(const struct file *file, const struct elf64_header *header,
                          struct pv_image *image)
{
    for (unsigned int i = 0; i < header->phnum; i++) {
        struct elf64_phdr phdr = read_phdr(file, header, i);
        int rc;

        if (phdr.type != ELF_PT_LOAD)
            continue;
        rc = add_segment(file, &phdr, image);
        if (rc)
            return rc;
    }
    return image->nr_segments ? 0 : -IMAGE_E_SEGMENTS;
}

/* ---- the whole --------------------------------------------------------------------------- */

/* The features a PV domain cannot give. That a kernel "requires" writable page tables, as Linux
 * says, means that it wants its writes to them to work, which emulation provides. */
#define IMPOSSIBLE_FEATURES \
    ((1u << XENFEAT_auto_translated_physmap) | (1u << XENFEAT_supervisor_mode_kernel))

static int check_addresses(const struct pv_image *image)
{
    uint64_t start = image_virt(image, image->phys_start);
    uint64_t end = image_virt(image, image->phys_end);

    if (image->virt_base & 0xfff)
        return -IMAGE_E_ADDRESSES;
    /* An end of 0 is the end of the address space. */
    if (end != 0 && end < start)
        return -IMAGE_E_VIRT_RANGE;
    if (image->entry < start || image->entry - start >= image->phys_end - image->phys_start)
        return -IMAGE_E_ENTRY;
    if (image->has_hypercall_page &&
        ((image->hypercall_page & 0xfff) || image->hypercall_page < start ||
         image->hypercall_page - start >= image->phys_end - image->phys_start))
        return -IMAGE_E_NOTES;
    if (image->features_required & IMPOSSIBLE_FEATURES)
        return -IMAGE_E_FEATURES;
    return 0;
}

int image_parse_elf(const void *bytes, size_t size, struct pv_image *image)
{
    struct file file = { .bytes = bytes, .size = size };
    struct elf64_header header;
    int rc;

    __builtin_memset(image, 0, sizeof(*image));
    rc = read_header(&file, &header);
    if (rc)
        return rc;
    image->entry = header.entry;
    rc = parse_notes(&file, &header, image);
    if (rc)
        return rc;
    rc = parse_segments(&file, &header, image);
    if (rc == 0 && image->bsd_symtab)
        rc = image_add_symtab(&file, &header, image);
    if (rc)
        return rc;
    return check_addresses(image);
}
