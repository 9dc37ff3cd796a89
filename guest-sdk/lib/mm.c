/* SPDX-License-Identifier: MIT */
/* Owns the page pool and the edits of the guest's page tables. Not safe for two vCPUs at once. */
#include <stddef.h>

#include <sdk/console.h>
#include <sdk/hypercall.h>
#include <sdk/mm.h>
#include <sdk/start.h>
#include <sdk/string.h>

#define POOL_PAGES 384

static uint8_t pool[POOL_PAGES][PAGE_SIZE] __attribute__((aligned(PAGE_SIZE)));
static void *free_pages[POOL_PAGES];
static unsigned int free_count;
static unsigned long next_pfn;

unsigned long *p2m(void)
{
    return (unsigned long *)start_info->mfn_list;
}

void mm_init(void)
{
    for (unsigned int i = 0; i < POOL_PAGES; i++)
        free_pages[i] = pool[POOL_PAGES - 1 - i];
    free_count = POOL_PAGES;
    next_pfn = start_info->nr_pages;
}

void *page_alloc(void)
{
    void *page;

    if (!free_count) {
        printf("page pool exhausted\n");
        guest_shutdown(SHUTDOWN_crash);
    }
    page = free_pages[--free_count];
    memset(page, 0, PAGE_SIZE);
    return page;
}

void page_free(void *page)
{
    free_pages[free_count++] = page;
}

unsigned long pfn_alloc(void)
{
    return --next_pfn;
}

uint64_t *root_table(void)
{
    return (uint64_t *)start_info->pt_base;
}

static uint64_t *table_of(uint64_t entry)
{
    unsigned long pfn = M2P[(entry & PTE_FRAME) >> PAGE_SHIFT];

    return pfn < start_info->nr_pages ? va_of_pfn(pfn) : NULL;
}

uint64_t *entry_find(uint64_t *root, unsigned long va, unsigned int level)
{
    uint64_t *table = root;

    for (unsigned int l = 4; l > level; l--) {
        uint64_t entry = table[table_index(va, l)];

        if (!(entry & PTE_P) || (entry & PTE_PSE && l < 4))
            return NULL;
        table = table_of(entry);
        if (!table)
            return NULL;
    }
    return &table[table_index(va, level)];
}

long entry_set(uint64_t *entry, uint64_t value)
{
    mmu_update_t req = { .ptr = maddr_of(entry) | MMU_NORMAL_PT_UPDATE, .val = value };

    return hc_mmu_update(&req, 1, NULL, DOMID_SELF);
}

long page_protect(void *page, uint64_t flags)
{
    return hc_update_va_mapping((unsigned long)page, pte_make(mfn_of(page), flags), UVMF_INVLPG);
}

long page_map(uint64_t *root, unsigned long va, uint64_t pte)
{
    for (unsigned int level = 4; level > 1; level--) {
        uint64_t *entry = entry_find(root, va, level);
        void *table;
        long rc;

        if (*entry & PTE_P)
            continue;
        table = page_alloc();
        rc = page_protect(table, PTE_RO_PAGE);
        if (!rc)
            rc = entry_set(entry, pte_make(mfn_of(table), PTE_TABLE));
        if (rc)
            return rc;
    }
    return entry_set(entry_find(root, va, 1), pte);
}

long mmuext(unsigned int cmd, unsigned long arg1, unsigned long arg2)
{
    struct mmuext_op op = { .cmd = cmd };

    op.arg1.mfn = arg1;
    op.arg2.src_mfn = arg2;
    return hc_mmuext_op(&op, 1, NULL, DOMID_SELF);
}
