/* SPDX-License-Identifier: MIT */
/* The instructions that a PV kernel may execute although they are privileged, decoded. Pure. */
#ifndef PV_PRIV_DECODE_H
#define PV_PRIV_DECODE_H

#include <hv/types.h>

#define INSN_MAX_BYTES 15
#define PRIV_NO_REGISTER 0xff

enum priv_op {
    PRIV_NONE, /* not one of them */
    PRIV_IN, PRIV_OUT,     /* port in imm or DX */
    PRIV_INS, PRIV_OUTS,
    PRIV_CLI, PRIV_STI,
    PRIV_MOV_FROM_CR, PRIV_MOV_TO_CR, PRIV_MOV_FROM_DR, PRIV_MOV_TO_DR,
    PRIV_CLTS, PRIV_LMSW,
    PRIV_SLDT, PRIV_STR, PRIV_SGDT, PRIV_SIDT, PRIV_SMSW, /* privileged only under UMIP */
    PRIV_RDMSR, PRIV_WRMSR, PRIV_RDTSC, PRIV_RDTSCP,
    PRIV_CPUID, PRIV_XSETBV, PRIV_WBINVD,
    NR_PRIV_OPS
};

struct priv_insn {
    enum priv_op op;
    u8 length;
    u8 operand_bytes;  /* of IN/OUT/INS/OUTS: 1, 2 or 4; SLDT/STR/SMSW (register): 2, 4, 8;
                        * of SGDT/SIDT: 6 or 10 */
    u8 address_bytes;  /* of INS/OUTS and memory operands: 4 or 8 (2 is refused) */
    bool rep;
    bool port_is_imm;
    u8 port;           /* if so */
    u8 segment;        /* override: 0 none, else 'c' 'd' 'e' 'f' 'g' 's' */
    u8 creg;           /* control or debug register number */
    u8 gpr;            /* general register operand, 0..15 in encoding order */
    bool has_memory;   /* the operand is in memory instead, at the sum of these: */
    bool rip_relative; /* the address behind the instruction */
    u8 base, index;    /* registers or PRIV_NO_REGISTER; the index shifted left by scale */
    u8 scale;
    s32 displacement;
};

/** Decode at most n bytes; code is 64-bit or 32-bit. out->op is PRIV_NONE for anything else. */
void priv_decode(const u8 *bytes, unsigned int n, bool is_64bit, struct priv_insn *out);

#endif
