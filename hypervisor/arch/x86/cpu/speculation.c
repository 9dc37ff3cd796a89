/* SPDX-License-Identifier: MIT */
/*
 * Defences against speculative execution that are chosen at boot: retpolines or enhanced IBRS,
 * IBPB, overwriting the return stack buffer, clearing buffers with VERW. What is always there:
 * masked indices (array_index_nospec), cleared registers on entry, eager FPU. Page-table isolation:
 * pv/pti.c. Facts: Intel's and AMD's guidance on CPUID, MSRs SPEC_CTRL and PRED_CMD; the option and
 * its words: spec-ctrl in Xen's command-line page.
 */
#include <asm/cpu.h>
#include <asm/page.h>
#include <asm/speculation.h>
#include <hv/params.h>
#include <hv/printk.h>

#define SPEC_CTRL_IBRS    1
#define XCR0_VECTORS      0xe4UL /* what AVX and AVX-512 add */
#define ARCH_CAP_IBRS_ALL BIT(1)
#define ARCH_CAP_GDS_CTRL BIT(25) /* microcode has the defence, and has it on */
#define ARCH_CAP_GDS_NO   BIT(26)

struct speculation speculation __ro_after_init;

static bool opt_off;
static int opt_thunk = -1; /* 1: retpoline, 0: jump */
static int opt_ibrs = -1, opt_ibpb = -1, opt_rsb = -1, opt_verw = -1, opt_gds = -1;

/* Words that take a boolean. Those without a variable name what is always so, or not needed. */
static const struct word {
    const char *name;
    int *value;
} words[] __section(".init.rodata") = {
    { "ibrs", &opt_ibrs }, { "ibpb", &opt_ibpb }, { "rsb", &opt_rsb }, { "md-clear", &opt_verw },
    { "msr-sc", NULL },    { "ssbd", NULL },      { "psfd", NULL },    { "eager-fpu", NULL },
    { "l1d-flush", NULL }, { "pv", NULL },        { "hvm", NULL },     { "branch-harden", NULL },
    { "srb-lock", NULL },  { "gds-mit", &opt_gds }, { "div-scrub", NULL },
    { "unpriv-mmio", NULL }, { "stibp", NULL },     { "ibpb-entry", NULL },
    { "bhi-dis-s", NULL }, { "bhb-seq", NULL },
};

static __init void all_off(void)
{
    opt_off = true;
    opt_thunk = opt_ibrs = opt_ibpb = opt_rsb = opt_verw = opt_gds = 0;
}

/* "name", "name=BOOL" or "no-name" out of words[]; -1 if it is none of them. */
static __init int parse_flag(const char *text, size_t length)
{
    const char *equals = strchr(text, '=');
    bool negated = !strncmp(text, "no-", 3);
    int value = equals ? parse_bool(equals + 1) : !negated;

    if (equals && negated)
        return -1;
    if (negated)
        text += 3, length -= 3;
    if (equals)
        length = (size_t)(equals - text);
    for (size_t i = 0; i < ARRAY_SIZE(words); i++) {
        if (strlen(words[i].name) != length || strncmp(words[i].name, text, length))
            continue;
        if (words[i].value && value >= 0)
            *words[i].value = value;
        return value < 0 ? -1 : 0;
    }
    return -1;
}

static __init int parse_word(const char *text)
{
    int all = parse_bool(text);

    if (all == 0 || !strcmp(text, "xen=no") || !strcmp(text, "no-xen")) {
        all_off();
        return 0;
    }
    if (all == 1 || !strcmp(text, "xen"))
        return 0;
    if (!strcmp(text, "bti-thunk=retpoline"))
        opt_thunk = 1;
    else if (!strcmp(text, "bti-thunk=jmp"))
        opt_thunk = 0;
    else
        return parse_flag(text, strlen(text));
    return 0;
}

/* spec-ctrl=no, or words with commas between them; later ones win. */
static __init int parse_spec_ctrl(const char *s)
{
    static char word[32] __section(".init.data");
    int rc = 0;

    for (;;) {
        const char *comma = strchr(s, ',');
        size_t n = comma ? (size_t)(comma - s) : strlen(s);

        if (n >= sizeof(word)) {
            rc = -1;
        } else {
            memcpy(word, s, n);
            word[n] = '\0';
            if (parse_word(word))
                rc = -1;
        }
        if (!comma)
            return rc;
        s = comma + 1;
    }
}
BOOT_PARAM("spec-ctrl", parse_spec_ctrl);

bool speculation_is_off(void)
{
    return opt_off;
}

static bool chosen(int option, bool otherwise)
{
    return option < 0 ? otherwise : option;
}

static bool has_enhanced_ibrs(void)
{
    u64 caps = 0;

    return cpu_features.ibrs && cpu_features.arch_caps &&
           !rdmsr_safe(MSR_ARCH_CAPABILITIES, &caps) && caps & ARCH_CAP_IBRS_ALL;
}

/*
 * Gather data sampling (Intel's advisory INTEL-SA-00828): a gather may see what lay in the vector
 * registers of whoever shares the core. Without microcode only the lack of AVX helps.
 */
static bool gathers_stale_data(void)
{
    static const u8 models[] = { 0x4e, 0x5e, 0x55, 0x8e, 0x9e, 0xa5, 0xa6, 0x66,
                                 0x7d, 0x7e, 0x6a, 0x6c, 0x8c, 0x8d, 0xa7 };
    u64 caps = 0;

    if (cpu_features.vendor != VENDOR_INTEL || cpu_features.family != 6)
        return false;
    if (cpu_features.arch_caps && !rdmsr_safe(MSR_ARCH_CAPABILITIES, &caps) &&
        caps & (ARCH_CAP_GDS_CTRL | ARCH_CAP_GDS_NO))
        return false;
    for (size_t i = 0; i < ARRAY_SIZE(models); i++)
        if (models[i] == cpu_features.model)
            return true;
    return false;
}

void speculation_init(void)
{
    struct speculation *s = &speculation;

    s->ibrs = has_enhanced_ibrs() && chosen(opt_ibrs, true);
    s->retpoline = chosen(opt_thunk, !s->ibrs);
    s->ibpb = cpu_features.ibpb && chosen(opt_ibpb, true);
    s->verw = cpu_features.md_clear && chosen(opt_verw, true);
    /*
     * What a guest can leave there are addresses of its own, which SMEP keeps us from executing,
     * even speculatively.
     */
    s->rsb = chosen(opt_rsb, !cpu_features.smep);
    s->no_avx = gathers_stale_data() && chosen(opt_gds, !cpu_features.is_tcg);
    if (s->no_avx)
        cpu_features.xcr0_mask &= ~XCR0_VECTORS;
}

void speculation_apply(void)
{
    if (speculation.ibrs)
        wrmsr(MSR_SPEC_CTRL, SPEC_CTRL_IBRS);
}

void speculation_print(void)
{
    const struct speculation *s = &speculation;

    printk(LOG_INFO "Speculation:%s%s%s%s%s%s%s\n", s->retpoline ? " retpolines" : "",
           s->ibrs ? " IBRS" : "", s->ibpb ? " IBPB" : "", s->rsb ? " RSB" : "",
           s->verw ? " VERW" : "", s->no_avx ? ", no AVX (GDS)" : "",
           opt_off ? " defences off" : "");
}

/* --- thunks (cpu/thunk.S) --- */

struct thunk_site {
    s32 where; /* from this field */
    u32 reg;
};
extern const struct thunk_site thunk_sites[], thunk_sites_end[];

/* Text is mapped read-only, so it is written through the direct map. */
void __init speculation_patch_thunks(void)
{
    if (speculation.retpoline)
        return;
    for (const struct thunk_site *t = thunk_sites; t < thunk_sites_end; t++) {
        const char *at = (const char *)&t->where + t->where;
        u8 *p = paddr_to_virt(image_to_paddr(at));
        const u8 jump[] = { t->reg & 8 ? 0x41 : 0x90, 0xff, (u8)(0xe0 | (t->reg & 7)) };

        memcpy(p, jump, sizeof(jump)); /* NOP or REX.B, JMP *reg */
    }
}
