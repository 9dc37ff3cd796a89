/* SPDX-License-Identifier: MIT */
/*
 * Changes to CPUID, by the names of features or bit by bit.
 *
 * Facts: xl.cfg(5) for the two forms, Intel SDM vol. 2 and AMD APM vol. 3 for the bits. Pure.
 */
#include "cpuid_edit.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { EAX, EBX, ECX, EDX };

/* The names of bits 0 to 31 of each word of features; - is a bit without one. */
static const struct {
    uint32_t leaf, subleaf;
    unsigned int reg;
    const char *names;
} words[] = {
    { 1, CPUID_NO_SUBLEAF, ECX,
      "sse3 pclmulqdq dtes64 monitor dscpl vmx smx est tm2 ssse3 cntxid - fma cmpxchg16 xtpr pdcm "
      "- "
      "pcid dca sse4_1 sse4_2 x2apic movbe popcnt tsc_deadline aes xsave osxsave avx f16c rdrand "
      "hypervisor" },
    { 1, CPUID_NO_SUBLEAF, EDX,
      "fpu vme de pse tsc msr pae mce cmpxchg8 apic - sysenter mtrr pge mca cmov pat pse36 psn "
      "clfsh - ds acpi mmx fxsr sse sse2 ss htt tm ia64 pbe" },
    { 7, 0, EBX,
      "fsgsbase tsc_adjust - bmi1 hle avx2 - smep bmi2 erms invpcid rtm cmt - mpx - avx512f "
      "avx512dq rdseed adx smap avx512ifma - clflushopt clwb proc_trace avx512pf avx512er avx512cd "
      "sha avx512bw avx512vl" },
    { 7, 0, ECX,
      "prefetchwt1 avx512vbmi umip pku ospke - avx512_vbmi2 cet-ss gfni vaes vpclmulqdq "
      "avx512_vnni "
      "avx512_bitalg - avx512_vpopcntdq - - - - - - - rdpid - - cldemote" },
    { 7, 0, EDX,
      "- - avx512_4vnniw avx512_4fmaps fsrm - - - - - md_clear - - - serialize - - - - - cet-ibt - "
      "- "
      "- - - ibrsb stibp l1d_flush arch_caps core_caps ssbd" },
    { 0xd, 1, EAX, "xsaveopt xsavec xgetbv1 xsaves" },
    { 0x80000001, CPUID_NO_SUBLEAF, ECX,
      "lahfsahf cmplegacy svm extapic altmovcr8 abm sse4a misalignsse 3dnowprefetch osvw ibs xop "
      "skinit wdt - lwp fma4 - - nodeid - tbm topoext perfctr_core perfctr_nb" },
    { 0x80000001, CPUID_NO_SUBLEAF, EDX,
      "- - - - - - - - - - - syscall - - - - - - - mp nx - mmxext - - ffxsr page1gb rdtscp - lm "
      "3dnowext 3dnow" },
    { 0x80000007, CPUID_NO_SUBLEAF, EDX, "- - - - - - - - invtsc" },
};

static int fail(char *why, size_t bytes, const char *clause, const char *what)
{
    snprintf(why, bytes, clause, what);
    return -EINVAL;
}

static int add(struct cpuid_edits *edits, const struct cpuid_edit *edit, char *why, size_t whys)
{
    struct cpuid_edit *more;

    if (edits->count >= CPUID_EDITS_MAX)
        return fail(why, whys, "there are too many changes%s", "");
    more = realloc(edits->edits, (edits->count + 1) * sizeof(*more));
    if (!more) {
        fail(why, whys, "there is not enough memory%s", "");
        return -ENOMEM;
    }
    more[edits->count++] = *edit;
    edits->edits = more;
    return 0;
}

/* Puts a bit into the mask that its character means. */
static int put_bit(struct cpuid_edit *edit, unsigned int bit, char value)
{
    uint32_t mask = 1u << bit;

    switch (value) {
    case '0':
        edit->clear |= mask;
        return 0;
    case '1':
        edit->set |= mask;
        return 0;
    case 'k':
    case 's': /* as the host now, and after a migration: the guest keeps its policy anyway */
        edit->host |= mask;
        return 0;
    }
    return value == 'x' ? 0 : -EINVAL;
}

/* ---- by name -------------------------------------------------------------------------- */

static bool find_name(const char *name, struct cpuid_edit *edit, unsigned int *bit)
{
    size_t length = strlen(name);

    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
        const char *at = words[i].names;

        for (unsigned int b = 0; *at; b++) {
            size_t n = strcspn(at, " ");

            if (n == length && !memcmp(at, name, n) && *name != '-') {
                *edit = (struct cpuid_edit){ .leaf = words[i].leaf,
                                             .subleaf = words[i].subleaf,
                                             .reg = words[i].reg };
                *bit = b;
                return true;
            }
            at += n + (at[n] == ' ');
        }
    }
    return false;
}

static int add_named(struct cpuid_edits *edits, char *setting, char *why, size_t whys)
{
    char *value = strchr(setting, '=');
    struct cpuid_edit edit;
    unsigned int bit;

    if (!value)
        return fail(why, whys, "'%.40s' is not NAME=VALUE", setting);
    *value++ = '\0';
    if (!find_name(setting, &edit, &bit))
        return fail(why, whys, "there is no feature '%.40s'", setting);
    if (strlen(value) != 1 || put_bit(&edit, bit, *value))
        return fail(why, whys, "'%.40s' must be 0, 1, x, k or s", setting);
    return add(edits, &edit, why, whys);
}

/* ---- by bits -------------------------------------------------------------------------- */

static int add_bits(struct cpuid_edits *edits, struct cpuid_edit edit, char *setting, char *why,
                    size_t whys)
{
    static const char *const regs[] = { "eax", "ebx", "ecx", "edx" };
    char *bits = strchr(setting, '=');

    if (!bits || strlen(bits + 1) != 32)
        return fail(why, whys, "'%.40s' is not REG= and 32 characters", setting);
    *bits++ = '\0';
    for (edit.reg = 0; edit.reg < 4 && strcmp(setting, regs[edit.reg]);)
        edit.reg++;
    if (edit.reg == 4)
        return fail(why, whys, "'%.40s' is not eax, ebx, ecx or edx", setting);
    for (unsigned int i = 0; i < 32; i++)
        if (put_bit(&edit, 31 - i, bits[i]))
            return fail(why, whys, "a bit is 0, 1, x, k or s, not as in '%.40s'", bits);
    return add(edits, &edit, why, whys);
}

static int add_leaf(struct cpuid_edits *edits, char *head, char *rest, char *why, size_t whys)
{
    struct cpuid_edit edit = { .subleaf = CPUID_NO_SUBLEAF };
    char *end, *save = NULL;
    int rc = 0;

    edit.leaf = (uint32_t)strtoul(head, &end, 0);
    if (end != head && *end == ',' && isdigit((unsigned char)end[1]))
        edit.subleaf = (uint32_t)strtoul(end + 1, &end, 0);
    if (end == head || *end)
        return fail(why, whys, "'%.40s' is not the number of a leaf", head);
    if ((edit.leaf == 7 || edit.leaf == 0xd) && edit.subleaf == CPUID_NO_SUBLEAF)
        edit.subleaf = 0;
    for (char *part = strtok_r(rest, ",", &save); !rc && part; part = strtok_r(NULL, ",", &save))
        rc = add_bits(edits, edit, part, why, whys);
    return rc;
}

int cpuid_edits_add(struct cpuid_edits *edits, const char *text, char *why, size_t whys)
{
    char *copy = strdup(text), *save = NULL, *colon, *part;
    int rc = 0;

    if (!copy) {
        fail(why, whys, "there is not enough memory%s", "");
        return -ENOMEM;
    }
    colon = strchr(copy, ':');
    if (colon) {
        *colon = '\0';
        rc = add_leaf(edits, copy, colon + 1, why, whys);
    } else {
        part = strtok_r(copy, ",", &save);
        if (!part || strcmp(part, "host"))
            rc = fail(why, whys, "'%.40s' begins neither with host, nor with a leaf and a colon",
                      text);
        while (!rc && (part = strtok_r(NULL, ",", &save)))
            rc = add_named(edits, part, why, whys);
    }
    free(copy);
    return rc;
}

void cpuid_edits_free(struct cpuid_edits *edits)
{
    free(edits->edits);
    *edits = (struct cpuid_edits){ 0 };
}
