/* SPDX-License-Identifier: MIT */
/*
 * The reader of saved domains: a small stream is read, cut at every byte, bent at every byte; what
 * is translated comes back the same.
 */
#include <endian.h>
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <lzma.h>

#include "stream/cpu_features.h"
#include "stream/pv_convert.h"
#include "stream/stream_plan.h"
#include "stream/xl_file.h"

/* ---- a saved domain of 600 pages, of which 8 have contents ---------------------------- */

#define NR_PFNS 600u
enum { P2M0, P2M1, START_INFO, L4, L3, L2, L1, GDT, NR_USED };

static uint8_t image[96 << 10];
static size_t used;

static void put(const void *bytes, size_t count)
{
    assert_true(used + count <= sizeof(image));
    memcpy(image + used, bytes, count);
    used += count;
}

static void put_record(uint32_t type, const void *first, size_t first_bytes, const void *second,
                       size_t second_bytes)
{
    struct record_header header = { type, (uint32_t)(first_bytes + second_bytes) };

    put(&header, sizeof(header));
    put(first, first_bytes);
    put(second, second_bytes);
    put("\0\0\0\0\0\0\0", -(first_bytes + second_bytes) & 7);
}

static void put_headers(const char *json)
{
    uint32_t bytes = (uint32_t)strlen(json) + 1;
    struct xl_header xl = { .byteorder = XL_BYTEORDER,
                            .mandatory_flags = 3,
                            .optional_bytes = 4 + bytes };
    struct libxl_header libxl = { htobe64(LIBXL_IDENT), htobe32(2), 0 };
    struct libxc_image_header libxc = { LIBXC_MARKER, htobe32(LIBXC_ID), htobe32(3), 0, { 0 } };
    struct libxc_domain_header domain = { 1, 12, 0, 4, 17 };

    memcpy(xl.magic, XL_MAGIC, 32);
    put(&xl, sizeof(xl));
    put(&bytes, sizeof(bytes));
    put(json, bytes);
    put(&libxl, sizeof(libxl));
    put_record(LIBXL_LIBXC_CONTEXT, "", 0, "", 0);
    put(&libxc, sizeof(libxc));
    put(&domain, sizeof(domain));
}

static void put_static(void)
{
    static const struct pv_info_record info = { 8, 4, { 0 } };
    static const xen_cpuid_leaf_t leaves[] = { { .leaf = 1, .subleaf = ~0u, .c = 1 },
                                               { .leaf = 7, .subleaf = 0, .b = 1 << 5 } };
    static const xen_msr_entry_t msr = { .idx = 0xce };

    put_record(LIBXC_X86_PV_INFO, &info, sizeof(info), "", 0);
    put_record(LIBXC_X86_CPUID_POLICY, leaves, sizeof(leaves), "", 0);
    put_record(LIBXC_X86_MSR_POLICY, &msr, sizeof(msr), "", 0);
    put_record(LIBXC_STATIC_DATA_END, "", 0, "", 0);
    put_record(0x80000042, "optional", 8, "", 0);
}

static void put_pages(void)
{
    static const uint64_t types[NR_USED] = { 0, 0, 0, 0xc, 3, 2, 1, 0 };
    static uint8_t contents[NR_USED][4096];
    static const struct p2m_frames_record p2m = { 0, NR_PFNS - 1 };
    static const uint64_t p2m_pfns[] = { P2M0, P2M1 };
    struct {
        struct page_data_header header;
        uint64_t words[NR_USED + 2];
    } head = { .header = { NR_USED + 2, 0 } };

    for (unsigned int i = 0; i < NR_USED; i++) {
        head.words[i] = types[i] << 60 | i;
        memset(contents[i], (int)i, sizeof(contents[i]));
    }
    head.words[NR_USED] = 0xfull << 60 | 20;     /* none */
    head.words[NR_USED + 1] = 0xeull << 60 | 21; /* memory without contents */
    put_record(LIBXC_X86_PV_P2M_FRAMES, &p2m, sizeof(p2m), p2m_pfns, sizeof(p2m_pfns));
    put_record(LIBXC_PAGE_DATA, &head, sizeof(head), contents, sizeof(contents));
}

static void put_state(void)
{
    static uint8_t shared[4096];
    static const struct tsc_info_record tsc = { .khz = 1000000 };
    static const struct vcpu_record vcpu = { 0, 0 };
    static vcpu_guest_context_t context;
    static const uint8_t xsave[16 + 576];

    context.user_regs.rdx = START_INFO;
    context.gdt_ents = 16;
    context.gdt_frames[0] = GDT;
    context.ctrlreg[3] = (uint64_t)L4 << 12;
    context.ctrlreg[1] = (uint64_t)L4 << 12 | 1;
    put_record(LIBXC_X86_TSC_INFO, &tsc, sizeof(tsc), "", 0);
    put_record(LIBXC_SHARED_INFO, shared, sizeof(shared), "", 0);
    put_record(LIBXC_X86_PV_VCPU_BASIC, &vcpu, sizeof(vcpu), &context, sizeof(context));
    put_record(LIBXC_X86_PV_VCPU_EXTENDED, &vcpu, sizeof(vcpu), "12345678901234567890", 20);
    put_record(LIBXC_X86_PV_VCPU_XSAVE, &vcpu, sizeof(vcpu), xsave, sizeof(xsave));
    put_record(LIBXC_X86_PV_VCPU_MSRS, &vcpu, sizeof(vcpu), "", 0); /* tolerated */
}

static size_t pages_start, pages_end, without_trailer;

static int make_image(void **state)
{
    struct stream_trailer trailer;

    (void)state;
    used = 0;
    put_headers("{\"c_info\": {}}");
    put_static();
    pages_start = used + 300;
    put_pages();
    pages_end = used;
    put_state();
    put_record(LIBXC_END, "", 0, "", 0);
    put_record(LIBXL_END, "", 0, "", 0);
    without_trailer = used;
    memcpy(trailer.magic, TRAILER_MAGIC, 8);
    trailer.crc = lzma_crc64(image, used, 0);
    put(&trailer, sizeof(trailer));
    return 0;
}

/* Reads a file in memory as pv_restore_open() does. */
static int read_file(const void *bytes, size_t count, struct stream_plan *plan, struct error *e)
{
    struct stream_in in;
    char *json = NULL;
    int rc;

    error_clear(e);
    memset(plan, 0, sizeof(*plan));
    stream_in_memory(&in, bytes, count, "x.save");
    rc = xl_file_read(&in, &json, e);
    if (!rc)
        rc = stream_plan_read(&in, plan, e);
    if (!rc)
        rc = xl_file_check_trailer(&in, e);
    stream_in_close(&in);
    free(json);
    return rc;
}

/* A plan that was accepted must be safe to follow. */
static void check_plan(const struct stream_plan *plan)
{
    uint64_t pages = 0;

    for (uint64_t pfn = 0; pfn < plan->nr_pfns; pfn++)
        pages += stream_plan_has(plan, pfn);
    assert_int_equal(pages, plan->nr_pages);
    assert_int_equal(plan->p2m_frames, (plan->nr_pfns + 511) / 512);
    for (uint64_t i = 0; i < plan->p2m_frames; i++)
        assert_true(stream_plan_has(plan, plan->p2m_pfns[i]));
    assert_true(stream_plan_has(plan, stream_plan_start_info(plan)));
    assert_non_null(plan->shared_info);
}

static void whole(void **state)
{
    struct stream_plan plan;
    struct error e;

    (void)state;
    if (read_file(image, used, &plan, &e))
        fail_msg("%s", e.text);
    check_plan(&plan);
    assert_int_equal(plan.nr_pfns, NR_PFNS);
    assert_int_equal(plan.nr_pages, NR_USED + 1);
    assert_int_equal(plan.types[L4], 0xc);
    assert_int_equal(plan.types[20], PAGE_TYPE_NONE);
    assert_int_equal(plan.types[599], PAGE_TYPE_NONE);
    assert_int_equal(plan.nr_vcpus, 1);
    assert_int_equal(plan.vcpus[0].bytes[VCPU_XSAVE], 592);
    assert_null(plan.vcpus[0].part[VCPU_MSRS]);
    assert_int_equal(plan.policy.nr_leaves, 2);
    assert_int_equal(plan.policy.nr_msrs, 1);
    assert_int_equal(plan.tsc.khz, 1000000);
    stream_plan_free(&plan);
    /* As xl leaves it, without a checksum. */
    assert_int_equal(read_file(image, without_trailer, &plan, &e), 0);
    stream_plan_free(&plan);
}

/* Wherever it is cut, it is refused with a sentence, but where only the checksum is missing. */
static void cut_anywhere(void **state)
{
    (void)state;
    for (size_t count = 0;
         count<used; count += count> pages_start && count + 40 < pages_end ? 13 : 1) {
        /* A buffer of just that size, so that the sanitizer sees a byte too many. */
        uint8_t *copy = malloc(count ? count : 1);
        struct stream_plan plan;
        struct error e;

        assert_non_null(copy);
        memcpy(copy, image, count);
        int rc = read_file(copy, count, &plan, &e);
        if (count == without_trailer)
            assert_int_equal(rc, 0);
        else
            assert_true(rc < 0 && strstr(e.text, "x.save"));
        stream_plan_free(&plan);
        free(copy);
    }
}

/* Whichever bit is bent, the checksum finds it; without one the reader must stay safe. */
static void bend_anywhere(void **state)
{
    (void)state;
    for (size_t at = 0; at<used; at += at> pages_start && at + 40 < pages_end ? 61 : 1)
        for (unsigned int bit = 0; bit < 8; bit += at < 64 ? 1 : 3) {
            struct stream_plan plan;
            struct error e;

            image[at] ^= (uint8_t)(1u << bit);
            assert_true(read_file(image, used, &plan, &e) < 0);
            assert_true(e.text[0]);
            stream_plan_free(&plan);
            if (!read_file(image, without_trailer, &plan, &e))
                check_plan(&plan);
            stream_plan_free(&plan);
            image[at] ^= (uint8_t)(1u << bit);
        }
}

/* Several words of headers at once, by a fixed sequence. */
static void bend_at_random(void **state)
{
    uint8_t *copy = malloc(without_trailer);
    uint32_t seed = 1;

    (void)state;
    assert_non_null(copy);
    for (unsigned int round = 0; round < 3000; round++) {
        struct stream_plan plan;
        struct error e;

        memcpy(copy, image, without_trailer);
        for (unsigned int i = 0; i < 1 + round % 4; i++) {
            static const uint32_t values[] = { 0, 1, 8, 0xffffffff, 0x80000000, 4096, 600, 7 };

            seed = seed * 1103515245 + 12345;
            size_t at = (seed >> 8) % (without_trailer - 4);
            if (at > pages_start && at < pages_end)
                at = pages_end + at % (without_trailer - pages_end - 4);
            memcpy(copy + (at & ~(size_t)3), &values[seed >> 5 & 7], 4);
        }
        if (!read_file(copy, without_trailer, &plan, &e))
            check_plan(&plan);
        stream_plan_free(&plan);
    }
    free(copy);
}

/* ---- translation ---------------------------------------------------------------------- */

static bool add_1000(void *arg, uint64_t number, uint64_t *other)
{
    (void)arg;
    *other = number + 1000;
    return number < 600;
}

static bool sub_1000(void *arg, uint64_t number, uint64_t *other)
{
    (void)arg;
    *other = number - 1000;
    return number >= 1000;
}

static void tables(void **state)
{
    uint64_t table[512] = { 0 }, moved[512], back[512];
    unsigned int bad;

    (void)state;
    table[0] = 5ull << 12 | 0x67;
    table[1] = 1ull << 63 | 6ull << 12 | 0x1e7; /* NX, and bit 7 */
    table[2] = 0xdeadb000 | 0x66;               /* not present: the guest's own affair */
    table[300] = 7ull << 12 | 1;
    for (unsigned int level = 1; level <= 4; level += 3) {
        assert_int_equal(pv_table_translate(moved, table, level, add_1000, NULL, &bad), 0);
        assert_int_equal(moved[1], 1ull << 63 | 1006ull << 12 | 0x1e7);
        assert_int_equal(moved[2], table[2]);
        assert_int_equal(pv_table_translate(back, moved, level, sub_1000, NULL, &bad), 0);
        assert_memory_equal(back, table, sizeof(table));
    }
    assert_int_equal(pv_table_translate(moved, table, 2, add_1000, NULL, &bad), -E2BIG);
    assert_int_equal(bad, 1);
    table[256] = 999999ull << 12 | 1; /* the hypervisor's own, at level 4 only */
    assert_int_equal(pv_table_translate(moved, table, 4, add_1000, NULL, &bad), 0);
    assert_int_equal(moved[256], 0);
    assert_int_equal(pv_table_translate(moved, table, 1, add_1000, NULL, &bad), -EINVAL);
    assert_int_equal(bad, 256);
}

static void contexts(void **state)
{
    vcpu_guest_context_t c = { 0 }, before;
    const char *bad;

    (void)state;
    c.user_regs.rdx = 3;
    c.gdt_ents = 513;
    c.gdt_frames[0] = 4;
    c.gdt_frames[1] = 5;
    c.gdt_frames[2] = 77777;
    c.ctrlreg[3] = 6ull << 12;
    c.ctrlreg[1] = 0ull << 12 | 1;
    before = c;
    assert_int_equal(pv_context_from_stream(&c, 0, add_1000, NULL, &bad), 0);
    assert_int_equal(c.user_regs.rdx, 1003);
    assert_int_equal(c.gdt_frames[1], 1005);
    assert_int_equal(c.gdt_frames[2], 77777);
    assert_int_equal(c.ctrlreg[1], 1000ull << 12);
    assert_int_equal(pv_context_to_stream(&c, 0, sub_1000, NULL, &bad), 0);
    assert_memory_equal(&c, &before, sizeof(c));
    /* Of other CPUs the register is the guest's; a root for users need not be there. */
    c.user_regs.rdx = 1ull << 60;
    c.ctrlreg[1] = 0;
    assert_int_equal(pv_context_from_stream(&c, 1, add_1000, NULL, &bad), 0);
    assert_int_equal(c.ctrlreg[1], 0);
    c = before;
    c.gdt_ents = 1 << 20;
    assert_int_equal(pv_context_from_stream(&c, 0, add_1000, NULL, &bad), -EINVAL);
    c = before;
    c.ctrlreg[3] = 600ull << 12;
    assert_int_equal(pv_context_from_stream(&c, 0, add_1000, NULL, &bad), -EINVAL);
    assert_string_equal(bad, "the page table root");
}

static void features(void **state)
{
    xen_cpuid_leaf_t guest_leaves[] = { { .leaf = 1, .subleaf = ~0u, .c = 1 | 1u << 31 },
                                        { .leaf = 7, .subleaf = 0, .b = 1 << 5 | 1u << 31 } };
    xen_cpuid_leaf_t host_leaves[] = { { .leaf = 1, .subleaf = ~0u, .c = ~(1u << 31) },
                                       { .leaf = 7, .subleaf = 0, .b = ~0u } };
    struct cpu_policy guest = { .leaves = guest_leaves, .nr_leaves = 2 };
    struct cpu_policy host = { .leaves = host_leaves, .nr_leaves = 2 };
    char name[CPU_FEATURE_NAME_MAX];

    (void)state;
    assert_false(cpu_feature_missing(&guest, &host, name));
    host_leaves[1].b = 1u << 31;
    assert_true(cpu_feature_missing(&guest, &host, name));
    assert_string_equal(name, "avx2");
    host_leaves[1].b = 1u << 5;
    assert_true(cpu_feature_missing(&guest, &host, name));
    assert_string_equal(name, "bit 31 of EBX in CPUID leaf 0x7");
    /* What AMD's processors repeat is looked for once. */
    guest_leaves[1] = (xen_cpuid_leaf_t){ .leaf = 0x80000001, .subleaf = ~0u, .d = 0x0183f3ff };
    assert_false(cpu_feature_missing(&guest, &host, name));
    guest_leaves[1].d |= 1u << 27;
    assert_true(cpu_feature_missing(&guest, &host, name));
    assert_string_equal(name, "rdtscp");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(whole),         cmocka_unit_test(cut_anywhere),
        cmocka_unit_test(bend_anywhere), cmocka_unit_test(bend_at_random),
        cmocka_unit_test(tables),        cmocka_unit_test(contexts),
        cmocka_unit_test(features),
    };

    return cmocka_run_group_tests(tests, make_image, NULL);
}
