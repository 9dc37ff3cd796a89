/* SPDX-License-Identifier: MIT */
/*
 * Random page-table calls over a few frames, from two vCPUs at once: any sequence of results is
 * fine, as long as the hypervisor lives, a page table is never writable, and everything can be put
 * back in the end. Deterministic for one vCPU (fixed seed).
 */
//! smp=2
//! accel=tcg,thread=multi
//! xen=dom0_max_vcpus=2
//! timeout=120
#include <xen/version.h>

#include <sdk/vcpu.h>

#include "test.h"

#define PAGES 24
#define SLOT 300 /* first of the root's entries that are played with */

static uint64_t *pages[PAGES];
static unsigned long mfns[PAGES];
static unsigned int counts[2];

static uint64_t random_next(uint64_t *state)
{
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    return *state >> 11;
}

static uint64_t random_flags(uint64_t *s)
{
    static const uint64_t kinds[] = {
        PTE_RO_PAGE, PTE_RW_PAGE, PTE_TABLE, PTE_TABLE & ~PTE_RW, PTE_RW_PAGE | PTE_US, 0,
        PTE_TABLE | PTE_PSE, PTE_P | PTE_G | PTE_US, PTE_P | PTE_PCD, PTE_P | PTE_NX, PTE_TABLE,
        PTE_TABLE, PTE_RO_PAGE,
    };

    return kinds[random_next(s) % (sizeof(kinds) / sizeof(kinds[0]))];
}

static uint64_t random_pte(uint64_t *s)
{
    uint64_t r = random_next(s);

    if (r % 16 == 0)
        return 0;
    if (r % 61 == 0)
        return pte_make(mfn_of(root_table()), random_flags(s));
    if (r % 67 == 0)
        return pte_make(r >> 8, random_flags(s));
    return pte_make(mfns[r / 64 % PAGES], random_flags(s));
}

static unsigned int random_entry(uint64_t *s)
{
    uint64_t r = random_next(s);

    return r % 4 ? r / 4 % 4 : r / 4 % 512;
}

static void random_step(uint64_t *s)
{
    uint64_t r = random_next(s);
    unsigned int i = r / 16 % PAGES;
    mmu_update_t req[3];
    unsigned int n = 1 + r / 1024 % 3;

    switch (r % 16) {
    case 0 ... 5:
        for (unsigned int k = 0; k < n; k++) {
            req[k].ptr = ((uint64_t)mfns[i] << PAGE_SHIFT) + 8 * random_entry(s) +
                         (r / 4096 % 8 == 0 ? MMU_PT_UPDATE_PRESERVE_AD : 0);
            req[k].val = random_pte(s);
        }
        hc_mmu_update(req, n, NULL, DOMID_SELF);
        break;
    case 6: /* in the root; present ones hang L3 tables in */
        entry_set(&root_table()[SLOT + r / 4096 % 3], random_pte(s));
        break;
    case 7 ... 9:
        hc_update_va_mapping((unsigned long)pages[i],
                             pte_make(mfns[i], r & 1 << 20 ? PTE_RW_PAGE : PTE_RO_PAGE),
                             UVMF_INVLPG | (r & 1 << 21 ? UVMF_ALL : 0));
        break;
    case 10 ... 12: mmuext(MMUEXT_PIN_L1_TABLE + r / 4096 % 4, mfns[i], 0); break;
    case 13: mmuext(MMUEXT_UNPIN_TABLE, mfns[i], 0); break;
    case 14:
        if (r & 1 << 20)
            mmuext(MMUEXT_CLEAR_PAGE, mfns[i], 0);
        else
            mmuext(MMUEXT_COPY_PAGE, mfns[i], mfns[r / 4096 % PAGES]);
        break;
    default:
        if (r & 1 << 20)
            mmuext(MMUEXT_NEW_USER_BASEPTR, r & 1 << 21 ? mfns[i] : 0, 0);
        else
            mmuext(MMUEXT_TLB_FLUSH_ALL, 0, 0);
        break;
    }
}

/* Xen 4.17 is seen to keep a page's type after such a mix; the rest is still worth running. */
static bool is_ours(void)
{
    xen_extraversion_t text;

    hc_xen_version(XENVER_extraversion, text);
    for (unsigned int i = 0; text[i]; i++)
        if (!memcmp(&text[i], "domus", 5))
            return true;
    return false;
}

/* Everything back: no roots, no pins, no entries, all pages writable again. */
static void put_back(void)
{
    for (unsigned int k = 0; k < 3; k++)
        CHECK_EQ(entry_set(&root_table()[SLOT + k], 0), 0);
    mmuext(MMUEXT_NEW_USER_BASEPTR, 0, 0);
    for (unsigned int i = 0; i < PAGES; i++)
        mmuext(MMUEXT_UNPIN_TABLE, mfns[i], 0);
    for (unsigned int i = 0; i < PAGES; i++) {
        long rc = page_protect(pages[i], PTE_RW_PAGE);

        if (rc && !is_ours())
            test_skip("this hypervisor left a page in use as a table");
        CHECK_EQ(rc, 0);
        memset(pages[i], 0, PAGE_SIZE);
    }
}

static void pages_get(void)
{
    for (unsigned int i = 0; i < PAGES && !pages[PAGES - 1]; i++) {
        pages[i] = page_alloc();
        mfns[i] = mfn_of(pages[i]);
    }
}

static void one_vcpu(void)
{
    uint64_t s = 88172645463325252UL;

    pages_get();
    for (unsigned int round = 0; round < 20; round++) {
        for (unsigned int i = 0; i < 2000; i++)
            random_step(&s);
        put_back();
    }
}

static volatile bool stop;

static void other_vcpu(void *unused)
{
    uint64_t s = 362436069362436069UL;

    (void)unused;
    while (!stop) {
        random_step(&s);
        counts[1]++;
    }
    mmuext(MMUEXT_NEW_USER_BASEPTR, 0, 0);
}

static void two_vcpus(void)
{
    uint64_t s = 521288629546311691UL;

    pages_get();
    CHECK_EQ(vcpu_start(1), 0);
    vcpu_call(1, other_vcpu, NULL);
    for (unsigned int i = 0; i < 4000; i++) {
        random_step(&s);
        counts[0]++;
    }
    stop = true;
    vcpu_wait(1);
    CHECK(counts[1] > 100);
    put_back();
}

static const struct test tests[] = {
    { "one_vcpu", one_vcpu },
    { "two_vcpus", two_vcpus },
};

TEST_MAIN(tests)
