/* SPDX-License-Identifier: MIT */
/*
 * Start of day with the notes that stock Linux has: the memory list is mapped far away, and the
 * module stays unmapped and is handed over by pfn.
 */
#include "startofday.h"
#include "test.h"

//! module=self
#define INIT_P2M 0x8000000000UL

static void layout(void)
{
    unsigned long info = (unsigned long)start_info;
    unsigned long list_pages = start_info->nr_pages * sizeof(unsigned long) / PAGE_SIZE;

    CHECK_EQ(start_info->mfn_list, INIT_P2M);
    CHECK_EQ(start_info->pt_base, info + PAGE_SIZE);
    CHECK(start_info->nr_p2m_frames >= list_pages);
    CHECK(start_info->first_p2m_pfn != 0);
}

static uint8_t window[PAGE_SIZE] __attribute__((aligned(PAGE_SIZE)));

static long window_map(unsigned long pfn)
{
    return hc_update_va_mapping((unsigned long)window, pte_make(p2m()[pfn], PTE_RW_PAGE),
                                UVMF_INVLPG);
}

static bool is_mapped(unsigned long va)
{
    uint64_t *entry = entry_find(root_table(), va, 1);

    return entry && *entry & PTE_P;
}

/* Is the frame in the window one page of the list, seen through both mappings? */
static bool window_is_list_page(void)
{
    unsigned long list_pages = start_info->nr_pages * sizeof(unsigned long) / PAGE_SIZE;
    volatile uint64_t *first_word = (uint64_t *)window;
    uint64_t old = *first_word;
    bool found = false;

    *first_word = ~0UL;
    for (unsigned long i = 0; i < list_pages && !found; i++)
        found = p2m()[i * 512] == ~0UL;
    *first_word = old;
    return found;
}

/* The pfns from first_p2m_pfn are the list's pages, and the tables that map it. */
static void list_frames(void)
{
    unsigned long list_pages = start_info->nr_pages * sizeof(unsigned long) / PAGE_SIZE;
    unsigned long pages = 0, tables = 0;

    for (unsigned long i = 0; i < start_info->nr_p2m_frames; i++) {
        unsigned long pfn = start_info->first_p2m_pfn + i;

        CHECK(!is_mapped(VIRT_BASE + pfn * PAGE_SIZE));
        if (window_map(pfn))
            tables++;
        else if (window_is_list_page())
            pages++;
        else
            FAIL("pfn 0x%lx is neither a page of the list nor a table", pfn);
    }
    CHECK_EQ(pages, list_pages);
    CHECK_EQ(tables, 3);
}

/* Reads the module's first page through a mapping of its pfn. */
static void module(void)
{
    unsigned long pfn = start_info->mod_start;

    CHECK(start_info->flags & SIF_MOD_START_PFN);
    CHECK(pfn != 0 && pfn < start_info->nr_pages);
    CHECK(start_info->mod_len > 4096);
    CHECK(!is_mapped(VIRT_BASE + pfn * PAGE_SIZE));
    CHECK_EQ(window_map(pfn), 0);
    CHECK(!memcmp(window, "\177ELF", 4));
}

static const struct test tests[] = {
    STARTOFDAY_TESTS,
    { "layout", layout },
    { "list_frames", list_frames },
    { "module", module },
};

TEST_MAIN(tests)
