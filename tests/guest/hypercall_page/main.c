/* SPDX-License-Identifier: MIT */
/* Hypercalls through the page that the builder fills: 32 bytes an entry, called like functions. */
#include <xen/version.h>

#include "test.h"

extern char hypercall_page[PAGE_SIZE];
extern long page_iret(void);

struct page_result {
    unsigned long rax, rcx, r11;
};

/* Calls entry @nr with known RCX and R11. */
static struct page_result page_call(unsigned int nr, unsigned long a1, unsigned long a2,
                                    unsigned long a3)
{
    struct page_result result;
    register unsigned long r11 asm("r11") = 0x1111111122222222UL;
    unsigned long rcx = 0x3333333344444444UL;

    asm volatile("call *%[entry]"
                 : "=a"(result.rax), "+c"(rcx), "+r"(r11), "+D"(a1), "+S"(a2), "+d"(a3)
                 : [entry] "a"(hypercall_page + nr * 32)
                 : "memory", "r8", "r10");
    result.rcx = rcx;
    result.r11 = r11;
    return result;
}

static void version_call(void)
{
    struct page_result result = page_call(__HYPERVISOR_xen_version, XENVER_version, 0, 0);

    CHECK_EQ(result.rax, hc_xen_version(XENVER_version, NULL));
}

/* The entries save what SYSCALL loses. */
static void registers_kept(void)
{
    struct page_result result = page_call(__HYPERVISOR_xen_version, XENVER_version, 0, 0);

    CHECK_EQ(result.rcx, 0x3333333344444444UL);
    CHECK_EQ(result.r11, 0x1111111122222222UL);
}

static void arguments(void)
{
    char extra[XEN_EXTRAVERSION_LEN] = { 0 }, again[XEN_EXTRAVERSION_LEN] = { 0 };

    CHECK_EQ(page_call(__HYPERVISOR_xen_version, XENVER_extraversion, (unsigned long)extra,
                       0).rax, 0);
    CHECK_EQ(hc_xen_version(XENVER_extraversion, again), 0);
    CHECK(!memcmp(extra, again, sizeof(extra)));
}

static void unknown(void)
{
    CHECK_EQ(page_call(43, 0, 0, 0).rax, -ENOSYS);
    CHECK_EQ(page_call(47, 0, 0, 0).rax, -ENOSYS);
}

static void iret(void)
{
    CHECK_EQ(page_iret() & 0xffffffff, 7);
    upcalls_disable();
}

/* The builder wrote into the guest's own page: it is plain memory afterwards. */
static void page_is_memory(void)
{
    volatile char *spare = hypercall_page + PAGE_SIZE - 1;
    char old = *spare;

    *spare = 0x5a;
    CHECK_EQ(*spare, 0x5a);
    *spare = old;
}

static const struct test tests[] = {
    { "version_call", version_call },
    { "registers_kept", registers_kept },
    { "arguments", arguments },
    { "unknown", unknown },
    { "iret", iret },
    { "page_is_memory", page_is_memory },
};

TEST_MAIN(tests)
