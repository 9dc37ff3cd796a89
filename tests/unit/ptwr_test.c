/* SPDX-License-Identifier: MIT */
/*
 * Emulated stores to page tables: what they compute is compared with the processor itself, over
 * random operands; decoding with a list of encodings.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "../../hypervisor/arch/x86/pv_mm/ptwr_decode.h"

#define FLAGS_SEEN 0x8d5UL /* OF SF ZF AF PF CF */
#define ROUNDS 2000

static u64 seed = 88172645463325252UL;

static u64 random_word(void)
{
    seed ^= seed << 13;
    seed ^= seed >> 7;
    seed ^= seed << 17;
    return seed % 5 ? seed : seed % 3 ? ~0UL << seed % 64 : 0;
}

struct operands {
    u64 mem, src, acc, flags;
};

/* `insn src, mem` on the processor, starting with flags; RAX is acc. */
#define NATIVE(name, insn)                                                                \
    static void name(struct operands *o)                                                  \
    {                                                                                     \
        __asm__ volatile("push %[f]; popfq; " insn "; pushfq; pop %[f]"                   \
                         : "+m"(o->mem), [f] "+r"(o->flags), "+a"(o->acc), "+c"(o->src)   \
                         : [m] "r"(&o->mem)                                               \
                         : "memory", "cc");                                               \
    }

#define FOUR_SIZES(name, insn)                                                            \
    NATIVE(name##1, insn "b %%cl, (%[m])") NATIVE(name##2, insn "w %%cx, (%[m])")         \
    NATIVE(name##4, insn "l %%ecx, (%[m])") NATIVE(name##8, insn "q %%rcx, (%[m])")
#define FOUR_SIZES_UNARY(name, insn)                                                      \
    NATIVE(name##1, insn "b (%[m])") NATIVE(name##2, insn "w (%[m])")                     \
    NATIVE(name##4, insn "l (%[m])") NATIVE(name##8, insn "q (%[m])")

FOUR_SIZES(add, "add")
FOUR_SIZES(or, "or")
FOUR_SIZES(adc, "adc")
FOUR_SIZES(sbb, "sbb")
FOUR_SIZES(and, "and")
FOUR_SIZES(sub, "sub")
FOUR_SIZES(xor, "xor")
FOUR_SIZES(xadd, "xadd")
FOUR_SIZES(cmpxchg, "cmpxchg")
FOUR_SIZES_UNARY(not, "not")
FOUR_SIZES_UNARY(neg, "neg")
FOUR_SIZES_UNARY(inc, "inc")
FOUR_SIZES_UNARY(dec, "dec")

#define ROW(op, name) {op, {name##1, name##2, name##4, name##8}, #name}
static const struct {
    u8 op;
    void (*native[4])(struct operands *);
    const char *name;
} rows[] = {
    ROW(PTWR_ADD, add), ROW(PTWR_OR, or), ROW(PTWR_ADC, adc), ROW(PTWR_SBB, sbb),
    ROW(PTWR_AND, and), ROW(PTWR_SUB, sub), ROW(PTWR_XOR, xor), ROW(PTWR_XADD, xadd),
    ROW(PTWR_CMPXCHG, cmpxchg), ROW(PTWR_NOT, not), ROW(PTWR_NEG, neg), ROW(PTWR_INC, inc),
    ROW(PTWR_DEC, dec),
};

static u64 mask_of(unsigned int bytes)
{
    return ~0UL >> (64 - 8 * bytes);
}

/* AF is undefined after the logical operations. */
static u64 flags_defined(u8 op)
{
    return op == PTWR_AND || op == PTWR_OR || op == PTWR_XOR ? FLAGS_SEEN & ~0x10UL : FLAGS_SEEN;
}

static void compare(unsigned int row, unsigned int size)
{
    struct ptwr_insn in = {.op = rows[row].op, .bytes = (u8)(1u << size)};
    u64 mask = mask_of(in.bytes), start = random_word();
    struct operands o = {start, random_word(), random_word(), 0x202 | (random_word() & 1)};
    struct ptwr_effect e;

    if (o.src % 4 == 0)
        o.acc = o.mem; /* let comparisons succeed now and then */
    ptwr_compute(&in, o.mem & mask, o.src, o.acc, o.flags, &e);
    rows[row].native[size](&o);
    assert_int_equal(e.flags & flags_defined(in.op), o.flags & flags_defined(in.op));
    assert_int_equal((e.store ? e.value : start) & mask, o.mem & mask);
}

static void arithmetic(void **state)
{
    (void)state;
    for (unsigned int row = 0; row < sizeof(rows) / sizeof(rows[0]); row++)
        for (unsigned int size = 0; size < 4; size++)
            for (unsigned int i = 0; i < ROUNDS; i++)
                compare(row, size);
}

static void bits(void **state)
{
    (void)state;
    for (unsigned int i = 0; i < ROUNDS; i++) {
        u64 old = random_word(), bit = random_word(), cf = old >> bit % 64;
        u64 want[3] = {old, old, old};
        static const u8 ops[3] = {PTWR_BTS, PTWR_BTR, PTWR_BTC};

        want[0] |= 1UL << bit % 64;
        want[1] &= ~(1UL << bit % 64);
        want[2] ^= 1UL << bit % 64;
        for (unsigned int k = 0; k < 3; k++) {
            struct ptwr_insn in = {.op = ops[k], .bytes = 8};
            struct ptwr_effect e;

            ptwr_compute(&in, old, bit, 0, 0x202, &e);
            assert_int_equal(e.value, want[k]);
            assert_int_equal(e.flags & 1, cf & 1);
        }
    }
}

#define CODE(...) {(const u8[]){__VA_ARGS__}, sizeof((const u8[]){__VA_ARGS__})}
static const struct {
    struct { const u8 *bytes; unsigned int n; } code;
    u8 op, bytes, reg;
    bool has_imm;
    u64 imm;
} encodings[] = {
    {CODE(0x48, 0x87, 0x07), PTWR_XCHG, 8, 0, false, 0},             /* xchg %rax,(%rdi) */
    {CODE(0x4c, 0x87, 0x44, 0x24, 0x08), PTWR_XCHG, 8, 8, false, 0}, /* xchg %r8,8(%rsp) */
    {CODE(0xf0, 0x80, 0x27, 0xfd), PTWR_AND, 1, 0, true, ~2UL},      /* lock andb $~2,(%rdi) */
    {CODE(0x48, 0x89, 0x04, 0xd1), PTWR_MOV, 8, 0, false, 0},        /* mov %rax,(%rcx,%rdx,8) */
    {CODE(0x48, 0x89, 0x05, 1, 2, 3, 4), PTWR_MOV, 8, 0, false, 0},  /* RIP-relative */
    {CODE(0x48, 0x89, 0x04, 0x25, 1, 2, 3, 4), PTWR_MOV, 8, 0, false, 0}, /* SIB, no base */
    {CODE(0x66, 0x89, 0x90, 1, 2, 3, 4), PTWR_MOV, 2, 2, false, 0},  /* mov %dx,disp32(%rax) */
    {CODE(0x88, 0x27), PTWR_MOV, 1, 16, false, 0},                   /* mov %ah,(%rdi) */
    {CODE(0x40, 0x88, 0x27), PTWR_MOV, 1, 4, false, 0},              /* mov %spl,(%rdi) */
    {CODE(0x48, 0xc7, 0x07, 0xfe, 0xff, 0xff, 0xff), PTWR_MOV, 8, 0, true, ~1UL},
    {CODE(0x66, 0xc7, 0x07, 0x34, 0x12), PTWR_MOV, 2, 0, true, 0x1234},
    {CODE(0xf0, 0x48, 0x0f, 0xb1, 0x0e), PTWR_CMPXCHG, 8, 1, false, 0},
    {CODE(0xf0, 0x0f, 0xc7, 0x0e), PTWR_CMPXCHG8B, 8, 0, false, 0},
    {CODE(0xf0, 0x48, 0x0f, 0xba, 0x37, 0x01), PTWR_BTR, 8, 0, true, 1},
    {CODE(0xf0, 0x4d, 0x0f, 0xc1, 0x08), PTWR_XADD, 8, 9, false, 0},
    {CODE(0x48, 0x83, 0x0f, 0x20), PTWR_OR, 8, 0, true, 0x20},
    {CODE(0xf3, 0x48, 0xab), PTWR_STOS, 8, 0, false, 0},
    {CODE(0xf3, 0x48, 0xa5), PTWR_MOVS, 8, 0, false, 0},
    {CODE(0x48, 0x0f, 0xc3, 0x07), PTWR_MOV, 8, 0, false, 0},        /* movnti */
    {CODE(0x48, 0xf7, 0x17), PTWR_NOT, 8, 0, false, 0},
    /* not stores to memory, or not emulated */
    {CODE(0x48, 0x89, 0xc0), PTWR_NONE, 0, 0, false, 0},             /* register form */
    {CODE(0x48, 0x39, 0x07), PTWR_NONE, 0, 0, false, 0},             /* cmp */
    {CODE(0x48, 0x83, 0x3f, 0x20), PTWR_NONE, 0, 0, false, 0},       /* cmp $,(%rdi) */
    {CODE(0x48, 0x0f, 0xc7, 0x0e), PTWR_NONE, 0, 0, false, 0},       /* cmpxchg16b */
    {CODE(0x0f, 0x29, 0x07), PTWR_NONE, 0, 0, false, 0},             /* movaps */
    {CODE(0x8b, 0x07), PTWR_NONE, 0, 0, false, 0},                   /* a load */
    {CODE(0x65, 0x48, 0xab), PTWR_NONE, 0, 0, false, 0},             /* segment override */
};

static void decoding(void **state)
{
    (void)state;
    for (unsigned int i = 0; i < sizeof(encodings) / sizeof(encodings[0]); i++) {
        struct ptwr_insn in;
        u8 code[16];

        memset(code, 0x90, sizeof(code));
        memcpy(code, encodings[i].code.bytes, encodings[i].code.n);
        ptwr_decode(code, sizeof(code), &in);
        assert_int_equal(in.op, encodings[i].op);
        if (in.op == PTWR_NONE)
            continue;
        assert_int_equal(in.length, encodings[i].code.n);
        assert_int_equal(in.bytes, encodings[i].bytes);
        assert_int_equal(in.reg, encodings[i].reg);
        assert_int_equal(in.has_imm, encodings[i].has_imm);
        if (in.has_imm)
            assert_int_equal(in.imm, encodings[i].imm);
        for (unsigned int n = 0; n < encodings[i].code.n; n++) {
            ptwr_decode(code, n, &in);
            assert_int_equal(in.op, PTWR_NONE); /* cut off */
        }
    }
}

/* No bytes whatever lead it astray; the sanitizers watch. */
static void noise(void **state)
{
    (void)state;
    for (unsigned int i = 0; i < 200000; i++) {
        u64 words[2] = {random_word(), random_word()};
        struct ptwr_insn in;

        ptwr_decode((const u8 *)words, (unsigned int)(i % 17), &in);
        assert_true(in.length <= 15);
        assert_true(in.op == PTWR_NONE || (in.bytes && !(in.bytes & (in.bytes - 1))));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(arithmetic),
        cmocka_unit_test(bits),
        cmocka_unit_test(decoding),
        cmocka_unit_test(noise),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
