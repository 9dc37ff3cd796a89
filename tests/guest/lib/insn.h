/* SPDX-License-Identifier: MIT */
/* Runs a piece of code in the guest kernel with all registers given, and shows how it ended. */
#ifndef INSN_H
#define INSN_H

#include "user.h"

/* Registers of a fresh run: flat selectors, upcalls masked, zero otherwise. */
struct trap_frame insn_regs(void);

/*
 * Runs @length bytes at @code with @regs; RSP, RIP, CS and SS of @regs are ignored. True if the
 * end was reached; false if a trap came before, which this_cpu()->seen describes. @regs takes the
 * registers at that point.
 */
bool insn_run(struct trap_frame *regs, const uint8_t *code, unsigned long length);
#define INSN_RUN(regs_, name_) insn_run(regs_, name_, name_##_end - name_)

/* Where insn_run() puts the first byte. */
unsigned long insn_address(void);

#endif
