/* SPDX-License-Identifier: MIT */
/*
 * Grant tables of version 2: the change of version and what forbids it, status frames, parts of
 * pages, and grants passed on. The last kind takes two domains: the initial one builds another
 * from its own image, which becomes the granter.
 */
//! module=self
//! timeout=90
#include <xen/domctl.h>
#include <xen/grant_table.h>
#include <xen/memory.h>
#include <xen/sched.h>

#include <sdk/time.h>

#include "domu.h"
#include "test.h"

#define WINDOW 0x8000000000UL
#define REF 20
#define PAGES 2048
#define PART_START 100
#define PART_LENGTH 50

static uint8_t table_page[PAGE_SIZE] __attribute__((aligned(PAGE_SIZE)));
static uint8_t status_page[PAGE_SIZE] __attribute__((aligned(PAGE_SIZE)));
static volatile grant_entry_v1_t *const v1 = (void *)table_page;
static volatile grant_entry_v2_t *const v2 = (void *)table_page;
static volatile grant_status_t *const status = (void *)status_page;
static uint64_t *page, *status_own;

static long one(unsigned int cmd, void *op)
{
    return hc_grant_table_op(cmd, op, 1);
}

static long set_version(unsigned int version, unsigned int *now)
{
    struct gnttab_set_version set = { .version = version };
    long rc = one(GNTTABOP_set_version, &set);

    *now = set.version;
    return rc;
}

#define CHECK_SET(wanted_, rc_, now_)                 \
    do {                                              \
        unsigned int in_force_;                       \
        CHECK_EQ(set_version(wanted_, &in_force_), rc_); \
        CHECK_EQ(in_force_, now_);                    \
    } while (0)

static int status_frames(unsigned int n, domid_t dom, uint64_t *frames)
{
    struct gnttab_get_status_frames get = { .nr_frames = n, .dom = dom, .status = 0x5a };

    set_xen_guest_handle(get.frame_list, frames);
    CHECK_EQ(one(GNTTABOP_get_status_frames, &get), 0);
    return get.status;
}

static long map_own(void *where, unsigned long mfn)
{
    return hc_update_va_mapping((unsigned long)where, pte_make(mfn, PTE_RW_PAGE), UVMF_INVLPG);
}

/* Status frames are mapped only while a test looks at them: they keep the version in force. */
static void status_map(void)
{
    uint64_t frame;

    CHECK_EQ(status_frames(1, DOMID_SELF, &frame), GNTST_okay);
    CHECK_EQ(map_own(status_page, frame), 0);
}

static void status_unmap(void)
{
    CHECK_EQ(map_own(status_page, mfn_of(status_own)), 0);
}

/* A table of the version, without entries in use. */
static void init(unsigned int version)
{
    struct gnttab_setup_table setup = { .dom = DOMID_SELF, .nr_frames = 1 };
    static xen_pfn_t frames[1];

    if (!page) {
        set_xen_guest_handle(setup.frame_list, frames);
        CHECK_EQ(one(GNTTABOP_setup_table, &setup), 0);
        page = page_alloc();
        status_own = page_alloc();
        CHECK_EQ(map_own(table_page, frames[0]), 0);
        status_unmap();
        CHECK_EQ(page_map(root_table(), WINDOW, pte_make(mfn_of(page), PTE_RO_PAGE)), 0);
    }
    status_unmap();
    CHECK_EQ(hc_update_va_mapping(WINDOW, 0, UVMF_INVLPG), 0);
    CHECK_SET(version, 0, version);
    memset(table_page, 0, PAGE_SIZE);
    for (unsigned int i = 0; i < PAGE_SIZE / 8; i++)
        page[i] = i;
}

static void grant_v1(unsigned int ref, const void *va, unsigned int flags, domid_t dom)
{
    v1[ref].frame = mfn_of(va);
    v1[ref].domid = dom;
    barrier();
    v1[ref].flags = GTF_permit_access | flags;
}

static void grant_v2(unsigned int ref, const void *va, unsigned int flags, domid_t dom)
{
    v2[ref].full_page.frame = mfn_of(va);
    v2[ref].hdr.domid = dom;
    barrier();
    v2[ref].hdr.flags = GTF_permit_access | flags;
}

static void grant_part(unsigned int ref, const void *va, unsigned int flags, domid_t dom)
{
    v2[ref].sub_page.page_off = PART_START;
    v2[ref].sub_page.length = PART_LENGTH;
    grant_v2(ref, va, GTF_sub_page | flags, dom);
}

static void pass_on(unsigned int ref, unsigned int flags, domid_t user, domid_t from,
                    grant_ref_t from_ref)
{
    v2[ref].transitive.trans_domid = from;
    v2[ref].transitive.gref = from_ref;
    v2[ref].hdr.domid = user;
    barrier();
    v2[ref].hdr.flags = GTF_transitive | flags;
}

static struct gnttab_map_grant_ref map(unsigned int flags, unsigned int ref)
{
    struct gnttab_map_grant_ref op = { .host_addr = WINDOW, .flags = GNTMAP_host_map | flags,
                                       .ref = ref, .dom = own_domid(), .status = 0x5a };

    CHECK_EQ(one(GNTTABOP_map_grant_ref, &op), 0);
    return op;
}

static int unmap(grant_handle_t handle)
{
    struct gnttab_unmap_grant_ref op = { .host_addr = WINDOW, .handle = handle, .status = 0x5a };

    CHECK_EQ(one(GNTTABOP_unmap_grant_ref, &op), 0);
    return op.status;
}

/* From a reference to a page of ours, or back. */
static int copy(domid_t dom, unsigned int ref, void *own, bool to_ref, unsigned int offset,
                unsigned int len)
{
    struct gnttab_copy op = { .len = len, .status = 0x5a };
    struct gnttab_copy_ptr *theirs = to_ref ? &op.dest : &op.source;
    struct gnttab_copy_ptr *ours = to_ref ? &op.source : &op.dest;

    op.flags = to_ref ? GNTCOPY_dest_gref : GNTCOPY_source_gref;
    theirs->u.ref = ref;
    theirs->domid = dom;
    theirs->offset = offset;
    ours->u.gmfn = mfn_of(own);
    ours->domid = DOMID_SELF;
    CHECK_EQ(one(GNTTABOP_copy, &op), 0);
    return op.status;
}

/* ---- the change of version ---- */

static void versions(void)
{
    struct gnttab_get_version get = { .dom = DOMID_SELF };

    init(1);
    grant_v1(3, page, GTF_readonly, 5);
    grant_v1(7, page, 0, 6);
    grant_v1(8, page, 0, 6);
    CHECK_SET(3, -EINVAL, 1);
    CHECK_SET(0, -EINVAL, 1);
    CHECK_SET(2, 0, 2);
    CHECK_SET(2, 0, 2);
    CHECK_EQ(one(GNTTABOP_get_version, &get), 0);
    CHECK_EQ(get.version, 2);
    CHECK_EQ(v2[3].hdr.flags, GTF_permit_access | GTF_readonly);
    CHECK_EQ(v2[3].hdr.domid, 5);
    CHECK_EQ(v2[3].full_page.frame, mfn_of(page));
    CHECK_EQ(v2[7].hdr.domid, 6);
    CHECK_EQ(v2[8].hdr.flags, 0);
    CHECK_EQ(v2[8].full_page.frame, 0);
    CHECK_SET(1, 0, 1);
    CHECK_EQ(v1[3].flags, GTF_permit_access | GTF_readonly);
    CHECK_EQ(v1[3].domid, 5);
    CHECK_EQ(v1[3].frame, mfn_of(page));
    CHECK_EQ(v1[7].domid, 6);
    CHECK_EQ(v1[8].flags, 0);
}

/* What version 1 cannot say stays; what is neither access nor passed on is dropped. */
static void not_representable(void)
{
    init(2);
    grant_v2(0, page, 0, 5);
    v2[0].full_page.frame = 1UL << 32;
    CHECK_SET(1, -ERANGE, 2);
    v2[0].hdr.flags = 0;
    pass_on(7, 0, 1, 2, 3);
    CHECK_SET(1, -ERANGE, 2);
    v2[7].hdr.flags = GTF_accept_transfer;
    v2[8].hdr.flags = GTF_transitive;
    CHECK_SET(1, 0, 1);
    CHECK_EQ(v1[0].flags | v1[7].flags | v1[8].flags, 0);
    CHECK_EQ(v1[7].domid, 0);
}

static void busy(void)
{
    struct gnttab_map_grant_ref op;

    init(1);
    grant_v1(8, page, 0, own_domid());
    op = map(GNTMAP_readonly, 8);
    CHECK_EQ(op.status, GNTST_okay);
    CHECK_SET(2, -EBUSY, 1);
    CHECK_SET(1, 0, 1);
    CHECK_EQ(v1[8].flags, GTF_permit_access | GTF_reading);
    CHECK_EQ(unmap(op.handle), GNTST_okay);
    CHECK_SET(2, 0, 2);
    grant_v2(255, page, 0, own_domid());
    op = map(0, 255);
    CHECK_EQ(op.status, GNTST_okay);
    CHECK_SET(1, -EBUSY, 2);
    CHECK_EQ(unmap(op.handle), GNTST_okay);
    CHECK_SET(1, 0, 1);
}

/* A reserved entry may stay in use: its marks move to the status frame and back. */
static void reserved_in_use(void)
{
    struct gnttab_map_grant_ref op;

    init(1);
    grant_v1(7, page, 0, own_domid());
    op = map(0, 7);
    CHECK_EQ(op.status, GNTST_okay);
    CHECK_SET(2, 0, 2);
    status_map();
    CHECK_EQ(v2[7].hdr.flags, GTF_permit_access);
    CHECK_EQ(status[7], GTF_reading | GTF_writing);
    *(volatile uint64_t *)WINDOW = 0x4711;
    CHECK_EQ(page[0], 0x4711);
    status_unmap();
    CHECK_SET(1, 0, 1);
    CHECK_EQ(v1[7].flags, GTF_permit_access | GTF_reading | GTF_writing);
    CHECK_SET(2, 0, 2);
    CHECK_EQ(unmap(op.handle), GNTST_okay);
    status_map();
    CHECK_EQ(status[7], 0);
    status_unmap();
}

static void status_frames_of_the_table(void)
{
    static uint64_t frames[64];
    static xen_pfn_t list[64];
    struct gnttab_setup_table setup = { .dom = DOMID_SELF, .nr_frames = 4 };
    struct gnttab_get_status_frames get = { .dom = DOMID_SELF };

    init(1);
    CHECK_EQ(status_frames(0, DOMID_SELF, frames), GNTST_okay);
    CHECK_EQ(status_frames(1, DOMID_SELF, frames), GNTST_general_error);
    init(2);
    CHECK_EQ(status_frames(1, DOMID_SELF, frames), GNTST_okay);
    CHECK(frames[0]);
    CHECK_EQ(status_frames(1, own_domid(), frames + 1), GNTST_okay);
    CHECK_EQ(frames[0], frames[1]);
    CHECK_EQ(status_frames(~0u, DOMID_SELF, frames), GNTST_general_error);
    CHECK_EQ(status_frames(1, 77, frames), GNTST_bad_domain);
    CHECK_EQ(status_frames(1, DOMID_SELF, (uint64_t *)UNMAPPED_VA), GNTST_bad_virt_addr);
    CHECK_EQ(hc_grant_table_op(GNTTABOP_get_status_frames, &get, 2), -EINVAL);
    if (!is_initial_domain())
        return;
    setup.nr_frames = 17; /* eight frames of entries each have a status frame */
    set_xen_guest_handle(setup.frame_list, list);
    CHECK_EQ(one(GNTTABOP_setup_table, &setup), 0);
    CHECK_EQ(setup.status, GNTST_okay);
    CHECK_EQ(status_frames(3, DOMID_SELF, frames), GNTST_okay);
    CHECK_EQ(status_frames(4, DOMID_SELF, frames), GNTST_general_error);
    CHECK(frames[0] != frames[1] && frames[1] != frames[2]);
}

/* A status frame that is mapped cannot go. */
static void status_mapped(void)
{
    init(2);
    status_map();
    CHECK_SET(1, -EBUSY, 2);
    status[100] = 0x1234;
    CHECK_EQ(status[100], 0x1234);
    status[100] = 0;
    status_unmap();
    CHECK_SET(1, 0, 1);
    CHECK_SET(2, 0, 2);
    status_map();
    CHECK_EQ(status[100], 0);
    status_unmap();
}

/* ---- use ---- */

static void map_whole(void)
{
    struct gnttab_map_grant_ref op;

    init(2);
    status_map();
    grant_v2(REF, page, 0, own_domid());
    op = map(0, REF);
    CHECK_EQ(op.status, GNTST_okay);
    CHECK_EQ(v2[REF].hdr.flags, GTF_permit_access);
    CHECK_EQ(status[REF], GTF_reading | GTF_writing);
    CHECK_EQ(*(volatile uint64_t *)(WINDOW + 8), 1);
    CHECK_EQ(unmap(op.handle), GNTST_okay);
    CHECK_EQ(status[REF], 0);
    grant_v2(REF, page, GTF_readonly, own_domid());
    CHECK_EQ(map(0, REF).status, GNTST_general_error);
    CHECK_EQ(status[REF], 0);
    op = map(GNTMAP_readonly, REF);
    CHECK_EQ(op.status, GNTST_okay);
    CHECK_EQ(status[REF], GTF_reading);
    CHECK_EQ(unmap(op.handle), GNTST_okay);
    CHECK_EQ(status[REF], 0);
    status_unmap();
}

static void map_refusals(void)
{
    init(2);
    grant_v2(REF, page, 0, own_domid());
    grant_v2(REF + 1, page, 0, 5);
    grant_part(REF + 2, page, 0, own_domid());
    pass_on(REF + 3, 0, own_domid(), 77, 1);
    grant_v2(REF + 4, page, 0, own_domid());
    v2[REF + 4].full_page.frame = 1UL << 40;
    status_map();
    CHECK_EQ(map(0, REF + 1).status, GNTST_general_error);
    CHECK_EQ(map(0, REF + 2).status, GNTST_general_error);
    CHECK_EQ(map(GNTMAP_readonly, REF + 3).status, GNTST_general_error);
    CHECK_EQ(map(0, REF + 4).status, GNTST_bad_page);
    CHECK_EQ(map(0, REF + 5).status, GNTST_general_error);
    CHECK_EQ(map(0, 1 << 20).status, GNTST_bad_gntref);
    for (unsigned int i = 0; i < 6; i++)
        CHECK_EQ(status[REF + i], 0);
    status_unmap();
}

/* Half as many entries as version 1 has. */
static void number_of_entries(void)
{
    struct gnttab_query_size query = { .dom = DOMID_SELF };
    unsigned int nr;

    init(1);
    CHECK_EQ(one(GNTTABOP_query_size, &query), 0);
    nr = query.nr_frames * 256;
    CHECK_EQ(map(0, 2 * nr - 1).status, GNTST_general_error);
    CHECK_EQ(map(0, 2 * nr).status, GNTST_bad_gntref);
    init(2);
    CHECK_EQ(map(0, nr - 1).status, GNTST_general_error);
    CHECK_EQ(map(0, nr).status, GNTST_bad_gntref);
}

static void copy_part(void)
{
    uint8_t *own = page_alloc(), *bytes = (uint8_t *)page;

    init(2);
    status_map();
    grant_part(REF, page, GTF_readonly, own_domid());
    CHECK_EQ(copy(own_domid(), REF, own, false, PART_START, PART_LENGTH), GNTST_okay);
    CHECK(!memcmp(own, bytes + PART_START, PART_LENGTH));
    CHECK_EQ(own[PART_LENGTH], 0);
    CHECK_EQ(copy(own_domid(), REF, own, false, PART_START + 10, PART_LENGTH - 10), GNTST_okay);
    CHECK_EQ(copy(own_domid(), REF, own, false, PART_START - 1, 8), GNTST_general_error);
    CHECK_EQ(copy(own_domid(), REF, own, false, PART_START, PART_LENGTH + 1),
             GNTST_general_error);
    CHECK_EQ(copy(own_domid(), REF, own, false, 0, 4096), GNTST_general_error);
    CHECK_EQ(copy(own_domid(), REF, own, true, PART_START, 8), GNTST_general_error);
    grant_part(REF + 1, page, 0, own_domid());
    own[0] = 0xab;
    CHECK_EQ(copy(own_domid(), REF + 1, own, true, PART_START, 1), GNTST_okay);
    CHECK_EQ(bytes[PART_START], 0xab);
    v2[REF + 1].sub_page.page_off = 4090; /* beyond the page: as far as the page goes */
    CHECK_EQ(copy(own_domid(), REF + 1, own, true, 4090, 6), GNTST_okay);
    CHECK_EQ(copy(own_domid(), REF + 1, own, true, 4090, 7), GNTST_bad_copy_arg);
    CHECK_EQ(status[REF] | status[REF + 1], 0);
    status_unmap();
    page_free(own);
}

/* Which of several mistakes is told. */
static void order_of_refusals(void)
{
    uint8_t *own = page_alloc();

    init(2);
    grant_part(REF, page, 0, own_domid());
    CHECK_EQ(copy(own_domid(), 1 << 20, own, false, 4095, 2), GNTST_bad_gntref);
    CHECK_EQ(copy(77, 1 << 20, own, false, 4095, 2), GNTST_bad_domain);
    CHECK_EQ(copy(own_domid(), REF + 9, own, false, 4095, 2), GNTST_general_error);
    CHECK_EQ(copy(own_domid(), REF, own, false, 4095, 2), GNTST_bad_copy_arg);
    CHECK_EQ(copy(own_domid(), REF, own, false, 4095, 0), GNTST_general_error);
    CHECK_EQ(copy(own_domid(), REF, root_table(), false, 4095, 2), GNTST_general_error);
    page_free(own);
}

static void pass_on_own(void)
{
    uint8_t *own = page_alloc();

    init(2);
    status_map();
    grant_v2(REF, page, 0, own_domid());
    pass_on(REF + 1, 0, own_domid(), own_domid(), REF);
    CHECK_EQ(copy(own_domid(), REF + 1, own, false, 0, 8), GNTST_general_error);
    pass_on(REF + 1, 0, own_domid(), 77, REF);
    CHECK_EQ(copy(own_domid(), REF + 1, own, false, 0, 8), GNTST_general_error);
    CHECK_EQ(status[REF] | status[REF + 1], 0);
    status_unmap();
    page_free(own);
}

static void swap(void)
{
    struct gnttab_swap_grant_ref op = { .ref_a = REF, .ref_b = REF + 1, .status = 0x5a };

    init(2);
    grant_part(REF, page, GTF_readonly, 5);
    pass_on(REF + 1, 0, 6, 7, 8);
    CHECK_EQ(one(GNTTABOP_swap_grant_ref, &op), 0);
    CHECK_EQ(op.status, GNTST_okay);
    CHECK_EQ(v2[REF].hdr.flags, GTF_transitive);
    CHECK_EQ(v2[REF].transitive.gref, 8);
    CHECK_EQ(v2[REF + 1].hdr.flags, GTF_permit_access | GTF_readonly | GTF_sub_page);
    CHECK_EQ(v2[REF + 1].full_page.frame, mfn_of(page));
    CHECK_EQ(v2[REF + 1].sub_page.length, PART_LENGTH);
    op.ref_b = 256 * 64;
    CHECK_EQ(one(GNTTABOP_swap_grant_ref, &op), 0);
    CHECK_EQ(op.status, GNTST_bad_gntref);
}

/* ---- two domains ---- */

/* Entries of the built domain's table: all for the initial domain, but for OF_OTHERS. */
enum {
    WHOLE = 20, PART, BACK, BACK_PART, BACK_READONLY, SELF, NOBODY, NO_ENTRY, TWICE, OF_OTHERS,
    READONLY_ENTRY, INBOX, READY = 40,
};
/* Entries of ours, for the built domain. */
enum { OURS = 60, OURS_PART, OURS_READONLY, OURS_PASSED_ON };

_Noreturn static void be_granter(void)
{
    uint8_t *flag = page_alloc();

    init(2);
    grant_v2(WHOLE, page, 0, 0);
    grant_part(PART, page, 0, 0);
    pass_on(BACK, 0, 0, 0, OURS);
    pass_on(BACK_PART, 0, 0, 0, OURS_PART);
    pass_on(BACK_READONLY, GTF_readonly, 0, 0, OURS);
    pass_on(SELF, 0, 0, own_domid(), WHOLE);
    pass_on(NOBODY, 0, 0, 77, WHOLE);
    pass_on(NO_ENTRY, 0, 0, 0, 1 << 20);
    pass_on(TWICE, 0, 0, 0, OURS_PASSED_ON);
    pass_on(OF_OTHERS, 0, 5, 0, OURS);
    pass_on(READONLY_ENTRY, 0, 0, 0, OURS_READONLY);
    v2[INBOX].hdr.domid = 0;
    barrier();
    v2[INBOX].hdr.flags = GTF_accept_transfer;
    grant_v2(READY, flag, GTF_readonly, 0);
    for (;;) {
        if (v2[INBOX].hdr.flags & GTF_transfer_completed && v2[INBOX].full_page.frame &&
            !map_own(status_page, v2[INBOX].full_page.frame))
            memcpy(flag, status_page, 8);
        hc_sched_op(SCHEDOP_yield, NULL);
    }
}

static struct domu granter;

static void build_granter(void)
{
    uint8_t *own = page_alloc();
    int rc = -1;

    domu_build(&granter, domu_module(), "granter", PAGES, 1);
    domu_unpause(&granter);
    for (int i = 0; i < 20000 && rc; i++) {
        hc_sched_op(SCHEDOP_yield, NULL);
        rc = copy(granter.id, READY, own, false, 0, 8);
    }
    CHECK_EQ(rc, GNTST_okay);
    page_free(own);
}

static void passed_on(void)
{
    static const struct {
        const char *name;
        unsigned int ref;
        bool to_ref;
        unsigned int offset, len;
        int status;
    } rows[] = {
        { "read", BACK, false, 0, 4096, GNTST_okay },
        { "write", BACK, true, 0, 4096, GNTST_okay },
        { "part", BACK_PART, false, PART_START, PART_LENGTH, GNTST_okay },
        { "beyond the part", BACK_PART, false, PART_START, PART_LENGTH + 1, GNTST_general_error },
        { "read what is read-only", BACK_READONLY, false, 0, 8, GNTST_okay },
        { "write what is read-only", BACK_READONLY, true, 0, 8, GNTST_general_error },
        { "read a read-only source", READONLY_ENTRY, false, 0, 8, GNTST_okay },
        { "write a read-only source", READONLY_ENTRY, true, 0, 8, GNTST_general_error },
        { "own grant passed on", SELF, false, 0, 8, GNTST_general_error },
        { "of no domain", NOBODY, false, 0, 8, GNTST_general_error },
        { "no such entry", NO_ENTRY, false, 0, 8, GNTST_bad_gntref },
        { "passed on twice", TWICE, false, 0, 8, GNTST_general_error },
        { "for others", OF_OTHERS, false, 0, 8, GNTST_general_error },
        { "part, direct", PART, false, PART_START, PART_LENGTH, GNTST_okay },
        { "whole, direct", WHOLE, true, 0, 4096, GNTST_okay },
    };
    uint8_t *own = page_alloc();

    init(2);
    build_granter();
    status_map();
    grant_v2(OURS, page, 0, granter.id);
    grant_part(OURS_PART, page, 0, granter.id);
    grant_v2(OURS_READONLY, page, GTF_readonly, granter.id);
    pass_on(OURS_PASSED_ON, 0, granter.id, granter.id, WHOLE);
    for (unsigned int i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        CHECK_ROW(rows[i].name, copy(granter.id, rows[i].ref, own, rows[i].to_ref,
                                     rows[i].offset, rows[i].len), rows[i].status);
        for (unsigned int ref = OURS; ref <= OURS_PASSED_ON; ref++)
            CHECK_ROW(rows[i].name, status[ref], 0);
    }
    CHECK_EQ(copy(granter.id, BACK, own, false, 0, 64), GNTST_okay);
    CHECK(!memcmp(own, page, 64));
    status_unmap();
    CHECK_SET(1, 0, 1); /* no pin is left */
    page_free(own);
}

static void transfer(void)
{
    struct gnttab_transfer op = { .domid = granter.id, .ref = INBOX, .status = 0x5a };
    unsigned long pfn = pfn_alloc();
    uint64_t *own = page_alloc();

    CHECK_EQ(map_own(status_page, p2m()[pfn]), 0);
    *(uint64_t *)(void *)status_page = 0x123456789;
    status_unmap();
    op.mfn = p2m()[pfn];
    CHECK_EQ(one(GNTTABOP_transfer, &op), 0);
    CHECK_EQ(op.status, GNTST_okay);
    for (int i = 0; i < 20000 && own[0] != 0x123456789; i++) {
        hc_sched_op(SCHEDOP_yield, NULL);
        CHECK_EQ(copy(granter.id, READY, own, false, 0, 8), GNTST_okay);
    }
    CHECK_EQ(own[0], 0x123456789);
    page_free(own);
}

static long acquire(unsigned int id, unsigned int frame, unsigned int n, xen_pfn_t *list)
{
    struct xen_mem_acquire_resource r = { .domid = granter.id, .type = XENMEM_resource_grant_table,
                                          .id = id, .nr_frames = n, .frame = frame };
    long rc;

    set_xen_guest_handle(r.frame_list, list);
    rc = hc_memory_op(XENMEM_acquire_resource, &r);
    return !rc && !list ? (long)r.nr_frames : rc;
}

static void resources(void)
{
    xen_pfn_t list[4] = { 0 };
    struct gnttab_query_size query = { .dom = granter.id };

    CHECK_EQ(acquire(XENMEM_resource_grant_table_id_shared, 0, 0, NULL), 4);
    CHECK_EQ(acquire(XENMEM_resource_grant_table_id_status, 0, 0, NULL), 1);
    CHECK_EQ(acquire(XENMEM_resource_grant_table_id_status, 0, 1, list), 0);
    CHECK(list[0]);
    CHECK_EQ(acquire(XENMEM_resource_grant_table_id_status, 1, 1, list), -EINVAL);
    CHECK_EQ(acquire(XENMEM_resource_grant_table_id_status, 0, 2, list), -EINVAL);
    CHECK_EQ(acquire(XENMEM_resource_grant_table_id_shared, 0, 4, list), 0);
    CHECK_EQ(acquire(XENMEM_resource_grant_table_id_shared, 4, 1, list), -EINVAL);
    CHECK_EQ(acquire(2, 0, 1, list), -EINVAL);
    CHECK_EQ(one(GNTTABOP_query_size, &query), 0);
    CHECK_EQ(query.nr_frames, 4);
    domu_destroy(&granter);
}

static const struct test tests[] = {
    { "versions", versions },
    { "not_representable", not_representable },
    { "busy", busy },
    { "reserved_in_use", reserved_in_use },
    { "status_frames", status_frames_of_the_table },
    { "status_mapped", status_mapped },
    { "map_whole", map_whole },
    { "map_refusals", map_refusals },
    { "number_of_entries", number_of_entries },
    { "copy_part", copy_part },
    { "order_of_refusals", order_of_refusals },
    { "pass_on_own", pass_on_own },
    { "swap", swap },
    { "passed_on", passed_on },
    { "transfer", transfer },
    { "resources", resources },
};

int main(void)
{
    if (!is_initial_domain())
        be_granter();
    test_main(tests, sizeof(tests) / sizeof(tests[0]));
}
