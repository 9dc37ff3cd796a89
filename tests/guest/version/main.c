/* SPDX-License-Identifier: MIT */
/* xen_version: every sub-op, as the initial domain. */
#include <xen/features.h>
#include <xen/version.h>

#include "test.h"

#define BUFFER 4096
static char buffer[BUFFER];

/* Fills the buffer with a pattern, calls, and returns the result. */
static long call(unsigned int cmd)
{
    memset(buffer, 0x5a, sizeof(buffer));
    return hc_xen_version(cmd, buffer);
}

/* The answer is a terminated string within @size bytes, and nothing behind them was written. */
static void check_string(unsigned int size)
{
    bool ended = false;

    for (unsigned int i = 0; i < size; i++)
        ended |= !buffer[i];
    CHECK(ended);
    CHECK_EQ(buffer[size], 0x5a);
}

static void version(void)
{
    CHECK_EQ(hc_xen_version(XENVER_version, NULL), 4 << 16 | 17);
    CHECK_EQ(call(XENVER_version), 4 << 16 | 17);
    CHECK_EQ(buffer[0], 0x5a);
}

static void extraversion(void)
{
    CHECK_EQ(call(XENVER_extraversion), 0);
    check_string(XEN_EXTRAVERSION_LEN);
    CHECK_EQ(buffer[0], '.');
}

static void compile_info(void)
{
    struct xen_compile_info *info = (void *)buffer;

    CHECK_EQ(call(XENVER_compile_info), 0);
    CHECK_EQ(buffer[sizeof(*info)], 0x5a);
    CHECK(strlen(info->compiler) > 0 && strlen(info->compiler) < sizeof(info->compiler));
    CHECK(strlen(info->compile_by) < sizeof(info->compile_by));
    CHECK(strlen(info->compile_domain) < sizeof(info->compile_domain));
    CHECK(strlen(info->compile_date) < sizeof(info->compile_date));
}

static void capabilities(void)
{
    CHECK_EQ(call(XENVER_capabilities), 0);
    check_string(sizeof(xen_capabilities_info_t));
    CHECK(!strncmp(buffer, "xen-3.0-x86_64 ", 15));
}

static void changeset(void)
{
    CHECK_EQ(call(XENVER_changeset), 0);
    check_string(sizeof(xen_changeset_info_t));
}

static void platform_parameters(void)
{
    CHECK_EQ(call(XENVER_platform_parameters), 0);
    CHECK_EQ(*(uint64_t *)buffer, (unsigned long)M2P);
    CHECK_EQ(buffer[8], 0x5a);
}

static void features(void)
{
    struct xen_feature_info info = { .submap_idx = 0, .submap = 0x5a5a5a5a };

    CHECK_EQ(hc_xen_version(XENVER_get_features, &info), 0);
    CHECK_EQ(info.submap,
             1u << XENFEAT_pae_pgdir_above_4gb | 1u << XENFEAT_mmu_pt_update_preserve_ad |
             1u << XENFEAT_highmem_assist | 1u << XENFEAT_gnttab_map_avail_bits |
             1u << XENFEAT_dom0 | 1u << XENFEAT_memory_op_vnode_supported |
             1u << XENFEAT_direct_mapped);
}

static void features_bad_index(void)
{
    struct xen_feature_info info = { .submap_idx = 1, .submap = 0x5a5a5a5a };

    CHECK_EQ(hc_xen_version(XENVER_get_features, &info), -EINVAL);
    info.submap_idx = ~0u;
    CHECK_EQ(hc_xen_version(XENVER_get_features, &info), -EINVAL);
    CHECK_EQ(info.submap, 0x5a5a5a5a);
}

static void pagesize(void)
{
    CHECK_EQ(hc_xen_version(XENVER_pagesize, NULL), 4096);
    CHECK_EQ(hc_xen_version(XENVER_pagesize, buffer), -EINVAL);
}

static void guest_handle(void)
{
    static const char zero[16];

    CHECK_EQ(call(XENVER_guest_handle), 0);
    CHECK(!memcmp(buffer, zero, 16));
    CHECK_EQ(buffer[16], 0x5a);
}

static void commandline(void)
{
    CHECK_EQ(call(XENVER_commandline), 0);
    CHECK(!!strstr(buffer, "com1=115200,8n1"));
    check_string(sizeof(xen_commandline_t));
}

/* With no buffer the size of the id; a buffer that is too small is refused. */
static void build_id(void)
{
    long size = hc_xen_version(XENVER_build_id, NULL);
    struct xen_build_id *id = (void *)buffer;

    if (size == -ENODATA)
        test_skip("this hypervisor carries no build id");
    CHECK(size > 0 && size <= 64);
    memset(buffer, 0x5a, sizeof(buffer));
    id->len = size;
    CHECK_EQ(hc_xen_version(XENVER_build_id, id), size);
    CHECK_EQ(id->len, size);
    CHECK_EQ(id->buf[size], 0x5a);
    id->len = size - 1;
    CHECK_EQ(hc_xen_version(XENVER_build_id, id), -ENOBUFS);
    id->len = 0;
    CHECK_EQ(hc_xen_version(XENVER_build_id, id), -EINVAL);
}

static void unknown(void)
{
    CHECK_EQ(call(11), -ENOSYS);
    CHECK_EQ(call(~0u), -ENOSYS);
    CHECK_EQ(hypercall3(__HYPERVISOR_xen_version, 1UL << 32, 0, 0),
             hc_xen_version(XENVER_version, NULL));
    CHECK_EQ(buffer[0], 0x5a);
}

/* The whole answer has to fit; neither unmapped memory nor ours nor the hypervisor's will do. */
static void bad_pointers(void)
{
    static const unsigned int cmds[] = {
        XENVER_extraversion, XENVER_compile_info, XENVER_capabilities, XENVER_changeset,
        XENVER_platform_parameters, XENVER_get_features, XENVER_guest_handle, XENVER_commandline,
    };
    static const unsigned long pointers[] = {
        0, UNMAPPED_VA, NONCANONICAL_VA, HYPERVISOR_VA, (unsigned long)M2P, ~0UL - 2,
        0xffff800000000000UL - 8,
    };

    for (unsigned int c = 0; c < sizeof(cmds) / sizeof(cmds[0]); c++)
        for (unsigned int p = 0; p < sizeof(pointers) / sizeof(pointers[0]); p++)
            if (hc_xen_version(cmds[c], (void *)pointers[p]) != -EFAULT)
                FAIL("cmd %u, pointer %lx: %ld", cmds[c], pointers[p],
                     hc_xen_version(cmds[c], (void *)pointers[p]));
}

static const struct test tests[] = {
    { "version", version },
    { "extraversion", extraversion },
    { "compile_info", compile_info },
    { "capabilities", capabilities },
    { "changeset", changeset },
    { "platform_parameters", platform_parameters },
    { "features", features },
    { "features_bad_index", features_bad_index },
    { "pagesize", pagesize },
    { "guest_handle", guest_handle },
    { "commandline", commandline },
    { "build_id", build_id },
    { "unknown", unknown },
    { "bad_pointers", bad_pointers },
};

TEST_MAIN(tests)
