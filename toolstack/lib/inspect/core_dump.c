/* SPDX-License-Identifier: MIT */
/*
 * Writes a domain's core.
 *
 * An ELF file with sections and no segments: notes, registers, the shared page, pages, and the
 * table that says which page is which. Facts: Xen's docs/misc/dump-core-format.txt, <elf.h>,
 * <xen/elfnote.h>. Pages come first and the headers last, since only then the counts are known.
 * Locks: none.
 */
#include "core_dump.h"

#include <elf.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <xen/elfnote.h>

#include "guest_p2m.h"
#include "sys/foreign_map.h"

#define PAGE_BYTES    4096u
#define CORE_MAGIC_PV 0xf00febedull
#define AT_ONCE       256u

enum { SEC_NULL, SEC_NAMES, SEC_NOTE, SEC_VCPUS, SEC_SHARED, SEC_PAGES, SEC_P2M, SEC_COUNT };

static const char names[] = "\0.shstrtab\0.note.Xen\0.xen_prstatus\0.xen_shared_info\0.xen_pages\0"
                            ".xen_p2m";

struct p2m_entry {
    uint64_t pfn, gmfn;
};

struct header_note {
    uint64_t magic, nr_vcpus, nr_pages, page_size;
};

struct version_note {
    uint64_t major, minor;
    char extra[16];
    char compiler[64], compile_by[16], compile_domain[32], compile_date[32];
    char capabilities[1024];
    char changeset[64];
    uint64_t virt_start, page_size;
};

struct note {
    Elf64_Nhdr header;
    char name[4];
};

union shared_page {
    shared_info_t info;
    uint8_t bytes[PAGE_BYTES];
};

struct writing {
    struct control *ctl;
    domid_t domid;
    int fd;
    uint64_t at; /* where the file ends so far */
    struct core_dump *dump;
    struct p2m_entry *entries;
    Elf64_Shdr sections[SEC_COUNT];
    struct error *e;
};

static int write_at(struct writing *c, uint64_t at, const void *bytes, size_t count)
{
    const char *from = bytes;

    while (count) {
        ssize_t n = pwrite(c->fd, from, count, (off_t)at);

        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return error_set(c->e, n ? -errno : -EIO, "the core cannot be written: %s",
                             strerror(n ? errno : EIO));
        from += n;
        at += (uint64_t)n;
        count -= (size_t)n;
    }
    return 0;
}

static int append(struct writing *c, const void *bytes, size_t count)
{
    int rc = write_at(c, c->at, bytes, count);

    c->at += count;
    return rc;
}

static void begin_section(struct writing *c, unsigned int which, uint32_t type)
{
    c->sections[which].sh_type = type;
    c->sections[which].sh_offset = c->at;
    c->sections[which].sh_addralign = 1;
}

static void end_section(struct writing *c, unsigned int which, uint64_t entry_bytes)
{
    c->sections[which].sh_size = c->at - c->sections[which].sh_offset;
    c->sections[which].sh_entsize = entry_bytes;
}

/* ---- pages ---------------------------------------------------------------------------- */

static bool is_zero(const uint64_t *page)
{
    for (size_t i = 0; i < PAGE_BYTES / sizeof(*page); i++)
        if (page[i])
            return false;
    return true;
}

/* Some pages; what is not the guest's, or has gone, is left out. */
static int put_pages(struct writing *c, const xen_pfn_t *frames, const uint64_t *pfns, size_t count)
{
    int errs[AT_ONCE], rc;
    void *at;

    rc = foreign_map_partial(&c->ctl->privcmd, c->domid, frames, count, PROT_READ, errs, &at);
    if (rc)
        return error_set(c->e, rc, "its memory cannot be mapped: %s", error_clause(rc));
    for (size_t i = 0; !rc && i < count; i++) {
        const char *page = (const char *)at + i * PAGE_BYTES;

        if (errs[i])
            continue;
        c->entries[c->dump->pages++] = (struct p2m_entry){ pfns[i], frames[i] };
        if (is_zero((const uint64_t *)page))
            c->at += PAGE_BYTES; /* a hole */
        else
            rc = append(c, page, PAGE_BYTES);
    }
    foreign_unmap(at, count);
    return rc;
}

static int put_memory(struct writing *c, const struct guest_p2m *p2m)
{
    xen_pfn_t frames[AT_ONCE];
    uint64_t pfns[AT_ONCE];
    size_t used = 0;
    int rc = 0;

    c->at = (c->at + PAGE_BYTES - 1) & ~(uint64_t)(PAGE_BYTES - 1);
    begin_section(c, SEC_PAGES, SHT_PROGBITS);
    c->sections[SEC_PAGES].sh_addralign = PAGE_BYTES;
    for (uint64_t pfn = 0; !rc && pfn < p2m->count; pfn++) {
        if (guest_p2m_is_memory(p2m->frames[pfn])) {
            frames[used] = p2m->frames[pfn];
            pfns[used++] = pfn;
        }
        if (used == AT_ONCE || (used && pfn + 1 == p2m->count)) {
            rc = put_pages(c, frames, pfns, used);
            used = 0;
        }
    }
    end_section(c, SEC_PAGES, PAGE_BYTES);
    if (rc)
        return rc;
    begin_section(c, SEC_P2M, SHT_PROGBITS);
    rc = append(c, c->entries, c->dump->pages * sizeof(*c->entries));
    end_section(c, SEC_P2M, sizeof(*c->entries));
    return rc;
}

/* ---- registers and the rest ----------------------------------------------------------- */

static int put_vcpus(struct writing *c, const struct xen_domctl_getdomaininfo *info)
{
    vcpu_guest_context_t *context = calloc(1, sizeof(*context));
    int rc = context ? 0 : error_set(c->e, -ENOMEM, "there is not enough memory in dom0");

    begin_section(c, SEC_VCPUS, SHT_PROGBITS);
    for (unsigned int i = 0; !rc && i <= info->max_vcpu_id; i++) {
        if (domctl_get_vcpu_context(c->ctl, c->domid, i, context))
            continue; /* it was never started */
        rc = append(c, context, sizeof(*context));
        c->dump->vcpus++;
    }
    end_section(c, SEC_VCPUS, sizeof(*context));
    free(context);
    return rc;
}

static int put_shared_info(struct writing *c, const union shared_page *shared)
{
    int rc;

    begin_section(c, SEC_SHARED, SHT_PROGBITS);
    rc = append(c, shared, sizeof(*shared));
    end_section(c, SEC_SHARED, sizeof(*shared));
    return rc;
}

static int put_note(struct writing *c, uint32_t type, const void *bytes, size_t count)
{
    struct note note = { .header = { .n_namesz = 4, .n_descsz = (uint32_t)count, .n_type = type },
                         .name = "Xen" };
    int rc = append(c, &note, sizeof(note));

    return rc ? rc : append(c, bytes, count);
}

static void copy_text(char *to, const char *from, size_t bytes)
{
    memset(to, 0, bytes);
    memcpy(to, from, strnlen(from, bytes));
}

static int put_notes(struct writing *c)
{
    struct header_note header = { CORE_MAGIC_PV, c->dump->vcpus, c->dump->pages, PAGE_BYTES };
    struct xen_version_info info;
    struct version_note version;
    uint64_t format = 1; /* major 0, minor 1 */
    int rc = xen_version_get(c->ctl, &info);

    if (rc)
        return error_set(c->e, rc, "the hypervisor's version cannot be read: %s", error_clause(rc));
    version = (struct version_note){ .major = info.major,
                                     .minor = info.minor,
                                     .virt_start = info.virt_start,
                                     .page_size = info.page_size };
    copy_text(version.extra, info.extra, sizeof(version.extra));
    copy_text(version.compiler, info.compiler, sizeof(version.compiler));
    copy_text(version.compile_by, info.compile_by, sizeof(version.compile_by));
    copy_text(version.compile_domain, info.compile_domain, sizeof(version.compile_domain));
    copy_text(version.compile_date, info.compile_date, sizeof(version.compile_date));
    copy_text(version.capabilities, info.capabilities, sizeof(version.capabilities));
    copy_text(version.changeset, info.changeset, sizeof(version.changeset));
    begin_section(c, SEC_NOTE, SHT_NOTE);
    rc = put_note(c, XEN_ELFNOTE_DUMPCORE_NONE, NULL, 0);
    if (!rc)
        rc = put_note(c, XEN_ELFNOTE_DUMPCORE_HEADER, &header, sizeof(header));
    if (!rc)
        rc = put_note(c, XEN_ELFNOTE_DUMPCORE_XEN_VERSION, &version, sizeof(version));
    if (!rc)
        rc = put_note(c, XEN_ELFNOTE_DUMPCORE_FORMAT_VERSION, &format, sizeof(format));
    end_section(c, SEC_NOTE, 0);
    return rc;
}

static int put_headers(struct writing *c)
{
    Elf64_Ehdr header = {
        .e_ident = { ELFMAG0, ELFMAG1, ELFMAG2, ELFMAG3, ELFCLASS64, ELFDATA2LSB, EV_CURRENT,
                     ELFOSABI_SYSV },
        .e_type = ET_CORE,
        .e_machine = EM_X86_64,
        .e_version = EV_CURRENT,
        .e_shoff = sizeof(header),
        .e_ehsize = sizeof(header),
        .e_shentsize = sizeof(Elf64_Shdr),
        .e_shnum = SEC_COUNT,
        .e_shstrndx = SEC_NAMES,
    };
    const char *name = names;
    int rc;

    begin_section(c, SEC_NAMES, SHT_STRTAB);
    rc = append(c, names, sizeof(names));
    end_section(c, SEC_NAMES, 0);
    for (unsigned int i = SEC_NULL; i < SEC_COUNT; i++, name += strlen(name) + 1)
        c->sections[i].sh_name = (uint32_t)(name - names);
    if (!rc)
        rc = write_at(c, 0, &header, sizeof(header));
    return rc ? rc : write_at(c, sizeof(header), c->sections, sizeof(c->sections));
}

/* What the core is made from. A guest's p2m may have holes, but cannot make us take any size. */
static int look(struct writing *c, struct xen_domctl_getdomaininfo *info, union shared_page *shared,
                struct guest_p2m *p2m)
{
    int rc = domctl_get_info(c->ctl, c->domid, info);

    if (rc)
        return error_set(c->e, rc, "it cannot be dumped: %s", error_clause(rc));
    rc = guest_frame_copy(c->ctl, c->domid, info->shared_info_frame, shared);
    if (rc)
        return error_set(c->e, rc, "its shared page cannot be read: %s", error_clause(rc));
    rc = guest_p2m_read(c->ctl, c->domid, &shared->info.arch, info->max_pages * 4 + (1u << 20), p2m,
                        c->e);
    if (rc)
        return rc;
    c->entries = calloc(p2m->count, sizeof(*c->entries));
    return c->entries ? 0 : error_set(c->e, -ENOMEM, "there is not enough memory in dom0");
}

int core_dump_write(struct control *ctl, domid_t domid, int fd, struct core_dump *dump,
                    struct error *e)
{
    struct writing c = { .ctl = ctl, .domid = domid, .fd = fd, .dump = dump, .e = e };
    struct xen_domctl_getdomaininfo info;
    struct guest_p2m p2m = { 0 };
    union shared_page shared;
    int rc = look(&c, &info, &shared, &p2m);

    memset(dump, 0, sizeof(*dump));
    c.at = sizeof(Elf64_Ehdr) + sizeof(c.sections);
    if (!rc)
        rc = put_vcpus(&c, &info);
    if (!rc)
        rc = put_shared_info(&c, &shared);
    if (!rc)
        rc = put_memory(&c, &p2m);
    if (!rc)
        rc = put_notes(&c);
    if (!rc)
        rc = put_headers(&c);
    dump->bytes = c.at;
    free(c.entries);
    guest_p2m_free(&p2m);
    return rc;
}
