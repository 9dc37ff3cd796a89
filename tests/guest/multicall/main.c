/* SPDX-License-Identifier: MIT */
/* multicall: order, results, unknown entries, bad pointers, and lists that end in nowhere. */
#include <xen/version.h>

#include "test.h"

static multicall_entry_t calls[600];

static void set(unsigned int i, unsigned long op, unsigned long a1, unsigned long a2)
{
    memset(&calls[i], 0, sizeof(calls[i]));
    calls[i].op = op;
    calls[i].args[0] = a1;
    calls[i].args[1] = a2;
    calls[i].result = 0x5a5a5a5a5a5a5a5aUL;
}

static void results(void)
{
    char extra[XEN_EXTRAVERSION_LEN] = { 0 };

    set(0, __HYPERVISOR_xen_version, XENVER_version, 0);
    set(1, __HYPERVISOR_xen_version, XENVER_extraversion, (unsigned long)extra);
    set(2, __HYPERVISOR_xen_version, XENVER_pagesize, 0);
    set(3, __HYPERVISOR_xen_version, 99, 0);
    CHECK_EQ(hc_multicall(calls, 4), 0);
    CHECK_EQ(calls[0].result, 4 << 16 | 17);
    CHECK_EQ(calls[1].result, 0);
    CHECK_EQ(extra[0], '.');
    CHECK_EQ(calls[2].result, 4096);
    CHECK_EQ(calls[3].result, -ENOSYS);
    CHECK_EQ(calls[1].op, __HYPERVISOR_xen_version);
    CHECK_EQ(calls[1].args[1], (unsigned long)extra);
}

static void empty(void)
{
    CHECK_EQ(hc_multicall(calls, 0), 0);
    CHECK_EQ(hc_multicall(NULL, 0), 0);
    CHECK_EQ(hc_multicall((void *)UNMAPPED_VA, 0), 0);
}

static void unknown_entry(void)
{
    set(0, 43, 0, 0);
    set(1, 1UL << 32 | __HYPERVISOR_xen_version, XENVER_version, 0);
    set(2, ~0UL, 0, 0);
    set(3, __HYPERVISOR_xen_version, XENVER_version, 0);
    CHECK_EQ(hc_multicall(calls, 4), 0);
    CHECK_EQ(calls[0].result, -ENOSYS);
    CHECK_EQ(calls[1].result, -ENOSYS);
    CHECK_EQ(calls[2].result, -ENOSYS);
    CHECK_EQ(calls[3].result, 4 << 16 | 17);
}

/* A list inside a list is refused; the outer one goes on. */
static void nested(void)
{
    multicall_entry_t inner = { .op = __HYPERVISOR_xen_version, .result = 0x5a };

    set(0, __HYPERVISOR_multicall, (unsigned long)&inner, 1);
    set(1, __HYPERVISOR_xen_version, XENVER_version, 0);
    CHECK_EQ(hc_multicall(calls, 2), 0);
    CHECK_EQ(calls[0].result, -EINVAL);
    CHECK_EQ(calls[1].result, 4 << 16 | 17);
    CHECK_EQ(inner.result, 0x5a);
}

static void bad_pointers(void)
{
    static const unsigned long pointers[] = {
        0, UNMAPPED_VA, NONCANONICAL_VA, HYPERVISOR_VA, ~0UL - 7,
    };

    for (unsigned int i = 0; i < sizeof(pointers) / sizeof(pointers[0]); i++)
        CHECK_EQ(hc_multicall((void *)pointers[i], 1), -EFAULT);
    CHECK_EQ(hc_multicall((void *)M2P, 1), -EFAULT);
}

/* What stands before the unmapped page is done. */
static void ends_in_nowhere(void)
{
    char *pages = page_alloc(), *second = page_alloc();
    multicall_entry_t *list;

    if (second != pages + PAGE_SIZE)
        test_error("pool pages do not follow each other");
    CHECK_EQ(hc_update_va_mapping((unsigned long)second, 0, UVMF_INVLPG), 0);
    list = (multicall_entry_t *)second - 2;
    for (int i = 0; i < 2; i++) {
        list[i].op = __HYPERVISOR_xen_version;
        list[i].args[0] = XENVER_pagesize;
    }
    CHECK_EQ(hc_multicall(list, 3), -EFAULT);
    CHECK_EQ(list[0].result, 4096);
    CHECK_EQ(list[1].result, 4096);
    CHECK_EQ(page_protect(second, PTE_RW_PAGE), 0);
    page_free(second);
    page_free(pages);
}

static void long_list(void)
{
    for (unsigned int i = 0; i < 600; i++)
        set(i, __HYPERVISOR_xen_version, i % 2 ? XENVER_version : XENVER_pagesize, 0);
    CHECK_EQ(hc_multicall(calls, 600), 0);
    for (unsigned int i = 0; i < 600; i++)
        CHECK_EQ(calls[i].result, i % 2 ? 4 << 16 | 17 : 4096);
}

/* Each entry sees what the one before it did. */
static void in_order(void)
{
    static volatile uint64_t page_a[512] __attribute__((aligned(4096)));
    static volatile uint64_t page_b[512] __attribute__((aligned(4096)));
    static char window[PAGE_SIZE] __attribute__((aligned(4096)));
    unsigned long va = (unsigned long)window, own = mfn_of(window);

    page_a[0] = 1;
    page_b[0] = 2;
    set(0, __HYPERVISOR_update_va_mapping, va, pte_make(mfn_of((void *)page_a), PTE_RW_PAGE));
    calls[0].args[2] = UVMF_INVLPG;
    set(1, __HYPERVISOR_xen_version, XENVER_extraversion, va);
    set(2, __HYPERVISOR_update_va_mapping, va, pte_make(mfn_of((void *)page_b), PTE_RW_PAGE));
    calls[2].args[2] = UVMF_INVLPG;
    set(3, __HYPERVISOR_xen_version, XENVER_guest_handle, va);
    CHECK_EQ(hc_multicall(calls, 4), 0);
    for (int i = 0; i < 4; i++)
        CHECK_EQ(calls[i].result, 0);
    CHECK_EQ(*(volatile char *)page_a, '.');
    CHECK_EQ(page_b[0], 0);
    CHECK_EQ(hc_update_va_mapping(va, pte_make(own, PTE_RW_PAGE), UVMF_INVLPG), 0);
}

static const struct test tests[] = {
    { "results", results },
    { "empty", empty },
    { "unknown_entry", unknown_entry },
    { "nested", nested },
    { "bad_pointers", bad_pointers },
    { "ends_in_nowhere", ends_in_nowhere },
    { "long_list", long_list },
    { "in_order", in_order },
};

TEST_MAIN(tests)
