/* SPDX-License-Identifier: MIT */
/* GDT and LDT: which frames and descriptors the hypervisor takes, and what it makes of them. */
#include "test.h"

#define CODE64_3 0x00affb000000ffffUL
#define CODE64_0 0x00af9b000000ffffUL
#define DATA_3 0x00cff3000000ffffUL
#define DATA_0 0x00cf93000000ffffUL
#define CODE32_3 0x00cffb000000ffffUL
#define GDT_MAX (14 * 512)

static uint64_t *gdt;

static struct trap_seen *seen(void)
{
    return &this_cpu()->seen;
}

static long set_gdt(unsigned long mfn, unsigned long entries)
{
    unsigned long frames[1] = { mfn };

    return hc_set_gdt(frames, entries);
}

/* Loads DS; false if that trapped. */
static bool load_ds(unsigned int selector)
{
    TRAP_CATCH("movw %w[s], %%ds", TRAP_OUT(), TRAP_IN([s] "r"(selector)));
    return !seen()->hit;
}

static void gdt_make(void)
{
    if (gdt)
        return;
    gdt = page_alloc();
    gdt[1] = DATA_3;
    gdt[2] = CODE64_3;
    gdt[3] = DATA_0;
    gdt[4] = DATA_3 & ~(1UL << 47);
    CHECK_EQ(page_protect(gdt, PTE_RO_PAGE), 0);
}

static void gdt_load(void)
{
    gdt_make();
    CHECK_EQ(set_gdt(mfn_of(gdt), 512), 0);
    CHECK(load_ds(1 << 3 | 3));
    CHECK(load_ds(0));
    CHECK(!load_ds(4 << 3 | 3));
    CHECK_TRAP(TRAP_NP, 4 << 3);
    CHECK(!load_ds(5 << 3 | 3));
    CHECK_TRAP(TRAP_GP, 5 << 3);
}

/* Level 0 becomes level 3, in the guest's own table. */
static void gdt_level_raised(void)
{
    gdt_make();
    CHECK_EQ(set_gdt(mfn_of(gdt), 512), 0);
    CHECK_EQ(gdt[3] >> 45 & 3, 3);
    CHECK_EQ(gdt[1], DATA_3);
    CHECK(load_ds(3 << 3 | 3));
    CHECK(load_ds(0));
}

static void gdt_typed(void)
{
    gdt_make();
    CHECK_EQ(set_gdt(mfn_of(gdt), 512), 0);
    CHECK_EQ(page_protect(gdt, PTE_RW_PAGE), -EBUSY);
    CHECK_EQ(set_gdt(0, 0), 0);
    CHECK(!load_ds(1 << 3 | 3));
    CHECK_EQ(page_protect(gdt, PTE_RW_PAGE), 0);
    gdt[6] = 0;
    CHECK_EQ(page_protect(gdt, PTE_RO_PAGE), 0);
    CHECK_EQ(set_gdt(mfn_of(gdt), 512), 0);
    CHECK(load_ds(1 << 3 | 3));
    CHECK(load_ds(0));
}

/* After each refusal the old table is still the one in use. */
static void gdt_refusals(void)
{
    uint64_t *other = page_alloc();
    static const unsigned long pointers[] = { 0, UNMAPPED_VA, NONCANONICAL_VA, HYPERVISOR_VA };

    gdt_make();
    CHECK_EQ(set_gdt(mfn_of(gdt), 512), 0);
    CHECK_EQ(set_gdt(mfn_of(gdt), GDT_MAX + 1), -EINVAL);
    CHECK_EQ(set_gdt(mfn_of(gdt), ~0UL), -EINVAL);
    for (unsigned int i = 0; i < 4; i++)
        CHECK_EQ(hc_set_gdt((void *)pointers[i], 1), -EFAULT);
    CHECK_EQ(set_gdt(~0UL, 1), -EINVAL);
    CHECK_EQ(set_gdt(0xfffffff, 1), -EINVAL);
    CHECK_EQ(set_gdt(mfn_of(other), 1), -EINVAL);
    CHECK_EQ(set_gdt(mfn_of(root_table()), 1), -EINVAL);
    CHECK(load_ds(1 << 3 | 3));
    CHECK(load_ds(0));
    page_free(other);
}

/* What may stand in a table, and how it reads back. */
static const struct {
    const char *name;
    uint64_t descriptor;
    long rc;
    uint64_t stored;
} rows[] = {
    { "null", 0, 0, 0 },
    { "64-bit code", CODE64_3, 0, CODE64_3 },
    { "64-bit code of level 0", CODE64_0, 0, CODE64_3 },
    { "data", DATA_3, 0, DATA_3 },
    { "data of level 1", DATA_0 | 1UL << 45, 0, DATA_3 },
    { "data of level 2", DATA_0 | 2UL << 45, 0, DATA_3 },
    { "32-bit code", CODE32_3, 0, CODE32_3 },
    { "conforming code", CODE64_3 | 1UL << 42, 0, CODE64_3 | 1UL << 42 },
    { "code with both sizes", CODE64_3 | 1UL << 54, 0, CODE64_3 | 1UL << 54 },
    { "not accessed", DATA_3 & ~(1UL << 40), 0, DATA_3 & ~(1UL << 40) },
    { "not present", DATA_0 & ~(1UL << 47), 0, DATA_0 & ~(1UL << 47) },
    { "not present system", 0x0000090000000000UL, 0, 0x0000090000000000UL },
    { "LDT", 0x0000820000000067UL, -EINVAL, 0 },
    { "TSS", 0x0000890000000067UL, -EINVAL, 0 },
    { "busy TSS", 0x00008b0000000067UL, -EINVAL, 0 },
    { "interrupt gate", 0x0000ee00e0330000UL, -EINVAL, 0 },
    { "trap gate", 0x0000ef00e0330000UL, -EINVAL, 0 },
    { "task gate", 0x0000e50000080000UL, -EINVAL, 0 },
    { "call gate to the hypervisor", 0x0000ec00e0080000UL, -EINVAL, 0 },
    { "call gate to 32-bit hypervisor code", 0x0000ec00e0100000UL, -EINVAL, 0 },
    { "16-bit call gate", 0x0000e400e0330000UL, -EINVAL, 0 },
    { "system type 0", 0x0000800000000000UL, 0, 0x0000800000000000UL },
};

static void descriptors_of_live_table(void)
{
    gdt_make();
    CHECK_EQ(set_gdt(mfn_of(gdt), 512), 0);
    for (unsigned int i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        CHECK_ROW(rows[i].name, hc_update_descriptor(maddr_of(&gdt[8]), 0), 0);
        CHECK_ROW(rows[i].name, hc_update_descriptor(maddr_of(&gdt[8]), rows[i].descriptor),
                  rows[i].rc);
        CHECK_ROW(rows[i].name, gdt[8], rows[i].rc ? 0 : rows[i].stored);
    }
    CHECK_EQ(hc_update_descriptor(maddr_of(&gdt[8]), 0), 0);
}

/* The same rows found in a frame that is to become a table. */
static void descriptors_of_new_table(void)
{
    for (unsigned int i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        uint64_t *page = page_alloc();
        long rc;

        page[511] = rows[i].descriptor;
        CHECK_EQ(page_protect(page, PTE_RO_PAGE), 0);
        rc = set_gdt(mfn_of(page), 512);
        CHECK_EQ(set_gdt(0, 0), 0);
        CHECK_EQ(page_protect(page, PTE_RW_PAGE), 0);
        CHECK_ROW(rows[i].name, rc, rows[i].rc);
        CHECK_ROW(rows[i].name, page[511], rc ? rows[i].descriptor : rows[i].stored);
        page_free(page);
    }
}

static void update_descriptor_refusals(void)
{
    uint64_t *page = page_alloc();

    gdt_make();
    CHECK_EQ(set_gdt(mfn_of(gdt), 512), 0);
    CHECK_EQ(hc_update_descriptor(maddr_of(&gdt[8]) + 4, 0), -EINVAL);
    CHECK_EQ(hc_update_descriptor(maddr_of(&gdt[8]) + 1, 0), -EINVAL);
    CHECK_EQ(hc_update_descriptor((uint64_t)0xfffffff << PAGE_SHIFT, 0), -EINVAL);
    CHECK_EQ(hc_update_descriptor(~7UL, 0), -EINVAL);
    CHECK_EQ(hc_update_descriptor(maddr_of(root_table()), 0), -EINVAL);
    CHECK_EQ(hc_update_descriptor(maddr_of(page), DATA_3), 0);
    CHECK_EQ(page[0], DATA_3);
    CHECK_EQ(hc_update_descriptor(maddr_of(page), 0x0000890000000067UL), -EINVAL);
    CHECK_EQ(page[0], DATA_3);
    page_free(page);
}

/* The hypervisor's own part of the table is not the guest's to overlay. */
static void gdt_full_size(void)
{
    unsigned long frames[14];

    gdt_make();
    for (unsigned int i = 0; i < 14; i++)
        frames[i] = mfn_of(gdt);
    CHECK_EQ(hc_set_gdt(frames, GDT_MAX), 0);
    CHECK(load_ds((13 * 512 + 1) << 3 | 3));
    CHECK(load_ds(FLAT_KERNEL_DS));
    CHECK(load_ds(0));
    CHECK_EQ(set_gdt(mfn_of(gdt), 512), 0);
    CHECK(!load_ds((13 * 512 + 1) << 3 | 3));
}

static long set_ldt(unsigned long va, unsigned long entries)
{
    struct mmuext_op op = { .cmd = MMUEXT_SET_LDT };

    op.arg1.linear_addr = va;
    op.arg2.nr_ents = entries;
    return hc_mmuext_op(&op, 1, NULL, DOMID_SELF);
}

static void ldt_load(void)
{
    uint64_t *ldt = page_alloc();

    ldt[0] = DATA_3;
    ldt[1] = DATA_0;
    CHECK_EQ(page_protect(ldt, PTE_RO_PAGE), 0);
    CHECK_EQ(set_ldt((unsigned long)ldt, 512), 0);
    CHECK(load_ds(0 << 3 | 7));
    CHECK(load_ds(1 << 3 | 7));
    CHECK(load_ds(0));
    CHECK_EQ(ldt[1] >> 45 & 3, 3);
    CHECK(!load_ds(2 << 3 | 7));
    CHECK_TRAP(TRAP_GP, 2 << 3 | 4);
    CHECK_EQ(page_protect(ldt, PTE_RW_PAGE), -EBUSY);
    CHECK_EQ(set_ldt(0, 0), 0);
    CHECK(!load_ds(0 << 3 | 7));
    CHECK_TRAP(TRAP_GP, 4);
    CHECK_EQ(page_protect(ldt, PTE_RW_PAGE), 0);
    page_free(ldt);
}

/* A table that cannot be used faults where the guest thinks it is. */
static void ldt_not_usable(void)
{
    uint64_t *ldt = page_alloc();

    ldt[1] = DATA_3;
    CHECK_EQ(set_ldt((unsigned long)ldt, 512), 0);
    CHECK(!load_ds(1 << 3 | 7));
    CHECK_EQ(seen()->vector, TRAP_PF);
    CHECK_EQ(seen()->cr2 & PTE_FRAME, (unsigned long)ldt & PTE_FRAME);
    CHECK_EQ(set_ldt(UNMAPPED_VA, 512), 0);
    CHECK(!load_ds(1 << 3 | 7));
    CHECK_EQ(seen()->vector, TRAP_PF);
    CHECK_EQ(seen()->cr2 & -PAGE_SIZE, UNMAPPED_VA);
    CHECK_EQ(set_ldt(0, 0), 0);
    page_free(ldt);
}

static void ldt_limit(void)
{
    uint64_t *ldt = page_alloc();

    ldt[1] = DATA_3;
    CHECK_EQ(page_protect(ldt, PTE_RO_PAGE), 0);
    CHECK_EQ(set_ldt((unsigned long)ldt, 1), 0);
    CHECK(!load_ds(1 << 3 | 7));
    CHECK_TRAP(TRAP_GP, 1 << 3 | 4);
    CHECK_EQ(set_ldt((unsigned long)ldt, 2), 0);
    CHECK(load_ds(1 << 3 | 7));
    CHECK(load_ds(0));
    CHECK_EQ(set_ldt(0, 0), 0);
    CHECK_EQ(page_protect(ldt, PTE_RW_PAGE), 0);
    page_free(ldt);
}

static void ldt_refusals(void)
{
    CHECK_EQ(set_ldt(UNMAPPED_VA, 8193), -EINVAL);
    CHECK_EQ(set_ldt(UNMAPPED_VA + 8, 1), -EINVAL);
    CHECK_EQ(set_ldt(HYPERVISOR_VA, 1), -EINVAL);
    CHECK_EQ(set_ldt(NONCANONICAL_VA, 1), -EINVAL);
    CHECK_EQ(set_ldt(UNMAPPED_VA, 0x100000001UL), 0);
    CHECK_EQ(set_ldt(0, 0), 0);
}

static const struct test tests[] = {
    { "gdt_load", gdt_load },
    { "gdt_level_raised", gdt_level_raised },
    { "gdt_typed", gdt_typed },
    { "gdt_refusals", gdt_refusals },
    { "descriptors_of_live_table", descriptors_of_live_table },
    { "descriptors_of_new_table", descriptors_of_new_table },
    { "update_descriptor_refusals", update_descriptor_refusals },
    { "gdt_full_size", gdt_full_size },
    { "ldt_load", ldt_load },
    { "ldt_not_usable", ldt_not_usable },
    { "ldt_limit", ldt_limit },
    { "ldt_refusals", ldt_refusals },
};

TEST_MAIN(tests)
