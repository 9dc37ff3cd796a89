/* SPDX-License-Identifier: MIT */
/* What an unprivileged domain may not do: control calls, others' resources, the machine's. */
//! as=domu
#include <xen/domctl.h>
#include <xen/grant_table.h>
#include <xen/physdev.h>
#include <xen/platform.h>
#include <xen/sysctl.h>
#include <xen/vcpu.h>

#include "insn.h"
#include "test.h"

#define WINDOW 0x8000000000UL

static void not_initial(void)
{
    CHECK_EQ(start_info->flags & (SIF_INITDOMAIN | SIF_PRIVILEGED), 0);
}

static void console_io(void)
{
    char byte = '!';

    CHECK_EQ(hc_console_io(CONSOLEIO_write, 1, &byte), -EPERM);
    CHECK_EQ(hc_console_io(CONSOLEIO_read, 1, &byte), -EPERM);
}

static void domctl_all(void)
{
    static struct xen_domctl op;

    for (unsigned int cmd = 0; cmd < 90; cmd++) {
        long rc;

        memset(&op, 0, sizeof(op));
        op.cmd = cmd;
        op.interface_version = XEN_DOMCTL_INTERFACE_VERSION;
        op.domain = 0;
        rc = hc_domctl(&op);
        if (rc != -EPERM && rc != -ENOSYS && rc != -EINVAL && rc != -EOPNOTSUPP)
            FAIL("domctl %u of domain 0: %ld", cmd, rc);
    }
}

static void sysctl_all(void)
{
    static struct xen_sysctl op;

    for (unsigned int cmd = 0; cmd < 35; cmd++) {
        long rc;

        memset(&op, 0, sizeof(op));
        op.cmd = cmd;
        op.interface_version = XEN_SYSCTL_INTERFACE_VERSION;
        rc = hc_sysctl(&op);
        if (rc != -EPERM && rc != -ENOSYS)
            FAIL("sysctl %u: %ld", cmd, rc);
    }
}

static void platform_all(void)
{
    static struct xen_platform_op op;

    for (unsigned int cmd = 0; cmd < 70; cmd++) {
        memset(&op, 0, sizeof(op));
        op.cmd = cmd;
        op.interface_version = XENPF_INTERFACE_VERSION;
        if (hc_platform_op(&op) != -EPERM)
            FAIL("platform_op %u: %ld", cmd, hc_platform_op(&op));
    }
}

/* Frames of domain 0 by number, as ours and as its own. */
static void foreign_frames(void)
{
    uint64_t *entry;
    mmu_update_t req;
    unsigned long tried = 0;

    CHECK_EQ(page_map(root_table(), WINDOW, 0), 0);
    entry = entry_find(root_table(), WINDOW, 1);
    for (unsigned long mfn = 0; mfn < 0xffe0; mfn += 61) {
        unsigned long pfn = M2P[mfn];
        long rc;

        if (pfn < start_info->nr_pages && p2m()[pfn] == mfn)
            continue;
        if (mfn == start_info->shared_info >> PAGE_SHIFT)
            continue;
        rc = entry_set(entry, pte_make(mfn, PTE_RO_PAGE));
        tried++;
        if (!rc)
            continue; /* a grant or status frame of ours has no pfn */
        CHECK(rc == -EPERM || rc == -EBUSY || rc == -EINVAL);
    }
    CHECK(tried > 500);
    CHECK_EQ(entry_set(entry, 0), 0);
    req.ptr = maddr_of(entry);
    req.val = 0;
    CHECK_EQ(hc_mmu_update(&req, 1, NULL, 0), -EPERM);
    CHECK_EQ(hc_mmu_update(&req, 1, NULL, DOMID_XEN), -EPERM);
    CHECK_EQ(hc_update_va_mapping_otherdomain(WINDOW, 0, 0, 0), -EPERM);
}

/* Nothing below or above RAM: no device, no firmware, no APIC. */
static void machine_frames(void)
{
    static const unsigned long mfns[] = { 0, 0xa0, 0xb8, 0xf0, 0xfec00, 0xfee00, 0xe0000, 0x80000 };
    uint64_t *entry = entry_find(root_table(), WINDOW, 1);

    for (unsigned int i = 0; i < sizeof(mfns) / sizeof(mfns[0]); i++) {
        long rc = entry_set(entry, pte_make(mfns[i], PTE_RO_PAGE));

        if (rc != -EPERM)
            FAIL("mfn 0x%lx: %ld", mfns[i], rc);
    }
}

static void memory_of_others(void)
{
    xen_pfn_t extent = 0x100;
    struct xen_memory_reservation res = { .nr_extents = 1, .domid = 0 };
    struct xen_memory_map map = { .nr_entries = 0 };
    domid_t zero = 0;

    set_xen_guest_handle(res.extent_start, &extent);
    CHECK_EQ(hc_memory_op(XENMEM_decrease_reservation, &res), 0);
    CHECK_EQ(hc_memory_op(XENMEM_increase_reservation, &res), 0);
    CHECK_EQ(hc_memory_op(XENMEM_populate_physmap, &res), 0);
    CHECK_EQ(hc_memory_op(XENMEM_current_reservation, &zero), -EPERM);
    CHECK_EQ(hc_memory_op(XENMEM_maximum_reservation, &zero), -EPERM);
    CHECK_EQ(hc_memory_op(XENMEM_maximum_gpfn, &zero), -EPERM);
    CHECK_EQ(hc_memory_op(XENMEM_machine_memory_map, &map), -EPERM);
}

static void channels_of_others(void)
{
    struct evtchn_status status = { .dom = 0, .port = 1 };
    struct evtchn_reset reset = { .dom = 0 };
    struct evtchn_bind_pirq pirq = { .pirq = 4 };

    CHECK_EQ(event_alloc_unbound(0, DOMID_SELF), -EPERM);
    CHECK_EQ(hc_event_channel_op(EVTCHNOP_status, &status), -EPERM);
    CHECK_EQ(hc_event_channel_op(EVTCHNOP_reset, &reset), -EPERM);
    CHECK_EQ(hc_event_channel_op(EVTCHNOP_bind_pirq, &pirq), -EPERM);
    for (unsigned int port = 0; port < 64; port++)
        CHECK_EQ(event_bind_interdomain(0, port), -EINVAL);
}

static void grants_of_others(void)
{
    struct gnttab_setup_table setup = { .dom = 0, .nr_frames = 1 };
    struct gnttab_query_size query = { .dom = 0 };

    CHECK_EQ(hc_grant_table_op(GNTTABOP_setup_table, &setup, 1), 0);
    CHECK_EQ(setup.status, GNTST_permission_denied);
    CHECK_EQ(hc_grant_table_op(GNTTABOP_query_size, &query, 1), 0);
    CHECK_EQ(query.status, GNTST_permission_denied);
    for (unsigned int ref = 0; ref < 64; ref++) {
        struct gnttab_map_grant_ref map = { .host_addr = WINDOW, .flags = GNTMAP_host_map,
                                            .ref = ref, .dom = 0 };

        CHECK_EQ(hc_grant_table_op(GNTTABOP_map_grant_ref, &map, 1), 0);
        CHECK(map.status < 0);
    }
}

static void physdev(void)
{
    uint64_t zero[8] = { 0 };
    struct physdev_set_iopl iopl = { .iopl = 1 };
    struct physdev_map_pirq map = { .domid = DOMID_SELF, .type = MAP_PIRQ_TYPE_GSI, .index = 4,
                                    .pirq = 4 };
    struct physdev_setup_gsi gsi = { .gsi = 4 };

    CHECK_EQ(hc_physdev_op(PHYSDEVOP_set_iopl, &iopl), 0);
    CHECK_EQ(hc_physdev_op(PHYSDEVOP_apic_read, zero), -EPERM);
    CHECK_EQ(hc_physdev_op(PHYSDEVOP_apic_write, zero), -EPERM);
    CHECK_EQ(hc_physdev_op(PHYSDEVOP_setup_gsi, &gsi), -EPERM);
    CHECK_EQ(hc_physdev_op(PHYSDEVOP_pci_device_add, zero), -EPERM);
    CHECK(hc_physdev_op(PHYSDEVOP_map_pirq, &map) < 0);
}

/* Ports answer with all ones and swallow what is written, from I/O privilege 1 on. */
static void ports(void)
{
    struct physdev_set_iopl iopl = { .iopl = 1 };
    static const uint16_t numbers[] = { 0x20, 0x40, 0x42, 0x60, 0x64, 0x80, 0x3f8, 0x3fd,
                                        0xf4, 0x600, 0x604 };

    CHECK_EQ(hc_physdev_op(PHYSDEVOP_set_iopl, &iopl), 0);
    for (unsigned int i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
        outb(0x55, numbers[i]);
        if (inb(numbers[i]) != 0xff)
            FAIL("port 0x%x reads 0x%x", numbers[i], inb(numbers[i]));
    }
    outl(0x80000000, 0xcf8);
    CHECK_EQ(inl(0xcfc), 0xffffffffu);
    CHECK_EQ(inl(0xf4), 0xffffffffu);
}

static void shutdown_of_others(void)
{
    struct sched_remote_shutdown remote = { .domain_id = 0, .reason = SHUTDOWN_crash };
    struct sched_pin_override pin = { .pcpu = 0 };

    CHECK_EQ(hc_sched_op(SCHEDOP_remote_shutdown, &remote), -EPERM);
    CHECK_EQ(hc_sched_op(SCHEDOP_pin_override, &pin), -EPERM);
}

static void cache_flush(void)
{
    CHECK_EQ(mmuext(MMUEXT_FLUSH_CACHE, 0, 0), -EACCES);
    CHECK_EQ(mmuext(MMUEXT_FLUSH_CACHE_GLOBAL, 0, 0), -EINVAL);
}

static void m2p_is_not_ours(void)
{
    mmu_update_t req = { .ptr = (0xf000UL << PAGE_SHIFT) | MMU_MACHPHYS_UPDATE, .val = 1 };
    unsigned long mfn;

    for (mfn = 0x1000; mfn < 0xf000; mfn += 17) {
        unsigned long pfn = M2P[mfn];

        if (pfn < start_info->nr_pages && p2m()[pfn] == mfn)
            continue;
        req.ptr = (mfn << PAGE_SHIFT) | MMU_MACHPHYS_UPDATE;
        if (!hc_mmu_update(&req, 1, NULL, DOMID_SELF) && M2P[mfn] == 1)
            FAIL("M2P entry of mfn 0x%lx, not ours, was changed", mfn);
    }
}

static void version_hides(void)
{
    char text[1024];

    memset(text, 0x5a, sizeof(text));
    CHECK_EQ(hc_xen_version(9, text), 0);
    CHECK(!strstr(text, "com1=115200"));
}

static const struct test tests[] = {
    { "not_initial", not_initial },
    { "console_io", console_io },
    { "domctl_all", domctl_all },
    { "sysctl_all", sysctl_all },
    { "platform_all", platform_all },
    { "foreign_frames", foreign_frames },
    { "machine_frames", machine_frames },
    { "memory_of_others", memory_of_others },
    { "channels_of_others", channels_of_others },
    { "grants_of_others", grants_of_others },
    { "physdev", physdev },
    { "ports", ports },
    { "shutdown_of_others", shutdown_of_others },
    { "cache_flush", cache_flush },
    { "m2p_is_not_ours", m2p_is_not_ours },
    { "version_hides", version_hides },
};

TEST_MAIN(tests)
