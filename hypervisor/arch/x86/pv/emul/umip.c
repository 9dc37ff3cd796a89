/* SPDX-License-Identifier: MIT */
/*
 * SGDT, SIDT, SLDT, STR and SMSW, which UMIP makes fault outside ring 0. PV guests, kernel and
 * programs alike, may execute them on CPUs without UMIP and rely on it; here they get answers that
 * tell nothing of the hypervisor: tables of no size at the start of its area, no LDT, no task.
 * Works on current and its registers. Facts: Intel SDM vol. 2.
 */
#include <asm/cpu.h>
#include <asm/guest_access.h>

#include "priv_emul.h"

struct __attribute__((packed)) pseudo_descriptor {
    u16 limit;
    u64 base;
};

static u64 operand_address(struct cpu_user_regs *regs, const struct priv_insn *i)
{
    u64 at = (u64)(s64)i->displacement;

    if (i->rip_relative)
        at += regs->rip + i->length;
    if (i->base != PRIV_NO_REGISTER)
        at += *emul_gpr(regs, i->base);
    if (i->index != PRIV_NO_REGISTER)
        at += *emul_gpr(regs, i->index) << i->scale;
    if (i->address_bytes == 4)
        at = (u32)at;
    if (i->segment == 'f')
        at += pv_get_fs_base();
    if (i->segment == 'g')
        at += pv_get_gs_base();
    return at;
}

/* An address that no page can have is a reason for the fault, UMIP or not. */
static enum emul_result store(struct cpu_user_regs *regs, const struct priv_insn *i,
                              const void *value, unsigned int bytes)
{
    u64 va = operand_address(regs, i);
    unsigned long left;

    if (!(hv_cr4 & CR4_UMIP) || !guest_range_ok(va, bytes))
        return EMUL_REFUSED;
    left = copy_to_guest_va(va, value, bytes);
    if (!left)
        return EMUL_DONE;
    pv_inject_page_fault(va + bytes - left, PFEC_WRITE);
    return EMUL_INJECTED;
}

/* A word; a register is written in its operand size. */
static enum emul_result store_word(struct cpu_user_regs *regs, const struct priv_insn *i, u64 value)
{
    u64 *reg;

    if (i->has_memory)
        return store(regs, i, &value, 2);
    reg = emul_gpr(regs, i->gpr);
    if (i->operand_bytes == 2)
        *reg = (*reg & ~0xffffUL) | (u16)value;
    else
        *reg = i->operand_bytes == 4 ? (u32)value : value;
    return EMUL_DONE;
}

static enum emul_result store_table(struct cpu_user_regs *regs, const struct priv_insn *i)
{
    const struct pseudo_descriptor none = {0, HYPERVISOR_VIRT_START};

    return store(regs, i, &none, i->operand_bytes);
}

enum emul_result emul_sgdt(struct cpu_user_regs *regs, const struct priv_insn *i)
{
    return store_table(regs, i);
}

enum emul_result emul_sidt(struct cpu_user_regs *regs, const struct priv_insn *i)
{
    return store_table(regs, i);
}

enum emul_result emul_sldt(struct cpu_user_regs *regs, const struct priv_insn *i)
{
    return store_word(regs, i, 0);
}

enum emul_result emul_str(struct cpu_user_regs *regs, const struct priv_insn *i)
{
    return store_word(regs, i, 0);
}

enum emul_result emul_smsw(struct cpu_user_regs *regs, const struct priv_insn *i)
{
    return store_word(regs, i, (u32)emul_cr0(current));
}
