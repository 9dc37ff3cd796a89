/* SPDX-License-Identifier: MIT */
/*
 * Instructions that store to a page-table entry: decoding, and what they compute. Pure functions
 * over bytes and words, so that they run on the host too.
 */
#ifndef PV_MM_PTWR_DECODE_H
#define PV_MM_PTWR_DECODE_H

#include <hv/types.h>

enum ptwr_op {
    PTWR_NONE, /* not one that is emulated */
    /* result from destination and source; order of the ALU group in opcodes */
    PTWR_ADD, PTWR_OR, PTWR_ADC, PTWR_SBB, PTWR_AND, PTWR_SUB, PTWR_XOR,
    PTWR_MOV, PTWR_XCHG, PTWR_XADD, PTWR_CMPXCHG, PTWR_CMPXCHG8B,
    PTWR_NOT, PTWR_NEG, PTWR_INC, PTWR_DEC,
    PTWR_BTS, PTWR_BTR, PTWR_BTC,
    PTWR_STOS, PTWR_MOVS,
};

struct ptwr_insn {
    u8 op;            /* enum ptwr_op */
    u8 bytes;         /* operand: 1, 2, 4, 8 */
    u8 length;        /* of the instruction */
    u8 reg;           /* source register 0..15 in encoding order; 16..19: AH CH DH BH */
    bool has_imm;     /* the source is imm (sign-extended), not reg */
    bool rep;         /* STOS, MOVS */
    u64 imm;
};

/** Decode 64-bit code, at most n bytes. out->op is PTWR_NONE for anything else. */
void ptwr_decode(const u8 *code, unsigned int n, struct ptwr_insn *out);

struct ptwr_effect {
    u64 value;        /* what the destination becomes, in its low bytes */
    u64 flags;        /* RFLAGS afterwards */
    bool store;       /* false: destination unchanged (a failed compare) */
};

/**
 * What the instruction does to a destination that holds old. src: source operand; acc: RAX (for
 * CMPXCHG) or EDX:EAX (CMPXCHG8B, where src is ECX:EBX). STOS and MOVS behave as MOV.
 */
void ptwr_compute(const struct ptwr_insn *in, u64 old, u64 src, u64 acc, u64 flags,
                  struct ptwr_effect *out);

#endif
