/* SPDX-License-Identifier: MIT */
/* platform_op as the initial domain: versions, firmware information, CPUs, wall clock. */
#include <xen/platform.h>

#include "test.h"

static struct xen_platform_op op;

static long call(unsigned int cmd)
{
    op.cmd = cmd;
    op.interface_version = XENPF_INTERFACE_VERSION;
    return hc_platform_op(&op);
}

static void interface_version(void)
{
    memset(&op, 0, sizeof(op));
    op.cmd = XENPF_get_cpuinfo;
    op.interface_version = XENPF_INTERFACE_VERSION - 1;
    CHECK_EQ(hc_platform_op(&op), -EACCES);
    op.interface_version = 0;
    CHECK_EQ(hc_platform_op(&op), -EACCES);
}

static void bad_pointers(void)
{
    static const unsigned long pointers[] = { 0, UNMAPPED_VA, NONCANONICAL_VA, HYPERVISOR_VA };

    for (int i = 0; i < 4; i++)
        CHECK_EQ(hc_platform_op((void *)pointers[i]), -EFAULT);
}

static void unknown(void)
{
    static const unsigned int cmds[] = { 0, 16, 30, 49, 100, ~0u };

    for (int i = 0; i < 6; i++) {
        memset(&op, 0, sizeof(op));
        if (call(cmds[i]) != -ENOSYS)
            FAIL("command %u: %ld", cmds[i], call(cmds[i]));
    }
}

static void cpuinfo(void)
{
    memset(&op, 0, sizeof(op));
    op.u.pcpu_info.xen_cpuid = 0;
    CHECK_EQ(call(XENPF_get_cpuinfo), 0);
    CHECK_EQ(op.u.pcpu_info.max_present, 0);
    CHECK_EQ(op.u.pcpu_info.flags, XEN_PCPU_FLAGS_ONLINE);
    CHECK_EQ(op.u.pcpu_info.apic_id, 0);
    memset(&op, 0, sizeof(op));
    op.u.pcpu_info.xen_cpuid = 5;
    CHECK_EQ(call(XENPF_get_cpuinfo), 0);
    CHECK_EQ(op.u.pcpu_info.flags, XEN_PCPU_FLAGS_INVALID);
}

static void firmware(void)
{
    memset(&op, 0, sizeof(op));
    op.u.firmware_info.type = XEN_FW_KBD_SHIFT_FLAGS;
    CHECK_EQ(call(XENPF_firmware_info), 0);
    memset(&op, 0, sizeof(op));
    op.u.firmware_info.type = XEN_FW_DISK_INFO;
    CHECK_EQ(call(XENPF_firmware_info), -ESRCH);
    op.u.firmware_info.type = XEN_FW_DISK_MBR_SIGNATURE;
    CHECK_EQ(call(XENPF_firmware_info), -ESRCH);
    op.u.firmware_info.type = XEN_FW_EFI_INFO;
    op.u.firmware_info.index = XEN_FW_EFI_CONFIG_TABLE;
    CHECK_EQ(call(XENPF_firmware_info), -ENOSYS);
    op.u.firmware_info.type = 99;
    CHECK_EQ(call(XENPF_firmware_info), -EINVAL);
}

/* The wall clock at system time zero: what we set is what all see. */
static void set_time(void)
{
    uint32_t version = shared_info->wc_version;

    memset(&op, 0, sizeof(op));
    op.u.settime64.secs = 1800000000;
    op.u.settime64.nsecs = 123;
    op.u.settime64.mbz = 1;
    CHECK_EQ(call(XENPF_settime64), -EINVAL);
    CHECK_EQ(shared_info->wc_version, version);
    op.u.settime64.mbz = 0;
    CHECK_EQ(call(XENPF_settime64), 0);
    CHECK(shared_info->wc_version != version);
    CHECK_EQ(shared_info->wc_version & 1, 0);
    CHECK_EQ(shared_info->wc_sec, 1800000000);
    CHECK_EQ(shared_info->wc_nsec, 123);
}

static const struct test tests[] = {
    { "interface_version", interface_version },
    { "bad_pointers", bad_pointers },
    { "unknown", unknown },
    { "cpuinfo", cpuinfo },
    { "firmware", firmware },
    { "set_time", set_time },
};

TEST_MAIN(tests)
