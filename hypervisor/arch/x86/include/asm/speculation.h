/* SPDX-License-Identifier: MIT */
/* Defences against speculative execution (cpu/speculation.c): which are in force. */
#ifndef ASM_SPECULATION_H
#define ASM_SPECULATION_H

#include <hv/types.h>

struct speculation {
    bool retpoline;     /* indirect branches go through retpolines */
    bool ibrs;          /* enhanced IBRS, set once and for all */
    bool ibpb;          /* predictors are forgotten when another vCPU comes */
    bool rsb;           /* return predictions are overwritten on entry from a guest */
    bool verw;          /* buffers are cleared on the way to a guest */
    bool no_avx;    /* guests are not offered it, for what gathers can see */
};
extern struct speculation speculation;

/** spec-ctrl=no was given: page-table isolation follows unless it has an option of its own. */
bool speculation_is_off(void);
/** Boot CPU, with the features known: decide. */
void speculation_init(void);
/** Every CPU: what is set in registers. */
void speculation_apply(void);
void speculation_print(void);
/** Boot CPU, once, with the direct map there. */
void speculation_patch_thunks(void);

#endif
