/* SPDX-License-Identifier: MIT */
/*
 * The safety of direct paging: no frame is writable and a table at once, nothing foreign or of
 * the hypervisor's can be mapped, and an entry that would break this is refused at every level.
 */
#include "test.h"

#define WINDOW 0x8000000000UL

static uint64_t *page;
static uint64_t *entry[5]; /* by level, of WINDOW */

static void init(void)
{
    if (page)
        return;
    page = page_alloc();
    CHECK_EQ(page_map(root_table(), WINDOW, pte_make(mfn_of(page), PTE_RO_PAGE)), 0);
    for (unsigned int level = 1; level <= 4; level++)
        entry[level] = entry_find(root_table(), WINDOW, level);
}

static uint64_t *table_of(unsigned int level)
{
    return (uint64_t *)((unsigned long)entry[level] & -PAGE_SIZE);
}

/* A pool page, read-only, as a fresh table. */
static uint64_t *table_new(void)
{
    uint64_t *table = page_alloc();

    CHECK_EQ(page_protect(table, PTE_RO_PAGE), 0);
    return table;
}

static void table_free(uint64_t *table)
{
    CHECK_EQ(page_protect(table, PTE_RW_PAGE), 0);
    page_free(table);
}

/* The tables in use cannot be mapped writable, anywhere; read-only they can. */
static void tables_not_writable(void)
{
    init();
    for (unsigned int level = 1; level <= 4; level++) {
        uint64_t *table = table_of(level);

        CHECK_EQ(page_protect(table, PTE_RW_PAGE), -EBUSY);
        CHECK_EQ(entry_set(entry[1], pte_make(mfn_of(table), PTE_RW_PAGE)), -EBUSY);
        CHECK_EQ(entry_set(entry[1], pte_make(mfn_of(table), PTE_RO_PAGE)), 0);
        if (level == 1)
            continue;
        TRAP_CATCH("movq $0, (%[p])", TRAP_OUT(), TRAP_IN([p] "r"(WINDOW)));
        CHECK_TRAP(TRAP_PF, PF_P | PF_W);
        CHECK_EQ(entry_set(entry[1], 0), 0);
        mmuext(MMUEXT_INVLPG_LOCAL, WINDOW, 0);
    }
}

/* A frame that is writable somewhere cannot become a table. */
static void writable_not_table(void)
{
    uint64_t *fresh = page_alloc();

    init();
    for (unsigned int level = 2; level <= 4; level++) {
        uint64_t *slot = entry[level] + 1;

        CHECK_EQ(*slot, 0);
        CHECK_EQ(entry_set(slot, pte_make(mfn_of(fresh), PTE_TABLE)), -EINVAL);
        CHECK_EQ(*slot, 0);
    }
    for (unsigned int cmd = MMUEXT_PIN_L1_TABLE; cmd <= MMUEXT_PIN_L4_TABLE; cmd++)
        CHECK_EQ(mmuext(cmd, mfn_of(fresh), 0), -EINVAL);
    CHECK_EQ(page_protect(fresh, PTE_RO_PAGE), 0);
    CHECK_EQ(entry_set(entry[1], pte_make(mfn_of(fresh), PTE_RW_PAGE)), 0);
    CHECK_EQ(mmuext(MMUEXT_PIN_L1_TABLE, mfn_of(fresh), 0), -EINVAL);
    CHECK_EQ(entry_set(entry[1], 0), 0);
    CHECK_EQ(mmuext(MMUEXT_PIN_L1_TABLE, mfn_of(fresh), 0), 0);
    CHECK_EQ(entry_set(entry[1], pte_make(mfn_of(fresh), PTE_RW_PAGE)), -EBUSY);
    CHECK_EQ(mmuext(MMUEXT_UNPIN_TABLE, mfn_of(fresh), 0), 0);
    CHECK_EQ(entry_set(entry[1], pte_make(mfn_of(fresh), PTE_RW_PAGE)), 0);
    CHECK_EQ(entry_set(entry[1], 0), 0);
    table_free(fresh);
}

/* A table keeps the level it has; two levels at once are refused. */
static void levels_do_not_mix(void)
{
    init();
    for (unsigned int level = 1; level <= 4; level++) {
        unsigned long mfn = mfn_of(table_of(level));

        for (unsigned int pin = 1; pin <= 4; pin++) {
            long rc = mmuext(MMUEXT_PIN_L1_TABLE + pin - 1, mfn, 0);

            if (pin != level) {
                CHECK_EQ(rc, -EINVAL);
                continue;
            }
            if (level == 4) {
                CHECK_EQ(rc, -EINVAL);
                continue;
            }
            CHECK_EQ(rc, 0);
            CHECK_EQ(mmuext(MMUEXT_UNPIN_TABLE, mfn, 0), 0);
        }
        for (unsigned int under = 2; under <= 4; under++) {
            uint64_t *slot = entry[under] + 2;
            bool fits = under == level + 1;

            CHECK_EQ(entry_set(slot, pte_make(mfn, PTE_TABLE)), fits ? 0 : -EINVAL);
            CHECK_EQ(entry_set(slot, 0), 0);
        }
    }
}

/* Bits that an entry of each level may not have; the entry keeps its old value. */
static void bad_bits(void)
{
    static const struct {
        const char *name;
        unsigned int level;
        uint64_t bits;
    } rows[] = {
        { "PSE in L2", 2, PTE_PSE }, { "PSE in L3", 3, PTE_PSE }, { "PSE in L4", 4, PTE_PSE },
        { "global in L2", 2, PTE_G }, { "global in L3", 3, PTE_G }, { "global in L4", 4, PTE_G },
    };

    init();
    for (unsigned int i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        uint64_t *slot = entry[rows[i].level], old = *slot;

        CHECK_ROW(rows[i].name, entry_set(slot, old | rows[i].bits), -EINVAL);
        CHECK_ROW(rows[i].name, *slot, old);
    }
}

/* Any memory type that a PTE can select is allowed for RAM. */
static void cache_attributes(void)
{
    static const uint64_t bits[] = {
        0, PTE_PWT, PTE_PCD, PTE_PCD | PTE_PWT, PTE_PSE, PTE_PSE | PTE_PWT,
    };

    init();
    for (int i = 0; i < 6; i++) {
        CHECK_EQ(entry_set(entry[1], pte_make(mfn_of(page), PTE_RO_PAGE | bits[i])), 0);
        CHECK_EQ(*entry[1] & (PTE_PWT | PTE_PCD | PTE_PSE), bits[i]);
    }
    CHECK_EQ(entry_set(entry[1], 0), 0);
}

static void frames_out_of_range(void)
{
    static const uint64_t mfns[] = { 0xffffffffffUL, NO_SUCH_MFN, 0x8000000000UL };

    init();
    for (unsigned int level = 1; level <= 4; level++)
        for (int i = 0; i < 3; i++) {
            long want = level > 1 || !i ? -EINVAL : -EPERM;

            CHECK_EQ(entry_set(entry[level] + 3, pte_make(mfns[i], PTE_TABLE)), want);
            CHECK_EQ(*(entry[level] + 3), 0);
        }
}

/* The hypervisor's sixteen slots of the root: not even a zero can be stored. */
static void reserved_slots(void)
{
    uint64_t *root = root_table(), *l3;

    init();
    l3 = table_of(3);
    for (unsigned int slot = 256; slot < 272; slot++) {
        uint64_t old = root[slot];

        CHECK_EQ(entry_set(&root[slot], 0), -EINVAL);
        CHECK_EQ(entry_set(&root[slot], pte_make(mfn_of(l3), PTE_TABLE)), -EINVAL);
        CHECK_EQ(root[slot], old);
    }
    CHECK_EQ(entry_set(&root[272], pte_make(mfn_of(l3), PTE_TABLE)), 0);
    CHECK_EQ(entry_set(&root[272], 0), 0);
    CHECK_EQ(entry_set(&root[255], pte_make(mfn_of(l3), PTE_TABLE)), 0);
    CHECK_EQ(entry_set(&root[255], 0), 0);
}

/* A root may contain itself, read-only; then the tables are visible through it. */
static void linear_table(void)
{
    uint64_t *root = root_table();
    uint64_t self = pte_make(mfn_of(root), PTE_P | PTE_US | PTE_A);
    volatile uint64_t *seen = (uint64_t *)(300UL << 39 | 300UL << 30 | 300UL << 21 | 300UL << 12 |
                                           0xffff000000000000UL);

    init();
    CHECK_EQ(entry_set(&root[300], self | PTE_RW), -EINVAL);
    CHECK_EQ(entry_set(&root[300], self), 0);
    CHECK_EQ(seen[300], root[300]);
    CHECK_EQ(seen[511], root[511]);
    TRAP_CATCH("movq $0, (%[p])", TRAP_OUT(), TRAP_IN([p] "r"(seen)));
    CHECK_TRAP(TRAP_PF, PF_P | PF_W);
    CHECK_EQ(entry_set(&root[300], 0), 0);
    mmuext(MMUEXT_TLB_FLUSH_LOCAL, 0, 0);
}

/* A table is checked entry by entry when it becomes one; one bad entry and nothing has changed. */
static void validation(void)
{
    uint64_t *data = page_alloc(), *l1 = page_alloc();
    static const struct {
        const char *name;
        int what; /* 0 data writable, 1 table writable, 2 nowhere, 3 itself writable, 4 itself */
        long rc;
    } rows[] = {
        { "good", 0, 0 }, { "a table, writable", 1, -EBUSY }, { "no such frame", 2, -EPERM },
        { "itself, writable", 3, -EBUSY }, { "itself, read-only", 4, 0 },
    };

    init();
    for (unsigned int i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        const uint64_t values[] = {
            pte_make(mfn_of(data), PTE_RW_PAGE), pte_make(mfn_of(root_table()), PTE_RW_PAGE),
            pte_make(NO_SUCH_MFN, PTE_RW_PAGE), pte_make(mfn_of(l1), PTE_RW_PAGE),
            pte_make(mfn_of(l1), PTE_RO_PAGE),
        };
        long rc;

        memset(l1, 0, PAGE_SIZE);
        l1[0] = l1[510] = pte_make(mfn_of(data), PTE_RW_PAGE);
        l1[511] = values[rows[i].what];
        CHECK_EQ(page_protect(l1, PTE_RO_PAGE), 0);
        rc = mmuext(MMUEXT_PIN_L1_TABLE, mfn_of(l1), 0);
        if (!rc)
            CHECK_EQ(mmuext(MMUEXT_UNPIN_TABLE, mfn_of(l1), 0), 0);
        CHECK_EQ(page_protect(l1, PTE_RW_PAGE), 0);
        CHECK_ROW(rows[i].name, rc, rows[i].rc);
        if (rc)
            CHECK_ROW(rows[i].name, l1[511], values[rows[i].what]);
        CHECK_EQ(l1[1], 0);
    }
    page_free(l1);
    page_free(data);
}

/* While it is in use by an upper entry, a table stays one after it is unpinned. */
static void counted(void)
{
    uint64_t *l1 = table_new();
    uint64_t *slot;

    init();
    slot = entry[2] + 5;
    CHECK_EQ(mmuext(MMUEXT_PIN_L1_TABLE, mfn_of(l1), 0), 0);
    CHECK_EQ(mmuext(MMUEXT_PIN_L1_TABLE, mfn_of(l1), 0), -EINVAL);
    CHECK_EQ(entry_set(slot, pte_make(mfn_of(l1), PTE_TABLE)), 0);
    CHECK_EQ(entry_set(slot + 1, pte_make(mfn_of(l1), PTE_TABLE)), 0);
    CHECK_EQ(mmuext(MMUEXT_UNPIN_TABLE, mfn_of(l1), 0), 0);
    CHECK_EQ(mmuext(MMUEXT_UNPIN_TABLE, mfn_of(l1), 0), -EINVAL);
    CHECK_EQ(page_protect(l1, PTE_RW_PAGE), -EBUSY);
    CHECK_EQ(entry_set(slot, 0), 0);
    CHECK_EQ(page_protect(l1, PTE_RW_PAGE), -EBUSY);
    CHECK_EQ(entry_set(slot + 1, 0), 0);
    table_free(l1);
}

/* A freed table's frame is plain memory at once, whatever it contained. */
static void demotion(void)
{
    uint64_t *data = page_alloc(), *l1 = table_new();

    CHECK_EQ(mmuext(MMUEXT_PIN_L1_TABLE, mfn_of(l1), 0), 0);
    CHECK_EQ(entry_set(&l1[3], pte_make(mfn_of(data), PTE_RW_PAGE)), 0);
    CHECK_EQ(mmuext(MMUEXT_PIN_L1_TABLE, mfn_of(data), 0), -EINVAL);
    CHECK_EQ(page_protect(data, PTE_RO_PAGE), 0);
    CHECK_EQ(mmuext(MMUEXT_PIN_L1_TABLE, mfn_of(data), 0), -EINVAL);
    CHECK_EQ(mmuext(MMUEXT_UNPIN_TABLE, mfn_of(l1), 0), 0);
    CHECK_EQ(mmuext(MMUEXT_PIN_L1_TABLE, mfn_of(data), 0), 0);
    CHECK_EQ(mmuext(MMUEXT_UNPIN_TABLE, mfn_of(data), 0), 0);
    CHECK_EQ(page_protect(data, PTE_RW_PAGE), 0);
    page_free(data);
    table_free(l1);
}

/* Frames that are not RAM: what the initial domain may map, and what stays the hypervisor's. */
static void not_ram(void)
{
    static const struct {
        const char *name;
        unsigned long mfn;
        long rc;
    } rows[] = {
        { "real-mode vectors", 0, 0 }, { "video memory", 0xb8, 0 }, { "BIOS", 0xf0, 0 },
        { "local APIC", 0xfee00, -EPERM }, { "PCI hole", 0xe0000, 0 },
    };

    init();
    for (unsigned int i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        CHECK_ROW(rows[i].name, entry_set(entry[1], pte_make(rows[i].mfn, PTE_RW_PAGE | PTE_PCD)),
                  rows[i].rc);
        CHECK_EQ(entry_set(entry[1], 0), 0);
    }
    CHECK_EQ(entry_set(entry[1], pte_make(0xf0, PTE_RO_PAGE)), 0);
    mmuext(MMUEXT_INVLPG_LOCAL, WINDOW, 0);
    CHECK_EQ(*(volatile uint8_t *)(WINDOW + 0xff0), *(volatile uint8_t *)(WINDOW + 0xff0));
    CHECK_EQ(entry_set(entry[1], 0), 0);
    mmuext(MMUEXT_INVLPG_LOCAL, WINDOW, 0);
}

/* The IO-APIC may be looked at, but RW is withheld if it was asked for. */
static void io_apic_not_writable(void)
{
    long rc;

    init();
    rc = entry_set(entry[1], pte_make(0xfec00, PTE_RW_PAGE | PTE_PCD));
    if (rc != -EPERM)
        CHECK_EQ(rc, 0);
    CHECK_EQ(*entry[1] & PTE_RW, 0);
    CHECK_EQ(entry_set(entry[1], 0), 0);
}

/*
 * Every frame of the machine: a foreign one is never mapped, ours always. A few pages that the
 * hypervisor shares with us (shared_info, grant frames) have no pfn.
 */
#define SHARED_MAX 16

static void all_frames(void)
{
    xen_machphys_mapping_t map;
    unsigned long max, ours = 0, refused = 0, shared = 0;

    init();
    CHECK_EQ(hc_memory_op(XENMEM_machphys_mapping, &map), 0);
    max = map.max_mfn;
    for (unsigned long mfn = 0x100; mfn < 0xffe0 && mfn <= max; mfn++) {
        unsigned long pfn = M2P[mfn];
        bool own = pfn < start_info->nr_pages && p2m()[pfn] == mfn;
        long rc = entry_set(entry[1], pte_make(mfn, PTE_RO_PAGE));

        if (own && rc)
            FAIL("mfn 0x%lx is ours: %ld", mfn, rc);
        ours += own;
        shared += !own && !rc;
        refused += rc != 0;
    }
    CHECK_EQ(entry_set(entry[1], 0), 0);
    CHECK_EQ(ours, start_info->nr_pages);
    CHECK(shared <= SHARED_MAX);
    CHECK(refused > 1000);
}

/* The read-only table of the hypervisor: mappable for reading only, and only when named so. */
static void m2p_frames(void)
{
    uint64_t extent[1];
    struct xen_machphys_mfn_list list = { .max_extents = 1 };
    mmu_update_t req;
    unsigned long mfn;

    init();
    set_xen_guest_handle(list.extent_start, extent);
    CHECK_EQ(hc_memory_op(XENMEM_machphys_mfn_list, &list), 0);
    CHECK_EQ(list.nr_extents, 1);
    mfn = extent[0];
    req.ptr = maddr_of(entry[1]);
    req.val = pte_make(mfn, PTE_RO_PAGE);
    CHECK_EQ(hc_mmu_update(&req, 1, NULL, DOMID_XEN), 0);
    mmuext(MMUEXT_INVLPG_LOCAL, WINDOW, 0);
    CHECK_EQ(*(volatile uint64_t *)WINDOW, M2P[0]);
    req.val = pte_make(mfn, PTE_RW_PAGE);
    CHECK_EQ(hc_mmu_update(&req, 1, NULL, DOMID_XEN), -EBUSY);
    req.val = 0;
    CHECK_EQ(hc_mmu_update(&req, 1, NULL, DOMID_XEN), 0);
    mmuext(MMUEXT_INVLPG_LOCAL, WINDOW, 0);
}

static const struct test tests[] = {
    { "tables_not_writable", tables_not_writable },
    { "writable_not_table", writable_not_table },
    { "levels_do_not_mix", levels_do_not_mix },
    { "bad_bits", bad_bits },
    { "cache_attributes", cache_attributes },
    { "frames_out_of_range", frames_out_of_range },
    { "reserved_slots", reserved_slots },
    { "linear_table", linear_table },
    { "validation", validation },
    { "counted", counted },
    { "demotion", demotion },
    { "not_ram", not_ram },
    { "io_apic_not_writable", io_apic_not_writable },
    { "all_frames", all_frames },
    { "m2p_frames", m2p_frames },
};

TEST_MAIN(tests)
