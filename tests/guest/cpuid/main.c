/* SPDX-License-Identifier: MIT */
/*
 * CPUID of a machine with several Intel cores: what kernels compute a topology from must fit
 * together, and nothing may tell of what the hypervisor hides.
 */
//! cpu=Skylake-Client,-smap
//! smp=4
//! xen=spec-ctrl=gds-mit
#include "test.h"

struct leaf {
    uint32_t a, b, c, d;
};

/* As the kernel asks: the prefix ud2, "xen" makes it the hypervisor's answer everywhere. */
static struct leaf cpuid(uint32_t leaf, uint32_t subleaf)
{
    struct leaf r = { .a = leaf, .c = subleaf };

    asm volatile(".byte 0x0f, 0x0b, 0x78, 0x65, 0x6e; cpuid"
                 : "+a"(r.a), "=b"(r.b), "+c"(r.c), "=d"(r.d));
    return r;
}

/* Threads of a package and cores of it: the quotient is shifted by, so it must not be 0. */
static void processors_and_cores(void)
{
    struct leaf one = cpuid(1, 0), cache = cpuid(4, 0);
    unsigned int processors = one.b >> 16 & 0xff, cores = (cache.a >> 26) + 1;

    CHECK(one.d >> 28 & 1);
    CHECK_EQ(processors, 4);
    CHECK(cores && cores <= processors && processors % cores == 0);
    CHECK_EQ(one.b >> 24, 0);
    CHECK_EQ(one.b >> 8 & 0xff, 8);
}

/* There is no x2APIC, so no leaf that is told by its ids. */
static void extended_topology(void)
{
    CHECK_EQ(cpuid(1, 0).c >> 21 & 1, 0);
    for (unsigned int i = 0; i < 3; i++) {
        struct leaf r = cpuid(0xb, i);

        CHECK(!r.a && !r.b && !(r.c & ~0xffu) && !r.d);
    }
}

static void extended_leaves(void)
{
    struct leaf zero = cpuid(0x80000000, 0), six = cpuid(0x80000006, 0),
                eight = cpuid(0x80000008, 0);

    CHECK_EQ(zero.a, 0x80000008);
    CHECK(!zero.b && !zero.c && !zero.d);
    CHECK_EQ(cpuid(0x80000001, 0).a, 0);
    CHECK(!six.a && !six.b && six.c && !six.d);
    CHECK_EQ(eight.a >> 8, 48); /* linear address bits of four levels */
    CHECK((eight.a & 0xff) >= 36);
    CHECK(!eight.c && !eight.d);
}

/* Sizes of extended states, which are those of the standard form without XSAVEC. */
static void extended_states(void)
{
    struct leaf zero = cpuid(0xd, 0), one = cpuid(0xd, 1);

    CHECK_EQ(zero.a & 3, 3);
    CHECK(zero.b >= 576 && zero.b <= zero.c);
    if (!(one.a & 10))
        CHECK_EQ(one.b, 0);
}

/* This model gathers stale data, and its microcode has no answer: gds-mit takes AVX away. */
static void no_avx(void)
{
    CHECK_EQ(cpuid(1, 0).c >> 28 & 1, 0);
    CHECK_EQ(cpuid(1, 0).c >> 12 & 1, 0);
    CHECK_EQ(cpuid(7, 0).b >> 5 & 1, 0);
    CHECK_EQ(cpuid(0xd, 0).a, 3);
    CHECK(!cpuid(0xd, 2).a);
}

static const struct test tests[] = {
    { "processors_and_cores", processors_and_cores },
    { "extended_topology", extended_topology },
    { "extended_leaves", extended_leaves },
    { "extended_states", extended_states },
    { "no_avx", no_avx },
};

TEST_MAIN(tests)
