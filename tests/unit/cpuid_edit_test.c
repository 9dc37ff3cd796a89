/* SPDX-License-Identifier: MIT */
/* cpuid=: names, bits, mistakes. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "config/cpuid_edit.h"

static void good(struct cpuid_edits *edits, const char *text)
{
    char why[160] = "";

    if (cpuid_edits_add(edits, text, why, sizeof(why)))
        fail_msg("'%s': %s", text, why);
}

static void bad(const char *text, const char *part)
{
    struct cpuid_edits edits = { 0 };
    char why[160];

    assert_int_equal(cpuid_edits_add(&edits, text, why, sizeof(why)), -EINVAL);
    if (!strstr(why, part))
        fail_msg("'%s': '%s' is not in '%s'", text, part, why);
    cpuid_edits_free(&edits);
}

static void names(void **state)
{
    static const struct {
        const char *text;
        uint32_t leaf, subleaf;
        unsigned int reg, bit;
    } known[] = {
        { "host,sse3=0", 1, CPUID_NO_SUBLEAF, 2, 0 },
        { "host,aes=0", 1, CPUID_NO_SUBLEAF, 2, 25 },
        { "host,hypervisor=0", 1, CPUID_NO_SUBLEAF, 2, 31 },
        { "host,sse2=0", 1, CPUID_NO_SUBLEAF, 3, 26 },
        { "host,pbe=0", 1, CPUID_NO_SUBLEAF, 3, 31 },
        { "host,avx2=0", 7, 0, 1, 5 },
        { "host,avx512vl=0", 7, 0, 1, 31 },
        { "host,rdpid=0", 7, 0, 2, 22 },
        { "host,ssbd=0", 7, 0, 3, 31 },
        { "host,md_clear=0", 7, 0, 3, 10 },
        { "host,xsaves=0", 0xd, 1, 0, 3 },
        { "host,perfctr_nb=0", 0x80000001, CPUID_NO_SUBLEAF, 2, 24 },
        { "host,rdtscp=0", 0x80000001, CPUID_NO_SUBLEAF, 3, 27 },
        { "host,3dnow=0", 0x80000001, CPUID_NO_SUBLEAF, 3, 31 },
        { "host,invtsc=0", 0x80000007, CPUID_NO_SUBLEAF, 3, 8 },
    };

    (void)state;
    for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
        struct cpuid_edits edits = { 0 };

        good(&edits, known[i].text);
        assert_int_equal(edits.count, 1);
        assert_int_equal(edits.edits[0].leaf, known[i].leaf);
        assert_int_equal(edits.edits[0].subleaf, known[i].subleaf);
        assert_int_equal(edits.edits[0].reg, known[i].reg);
        assert_int_equal(edits.edits[0].clear, 1u << known[i].bit);
        assert_int_equal(edits.edits[0].set | edits.edits[0].host, 0);
        cpuid_edits_free(&edits);
    }
}

static void bits(void **state)
{
    struct cpuid_edits edits = { 0 };

    (void)state;
    good(&edits, "0x1:ecx=1xxxxxxxxxxxxxxxxxxxxxxxxxxxxxk0,eax=xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxs");
    good(&edits, "7,1:ebx=0xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx");
    good(&edits, "7:ebx=0xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx");
    good(&edits, "host");
    assert_int_equal(edits.count, 4);
    assert_int_equal(edits.edits[0].set, 1u << 31);
    assert_int_equal(edits.edits[0].host, 2);
    assert_int_equal(edits.edits[0].clear, 1);
    assert_int_equal(edits.edits[1].reg, 0);
    assert_int_equal(edits.edits[1].host, 1);
    assert_int_equal(edits.edits[2].subleaf, 1);
    assert_int_equal(edits.edits[3].subleaf, 0);
    cpuid_edits_free(&edits);
}

static void mistakes(void **state)
{
    (void)state;
    bad("", "host");
    bad("sse3=0", "host");
    bad("host,sse3", "NAME=VALUE");
    bad("host,sse9=0", "no feature 'sse9'");
    bad("host,-=0", "no feature");
    bad("host,family=6", "no feature");
    bad("host,sse3=2", "0, 1, x, k or s");
    bad("host,sse3=", "0, 1, x, k or s");
    bad("x:eax=1", "number of a leaf");
    bad("1,:eax=1", "number of a leaf");
    bad("1:eax=1", "32 characters");
    bad("1:eex=xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx", "eax, ebx");
    bad("1:eax=xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx2", "a bit is");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names),
        cmocka_unit_test(bits),
        cmocka_unit_test(mistakes),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
