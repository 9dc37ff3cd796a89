/* SPDX-License-Identifier: MIT */
/* Proves the constants of asm/asm_offsets.h against the C declarations. No code. */
#include <asm/asm_offsets.h>
#include <asm/current.h>
#include <asm/traps.h>

#define PROVE_REGS(field) \
    _Static_assert(REGS_##field == offsetof(struct cpu_user_regs, field), #field)
#define PROVE_INFO(field) \
    _Static_assert(CPUINFO_##field == offsetof(struct cpu_info, field), #field)

PROVE_REGS(r11);
PROVE_REGS(rax);
PROVE_REGS(rcx);
PROVE_REGS(error_code);
PROVE_REGS(entry_vector);
PROVE_REGS(rip);
PROVE_REGS(cs);
PROVE_REGS(rflags);
PROVE_REGS(rsp);
PROVE_REGS(ss);
PROVE_REGS(es);
_Static_assert(REGS_QWORDS * 8 == REGS_es, "r15 up to ss");

PROVE_INFO(guest_regs);
PROVE_INFO(cpu);
PROVE_INFO(hw_cr3);
PROVE_INFO(hv_cr3);
PROVE_INFO(root_dirty);
PROVE_INFO(verw);
PROVE_INFO(verw_sel);
PROVE_INFO(entry_work);
_Static_assert(CPUINFO_exit_state == offsetof(struct cpu_info, pti_active), "exit word");
_Static_assert(CPUINFO_exit_state % 4 == 0 && CPUINFO_guest_regs % 16 == 8, "alignment");
_Static_assert(sizeof(struct cpu_info) == CPU_INFO_BYTES, "cpu_info");
_Static_assert(IST_STRIDE == STACK_SIZE, "get_cpu_info() on an IST stack");
