/* SPDX-License-Identifier: MIT */
/*
 * Comparing what two CPU policies offer.
 *
 * Owns nothing. Facts: Intel SDM vol. 2 (CPUID), AMD APM vol. 3; the usual short names. Left out:
 * bits that follow the operating system or the machine's topology. Locks: none.
 */
#include "cpu_features.h"

#include <stdio.h>
#include <string.h>

enum reg { EAX, EBX, ECX, EDX };

/* AMD's processors repeat these of leaf 1; the host's policy as Xen gives it does not. */
#define AMD_REPEATED 0x0183f3ffu

/* Words of features, and which of their bits count. */
static const struct word {
    uint32_t leaf, subleaf;
    enum reg reg;
    uint32_t ignored;
} words[] = {
    { 0x1, XEN_CPUID_NO_SUBLEAF, ECX, 1u << 27 | 1u << 31 }, /* OSXSAVE, HYPERVISOR */
    { 0x1, XEN_CPUID_NO_SUBLEAF, EDX, 1u << 28 },            /* HTT */
    { 0x7, 0, EBX, 1u << 6 | 1u << 13 }, /* FDP_EXCPTN_ONLY, no FCS and FDS: less, not more */
    { 0x7, 0, ECX, 1u << 4 },            /* OSPKE */
    { 0x7, 0, EDX, 0 },
    { 0x7, 1, EAX, 0 },
    { 0xd, 0, EAX, 0 },
    { 0xd, 1, EAX, 0 },
    { 0x80000001, XEN_CPUID_NO_SUBLEAF, ECX, 1u << 1 }, /* CMP_LEGACY */
    { 0x80000001, XEN_CPUID_NO_SUBLEAF, EDX, AMD_REPEATED },
    { 0x80000007, XEN_CPUID_NO_SUBLEAF, EDX, 0 },
    { 0x80000008, XEN_CPUID_NO_SUBLEAF, EBX, 0 },
    { 0x80000021, XEN_CPUID_NO_SUBLEAF, EAX, 0 },
};

static const struct name {
    uint32_t leaf;
    enum reg reg;
    unsigned int bit;
    const char *text;
} names[] = {
    { 0x1, ECX, 0, "sse3" },           { 0x1, ECX, 1, "pclmulqdq" },
    { 0x1, ECX, 9, "ssse3" },          { 0x1, ECX, 12, "fma" },
    { 0x1, ECX, 13, "cx16" },          { 0x1, ECX, 17, "pcid" },
    { 0x1, ECX, 19, "sse4.1" },        { 0x1, ECX, 20, "sse4.2" },
    { 0x1, ECX, 22, "movbe" },         { 0x1, ECX, 23, "popcnt" },
    { 0x1, ECX, 25, "aes" },           { 0x1, ECX, 26, "xsave" },
    { 0x1, ECX, 28, "avx" },           { 0x1, ECX, 29, "f16c" },
    { 0x1, ECX, 30, "rdrand" },        { 0x1, EDX, 25, "sse" },
    { 0x1, EDX, 26, "sse2" },          { 0x7, EBX, 0, "fsgsbase" },
    { 0x7, EBX, 3, "bmi1" },           { 0x7, EBX, 5, "avx2" },
    { 0x7, EBX, 7, "smep" },           { 0x7, EBX, 8, "bmi2" },
    { 0x7, EBX, 9, "erms" },           { 0x7, EBX, 16, "avx512f" },
    { 0x7, EBX, 18, "rdseed" },        { 0x7, EBX, 19, "adx" },
    { 0x7, EBX, 20, "smap" },          { 0x7, EBX, 23, "clflushopt" },
    { 0x7, EBX, 24, "clwb" },          { 0x7, EBX, 29, "sha" },
    { 0x7, ECX, 2, "umip" },           { 0x7, ECX, 8, "gfni" },
    { 0x7, ECX, 9, "vaes" },           { 0x7, ECX, 10, "vpclmulqdq" },
    { 0x7, ECX, 22, "rdpid" },         { 0x7, EDX, 4, "fsrm" },
    { 0xd, EAX, 0, "xsaveopt" },       { 0xd, EAX, 2, "avx state" },
    { 0xd, EAX, 9, "pku state" },      { 0x80000001, ECX, 5, "abm" },
    { 0x80000001, ECX, 6, "sse4a" },   { 0x80000001, ECX, 8, "3dnowprefetch" },
    { 0x80000001, EDX, 20, "nx" },     { 0x80000001, EDX, 26, "pdpe1gb" },
    { 0x80000001, EDX, 27, "rdtscp" },
};

static uint32_t value(const struct cpu_policy *policy, const struct word *w)
{
    for (uint32_t i = 0; i < policy->nr_leaves; i++) {
        const xen_cpuid_leaf_t *leaf = &policy->leaves[i];
        const uint32_t regs[] = { leaf->a, leaf->b, leaf->c, leaf->d };

        if (leaf->leaf == w->leaf && leaf->subleaf == w->subleaf)
            return regs[w->reg];
    }
    return 0;
}

static void name_bit(const struct word *w, unsigned int bit, char text[CPU_FEATURE_NAME_MAX])
{
    static const char *const regs[] = { "EAX", "EBX", "ECX", "EDX" };

    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        if (names[i].leaf == w->leaf && names[i].reg == w->reg && names[i].bit == bit &&
            (w->leaf != 0xd || (bit == 0) == (w->subleaf == 1))) {
            snprintf(text, CPU_FEATURE_NAME_MAX, "%s", names[i].text);
            return;
        }
    snprintf(text, CPU_FEATURE_NAME_MAX, "bit %u of %s in CPUID leaf %#x", bit, regs[w->reg],
             w->leaf);
}

bool cpu_feature_missing(const struct cpu_policy *guest, const struct cpu_policy *host,
                         char name[CPU_FEATURE_NAME_MAX])
{
    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
        uint32_t missing = value(guest, &words[i]) & ~value(host, &words[i]) & ~words[i].ignored;

        if (!missing)
            continue;
        name_bit(&words[i], (unsigned int)__builtin_ctz(missing), name);
        return true;
    }
    return false;
}
