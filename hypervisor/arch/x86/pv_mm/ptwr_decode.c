/* SPDX-License-Identifier: MIT */
/*
 * Decoding and arithmetic of the stores that ptwr.c emulates. Pure, no state.
 * Facts: Intel SDM vol. 2 (encodings, flags).
 */
#include "ptwr_decode.h"

#define CF 0x001UL
#define PF 0x004UL
#define AF 0x010UL
#define ZF 0x040UL
#define SF 0x080UL
#define OF 0x800UL
#define ARITHMETIC_FLAGS (CF | PF | AF | ZF | SF | OF)

struct cursor {
    const u8 *at, *end;
    u8 rex;
    bool opsize16, rep, has_segment, addr32, bad;
};

static u8 next(struct cursor *c)
{
    if (c->at == c->end) {
        c->bad = true;
        return 0;
    }
    return *c->at++;
}

static void skip(struct cursor *c, unsigned int n)
{
    while (n--)
        (void)next(c);
}

static u64 immediate(struct cursor *c, unsigned int bytes)
{
    u64 v = 0;

    for (unsigned int i = 0; i < bytes; i++)
        v |= (u64)next(c) << (8 * i);
    return (u64)((s64)(v << (64 - 8 * bytes)) >> (64 - 8 * bytes));
}

/* Prefixes and REX; returns the first opcode byte. */
static u8 prefixes(struct cursor *c)
{
    for (;;) {
        u8 b = next(c);

        if (b == 0x66)
            c->opsize16 = true;
        else if (b == 0x67)
            c->addr32 = true;
        else if (b == 0xf2 || b == 0xf3)
            c->rep = true;
        else if (b == 0x26 || b == 0x2e || b == 0x36 || b == 0x3e || b == 0x64 || b == 0x65)
            c->has_segment = true;
        else if (b != 0xf0 && (b & 0xf0) != 0x40)
            return b;
        /* A REX counts only right before the opcode. */
        c->rex = (b & 0xf0) == 0x40 ? b : 0;
        if (c->bad)
            return 0;
    }
}

/* ModRM with a memory operand: its address need not be known, its length must. reg field
 * returned. */
static u8 memory_operand(struct cursor *c)
{
    u8 modrm = next(c), mod = modrm >> 6, rm = modrm & 7;

    if (mod == 3)
        c->bad = true;
    if (rm == 4) {
        u8 sib = next(c);

        if (mod == 0 && (sib & 7) == 5)
            skip(c, 4);
    } else if (mod == 0 && rm == 5) {
        skip(c, 4);
    }
    skip(c, mod == 1 ? 1 : mod == 2 ? 4 : 0);
    return modrm >> 3 & 7;
}

static u8 word_size(const struct cursor *c)
{
    return c->rex & 8 ? 8 : c->opsize16 ? 2 : 4;
}

/* Register number of a reg field; without REX, byte registers 4..7 are the high halves. */
static u8 reg_of(const struct cursor *c, u8 field, u8 bytes)
{
    if (bytes == 1 && !c->rex && field >= 4)
        return (u8)(16 + field - 4);
    return (u8)(field | (c->rex & 4) << 1);
}

static void source_reg(struct cursor *c, struct ptwr_insn *out, u8 op, bool byte)
{
    out->op = op;
    out->bytes = byte ? 1 : word_size(c);
    out->reg = reg_of(c, memory_operand(c), out->bytes);
}

static void source_imm(struct cursor *c, struct ptwr_insn *out, unsigned int imm_bytes)
{
    out->has_imm = true;
    out->imm = immediate(c, imm_bytes);
}

static u8 alu_op(u8 n)
{
    return n < 7 ? (u8)(PTWR_ADD + n) : PTWR_NONE; /* 7 is CMP: no store */
}

/* 80, 81, 83: ALU with an immediate; C6, C7: MOV. */
static void group_imm(struct cursor *c, struct ptwr_insn *out, u8 opcode)
{
    u8 field = memory_operand(c);

    out->bytes = opcode & 1 ? word_size(c) : 1;
    out->op = opcode < 0x84 ? alu_op(field) : field == 0 ? PTWR_MOV : PTWR_NONE;
    source_imm(c, out, opcode == 0x83 || out->bytes == 1 ? 1 : out->bytes == 2 ? 2 : 4);
}

/* F6, F7, FE, FF: one operand. */
static void group_unary(struct cursor *c, struct ptwr_insn *out, u8 opcode)
{
    static const u8 f6[8] = {[2] = PTWR_NOT, [3] = PTWR_NEG};
    static const u8 fe[8] = {[0] = PTWR_INC, [1] = PTWR_DEC};
    u8 field = memory_operand(c);

    out->bytes = opcode & 1 ? word_size(c) : 1;
    out->op = opcode < 0xf8 ? f6[field] : fe[field];
}

static void string_store(struct cursor *c, struct ptwr_insn *out, u8 op, bool byte)
{
    if (c->has_segment || c->addr32)
        return;
    out->op = op;
    out->bytes = byte ? 1 : word_size(c);
    out->rep = c->rep;
}

/* 0F BA: bit number as immediate, modulo the operand's width. */
static void group_bit(struct cursor *c, struct ptwr_insn *out)
{
    static const u8 ops[8] = {[5] = PTWR_BTS, [6] = PTWR_BTR, [7] = PTWR_BTC};

    out->op = ops[memory_operand(c)];
    out->bytes = word_size(c);
    source_imm(c, out, 1);
}

static void cmpxchg8b(struct cursor *c, struct ptwr_insn *out)
{
    if (memory_operand(c) != 1 || c->rex & 8)
        return;
    out->op = PTWR_CMPXCHG8B;
    out->bytes = 8;
}

static void two_byte(struct cursor *c, struct ptwr_insn *out)
{
    u8 opcode = next(c);

    switch (opcode) {
    case 0xab: source_reg(c, out, PTWR_BTS, false); break;
    case 0xb3: source_reg(c, out, PTWR_BTR, false); break;
    case 0xbb: source_reg(c, out, PTWR_BTC, false); break;
    case 0xb0: case 0xb1: source_reg(c, out, PTWR_CMPXCHG, !(opcode & 1)); break;
    case 0xc0: case 0xc1: source_reg(c, out, PTWR_XADD, !(opcode & 1)); break;
    case 0xc3: source_reg(c, out, PTWR_MOV, false); break; /* MOVNTI */
    case 0xba: group_bit(c, out); break;
    case 0xc7: cmpxchg8b(c, out); break;
    default: break;
    }
}

void ptwr_decode(const u8 *code, unsigned int n, struct ptwr_insn *out)
{
    struct cursor c = {.at = code, .end = code + (n < 15 ? n : 15)};
    u8 opcode;

    *out = (struct ptwr_insn){};
    opcode = prefixes(&c);
    switch (opcode) {
    case 0x00 ... 0x3f:
        if ((opcode & 7) <= 1)
            source_reg(&c, out, alu_op(opcode >> 3), !(opcode & 1));
        else if (opcode == 0x0f)
            two_byte(&c, out);
        break;
    case 0x80: case 0x81: case 0x83: case 0xc6: case 0xc7: group_imm(&c, out, opcode); break;
    case 0x86: case 0x87: source_reg(&c, out, PTWR_XCHG, !(opcode & 1)); break;
    case 0x88: case 0x89: source_reg(&c, out, PTWR_MOV, !(opcode & 1)); break;
    case 0xa4: case 0xa5: string_store(&c, out, PTWR_MOVS, !(opcode & 1)); break;
    case 0xaa: case 0xab: string_store(&c, out, PTWR_STOS, !(opcode & 1)); break;
    case 0xf6: case 0xf7: case 0xfe: case 0xff: group_unary(&c, out, opcode); break;
    default: break;
    }
    if (c.bad)
        out->op = PTWR_NONE;
    out->length = (u8)(c.at - code);
}

/* ---- arithmetic ---- */

static u64 top_bit(u64 v, unsigned int bits)
{
    return v >> (bits - 1) & 1;
}

/* ZF, SF, PF of a result. */
static u64 result_flags(u64 r, unsigned int bits)
{
    u64 masked = bits == 64 ? r : r & ((1UL << bits) - 1);

    return (masked ? 0 : ZF) | (top_bit(r, bits) ? SF : 0) |
           (__builtin_popcount((u8)r) & 1 ? 0 : PF);
}

static u64 add(u64 a, u64 b, u64 carry, unsigned int bits, u64 *flags)
{
    u64 r = a + b + carry;

    *flags = result_flags(r, bits) | (top_bit((a & b) | ((a | b) & ~r), bits) ? CF : 0) |
             (top_bit((a ^ r) & (b ^ r), bits) ? OF : 0) | ((a ^ b ^ r) & AF);
    return r;
}

static u64 sub(u64 a, u64 b, u64 borrow, unsigned int bits, u64 *flags)
{
    u64 r = a - b - borrow;

    *flags = result_flags(r, bits) | (top_bit((~a & b) | ((~a | b) & r), bits) ? CF : 0) |
             (top_bit((a ^ b) & (a ^ r), bits) ? OF : 0) | ((a ^ b ^ r) & AF);
    return r;
}

static u64 bit_op(u8 op, u64 old, u64 src, unsigned int bits, u64 *cf)
{
    u64 bit = 1UL << (src & (bits - 1));

    *cf = old & bit ? CF : 0;
    return op == PTWR_BTS ? old | bit : op == PTWR_BTR ? old & ~bit : old ^ bit;
}

static void compare_exchange(const struct ptwr_insn *in, u64 old, u64 src, u64 acc, u64 flags,
                             struct ptwr_effect *out)
{
    unsigned int bits = in->bytes * 8u;
    u64 f;

    (void)sub(acc, old, 0, bits, &f);
    out->store = f & ZF;
    out->value = src;
    out->flags = in->op == PTWR_CMPXCHG8B ? (flags & ~ZF) | (f & ZF)
                                          : (flags & ~ARITHMETIC_FLAGS) | f;
}

/* INC and DEC leave CF alone. */
static u64 step(u8 op, u64 old, u64 flags, unsigned int bits, u64 *f)
{
    u64 r = op == PTWR_INC ? add(old, 1, 0, bits, f) : sub(old, 1, 0, bits, f);

    *f = (*f & ~CF) | (flags & CF);
    return r;
}

void ptwr_compute(const struct ptwr_insn *in, u64 old, u64 src, u64 acc, u64 flags,
                  struct ptwr_effect *out)
{
    unsigned int bits = in->bytes * 8u;
    u64 r = src, f = flags & ARITHMETIC_FLAGS, cf;

    switch (in->op) {
    case PTWR_CMPXCHG:
    case PTWR_CMPXCHG8B: compare_exchange(in, old, src, acc, flags, out); return;
    case PTWR_ADD:
    case PTWR_XADD: r = add(old, src, 0, bits, &f); break;
    case PTWR_ADC: r = add(old, src, flags & CF, bits, &f); break;
    case PTWR_SUB: r = sub(old, src, 0, bits, &f); break;
    case PTWR_SBB: r = sub(old, src, flags & CF, bits, &f); break;
    case PTWR_AND: r = old & src; f = result_flags(r, bits); break;
    case PTWR_OR: r = old | src; f = result_flags(r, bits); break;
    case PTWR_XOR: r = old ^ src; f = result_flags(r, bits); break;
    case PTWR_NOT: r = ~old; break;
    case PTWR_NEG: r = sub(0, old, 0, bits, &f); break;
    case PTWR_INC:
    case PTWR_DEC: r = step(in->op, old, flags, bits, &f); break;
    case PTWR_BTS:
    case PTWR_BTR:
    case PTWR_BTC: r = bit_op(in->op, old, src, bits, &cf); f = (f & ~CF) | cf; break;
    default: break; /* the plain stores */
    }
    out->store = true;
    out->value = r;
    out->flags = (flags & ~ARITHMETIC_FLAGS) | f;
}
