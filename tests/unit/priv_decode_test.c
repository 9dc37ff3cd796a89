/* SPDX-License-Identifier: MIT */
/*
 * Decoder of privileged instructions: a list of encodings, what must be refused, truncation at
 * every length, and random bytes under the sanitizers.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "../../hypervisor/arch/x86/pv/emul/priv_decode.h"

#define ROUNDS 200000

static const struct row {
    const char *bytes;
    u8 n;
    enum priv_op op;
    u8 operand_bytes, address_bytes, creg, gpr;
} rows[] = {
    { "\xe4\x42", 2, PRIV_IN, 1, 0, 0, 0 },
    { "\xe5\x42", 2, PRIV_IN, 4, 0, 0, 0 },
    { "\x66\xe5\x42", 3, PRIV_IN, 2, 0, 0, 0 },
    { "\xec", 1, PRIV_IN, 1, 0, 0, 0 },
    { "\x48\xed", 2, PRIV_IN, 4, 0, 0, 0 },
    { "\xee", 1, PRIV_OUT, 1, 0, 0, 0 },
    { "\xe7\xf4", 2, PRIV_OUT, 4, 0, 0, 0 },
    { "\x6c", 1, PRIV_INS, 1, 8, 0, 0 },
    { "\xf3\x6d", 2, PRIV_INS, 4, 8, 0, 0 },
    { "\x67\xf3\x66\x6f", 4, PRIV_OUTS, 2, 4, 0, 0 },
    { "\xfa", 1, PRIV_CLI, 0, 0, 0, 0 },
    { "\xfb", 1, PRIV_STI, 0, 0, 0, 0 },
    { "\x0f\x20\xc0", 3, PRIV_MOV_FROM_CR, 0, 0, 0, 0 },
    { "\x0f\x20\xe7", 3, PRIV_MOV_FROM_CR, 0, 0, 4, 7 },
    { "\x41\x0f\x22\xd8", 4, PRIV_MOV_TO_CR, 0, 0, 3, 8 },
    { "\x44\x0f\x20\xc0", 4, PRIV_MOV_FROM_CR, 0, 0, 8, 0 },
    { "\x0f\x21\xf8", 3, PRIV_MOV_FROM_DR, 0, 0, 7, 0 },
    { "\x0f\x23\xf9", 3, PRIV_MOV_TO_DR, 0, 0, 7, 1 },
    { "\x0f\x06", 2, PRIV_CLTS, 0, 0, 0, 0 },
    { "\x0f\x09", 2, PRIV_WBINVD, 0, 0, 0, 0 },
    { "\x0f\x30", 2, PRIV_WRMSR, 0, 0, 0, 0 },
    { "\x0f\x31", 2, PRIV_RDTSC, 0, 0, 0, 0 },
    { "\x0f\x32", 2, PRIV_RDMSR, 0, 0, 0, 0 },
    { "\x0f\xa2", 2, PRIV_CPUID, 0, 0, 0, 0 },
    { "\x0f\x01\xd1", 3, PRIV_XSETBV, 4, 0, 0, 1 },
    { "\x0f\x01\xf9", 3, PRIV_RDTSCP, 4, 0, 0, 1 },
    { "\x0f\x01\xf3", 3, PRIV_LMSW, 4, 0, 0, 3 },
    { "\x66\x0f\x01\xe3", 4, PRIV_SMSW, 2, 0, 0, 3 },
    { "\x49\x0f\x01\xe3", 4, PRIV_SMSW, 8, 0, 0, 11 },
    { "\x0f\x00\xc1", 3, PRIV_SLDT, 4, 0, 0, 1 },
    { "\x66\x0f\x00\xca", 4, PRIV_STR, 2, 0, 0, 2 },
    { "\x0f\x01\x00", 3, PRIV_SGDT, 10, 8, 0, 0 },
    { "\x67\x41\x0f\x01\x4f\xf8", 6, PRIV_SIDT, 10, 4, 0, 15 },
};

/* Memory operands: where the address comes from, and the displacement. */
static const struct memory_row {
    const char *bytes;
    u8 n, base, index, scale;
    s32 displacement;
    bool rip_relative;
} memory_rows[] = {
    { "\x0f\x01\x20", 3, 0, PRIV_NO_REGISTER, 0, 0, false },
    { "\x41\x0f\x01\x60\xff", 5, 8, PRIV_NO_REGISTER, 0, -1, false },
    { "\x0f\x01\xa3\x78\x56\x34\x12", 7, 3, PRIV_NO_REGISTER, 0, 0x12345678, false },
    { "\x0f\x01\x25\xfe\xff\xff\xff", 7, PRIV_NO_REGISTER, PRIV_NO_REGISTER, 0, -2, true },
    { "\x0f\x01\x24\x24", 4, 4, PRIV_NO_REGISTER, 0, 0, false },
    { "\x42\x0f\x01\x24\xe0", 5, 0, 12, 3, 0, false },
    { "\x0f\x01\x64\x8b\x10", 5, 3, 1, 2, 16, false },
    { "\x0f\x01\x24\x4d\x04\0\0\0", 8, PRIV_NO_REGISTER, 1, 1, 4, false },
    { "\x41\x0f\x01\x24\x25\x04\0\0\0", 9, PRIV_NO_REGISTER, PRIV_NO_REGISTER, 0, 4, false },
};

static void memory_operands(void **state)
{
    struct priv_insn insn;

    (void)state;
    for (size_t i = 0; i < sizeof(memory_rows) / sizeof(memory_rows[0]); i++) {
        const struct memory_row *r = &memory_rows[i];

        priv_decode((const u8 *)r->bytes, r->n, true, &insn);
        assert_int_equal(insn.op, PRIV_SMSW);
        assert_true(insn.has_memory);
        assert_int_equal(insn.length, r->n);
        assert_int_equal(insn.base, r->base);
        assert_int_equal(insn.index, r->index);
        if (r->index != PRIV_NO_REGISTER)
            assert_int_equal(insn.scale, r->scale);
        assert_int_equal(insn.displacement, r->displacement);
        assert_int_equal(insn.rip_relative, r->rip_relative);
        for (unsigned int n = 0; n < r->n; n++) {
            priv_decode((const u8 *)r->bytes, n, true, &insn);
            assert_int_equal(insn.op, PRIV_NONE);
        }
    }
    /* In 32-bit code the same bytes name an absolute address; 16-bit addresses are refused. */
    priv_decode((const u8 *)"\x0f\x01\x25\x04\0\0\0", 7, false, &insn);
    assert_int_equal(insn.op, PRIV_SMSW);
    assert_false(insn.rip_relative);
    assert_int_equal(insn.address_bytes, 4);
    priv_decode((const u8 *)"\x67\x0f\x01\x20", 4, false, &insn);
    assert_int_equal(insn.op, PRIV_NONE);
}

static void encodings(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        const struct row *r = &rows[i];
        struct priv_insn insn;

        priv_decode((const u8 *)r->bytes, 15 < r->n ? 15 : r->n, true, &insn);
        assert_int_equal(insn.op, r->op);
        assert_int_equal(insn.length, r->n);
        assert_int_equal(insn.operand_bytes, r->operand_bytes);
        assert_int_equal(insn.address_bytes, r->address_bytes);
        assert_int_equal(insn.creg, r->creg);
        assert_int_equal(insn.gpr, r->gpr);
        for (unsigned int n = 0; n < r->n; n++) {
            priv_decode((const u8 *)r->bytes, n, true, &insn);
            assert_int_equal(insn.op, PRIV_NONE);
        }
    }
}

static void prefixes(void **state)
{
    struct priv_insn insn;

    (void)state;
    /* A REX prefix counts only directly before the opcode; LOCK is refused. */
    priv_decode((const u8 *)"\x41\x66\x0f\x22\xd8", 5, true, &insn);
    assert_int_equal(insn.op, PRIV_MOV_TO_CR);
    assert_int_equal(insn.gpr, 0);
    priv_decode((const u8 *)"\xf0\x0f\x22\xc0", 4, true, &insn);
    assert_int_equal(insn.op, PRIV_NONE);
    priv_decode((const u8 *)"\x65\x6e", 2, true, &insn);
    assert_int_equal(insn.op, PRIV_OUTS);
    assert_int_equal(insn.segment, 'g');
    /* In 32-bit code 0x40 to 0x4f are instructions. */
    priv_decode((const u8 *)"\x48\xed", 2, false, &insn);
    assert_int_equal(insn.op, PRIV_NONE);
    priv_decode((const u8 *)"\x6c", 1, false, &insn);
    assert_int_equal(insn.address_bytes, 4);
    /* More prefixes than an instruction may have bytes. */
    priv_decode((const u8 *)"fffffffffffffff\xee", 16, true, &insn);
    assert_int_equal(insn.op, PRIV_NONE);
}

static void refused(void **state)
{
    static const char *const none[] = {
        "\x0f\x08", "\x0f\x33", "\xf4",         "\x0f\x01\xd0", "\x0f\x01\x10",
        "\x0f\x01\x30", "\x0f\x0b", "\x90",    "\x0f\x01\xf8",
    };
    struct priv_insn insn;

    (void)state;
    for (size_t i = 0; i < sizeof(none) / sizeof(none[0]); i++) {
        priv_decode((const u8 *)none[i], (unsigned int)strlen(none[i]), true, &insn);
        assert_int_equal(insn.op, PRIV_NONE);
    }
}

static void random_bytes(void **state)
{
    u64 seed = 88172645463325252UL;

    (void)state;
    for (unsigned int i = 0; i < ROUNDS; i++) {
        struct priv_insn insn;
        u64 words[2];

        for (unsigned int w = 0; w < 2; w++) {
            seed ^= seed << 13;
            seed ^= seed >> 7;
            seed ^= seed << 17;
            words[w] = seed;
        }
        if (i & 1)
            words[0] = (words[0] & ~0xffUL) | 0x0f;
        priv_decode((const u8 *)words, i % 16, i & 2, &insn);
        assert_true(insn.op < NR_PRIV_OPS);
        assert_true(insn.length <= i % 16 && insn.length <= INSN_MAX_BYTES);
        assert_true(insn.creg < 16 && insn.gpr < 16);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(encodings),
        cmocka_unit_test(memory_operands),
        cmocka_unit_test(prefixes),
        cmocka_unit_test(refused),
        cmocka_unit_test(random_bytes),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
