/* SPDX-License-Identifier: MIT */
/*
 * Decoder of the few privileged instructions that are emulated. Pure: bytes in, description out.
 * Memory operands occur in INS and OUTS, and in what UMIP makes privileged; 16-bit addresses and
 * forms that would need more are PRIV_NONE.
 * Facts: Intel SDM vol. 2.
 */
#include "priv_decode.h"

struct cursor {
    const u8 *bytes;
    unsigned int n, at;
};

struct prefixes {
    bool operand16, address, rep, lock;
    u8 rex, segment;
};

static bool next(struct cursor *c, u8 *b)
{
    if (c->at >= c->n)
        return false;
    *b = c->bytes[c->at++];
    return true;
}

/* True when b is a legacy prefix, which then is noted. */
static bool legacy_prefix(struct prefixes *p, u8 b)
{
    switch (b) {
    case 0x66: p->operand16 = true; return true;
    case 0x67: p->address = true; return true;
    case 0xf2: case 0xf3: p->rep = true; return true;
    case 0xf0: p->lock = true; return true;
    case 0x26: p->segment = 'e'; return true;
    case 0x2e: p->segment = 'c'; return true;
    case 0x36: p->segment = 's'; return true;
    case 0x3e: p->segment = 'd'; return true;
    case 0x64: p->segment = 'f'; return true;
    case 0x65: p->segment = 'g'; return true;
    default: return false;
    }
}

/* The first opcode byte goes to *op. */
static bool read_prefixes(struct cursor *c, struct prefixes *p, bool is_64bit, u8 *op)
{
    while (next(c, op)) {
        if (legacy_prefix(p, *op)) {
            p->rex = 0; /* REX counts only directly before the opcode */
            continue;
        }
        if (!is_64bit || (*op & 0xf0) != 0x40)
            return true;
        p->rex = *op;
    }
    return false;
}

static u8 io_bytes(u8 opcode, const struct prefixes *p)
{
    if (!(opcode & 1))
        return 1;
    return p->operand16 ? 2 : 4;
}

static void decode_io(struct cursor *c, const struct prefixes *p, u8 op, struct priv_insn *out)
{
    out->operand_bytes = io_bytes(op, p);
    if (op < 0xe8) {
        out->port_is_imm = true;
        if (!next(c, &out->port))
            return;
    }
    out->op = op & 2 ? PRIV_OUT : PRIV_IN;
}

static void decode_string_io(const struct prefixes *p, u8 op, bool is_64bit, struct priv_insn *out)
{
    out->operand_bytes = io_bytes(op, p);
    out->address_bytes = is_64bit ? (p->address ? 4 : 8) : (p->address ? 2 : 4);
    out->rep = p->rep;
    out->segment = p->segment;
    if (out->address_bytes != 2)
        out->op = op & 2 ? PRIV_OUTS : PRIV_INS;
}

static void decode_one_byte(struct cursor *c, const struct prefixes *p, u8 op, bool is_64bit,
                            struct priv_insn *out)
{
    switch (op) {
    case 0x6c: case 0x6d: case 0x6e: case 0x6f: decode_string_io(p, op, is_64bit, out); return;
    case 0xe4: case 0xe5: case 0xe6: case 0xe7:
    case 0xec: case 0xed: case 0xee: case 0xef: decode_io(c, p, op, out); return;
    case 0xfa: out->op = PRIV_CLI; return;
    case 0xfb: out->op = PRIV_STI; return;
    default: return;
    }
}

/* 0f 20..23: the ModRM byte always names registers. LOCK is AMD's spelling of CR8: not for us. */
static void decode_creg(struct cursor *c, const struct prefixes *p, u8 op, struct priv_insn *out)
{
    static const u8 ops[4] = {PRIV_MOV_FROM_CR, PRIV_MOV_FROM_DR, PRIV_MOV_TO_CR, PRIV_MOV_TO_DR};
    u8 modrm;

    if (!next(c, &modrm))
        return;
    out->creg = (u8)((modrm >> 3 & 7) | (p->rex & 4 ? 8 : 0));
    out->gpr = (u8)((modrm & 7) | (p->rex & 1 ? 8 : 0));
    out->op = ops[op & 3];
}

static bool next_s32(struct cursor *c, s32 *out)
{
    u32 v = 0;
    u8 b;

    for (unsigned int shift = 0; shift < 32; shift += 8) {
        if (!next(c, &b))
            return false;
        v |= (u32)b << shift;
    }
    *out = (s32)v;
    return true;
}

/* The SIB byte; *no_base: a displacement of 32 bits stands in its place. */
static bool decode_sib(struct cursor *c, const struct prefixes *p, u8 mod, bool *no_base,
                       struct priv_insn *out)
{
    u8 sib;

    if (!next(c, &sib))
        return false;
    out->scale = sib >> 6;
    out->index = (u8)((sib >> 3 & 7) | (p->rex & 2 ? 8 : 0));
    if (out->index == 4)
        out->index = PRIV_NO_REGISTER;
    out->base = (u8)((sib & 7) | (p->rex & 1 ? 8 : 0));
    *no_base = mod == 0 && (sib & 7) == 5;
    if (*no_base)
        out->base = PRIV_NO_REGISTER;
    return true;
}

/* What the ModRM byte names: a register, or memory with all that its address is made of. */
static bool decode_rm(struct cursor *c, const struct prefixes *p, u8 modrm, bool is_64bit,
                      struct priv_insn *out)
{
    u8 mod = modrm >> 6, rm = modrm & 7, disp8;
    bool has_disp32 = mod == 2;

    out->gpr = (u8)(rm | (p->rex & 1 ? 8 : 0));
    out->operand_bytes = p->rex & 8 ? 8 : p->operand16 ? 2 : 4;
    if (mod == 3)
        return true;
    out->has_memory = true;
    out->address_bytes = is_64bit ? (p->address ? 4 : 8) : (p->address ? 2 : 4);
    out->segment = p->segment;
    out->base = out->gpr;
    out->index = PRIV_NO_REGISTER;
    if (rm == 4) {
        bool no_base;

        if (!decode_sib(c, p, mod, &no_base, out))
            return false;
        has_disp32 |= no_base;
    } else if (mod == 0 && rm == 5) {
        out->base = PRIV_NO_REGISTER;
        out->rip_relative = is_64bit;
        has_disp32 = true;
    }
    if (has_disp32)
        return next_s32(c, &out->displacement) && out->address_bytes != 2;
    if (mod == 1) {
        if (!next(c, &disp8))
            return false;
        out->displacement = (s8)disp8;
    }
    return out->address_bytes != 2;
}

/* 0f 00: SLDT, STR. */
static void decode_group6(struct cursor *c, const struct prefixes *p, bool is_64bit,
                          struct priv_insn *out)
{
    u8 modrm;

    if (!next(c, &modrm) || (modrm >> 3 & 7) > 1 || !decode_rm(c, p, modrm, is_64bit, out))
        return;
    out->op = modrm >> 3 & 7 ? PRIV_STR : PRIV_SLDT;
}

/* 0f 01: XSETBV and RDTSCP take up register forms of their own, SGDT and SIDT have none. */
static void decode_group7(struct cursor *c, const struct prefixes *p, bool is_64bit,
                          struct priv_insn *out)
{
    static const u8 memory_ops[8] = {[0] = PRIV_SGDT, [1] = PRIV_SIDT, [4] = PRIV_SMSW};
    u8 modrm;

    if (!next(c, &modrm) || !decode_rm(c, p, modrm, is_64bit, out))
        return;
    if (out->has_memory) {
        out->op = memory_ops[modrm >> 3 & 7];
        if (out->op == PRIV_SGDT || out->op == PRIV_SIDT)
            out->operand_bytes = is_64bit ? 10 : 6;
    } else if (modrm == 0xd1) {
        out->op = PRIV_XSETBV;
    } else if (modrm == 0xf9) {
        out->op = PRIV_RDTSCP;
    } else if ((modrm & 0xf8) == 0xf0) {
        out->op = PRIV_LMSW;
    } else if ((modrm & 0xf8) == 0xe0) {
        out->op = PRIV_SMSW;
    }
}

static void decode_two_byte(struct cursor *c, const struct prefixes *p, bool is_64bit,
                            struct priv_insn *out)
{
    u8 op;

    if (!next(c, &op))
        return;
    switch (op) {
    case 0x00: decode_group6(c, p, is_64bit, out); return;
    case 0x01: decode_group7(c, p, is_64bit, out); return;
    case 0x06: out->op = PRIV_CLTS; return;
    case 0x09: out->op = PRIV_WBINVD; return;
    case 0x20: case 0x21: case 0x22: case 0x23: decode_creg(c, p, op, out); return;
    case 0x30: out->op = PRIV_WRMSR; return;
    case 0x31: out->op = PRIV_RDTSC; return;
    case 0x32: out->op = PRIV_RDMSR; return;
    case 0xa2: out->op = PRIV_CPUID; return;
    default: return;
    }
}

void priv_decode(const u8 *bytes, unsigned int n, bool is_64bit, struct priv_insn *out)
{
    struct cursor c = {bytes, n < INSN_MAX_BYTES ? n : INSN_MAX_BYTES, 0};
    struct prefixes p = {0};
    u8 op;

    *out = (struct priv_insn){.op = PRIV_NONE};
    if (!read_prefixes(&c, &p, is_64bit, &op) || p.lock)
        return;
    if (op == 0x0f)
        decode_two_byte(&c, &p, is_64bit, out);
    else
        decode_one_byte(&c, &p, op, is_64bit, out);
    out->length = (u8)c.at;
}
