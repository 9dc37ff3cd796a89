/* SPDX-License-Identifier: MIT */
/* Instruction bytes of a guest: both decoders stay inside them and give lengths that make sense. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "hypervisor/arch/x86/pv/emul/priv_decode.h"
#include "hypervisor/arch/x86/pv_mm/ptwr_decode.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void privileged(const uint8_t *code, unsigned int n, bool is_64bit)
{
    struct priv_insn insn;

    priv_decode(code, n, is_64bit, &insn);
    if (insn.op >= NR_PRIV_OPS || (insn.op && (!insn.length || insn.length > n)) || insn.gpr > 15)
        abort();
}

static void table_write(const uint8_t *code, unsigned int n)
{
    struct ptwr_effect effect;
    struct ptwr_insn insn;

    ptwr_decode(code, n, &insn);
    if (!insn.op)
        return;
    if (!insn.length || insn.length > n || insn.reg > 19 || !insn.bytes || insn.bytes > 8 ||
        insn.bytes & (insn.bytes - 1))
        abort();
    ptwr_compute(&insn, 0x8000000000000067, insn.imm, 0x67, 0x246, &effect);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    unsigned int n = size > 15 ? 15 : (unsigned int)size;
    uint8_t *code = malloc(n + !n); /* of its own, so that a byte too far is noticed */

    if (!code)
        return 0;
    memcpy(code, data, n);
    privileged(code, n, true);
    privileged(code, n, false);
    table_write(code, n);
    free(code);
    return 0;
}
