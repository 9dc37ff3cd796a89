/* SPDX-License-Identifier: MIT */
/* Grants, version 1, looped back to ourselves: table, map, unmap, copy, and what is refused. */
#include <xen/grant_table.h>

#include "test.h"

#define WINDOW 0x8000000000UL
#define SECOND (WINDOW + PAGE_SIZE)
#define REF 20

static uint8_t table_page[PAGE_SIZE] __attribute__((aligned(PAGE_SIZE)));
static volatile grant_entry_v1_t *table;
static uint64_t *page, *entry;

static long one(unsigned int cmd, void *op)
{
    return hc_grant_table_op(cmd, op, 1);
}

static void init(void)
{
    static xen_pfn_t frames[1];
    struct gnttab_setup_table setup = { .dom = DOMID_SELF, .nr_frames = 1 };

    if (!table) {
        set_xen_guest_handle(setup.frame_list, frames);
        CHECK_EQ(one(GNTTABOP_setup_table, &setup), 0);
        CHECK_EQ(setup.status, GNTST_okay);
        CHECK_EQ(hc_update_va_mapping((unsigned long)table_page,
                                      pte_make(frames[0], PTE_RW_PAGE), UVMF_INVLPG), 0);
        table = (volatile grant_entry_v1_t *)table_page;
        page = page_alloc();
        CHECK_EQ(page_map(root_table(), WINDOW, pte_make(mfn_of(page), PTE_RO_PAGE)), 0);
        entry = entry_find(root_table(), WINDOW, 1);
    }
    CHECK_EQ(hc_update_va_mapping(WINDOW, 0, UVMF_INVLPG), 0);
    CHECK_EQ(hc_update_va_mapping(SECOND, 0, UVMF_INVLPG), 0);
    memset(page, 0x5a, PAGE_SIZE);
}

static void grant(unsigned int ref, const void *va, unsigned int flags, domid_t dom)
{
    table[ref].frame = mfn_of(va);
    table[ref].domid = dom;
    barrier();
    table[ref].flags = GTF_permit_access | flags;
}

static struct gnttab_map_grant_ref map(unsigned long addr, unsigned int flags, unsigned int ref,
                                       domid_t dom)
{
    struct gnttab_map_grant_ref op = { .host_addr = addr, .flags = flags, .ref = ref, .dom = dom };

    op.status = 0x5a;
    CHECK_EQ(one(GNTTABOP_map_grant_ref, &op), 0);
    return op;
}

static int unmap(unsigned long addr, grant_handle_t handle)
{
    struct gnttab_unmap_grant_ref op = { .host_addr = addr, .handle = handle, .status = 0x5a };

    CHECK_EQ(one(GNTTABOP_unmap_grant_ref, &op), 0);
    return op.status;
}

static void setup_table(void)
{
    static xen_pfn_t frames[64], again[64];
    struct gnttab_setup_table setup = { .dom = DOMID_SELF, .nr_frames = 2 };

    init();
    set_xen_guest_handle(setup.frame_list, frames);
    CHECK_EQ(one(GNTTABOP_setup_table, &setup), 0);
    CHECK_EQ(setup.status, GNTST_okay);
    CHECK(frames[0] != frames[1] && frames[0] && frames[1]);
    setup.dom = is_initial_domain() ? 0 : DOMID_SELF;
    set_xen_guest_handle(setup.frame_list, again);
    CHECK_EQ(one(GNTTABOP_setup_table, &setup), 0);
    CHECK_EQ(setup.status, GNTST_okay);
    CHECK(frames[0] == again[0] && frames[1] == again[1]);
    setup.dom = 77;
    CHECK_EQ(one(GNTTABOP_setup_table, &setup), 0);
    CHECK_EQ(setup.status, GNTST_bad_domain);
    setup.dom = DOMID_SELF;
    setup.nr_frames = 100000;
    CHECK_EQ(one(GNTTABOP_setup_table, &setup), 0);
    CHECK_EQ(setup.status, GNTST_general_error);
    setup.nr_frames = 0;
    CHECK_EQ(one(GNTTABOP_setup_table, &setup), 0);
    CHECK_EQ(setup.status, GNTST_okay);
    CHECK_EQ(hc_grant_table_op(GNTTABOP_setup_table, &setup, 2), -EINVAL);
}

static void query_size(void)
{
    struct gnttab_query_size query = { .dom = DOMID_SELF };

    init();
    CHECK_EQ(one(GNTTABOP_query_size, &query), 0);
    CHECK_EQ(query.status, GNTST_okay);
    CHECK(query.nr_frames >= 1 && query.nr_frames <= query.max_nr_frames);
    CHECK_EQ(query.max_nr_frames, is_initial_domain() ? 64 : 4);
    query.dom = 77;
    CHECK_EQ(one(GNTTABOP_query_size, &query), 0);
    CHECK_EQ(query.status, GNTST_bad_domain);
    CHECK_EQ(hc_grant_table_op(GNTTABOP_query_size, &query, 2), -EINVAL);
}

static void version(void)
{
    struct gnttab_get_version get = { .dom = DOMID_SELF };
    struct gnttab_set_version set = { .version = 1 };

    CHECK_EQ(one(GNTTABOP_get_version, &get), 0);
    CHECK_EQ(get.version, 1);
    get.dom = 77;
    CHECK_EQ(one(GNTTABOP_get_version, &get), -ESRCH);
    CHECK_EQ(one(GNTTABOP_set_version, &set), 0);
    CHECK_EQ(set.version, 1);
    set.version = 3;
    CHECK_EQ(one(GNTTABOP_set_version, &set), -EINVAL);
    set.version = 0;
    CHECK_EQ(one(GNTTABOP_set_version, &set), -EINVAL);
}

static void map_writable(void)
{
    struct gnttab_map_grant_ref op;

    init();
    grant(REF, page, 0, own_domid());
    op = map(WINDOW, GNTMAP_host_map, REF, own_domid());
    CHECK_EQ(op.status, GNTST_okay);
    CHECK_EQ(op.dev_bus_addr, maddr_of(page));
    CHECK_EQ(table[REF].flags, GTF_permit_access | GTF_reading | GTF_writing);
    CHECK_EQ(*(volatile uint64_t *)WINDOW, 0x5a5a5a5a5a5a5a5aUL);
    *(volatile uint64_t *)WINDOW = 0x1234;
    CHECK_EQ(page[0], 0x1234);
    CHECK_EQ(unmap(WINDOW, op.handle), GNTST_okay);
    CHECK_EQ(table[REF].flags, GTF_permit_access);
    CHECK_EQ(*entry, 0);
    TRAP_CATCH("movb (%[p]), %%al", TRAP_OUT(), TRAP_IN([p] "r"(WINDOW)), "rax");
    CHECK_TRAP(TRAP_PF, 0);
    CHECK_EQ(unmap(WINDOW, op.handle), GNTST_bad_handle);
}

static void map_readonly(void)
{
    struct gnttab_map_grant_ref op;

    init();
    grant(REF, page, GTF_readonly, own_domid());
    op = map(WINDOW, GNTMAP_host_map, REF, own_domid());
    CHECK_EQ(op.status, GNTST_general_error);
    CHECK_EQ(table[REF].flags, GTF_permit_access | GTF_readonly);
    op = map(WINDOW, GNTMAP_host_map | GNTMAP_readonly, REF, own_domid());
    CHECK_EQ(op.status, GNTST_okay);
    CHECK_EQ(table[REF].flags, GTF_permit_access | GTF_readonly | GTF_reading);
    CHECK_EQ(*entry & PTE_RW, 0);
    TRAP_CATCH("movb $0, (%[p])", TRAP_OUT(), TRAP_IN([p] "r"(WINDOW)));
    CHECK_TRAP(TRAP_PF, PF_P | PF_W);
    CHECK_EQ(unmap(WINDOW, op.handle), GNTST_okay);
}

/* Two mappings of one grant: the writing bit goes with the last that writes. */
static void map_twice(void)
{
    struct gnttab_map_grant_ref a, b;

    init();
    grant(REF, page, 0, own_domid());
    a = map(WINDOW, GNTMAP_host_map, REF, own_domid());
    b = map(SECOND, GNTMAP_host_map | GNTMAP_readonly, REF, own_domid());
    CHECK_EQ(a.status | b.status, GNTST_okay);
    CHECK(a.handle != b.handle);
    CHECK_EQ(unmap(WINDOW, a.handle), GNTST_okay);
    CHECK_EQ(table[REF].flags, GTF_permit_access | GTF_reading);
    CHECK_EQ(unmap(SECOND, b.handle), GNTST_okay);
    CHECK_EQ(table[REF].flags, GTF_permit_access);
}

static void map_by_entry(void)
{
    struct gnttab_map_grant_ref op;

    init();
    grant(REF, page, 0, own_domid());
    op = map(maddr_of(entry), GNTMAP_host_map | GNTMAP_contains_pte, REF, own_domid());
    CHECK_EQ(op.status, GNTST_okay);
    *(volatile uint64_t *)WINDOW = 0x4321;
    CHECK_EQ(page[0], 0x4321);
    CHECK_EQ(unmap(maddr_of(entry), op.handle), GNTST_okay);
    CHECK_EQ(*entry, 0);
}

/* A mapping for user space, with the guest's own bits in it. */
static void map_for_application(void)
{
    struct gnttab_map_grant_ref op;
    unsigned int flags = GNTMAP_host_map | GNTMAP_application_map | GNTMAP_contains_pte |
                         1u << _GNTMAP_guest_avail0;

    init();
    grant(REF, page, 0, own_domid());
    op = map(maddr_of(entry), flags, REF, own_domid());
    CHECK_EQ(op.status, GNTST_okay);
    CHECK_EQ(*entry & (PTE_US | PTE_RW | PTE_P | 0xe00 | 1UL << 52),
             PTE_US | PTE_RW | PTE_P | 0x200);
    CHECK_EQ(unmap(maddr_of(entry), op.handle), GNTST_okay);
}

static void map_refusals(void)
{
    static const struct {
        const char *name;
        unsigned long addr;
        unsigned int flags, ref;
        domid_t dom;
        int status;
    } rows[] = {
        { "neither host nor device", WINDOW, 0, REF, 0, GNTST_bad_gntref },
        { "unused reference", WINDOW, GNTMAP_host_map, REF + 1, 0, GNTST_general_error },
        { "reference past the table", WINDOW, GNTMAP_host_map, 1 << 20, 0, GNTST_bad_gntref },
        { "reference -1", WINDOW, GNTMAP_host_map, ~0u, 0, GNTST_bad_gntref },
        { "no such domain", WINDOW, GNTMAP_host_map, REF, 77, GNTST_bad_domain },
        { "for another domain", WINDOW, GNTMAP_host_map, REF + 2, 0, GNTST_general_error },
        { "no table for the address", UNMAPPED_VA, GNTMAP_host_map, REF, 0, GNTST_general_error },
        { "hypervisor address", HYPERVISOR_VA, GNTMAP_host_map, REF, 0, GNTST_general_error },
        { "entry in a plain page", 0, GNTMAP_host_map | GNTMAP_contains_pte, REF, 0,
          GNTST_general_error },
        { "frame out of range", WINDOW, GNTMAP_host_map, REF + 3, 0, GNTST_bad_page },
    };

    init();
    grant(REF, page, 0, own_domid());
    grant(REF + 2, page, 0, 5);
    grant(REF + 3, page, 0, own_domid());
    table[REF + 3].frame = 0xfffffff;
    table[REF + 1].flags = 0;
    for (unsigned int i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        unsigned long addr = rows[i].addr ? rows[i].addr : maddr_of(page);
        struct gnttab_map_grant_ref op = map(addr, rows[i].flags, rows[i].ref,
                                             rows[i].dom ? rows[i].dom : own_domid());

        CHECK_ROW(rows[i].name, op.status, rows[i].status);
        CHECK_ROW(rows[i].name, table[REF].flags, GTF_permit_access);
        CHECK_ROW(rows[i].name, *entry, 0);
    }
}

/* Frames of devices are no pages of the granter's. */
static void map_device_frames(void)
{
    static const unsigned int frames[] = { 0xa0, 0xb8, 0xf0, 0xfee00, 0xfec00, 0xe0000 };

    init();
    grant(REF, page, 0, own_domid());
    for (unsigned int i = 0; i < sizeof(frames) / sizeof(frames[0]); i++) {
        table[REF].frame = frames[i];
        CHECK_EQ(map(WINDOW, GNTMAP_host_map, REF, own_domid()).status, GNTST_bad_page);
        CHECK_EQ(table[REF].flags, GTF_permit_access);
    }
}

/* Writable for the mapper means writable for good: not while the frame is a table. */
static void map_a_table(void)
{
    struct gnttab_map_grant_ref op;

    init();
    grant(REF, root_table(), 0, own_domid());
    op = map(WINDOW, GNTMAP_host_map, REF, own_domid());
    CHECK_EQ(op.status, GNTST_general_error);
    op = map(WINDOW, GNTMAP_host_map | GNTMAP_readonly, REF, own_domid());
    CHECK_EQ(op.status, GNTST_okay);
    CHECK_EQ(*(volatile uint64_t *)(WINDOW + 8 * 511), root_table()[511]);
    CHECK_EQ(unmap(WINDOW, op.handle), GNTST_okay);
    grant(REF, page, 0, own_domid());
    op = map(WINDOW, GNTMAP_host_map, REF, own_domid());
    CHECK_EQ(op.status, GNTST_okay);
    CHECK_EQ(page_protect(page, PTE_RO_PAGE), 0);
    CHECK_EQ(mmuext(MMUEXT_PIN_L1_TABLE, mfn_of(page), 0), -EINVAL);
    CHECK_EQ(unmap(WINDOW, op.handle), GNTST_okay);
    CHECK_EQ(page_protect(page, PTE_RW_PAGE), 0);
}

static void unmap_refusals(void)
{
    struct gnttab_map_grant_ref op;

    init();
    grant(REF, page, 0, own_domid());
    op = map(WINDOW, GNTMAP_host_map, REF, own_domid());
    CHECK_EQ(op.status, GNTST_okay);
    CHECK_EQ(unmap(WINDOW, ~0u), GNTST_bad_handle);
    CHECK_EQ(unmap(WINDOW, 100000), GNTST_bad_handle);
    CHECK_EQ(unmap(SECOND, op.handle), GNTST_general_error);
    CHECK_EQ(table[REF].flags, GTF_permit_access | GTF_reading | GTF_writing);
    CHECK_EQ(unmap(WINDOW, op.handle), GNTST_okay);
    CHECK_EQ(table[REF].flags, GTF_permit_access);
}

static void unmap_and_replace(void)
{
    uint64_t *spare = page_alloc();
    struct gnttab_map_grant_ref op;
    struct gnttab_unmap_and_replace replace = { .host_addr = WINDOW };

    init();
    spare[0] = 0x9999;
    CHECK_EQ(hc_update_va_mapping(SECOND, pte_make(mfn_of(spare), PTE_RW_PAGE), UVMF_INVLPG), 0);
    grant(REF, page, 0, own_domid());
    op = map(WINDOW, GNTMAP_host_map, REF, own_domid());
    CHECK_EQ(op.status, GNTST_okay);
    replace.handle = op.handle;
    replace.new_addr = SECOND;
    CHECK_EQ(one(GNTTABOP_unmap_and_replace, &replace), 0);
    CHECK_EQ(replace.status, GNTST_okay);
    CHECK_EQ(*(volatile uint64_t *)WINDOW, 0x9999);
    CHECK_EQ(entry[1], 0);
    CHECK_EQ(table[REF].flags, GTF_permit_access);
    CHECK_EQ(hc_update_va_mapping(WINDOW, 0, UVMF_INVLPG), 0);
    page_free(spare);
}

static struct gnttab_copy copy_by_frame(const void *from, const void *to, unsigned int len)
{
    struct gnttab_copy op = { .len = len };

    op.source.u.gmfn = mfn_of(from);
    op.source.domid = DOMID_SELF;
    op.dest.u.gmfn = mfn_of(to);
    op.dest.domid = DOMID_SELF;
    return op;
}

static int copy(struct gnttab_copy *op)
{
    op->status = 0x5a;
    CHECK_EQ(one(GNTTABOP_copy, op), 0);
    return op->status;
}

static void copy_frames(void)
{
    uint64_t *to = page_alloc();
    struct gnttab_copy op;

    init();
    for (int i = 0; i < 512; i++)
        page[i] = i;
    op = copy_by_frame(page, to, 4096);
    CHECK_EQ(copy(&op), GNTST_okay);
    CHECK(!memcmp(page, to, 4096));
    op = copy_by_frame(page, to, 8);
    op.source.offset = 4088;
    op.dest.offset = 16;
    CHECK_EQ(copy(&op), GNTST_okay);
    CHECK_EQ(to[2], 511);
    CHECK_EQ(to[3], 3);
    op = copy_by_frame(page, to, 0);
    CHECK_EQ(copy(&op), GNTST_okay);
    page_free(to);
}

static void copy_by_reference(void)
{
    uint64_t *to = page_alloc();
    struct gnttab_copy op;

    init();
    grant(REF, page, GTF_readonly, own_domid());
    grant(REF + 1, to, 0, own_domid());
    page[0] = 0x77;
    op = copy_by_frame(page, to, 64);
    op.flags = GNTCOPY_source_gref | GNTCOPY_dest_gref;
    op.source.u.ref = REF, op.source.domid = own_domid();
    op.dest.u.ref = REF + 1, op.dest.domid = own_domid();
    CHECK_EQ(copy(&op), GNTST_okay);
    CHECK_EQ(to[0], 0x77);
    CHECK_EQ(table[REF].flags, GTF_permit_access | GTF_readonly);
    CHECK_EQ(table[REF + 1].flags, GTF_permit_access);
    op.source.u.ref = REF + 1, op.dest.u.ref = REF;
    CHECK_EQ(copy(&op), GNTST_general_error);
    op.dest.u.ref = 1 << 20;
    CHECK_EQ(copy(&op), GNTST_bad_gntref);
    page_free(to);
}

static void copy_refusals(void)
{
    struct gnttab_copy op;
    uint64_t *to = page_alloc();

    init();
    op = copy_by_frame(page, to, 4096), op.source.offset = 1;
    CHECK_EQ(copy(&op), GNTST_bad_copy_arg);
    op = copy_by_frame(page, to, 4096), op.dest.offset = 1;
    CHECK_EQ(copy(&op), GNTST_bad_copy_arg);
    op = copy_by_frame(page, to, 65535);
    CHECK_EQ(copy(&op), GNTST_bad_copy_arg);
    op = copy_by_frame(page, to, 8), op.source.offset = 65535;
    CHECK_EQ(copy(&op), GNTST_bad_copy_arg);
    op = copy_by_frame(page, to, 8), op.source.domid = 77;
    CHECK_EQ(copy(&op), GNTST_bad_domain);
    op = copy_by_frame(page, to, 8), op.source.u.gmfn = 0xfffffff;
    CHECK(copy(&op) < 0);
    op = copy_by_frame(page, root_table(), 8);
    CHECK(copy(&op) < 0);
    op = copy_by_frame(page, to, 8), op.dest.domid = op.source.domid = own_domid();
    CHECK_EQ(copy(&op), GNTST_permission_denied);
    CHECK_EQ(to[0], 0);
    page_free(to);
}

static void batch(void)
{
    struct gnttab_map_grant_ref maps[2];
    struct gnttab_unmap_grant_ref unmaps[2];

    init();
    memset(maps, 0, sizeof(maps));
    memset(unmaps, 0, sizeof(unmaps));
    grant(REF, page, 0, own_domid());
    table[REF + 1].flags = 0;
    for (int i = 0; i < 2; i++) {
        maps[i].host_addr = WINDOW + i * PAGE_SIZE;
        maps[i].flags = GNTMAP_host_map;
        maps[i].ref = REF + !i;
        maps[i].dom = own_domid();
    }
    CHECK_EQ(hc_grant_table_op(GNTTABOP_map_grant_ref, maps, 2), 0);
    CHECK_EQ(maps[0].status, GNTST_general_error);
    CHECK_EQ(maps[1].status, GNTST_okay);
    unmaps[0].handle = ~0u;
    unmaps[1].handle = maps[1].handle;
    unmaps[1].host_addr = SECOND;
    CHECK_EQ(hc_grant_table_op(GNTTABOP_unmap_grant_ref, unmaps, 2), 0);
    CHECK_EQ(unmaps[0].status, GNTST_bad_handle);
    CHECK_EQ(unmaps[1].status, GNTST_okay);
    CHECK_EQ(hc_grant_table_op(GNTTABOP_map_grant_ref, NULL, 0), 0);
}

static void bad_pointers(void)
{
    static const unsigned long pointers[] = { UNMAPPED_VA, HYPERVISOR_VA, NONCANONICAL_VA };
    static const unsigned int cmds[] = { 0, 1, 2, 5, 6, 7, 8, 10 };

    for (int c = 0; c < 8; c++)
        for (int i = 0; i < 3; i++)
            if (hc_grant_table_op(cmds[c], (void *)pointers[i], 1) != -EFAULT)
                FAIL("command %u pointer %lx: %ld", cmds[c], pointers[i],
                     hc_grant_table_op(cmds[c], (void *)pointers[i], 1));
}

static void unknown(void)
{
    uint64_t zero[8] = { 0 };

    CHECK_EQ(one(13, zero), -ENOSYS);
    CHECK_EQ(one(4094, zero), -ENOSYS);
    CHECK_EQ(hc_grant_table_op(GNTTABOP_map_grant_ref, zero, 0x80000000u), -EINVAL);
}

static const struct test tests[] = {
    { "setup_table", setup_table },
    { "query_size", query_size },
    { "version", version },
    { "map_writable", map_writable },
    { "map_readonly", map_readonly },
    { "map_twice", map_twice },
    { "map_by_entry", map_by_entry },
    { "map_for_application", map_for_application },
    { "map_refusals", map_refusals },
    { "map_device_frames", map_device_frames },
    { "map_a_table", map_a_table },
    { "unmap_refusals", unmap_refusals },
    { "unmap_and_replace", unmap_and_replace },
    { "copy_frames", copy_frames },
    { "copy_by_reference", copy_by_reference },
    { "copy_refusals", copy_refusals },
    { "batch", batch },
    { "bad_pointers", bad_pointers },
    { "unknown", unknown },
};

TEST_MAIN(tests)
