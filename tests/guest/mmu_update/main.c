/* SPDX-License-Identifier: MIT */
/* mmu_update and update_va_mapping: commands, batches, pointers, refused arguments. */
#include "test.h"

#define WINDOW 0x8000000000UL

static uint64_t *window_entry; /* level-1 entry of WINDOW */
static uint64_t *page;
static unsigned int done;

static void init(void)
{
    if (page)
        return;
    page = page_alloc();
    CHECK_EQ(page_map(root_table(), WINDOW, pte_make(mfn_of(page), PTE_RO_PAGE)), 0);
    window_entry = entry_find(root_table(), WINDOW, 1);
}

static long update(uint64_t ptr, uint64_t val, unsigned long foreigndom)
{
    mmu_update_t req = { .ptr = ptr, .val = val };

    done = 0x5a5a;
    return hc_mmu_update(&req, 1, &done, foreigndom);
}

static uint64_t mine(void)
{
    return pte_make(mfn_of(page), PTE_RW_PAGE);
}

static void normal(void)
{
    init();
    CHECK_EQ(update(maddr_of(window_entry), mine(), DOMID_SELF), 0);
    CHECK_EQ(done, 1);
    *(volatile uint64_t *)WINDOW = 0x1234;
    CHECK_EQ(page[0], 0x1234);
    CHECK_EQ(update(maddr_of(window_entry), 0, DOMID_SELF), 0);
    CHECK_EQ(*window_entry, 0);
}

/* What the guest reads back: the user bit is the hypervisor's mark of a kernel page. */
static void reads_back(void)
{
    static const struct {
        const char *name;
        uint64_t written, read;
    } rows[] = {
        { "kernel", PTE_RW_PAGE, PTE_RW_PAGE | PTE_US | 1UL << 52 },
        { "user", PTE_RW_PAGE | PTE_US, PTE_RW_PAGE | PTE_US | PTE_G },
        { "kernel global", PTE_RW_PAGE | PTE_G, PTE_RW_PAGE | PTE_US | PTE_G | 1UL << 52 },
        { "available bits", PTE_RW_PAGE | PTE_US | 0xe00, PTE_RW_PAGE | PTE_US | PTE_G | 0xe00 },
        { "available high bits", PTE_RO_PAGE | PTE_US | 0x7eUL << 52,
          PTE_RO_PAGE | PTE_US | PTE_G | 0x7eUL << 52 },
        { "uncached", PTE_RO_PAGE | PTE_US | PTE_PCD | PTE_PWT,
          PTE_RO_PAGE | PTE_US | PTE_G | PTE_PCD | PTE_PWT },
        { "no-execute", PTE_RO_PAGE | PTE_US | PTE_NX, PTE_RO_PAGE | PTE_US | PTE_G | PTE_NX },
        { "absent", 0xffffffffffffe, 0xffffffffffffe },
    };

    init();
    for (unsigned int i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        uint64_t frame = rows[i].written & PTE_P ? pte_make(mfn_of(page), 0) : 0;

        CHECK_ROW(rows[i].name, update(maddr_of(window_entry), frame | rows[i].written,
                                       DOMID_SELF), 0);
        CHECK_ROW(rows[i].name, *window_entry, frame | rows[i].read);
    }
    CHECK_EQ(update(maddr_of(window_entry), 0, DOMID_SELF), 0);
}

/* Accessed and dirty bits that the processor set meanwhile survive command 2, not command 0. */
static void preserve_ad(void)
{
    init();
    CHECK_EQ(update(maddr_of(window_entry), pte_make(mfn_of(page), PTE_P | PTE_RW), DOMID_SELF), 0);
    mmuext(MMUEXT_INVLPG_LOCAL, WINDOW, 0);
    *(volatile uint64_t *)WINDOW = 1;
    CHECK_EQ(*window_entry & (PTE_A | PTE_D), PTE_A | PTE_D);
    CHECK_EQ(update(maddr_of(window_entry) | MMU_PT_UPDATE_PRESERVE_AD,
                    pte_make(mfn_of(page), PTE_P), DOMID_SELF), 0);
    CHECK_EQ(*window_entry & (PTE_A | PTE_D | PTE_RW), PTE_A | PTE_D);
    CHECK_EQ(update(maddr_of(window_entry), pte_make(mfn_of(page), PTE_P), DOMID_SELF), 0);
    CHECK_EQ(*window_entry & (PTE_A | PTE_D), 0);
    CHECK_EQ(update(maddr_of(window_entry), 0, DOMID_SELF), 0);
}

/* A frame that is no table takes any value at any aligned place. */
static void plain_store(void)
{
    init();
    CHECK_EQ(update(maddr_of(&page[7]), 0xdeadbeefcafef00dUL, DOMID_SELF), 0);
    CHECK_EQ(page[7], 0xdeadbeefcafef00dUL);
    CHECK_EQ(update(maddr_of(&page[511]) | MMU_PT_UPDATE_PRESERVE_AD, ~0UL, DOMID_SELF), 0);
    CHECK_EQ(page[511], ~0UL);
}

static void machphys(void)
{
    unsigned long mfn, old;

    init();
    mfn = mfn_of(page), old = M2P[mfn];
    CHECK_EQ(update(((uint64_t)mfn << PAGE_SHIFT) | MMU_MACHPHYS_UPDATE, 0x7777, DOMID_SELF), 0);
    CHECK_EQ(M2P[mfn], 0x7777);
    CHECK_EQ(update(((uint64_t)mfn << PAGE_SHIFT) | MMU_MACHPHYS_UPDATE, old, DOMID_SELF), 0);
    CHECK_EQ(M2P[mfn], old);
    CHECK_EQ(update(0xfffffffffffff000UL | MMU_MACHPHYS_UPDATE, 1, DOMID_SELF), -EINVAL);
    CHECK_EQ(update((0xfffffffUL << PAGE_SHIFT) | MMU_MACHPHYS_UPDATE, 1, DOMID_SELF), -EINVAL);
    CHECK_EQ(done, 0);
}

static void unknown_commands(void)
{
    init();
    for (unsigned int cmd = 4; cmd < 8; cmd++) {
        CHECK_EQ(update(maddr_of(&page[0]) | cmd, 1, DOMID_SELF), -ENOSYS);
        CHECK_EQ(done, 0);
    }
}

static void bad_places(void)
{
    init();
    CHECK_EQ(update(0xfffffffUL << PAGE_SHIFT, 0, DOMID_SELF), -EINVAL);
    CHECK_EQ(update(0xfffffffffffff000UL, 0, DOMID_SELF), -EINVAL);
    CHECK_EQ(update(0xfee00UL << PAGE_SHIFT, 0, DOMID_SELF), -EINVAL);
    CHECK_EQ(update(0, 0, DOMID_SELF), -EINVAL);
    CHECK_EQ(done, 0);
}

/* A domain names itself only by DOMID_SELF. */
static void foreign_domains(void)
{
    static const struct {
        unsigned long dom;
        long rc;
    } rows[] = {
        { DOMID_SELF, 0 }, { 0, -ESRCH }, { 1, -ESRCH }, { 0x7fef, -ESRCH },
        { DOMID_INVALID, -ESRCH },
        { DOMID_IO, 0 }, { DOMID_XEN, 0 }, { DOMID_COW, -ESRCH },
        { (DOMID_SELF + 1UL) << 16 | DOMID_SELF, -ESRCH }, { 2UL << 16 | DOMID_SELF, -ESRCH },
    };

    init();
    for (unsigned int i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        long rc = update(maddr_of(window_entry), 0, rows[i].dom);

        if (rc != rows[i].rc)
            FAIL("foreigndom 0x%lx: %ld", rows[i].dom, rc);
    }
}

static void batch_stops(void)
{
    mmu_update_t reqs[4];

    init();
    for (int i = 0; i < 4; i++) {
        reqs[i].ptr = maddr_of(&page[16 + i]);
        reqs[i].val = 0x100 + i;
    }
    reqs[2].ptr |= 5;
    page[18] = page[19] = 0;
    CHECK_EQ(hc_mmu_update(reqs, 4, &done, DOMID_SELF), -ENOSYS);
    CHECK_EQ(done, 2);
    CHECK_EQ(page[17], 0x101);
    CHECK_EQ(page[18], 0);
    CHECK_EQ(page[19], 0);
    CHECK_EQ(hc_mmu_update(reqs, 2, NULL, DOMID_SELF), 0);
    CHECK_EQ(hc_mmu_update(reqs, 0, &done, DOMID_SELF), 0);
    CHECK_EQ(done, 0);
}

static void long_batch(void)
{
    static mmu_update_t reqs[2000];

    init();
    for (int i = 0; i < 2000; i++) {
        reqs[i].ptr = maddr_of(&page[i % 512]);
        reqs[i].val = i;
    }
    CHECK_EQ(hc_mmu_update(reqs, 2000, &done, DOMID_SELF), 0);
    CHECK_EQ(done, 2000);
    for (int i = 0; i < 512; i++)
        CHECK_EQ(page[i], i + 1536 - (i + 1536 >= 2000 ? 512 : 0));
}

static void bad_pointers(void)
{
    static const unsigned long pointers[] = { 0, UNMAPPED_VA, NONCANONICAL_VA, HYPERVISOR_VA };
    mmu_update_t req;

    init();
    for (int i = 0; i < 4; i++)
        CHECK_EQ(hc_mmu_update((void *)pointers[i], 1, NULL, DOMID_SELF), -EFAULT);
    req.ptr = maddr_of(&page[0]);
    req.val = 0x4321;
    CHECK_EQ(hc_mmu_update(&req, 1, (void *)UNMAPPED_VA, DOMID_SELF), 0);
    CHECK_EQ(page[0], 0x4321);
}

static long va_update(unsigned long va, uint64_t pte, unsigned long flags)
{
    return hc_update_va_mapping(va, pte, flags);
}

static void va_flush_kinds(void)
{
    unsigned long vcpus = 1;
    static const unsigned long flags[] = {
        UVMF_NONE, UVMF_TLB_FLUSH | UVMF_LOCAL, UVMF_INVLPG | UVMF_LOCAL, UVMF_TLB_FLUSH | UVMF_ALL,
        UVMF_INVLPG | UVMF_ALL,
    };

    init();
    for (int i = 0; i < 5; i++) {
        CHECK_EQ(va_update(WINDOW, i % 2 ? mine() : mine() & ~PTE_RW, flags[i]), 0);
        CHECK_EQ(*window_entry & PTE_RW, i % 2 ? PTE_RW : 0);
    }
    CHECK_EQ(va_update(WINDOW, mine(), (unsigned long)&vcpus | UVMF_TLB_FLUSH | UVMF_MULTI), 0);
    CHECK_EQ(va_update(WINDOW, mine(), (unsigned long)&vcpus | UVMF_INVLPG | UVMF_MULTI), 0);
    CHECK_EQ(va_update(WINDOW, 0, UVMF_INVLPG), 0);
    TRAP_CATCH("movb (%[p]), %%al", TRAP_OUT(), TRAP_IN([p] "r"(WINDOW)), "rax");
    CHECK_TRAP(TRAP_PF, 0);
}

static void va_refusals(void)
{
    init();
    CHECK_EQ(va_update(WINDOW, mine(), UVMF_NONE), 0);
    CHECK_EQ(va_update(UNMAPPED_VA, mine(), UVMF_NONE), -EINVAL);
    CHECK_EQ(va_update(HYPERVISOR_VA, mine(), UVMF_NONE), -EINVAL);
    CHECK_EQ(va_update((unsigned long)M2P, mine(), UVMF_NONE), -EINVAL);
    CHECK_EQ(va_update(NONCANONICAL_VA, mine(), UVMF_NONE), -EINVAL);
    CHECK_EQ(va_update(0x0000800000000000UL, mine(), UVMF_NONE), -EINVAL);
    CHECK_EQ(va_update(WINDOW, mine(), 3), 0);
    CHECK_EQ(va_update(WINDOW, mine(), UNMAPPED_VA | UVMF_TLB_FLUSH | UVMF_MULTI), -EFAULT);
    CHECK_EQ(va_update(WINDOW, 0, UVMF_INVLPG), 0);
}

static void va_otherdomain(void)
{
    init();
    CHECK_EQ(hc_update_va_mapping_otherdomain(WINDOW, mine(), UVMF_INVLPG, DOMID_SELF), 0);
    CHECK_EQ(hc_update_va_mapping_otherdomain(WINDOW, mine(), UVMF_INVLPG, 0), -ESRCH);
    CHECK_EQ(hc_update_va_mapping_otherdomain(WINDOW, mine(), UVMF_INVLPG, 1), -ESRCH);
    CHECK_EQ(hc_update_va_mapping_otherdomain(WINDOW, mine(), UVMF_INVLPG, DOMID_INVALID), -ESRCH);
    CHECK_EQ(*window_entry & PTE_P, PTE_P);
    CHECK_EQ(va_update(WINDOW, 0, UVMF_INVLPG), 0);
}

/* Low bits of the address do not matter. */
static void va_unaligned(void)
{
    init();
    CHECK_EQ(va_update(WINDOW + 0x123, mine(), UVMF_INVLPG), 0);
    CHECK_EQ(*window_entry & PTE_P, PTE_P);
    CHECK_EQ(va_update(WINDOW + 0xfff, 0, UVMF_INVLPG), 0);
    CHECK_EQ(*window_entry, 0);
}

static const struct test tests[] = {
    { "normal", normal },
    { "reads_back", reads_back },
    { "preserve_ad", preserve_ad },
    { "plain_store", plain_store },
    { "machphys", machphys },
    { "unknown_commands", unknown_commands },
    { "bad_places", bad_places },
    { "foreign_domains", foreign_domains },
    { "batch_stops", batch_stops },
    { "long_batch", long_batch },
    { "bad_pointers", bad_pointers },
    { "va_flush_kinds", va_flush_kinds },
    { "va_refusals", va_refusals },
    { "va_otherdomain", va_otherdomain },
    { "va_unaligned", va_unaligned },
};

TEST_MAIN(tests)
