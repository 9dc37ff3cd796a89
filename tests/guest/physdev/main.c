/* SPDX-License-Identifier: MIT */
/* physdev_op as the initial domain: I/O privilege, interrupts, and what is refused. */
#include <xen/physdev.h>

#include "test.h"

static const unsigned long bad_pointers[] = { 0, UNMAPPED_VA, NONCANONICAL_VA, HYPERVISOR_VA };

static void pointers(void)
{
    static const unsigned int cmds[] = {
        PHYSDEVOP_eoi, PHYSDEVOP_irq_status_query, PHYSDEVOP_set_iopl, PHYSDEVOP_set_iobitmap,
        PHYSDEVOP_apic_read, PHYSDEVOP_apic_write, PHYSDEVOP_alloc_irq_vector, PHYSDEVOP_map_pirq,
        PHYSDEVOP_unmap_pirq, PHYSDEVOP_setup_gsi, PHYSDEVOP_get_free_pirq,
        PHYSDEVOP_pci_device_add, PHYSDEVOP_pirq_eoi_gmfn_v2,
    };

    for (unsigned int c = 0; c < sizeof(cmds) / sizeof(cmds[0]); c++)
        for (int i = 0; i < 4; i++)
            if (hc_physdev_op(cmds[c], (void *)bad_pointers[i]) != -EFAULT)
                FAIL("command %u pointer %lx: %ld", cmds[c], bad_pointers[i],
                     hc_physdev_op(cmds[c], (void *)bad_pointers[i]));
}

static void unknown(void)
{
    uint64_t zero[8] = { 0 };
    static const unsigned int cmds[] = { 0, 1, 34, 100, ~0u };

    for (int i = 0; i < 5; i++)
        if (hc_physdev_op(cmds[i], zero) != -ENOSYS)
            FAIL("command %u: %ld", cmds[i], hc_physdev_op(cmds[i], zero));
}

static void iopl(void)
{
    for (unsigned int level = 0; level < 6; level++) {
        struct physdev_set_iopl op = { .iopl = level };

        CHECK_EQ(hc_physdev_op(PHYSDEVOP_set_iopl, &op), level > 3 ? -EINVAL : 0);
    }
    hc_physdev_op(PHYSDEVOP_set_iopl, &(struct physdev_set_iopl){ .iopl = 0 });
}

static bool port_works(void)
{
    TRAP_CATCH("inb $0x80, %%al", TRAP_OUT(), TRAP_IN(), "rax");
    return !this_cpu()->seen.hit;
}

/* A port bitmap opens single ports at I/O privilege 0. */
static void io_bitmap(void)
{
    static uint8_t bits[8192];
    struct physdev_set_iobitmap op = { .nr_ports = 65536 };

    memset(bits, 0xff, sizeof(bits));
    set_xen_guest_handle(op.bitmap, bits);
    CHECK_EQ(hc_physdev_op(PHYSDEVOP_set_iobitmap, &op), 0);
    CHECK(!port_works());
    bits[0x80 / 8] = 0xfe;
    CHECK(port_works());
    op.nr_ports = 0x80;
    CHECK_EQ(hc_physdev_op(PHYSDEVOP_set_iobitmap, &op), 0);
    CHECK(!port_works());
    op.nr_ports = 65537;
    CHECK_EQ(hc_physdev_op(PHYSDEVOP_set_iobitmap, &op), -EINVAL);
    op.nr_ports = 0;
    CHECK_EQ(hc_physdev_op(PHYSDEVOP_set_iobitmap, &op), 0);
}

static void io_apic(void)
{
    struct physdev_apic apic = { .apic_physbase = 0xfec00000, .reg = 1 };

    CHECK_EQ(hc_physdev_op(PHYSDEVOP_apic_read, &apic), 0);
    CHECK_EQ(apic.value >> 16 & 0xff, 23);
    apic.apic_physbase = 0xfec01000;
    CHECK_EQ(hc_physdev_op(PHYSDEVOP_apic_read, &apic), -EINVAL);
    CHECK_EQ(hc_physdev_op(PHYSDEVOP_apic_write, &apic), -EINVAL);
}

static void irq_queries(void)
{
    struct physdev_irq_status_query query = { .irq = 0xffffff };
    struct physdev_eoi eoi = { .irq = 0xffffff };

    CHECK_EQ(hc_physdev_op(PHYSDEVOP_irq_status_query, &query), -EINVAL);
    query.irq = ~0u;
    CHECK_EQ(hc_physdev_op(PHYSDEVOP_irq_status_query, &query), -EINVAL);
    query.irq = 4;
    CHECK_EQ(hc_physdev_op(PHYSDEVOP_irq_status_query, &query), 0);
    CHECK_EQ(hc_physdev_op(PHYSDEVOP_eoi, &eoi), -EINVAL);
}

static struct physdev_map_pirq map_request(int type, int index, int pirq)
{
    struct physdev_map_pirq map = { .domid = DOMID_SELF, .type = type, .index = index,
                                    .pirq = pirq };

    return map;
}

/* A legacy interrupt: mapped, bound, delivered nowhere yet, unmapped. */
static void map_gsi(void)
{
    struct physdev_map_pirq map = map_request(MAP_PIRQ_TYPE_GSI, 8, 8);
    struct physdev_unmap_pirq unmap = { .domid = DOMID_SELF, .pirq = 8 };
    struct evtchn_bind_pirq bind = { .pirq = 8 };

    CHECK_EQ(hc_physdev_op(PHYSDEVOP_map_pirq, &map), 0);
    CHECK_EQ(map.pirq, 8);
    CHECK_EQ(hc_event_channel_op(EVTCHNOP_bind_pirq, &bind), 0);
    CHECK(bind.port > 0);
    CHECK_EQ(hc_event_channel_op(EVTCHNOP_bind_pirq, &bind), -EEXIST);
    CHECK_EQ(event_close(bind.port), 0);
    CHECK_EQ(hc_physdev_op(PHYSDEVOP_unmap_pirq, &unmap), 0);
    CHECK_EQ(hc_physdev_op(PHYSDEVOP_unmap_pirq, &unmap), -EINVAL);
}

static void map_refusals(void)
{
    struct physdev_map_pirq map = map_request(MAP_PIRQ_TYPE_GSI, 100000, 100000);
    struct evtchn_bind_pirq bind = { .pirq = 0xffffff };

    CHECK_EQ(hc_physdev_op(PHYSDEVOP_map_pirq, &map), -EINVAL);
    map = map_request(MAP_PIRQ_TYPE_GSI, -5, -1);
    CHECK_EQ(hc_physdev_op(PHYSDEVOP_map_pirq, &map), -EINVAL);
    map = map_request(99, 1, 1);
    CHECK_EQ(hc_physdev_op(PHYSDEVOP_map_pirq, &map), -EINVAL);
    map = map_request(MAP_PIRQ_TYPE_GSI, 8, 8), map.domid = 77;
    CHECK_EQ(hc_physdev_op(PHYSDEVOP_map_pirq, &map), -ESRCH);
    CHECK_EQ(hc_event_channel_op(EVTCHNOP_bind_pirq, &bind), -EINVAL);
}

static void setup_gsi(void)
{
    struct physdev_setup_gsi gsi = { .gsi = 100000 };

    CHECK_EQ(hc_physdev_op(PHYSDEVOP_setup_gsi, &gsi), -EINVAL);
    gsi.gsi = -1;
    CHECK_EQ(hc_physdev_op(PHYSDEVOP_setup_gsi, &gsi), -EINVAL);
}

static void free_pirq(void)
{
    struct physdev_get_free_pirq get = { .type = MAP_PIRQ_TYPE_GSI };

    CHECK_EQ(hc_physdev_op(PHYSDEVOP_get_free_pirq, &get), 0);
    CHECK(get.pirq >= 16);
}

static const struct test tests[] = {
    { "pointers", pointers },
    { "unknown", unknown },
    { "iopl", iopl },
    { "io_bitmap", io_bitmap },
    { "io_apic", io_apic },
    { "irq_queries", irq_queries },
    { "map_gsi", map_gsi },
    { "map_refusals", map_refusals },
    { "setup_gsi", setup_gsi },
    { "free_pirq", free_pirq },
};

TEST_MAIN(tests)
