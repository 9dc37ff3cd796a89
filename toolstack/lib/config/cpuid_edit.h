/* SPDX-License-Identifier: MIT */
/* What a domain's file changes in the CPUID that its guest sees: cpuid= of xl.cfg(5). Pure. */
#ifndef TOOLSTACK_CPUID_EDIT_H
#define TOOLSTACK_CPUID_EDIT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define CPUID_EDITS_MAX  256u
#define CPUID_NO_SUBLEAF UINT32_MAX

/* Bits of one register; a bit is in at most one of the masks. */
struct cpuid_edit {
    uint32_t leaf, subleaf; /* CPUID_NO_SUBLEAF: the leaf has none */
    unsigned int reg;       /* 0 to 3: EAX to EDX */
    uint32_t clear, set;
    uint32_t host; /* as the machine has them */
};

struct cpuid_edits {
    struct cpuid_edit *edits;
    size_t count;
};

/* Adds what a text says: "host,NAME=0|1|x|k|s,..." or "LEAF[,SUBLEAF]:REG=BITS,..." with 32
 * characters for bits 31 to 0. 0, -EINVAL with a clause in why, or -ENOMEM likewise. */
int cpuid_edits_add(struct cpuid_edits *edits, const char *text, char *why, size_t whys);
void cpuid_edits_free(struct cpuid_edits *edits);

#endif
