/* SPDX-License-Identifier: MIT */
/* Between priv_emul.c and its parts. */
#ifndef PV_PRIV_EMUL_H
#define PV_PRIV_EMUL_H

#include "../internal.h"
#include "priv_decode.h"

enum emul_result {
    EMUL_DONE,       /* go behind the instruction */
    EMUL_REPEAT,     /* registers hold progress; execute the instruction again */
    EMUL_INJECTED,   /* another exception was delivered */
    EMUL_REFUSED,    /* #GP */
};

/* Ports (priv_emul_io.c). */
bool emul_io_allowed(struct vcpu *v, u16 port, unsigned int bytes);
enum emul_result emul_in(struct cpu_user_regs *regs, const struct priv_insn *i);
enum emul_result emul_out(struct cpu_user_regs *regs, const struct priv_insn *i);
enum emul_result emul_ins(struct cpu_user_regs *regs, const struct priv_insn *i);
enum emul_result emul_outs(struct cpu_user_regs *regs, const struct priv_insn *i);

bool emul_iopl_ok(const struct vcpu *v);

/* What UMIP makes privileged (umip.c). */
enum emul_result emul_sldt(struct cpu_user_regs *regs, const struct priv_insn *i);
enum emul_result emul_str(struct cpu_user_regs *regs, const struct priv_insn *i);
enum emul_result emul_sgdt(struct cpu_user_regs *regs, const struct priv_insn *i);
enum emul_result emul_sidt(struct cpu_user_regs *regs, const struct priv_insn *i);
enum emul_result emul_smsw(struct cpu_user_regs *regs, const struct priv_insn *i);

/** The register with number n in encoding order. */
u64 *emul_gpr(struct cpu_user_regs *regs, unsigned int n);
/** CR0 as the guest sees it: the machine's but for TS. */
u64 emul_cr0(const struct vcpu *v);

#endif
