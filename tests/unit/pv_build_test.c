/* SPDX-License-Identifier: MIT */
/*
 * The PV domain builder against a pretended hypervisor: what a built domain contains, what each
 * bad input is told, and that whatever call fails, nothing is left behind.
 *
 * The pretended machine's frames are pages of a memory file, so that foreign mappings are real
 * ones; frames are handed out in descending extents, so that nothing works by accident of order.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cmocka.h>

#include <xen/grant_table.h>

#include "image_fixture.h"
#include "pv_build.h"
#include "sys/foreign_map.h"

#define FRAME_BASE        0x4000ul
#define MACHINE_PAGES     16384ul /* 64 MiB */
#define SHARED_INFO_FRAME (FRAME_BASE + MACHINE_PAGES - 1)
#define GRANT_FRAME       (FRAME_BASE + MACHINE_PAGES - 2)
#define RAMDISK_BYTES     10000u
#define DOMID             7

struct machine {
    int memory;
    unsigned long next_frame; /* handed out downwards */
    unsigned int big_extents; /* how many it has */
    uint64_t claimed;
    int created, destroyed;
    int live_maps;
    int calls, fail_at, fail_with; /* the fail_at-th call fails */
    bool pinned, has_context;
    vcpu_guest_context_t context;
    struct xen_domctl_createdomain create;
    uint64_t max_mem_kib, map_bytes;
    uint32_t max_vcpus;
    xen_pfn_t hypercall_frame, pinned_frame;
};

static struct machine m;

static void machine_reset(void)
{
    int memory = m.memory;

    memset(&m, 0, sizeof(m));
    m.memory = memory ? memory : memfd_create("machine", 0);
    assert_int_equal(ftruncate(m.memory, 0), 0);
    assert_int_equal(ftruncate(m.memory, MACHINE_PAGES * 4096), 0);
    m.next_frame = FRAME_BASE + MACHINE_PAGES - 512;
    m.big_extents = 3;
}

/* True if this call is the one that fails. */
static bool fails(void)
{
    return ++m.calls == m.fail_at;
}

static int simple_call(void)
{
    return fails() ? m.fail_with : 0;
}

/* ---- the pretended hypervisor ---- */

int domctl_create(struct control *ctl, const struct xen_domctl_createdomain *config, domid_t *domid)
{
    (void)ctl;
    if (fails())
        return m.fail_with;
    m.created++;
    m.create = *config;
    *domid = DOMID;
    return 0;
}

int domctl_destroy(struct control *ctl, domid_t domid)
{
    (void)ctl;
    assert_int_equal(domid, DOMID);
    m.destroyed++;
    return 0;
}

int domctl_get_info(struct control *ctl, domid_t domid, struct xen_domctl_getdomaininfo *info)
{
    (void)ctl;
    (void)domid;
    memset(info, 0, sizeof(*info));
    info->shared_info_frame = SHARED_INFO_FRAME;
    return simple_call();
}

int domctl_set_max_mem(struct control *ctl, domid_t domid, uint64_t kib)
{
    (void)ctl;
    (void)domid;
    m.max_mem_kib = kib;
    return simple_call();
}

int domctl_set_address_size(struct control *ctl, domid_t domid, unsigned int bits)
{
    (void)ctl;
    (void)domid;
    assert_int_equal(bits, 64);
    return simple_call();
}

int domctl_hypercall_init(struct control *ctl, domid_t domid, xen_pfn_t frame)
{
    (void)ctl;
    (void)domid;
    m.hypercall_frame = frame;
    return simple_call();
}

int domctl_set_tsc_mode(struct control *ctl, domid_t domid, uint32_t mode)
{
    (void)ctl;
    (void)domid;
    (void)mode;
    return simple_call();
}

int domctl_set_time_offset(struct control *ctl, domid_t domid, int32_t seconds)
{
    (void)ctl;
    (void)domid;
    (void)seconds;
    return simple_call();
}

int domctl_set_max_vcpus(struct control *ctl, domid_t domid, uint32_t max)
{
    (void)ctl;
    (void)domid;
    m.max_vcpus = max;
    return simple_call();
}

int domctl_set_weight(struct control *ctl, domid_t domid, unsigned int weight, unsigned int cap)
{
    (void)ctl;
    (void)domid;
    assert_int_equal(weight, 256);
    assert_int_equal(cap, 50);
    return simple_call();
}

int domctl_set_vcpu_context(struct control *ctl, domid_t domid, uint32_t vcpu,
                            const vcpu_guest_context_t *context)
{
    (void)ctl;
    (void)domid;
    assert_int_equal(vcpu, 0);
    m.has_context = true;
    m.context = *context;
    return simple_call();
}

int sysctl_get_cpu_policy(struct control *ctl, uint32_t index, struct cpu_policy *policy)
{
    (void)ctl;
    memset(policy, 0, sizeof(*policy));
    if (fails())
        return m.fail_with;
    policy->leaves = calloc(2, sizeof(*policy->leaves));
    policy->msrs = calloc(1, sizeof(*policy->msrs));
    policy->nr_leaves = 2;
    policy->leaves[0].leaf = 1;
    policy->leaves[0].subleaf = XEN_CPUID_NO_SUBLEAF;
    policy->leaves[0].d = index == XEN_SYSCTL_cpu_policy_host ? ~0u : 1;
    policy->leaves[1].leaf = 0x80000001;
    policy->leaves[1].subleaf = XEN_CPUID_NO_SUBLEAF;
    return 0;
}

int domctl_set_cpu_policy(struct control *ctl, domid_t domid, const struct cpu_policy *policy,
                          struct xen_domctl_cpu_policy *bad)
{
    (void)ctl;
    (void)domid;
    (void)bad;
    assert_int_equal(policy->leaves[0].d, 1u << 28 | 1);
    return simple_call();
}

void cpu_policy_free(struct cpu_policy *policy)
{
    free(policy->leaves);
    free(policy->msrs);
    memset(policy, 0, sizeof(*policy));
}

xen_cpuid_leaf_t *cpu_policy_leaf(struct cpu_policy *policy, uint32_t leaf, uint32_t subleaf)
{
    for (uint32_t i = 0; i < policy->nr_leaves; i++)
        if (policy->leaves[i].leaf == leaf && policy->leaves[i].subleaf == subleaf)
            return &policy->leaves[i];
    return NULL;
}

int sysctl_get_physinfo(struct control *ctl, struct xen_sysctl_physinfo *info)
{
    (void)ctl;
    memset(info, 0, sizeof(*info));
    info->free_pages = 5000 << 8;
    info->outstanding_pages = 1000 << 8;
    info->capabilities = XEN_SYSCTL_PHYSCAP_gnttab_v1;
    return simple_call();
}

int memory_populate(struct control *ctl, domid_t domid, unsigned int order, xen_pfn_t *extents,
                    size_t nr, size_t *done)
{
    (void)ctl;
    (void)domid;
    *done = 0;
    if (fails())
        return m.fail_with;
    for (; *done < nr; ++*done) {
        if (order && m.big_extents-- == 0)
            return -ENOMEM;
        if (m.next_frame < FRAME_BASE + (1ul << order))
            return -ENOMEM;
        m.next_frame -= 1ul << order;
        extents[*done] = m.next_frame;
    }
    return 0;
}

int memory_claim(struct control *ctl, domid_t domid, uint64_t pages)
{
    (void)ctl;
    (void)domid;
    if (fails())
        return m.fail_with;
    m.claimed = pages;
    return 0;
}

int memory_set_map(struct control *ctl, domid_t domid, uint64_t bytes)
{
    (void)ctl;
    (void)domid;
    m.map_bytes = bytes;
    return simple_call();
}

int mmuext_pin_table(struct control *ctl, domid_t domid, unsigned int level, xen_pfn_t frame)
{
    (void)ctl;
    (void)domid;
    assert_int_equal(level, 4);
    assert_int_equal(m.live_maps, 0);
    m.pinned = true;
    m.pinned_frame = frame;
    return simple_call();
}

int event_alloc_unbound(struct control *ctl, domid_t domid, domid_t remote, evtchn_port_t *port)
{
    static evtchn_port_t next;

    (void)ctl;
    (void)domid;
    (void)remote;
    *port = ++next;
    return simple_call();
}

static void *map_frames(const xen_pfn_t *frames, size_t count)
{
    uint8_t *base = mmap(NULL, count * 4096, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    for (size_t i = 0; i < count; i++) {
        assert_in_range(frames[i], FRAME_BASE, FRAME_BASE + MACHINE_PAGES - 1);
        assert_ptr_equal(mmap(base + i * 4096, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED,
                              m.memory, (off_t)(frames[i] - FRAME_BASE) * 4096),
                         base + i * 4096);
    }
    m.live_maps++;
    return base;
}

int foreign_map(struct privcmd *pc, domid_t dom, const xen_pfn_t *frames, size_t count, int prot,
                void **addr)
{
    (void)pc;
    (void)prot;
    assert_int_equal(dom, DOMID);
    if (fails())
        return m.fail_with;
    *addr = map_frames(frames, count);
    return 0;
}

int foreign_map_resource(struct privcmd *pc, domid_t dom, unsigned int type, unsigned int id,
                         unsigned int frame, size_t count, int prot, void **addr)
{
    xen_pfn_t grant_frame = GRANT_FRAME;

    (void)pc;
    (void)dom;
    (void)prot;
    assert_int_equal(type, XENMEM_resource_grant_table);
    assert_int_equal(id | frame, 0);
    assert_int_equal(count, 1);
    if (fails())
        return m.fail_with;
    *addr = map_frames(&grant_frame, 1);
    return 0;
}

void foreign_unmap(void *addr, size_t count)
{
    if (!addr)
        return;
    munmap(addr, count * 4096);
    m.live_maps--;
}

/* ---- files ---- */

struct files {
    char dir[32];
    char kernel[64];
    char ramdisk[64];
    struct fixture kernel_bytes;
};

static void write_file(const char *path, const void *bytes, size_t size)
{
    FILE *file = fopen(path, "wb");

    assert_non_null(file);
    assert_int_equal(fwrite(bytes, 1, size, file), size);
    fclose(file);
}

static int setup(void **state)
{
    struct files *files = calloc(1, sizeof(*files));
    uint8_t ramdisk[RAMDISK_BYTES];

    strcpy(files->dir, "/tmp/pv_build.XXXXXX");
    assert_non_null(mkdtemp(files->dir));
    snprintf(files->kernel, sizeof(files->kernel), "%s/kernel", files->dir);
    snprintf(files->ramdisk, sizeof(files->ramdisk), "%s/ramdisk", files->dir);
    fixture_init(&files->kernel_bytes);
    fixture_note_u64(&files->kernel_bytes, XEN_ELFNOTE_INIT_P2M, 0x8000000000ull);
    fixture_note_u64(&files->kernel_bytes, XEN_ELFNOTE_MOD_START_PFN, 1);
    fixture_note_u64(&files->kernel_bytes, XEN_ELFNOTE_HYPERCALL_PAGE,
                     FIXTURE_VIRT_BASE + FIXTURE_PHYS + 0x11000);
    memset(files->kernel_bytes.bytes + FIXTURE_TEXT, 0xcc, 0x1800);
    write_file(files->kernel, files->kernel_bytes.bytes, sizeof(files->kernel_bytes.bytes));
    for (unsigned int i = 0; i < sizeof(ramdisk); i++)
        ramdisk[i] = (uint8_t)(i * 7 + (i >> 8));
    write_file(files->ramdisk, ramdisk, sizeof(ramdisk));
    machine_reset();
    *state = files;
    return 0;
}

static int teardown(void **state)
{
    struct files *files = *state;

    unlink(files->kernel);
    unlink(files->ramdisk);
    rmdir(files->dir);
    free(files);
    return 0;
}

static struct pv_build_config config_for(const struct files *files)
{
    struct pv_build_config config;

    pv_build_config_init(&config);
    config.name = "demo";
    config.kernel = files->kernel;
    config.ramdisk = files->ramdisk;
    config.cmdline = "console=hvc0";
    config.memory_kib = 24 << 10;
    config.maxmem_kib = 32 << 10;
    config.vcpus = 1;
    config.maxvcpus = 4;
    config.cap = 50;
    config.uuid[3] = 0x42;
    return config;
}

/* ---- what a built domain contains ---- */

static void read_frame(xen_pfn_t frame, void *page)
{
    assert_in_range(frame, FRAME_BASE, FRAME_BASE + MACHINE_PAGES - 1);
    assert_int_equal(pread(m.memory, page, 4096, (off_t)(frame - FRAME_BASE) * 4096), 4096);
}

/* The frame at a virtual address by the page tables under CR3; must be present. */
static xen_pfn_t walk(uint64_t va)
{
    xen_pfn_t frame = m.context.ctrlreg[3] >> 12;
    uint64_t table[512];

    for (int shift = 39; shift >= 12; shift -= 9) {
        uint64_t entry;

        read_frame(frame, table);
        entry = table[va >> shift & 511];
        assert_true(entry & 1);
        frame = entry >> 12 & ((1ull << 40) - 1);
    }
    return frame;
}

static void check_contents(const struct pv_domain *domain)
{
    struct shared_info *shared;
    struct start_info *info;
    grant_entry_v1_t *grants;
    uint8_t page[4096], *expected;
    uint64_t *list;

    read_frame(walk(m.context.user_regs.rip), page);
    assert_int_equal(page[0x40], 0xcc);
    read_frame(walk(FIXTURE_VIRT_BASE + FIXTURE_PHYS + 0x12000), page); /* bss */
    assert_int_equal(page[0] | page[4095], 0);

    read_frame(walk(m.context.user_regs.rsi), page);
    info = (void *)page;
    assert_string_equal(info->magic, "xen-3.0-x86_64");
    assert_int_equal(info->nr_pages, 24 << 8);
    assert_int_equal(info->shared_info, SHARED_INFO_FRAME << 12);
    assert_int_equal(info->flags, SIF_VIRT_P2M_4TOOLS | SIF_MOD_START_PFN);
    assert_int_equal(info->store_mfn, domain->xenstore_frame);
    assert_int_equal(info->console.domU.evtchn, domain->console_port);
    assert_int_equal(info->mfn_list, 0x8000000000ull);
    assert_int_equal(info->mod_len, RAMDISK_BYTES);
    assert_string_equal((char *)info->cmd_line, "console=hvc0");
    assert_int_equal(walk(info->pt_base), m.context.ctrlreg[3] >> 12);
    assert_int_equal(m.pinned_frame, m.context.ctrlreg[3] >> 12);

    /* The ramdisk's pfn goes through the list, as the guest would. */
    {
        uint64_t mod_pfn = info->mod_start, entries[512];
        struct start_info copy = *info;

        read_frame(walk(copy.mfn_list + mod_pfn * 8), entries);
        list = entries;
        expected = malloc(4096);
        read_frame(list[mod_pfn & 511], expected);
        for (unsigned int i = 0; i < 4096; i++)
            assert_int_equal(expected[i], (uint8_t)(i * 7 + (i >> 8)));
        free(expected);
    }
    read_frame(SHARED_INFO_FRAME, page);
    shared = (void *)page;
    for (unsigned int i = 0; i < XEN_LEGACY_MAX_VCPUS; i++)
        assert_int_equal(shared->vcpu_info[i].evtchn_upcall_mask, 1);
    read_frame(GRANT_FRAME, page);
    grants = (void *)page;
    assert_int_equal(grants[GNTTAB_RESERVED_CONSOLE].frame, domain->console_frame);
    assert_int_equal(grants[GNTTAB_RESERVED_XENSTORE].frame, domain->xenstore_frame);
    assert_int_equal(grants[GNTTAB_RESERVED_XENSTORE].flags, GTF_permit_access);
}

static void test_build(void **state)
{
    struct files *files = *state;
    struct pv_build_config config = config_for(files);
    struct pv_domain domain;
    struct control ctl = { { 0 } };
    struct error e = { 0 };

    assert_int_equal(pv_build(&ctl, &config, &domain, &e), 0);
    assert_int_equal(domain.domid, DOMID);
    assert_int_equal(m.created, 1);
    assert_int_equal(m.destroyed, 0);
    assert_int_equal(m.live_maps, 0);
    assert_int_equal(m.claimed, 0);
    assert_int_equal(m.create.max_vcpus, 4);
    assert_int_equal(m.create.handle[3], 0x42);
    assert_int_equal(m.create.max_grant_frames, -1);
    assert_int_equal(m.max_vcpus, 4);
    assert_int_equal(m.map_bytes, 32 << 20);
    assert_in_range(m.max_mem_kib, 32 << 10, 34 << 10);
    assert_true(m.pinned && m.has_context);
    assert_int_equal(m.hypercall_frame, walk(FIXTURE_VIRT_BASE + FIXTURE_PHYS + 0x11000));
    check_contents(&domain);
}

/* Lets each call fail in turn, with each kind of error, until the build gets through. */
static void test_every_failure_unwinds(void **state)
{
    static const int codes[] = { -ENOMEM, -EINVAL, -EPERM, -ENOSYS };
    struct files *files = *state;
    struct pv_build_config config = config_for(files);

    for (size_t c = 0; c < sizeof(codes) / sizeof(codes[0]); c++) {
        int rc = -1;

        for (int n = 1; n < 200; n++) {
            struct pv_domain domain;
            struct control ctl = { { 0 } };
            struct error e = { 0 };

            machine_reset();
            m.fail_at = n;
            m.fail_with = codes[c];
            rc = pv_build(&ctl, &config, &domain, &e);
            assert_int_equal(m.live_maps, 0);
            if (m.calls < n)
                break;
            if (rc == 0) { /* the call was one to do without */
                assert_int_equal(m.destroyed, 0);
                continue;
            }
            assert_int_equal(rc, e.code);
            assert_non_null(strstr(e.text, "cannot create domain \"demo\": "));
            assert_int_equal(m.created, m.destroyed);
        }
        assert_int_equal(rc, 0);
    }
}

static void test_more_memory_than_there_is(void **state)
{
    struct files *files = *state;
    struct pv_build_config config = config_for(files);
    struct pv_domain domain;
    struct control ctl = { { 0 } };
    struct error e = { 0 };

    config.memory_kib = config.maxmem_kib = 100 << 10;
    assert_int_equal(pv_build(&ctl, &config, &domain, &e), -ENOMEM);
    assert_string_equal(e.text,
                        "cannot create domain \"demo\": it needs 100 MiB of memory, and the "
                        "host has 4000 MiB free; lower \"memory\" or stop another domain");
    assert_int_equal(m.created, 1);
    assert_int_equal(m.destroyed, 1);
}

/* ---- bad input ---- */

static void refuse(const struct pv_build_config *config, const char *words)
{
    struct pv_build *build;
    struct error e = { 0 };

    assert_int_not_equal(pv_build_prepare(config, &build, &e), 0);
    assert_null(build);
    if (!strstr(e.text, words))
        fail_msg("\"%s\" does not say \"%s\"", e.text, words);
    assert_int_equal(m.calls, 0);
}

static void test_bad_config(void **state)
{
    struct files *files = *state;
    struct pv_build_config config = config_for(files);
    char line[2000];

    config.kernel = NULL;
    refuse(&config, "no kernel");
    config.kernel = "/nonexistent/kernel";
    refuse(&config, "kernel /nonexistent/kernel does not exist");
    config.kernel = files->dir;
    refuse(&config, "not a regular file");
    config = config_for(files);
    config.ramdisk = "/nonexistent/ramdisk";
    refuse(&config, "ramdisk /nonexistent/ramdisk does not exist");
    config = config_for(files);
    config.memory_kib = 16 << 10;
    refuse(&config, "ends at 17 MiB, a ramdisk of 1 MiB");
    config.memory_kib = 0;
    refuse(&config, "set \"memory\"");
    config.memory_kib = 33 << 10;
    refuse(&config, "raise \"maxmem\"");
    config = config_for(files);
    config.vcpus = 5;
    refuse(&config, "raise \"maxvcpus\"");
    config.vcpus = 0;
    refuse(&config, "from 1 to");
    config = config_for(files);
    memset(line, 'x', sizeof(line));
    line[1024] = '\0';
    config.cmdline = line;
    refuse(&config, "has 1024 characters, and the limit is 1023");
}

static void test_bad_kernels(void **state)
{
    static const uint8_t lzo[16] = { 0x89, 'L', 'Z', 'O' };
    struct files *files = *state;
    struct pv_build_config config = config_for(files);
    struct fixture f = files->kernel_bytes;

    write_file(files->kernel, "", 0);
    refuse(&config, "is empty");
    write_file(files->kernel, "#!/bin/sh", 9);
    refuse(&config, "neither a bzImage nor an ELF");
    write_file(files->kernel, lzo, sizeof(lzo));
    refuse(&config, "compressed with lzo");
    write_file(files->kernel, f.bytes, 0x2800);
    refuse(&config, "copy or install it again");
    fixture_phdr(&f, 2, 4, FIXTURE_NOTES, 0, 0, 0);
    write_file(files->kernel, f.bytes, sizeof(f.bytes));
    refuse(&config, "CONFIG_XEN_PV");
    f = files->kernel_bytes;
    fixture_phdr(&f, 1, 1, FIXTURE_TEXT, 1ull << 40, 0x10, 0x10);
    write_file(files->kernel, f.bytes, sizeof(f.bytes));
    refuse(&config, "cannot create domain \"demo\": ");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_build, setup, teardown),
        cmocka_unit_test_setup_teardown(test_every_failure_unwinds, setup, teardown),
        cmocka_unit_test_setup_teardown(test_more_memory_than_there_is, setup, teardown),
        cmocka_unit_test_setup_teardown(test_bad_config, setup, teardown),
        cmocka_unit_test_setup_teardown(test_bad_kernels, setup, teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
