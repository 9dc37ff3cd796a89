/* SPDX-License-Identifier: MIT */
/*
 * Entries that are not present, on CPUs with the L1 terminal fault: a load through one may read the
 * first-level cache at the address that the entry holds. What a guest writes is the guest's, so it
 * cannot be altered: a guest that writes an entry with an address in RAM is ended. Kernels that
 * know of the fault (Linux since 4.18) invert such addresses and are never met here.
 * Option and meaning: pv-l1tf in Xen's command-line page, for a build without shadow page tables.
 * Facts: Intel's guidance on L1TF; XSA-273.
 */
#include "internal.h"

#include <hv/params.h>

static int opt_dom0 = -1, opt_domu = -1;

static __init int parse_word(const char *word, size_t n)
{
    static const struct {
        const char *name;
        int *value;
    } kinds[] = { { "dom0", &opt_dom0 }, { "domu", &opt_domu } };

    for (size_t i = 0; i < ARRAY_SIZE(kinds); i++) {
        size_t name = strlen(kinds[i].name);
        bool negated = n == name + 3 && !strncmp(word, "no-", 3);
        char text[8] = "";

        if (strncmp(word + (negated ? 3 : 0), kinds[i].name, name))
            continue;
        if (n > name && !negated && (word[name] != '=' || n - name > sizeof(text)))
            continue;
        if (n > name && !negated)
            memcpy(text, word + name + 1, n - name - 1);
        *kinds[i].value = negated ? 0 : parse_bool(text);
        return *kinds[i].value < 0 ? -1 : 0;
    }
    return -1;
}

/* pv-l1tf=BOOL for all domains, or dom0[=BOOL], domu[=BOOL] with a comma between them. */
static __init int parse_pv_l1tf(const char *s)
{
    int rc = 0, all = parse_bool(s);

    if (all >= 0) {
        opt_dom0 = opt_domu = all;
        return 0;
    }
    for (;;) {
        const char *comma = strchr(s, ',');

        if (parse_word(s, comma ? (size_t)(comma - s) : strlen(s)))
            rc = -1;
        if (!comma)
            return rc;
        s = comma + 1;
    }
}
BOOT_PARAM("pv-l1tf", parse_pv_l1tf);

/* dom0 is trusted; an emulator does not speculate, and older kernels shall run there. */
bool pv_l1tf_guards(const struct domain *d)
{
    if (is_hardware_domain(d))
        return opt_dom0 > 0;
    return opt_domu < 0 ? cpu_features.meltdown && !cpu_features.is_tcg : opt_domu;
}

/*
 * The cache compares at least as many address bits as the processor reports, so bits above those
 * do not count as a difference. Frame 0 holds nothing of anybody's. Who writes for another domain
 * is only refused. Locks may be held.
 */
bool pv_l1tf_safe(struct domain *d, pte_t absent)
{
    u64 mfn = (absent & PTE_ADDR_MASK & (BIT(cpu_features.phys_bits) - 1)) >> PAGE_SHIFT;

    if (!mfn || mfn >= max_frame)
        return true;
    if (d == current->domain)
        domain_crash_soon("page-table entry %#lx is not present, but its address is in RAM (L1TF)",
                          absent);
    return false;
}
