/* SPDX-License-Identifier: MIT */
/* Between the files of pv/; nobody else includes this. */
#ifndef PV_INTERNAL_H
#define PV_INTERNAL_H

#include <asm/asm_offsets.h>
#include <asm/cpu.h>
#include <asm/pv.h>
#include <asm/traps.h>
#include <hv/lib.h>
#include <hv/percpu.h>

/* Whose state this CPU's hardware holds: CR3, windows, segments. Stays set while idle. */
DECLARE_PER_CPU(struct vcpu *, pv_loaded);

/* Flags of a bounce frame. */
#define BOUNCE_MASK_EVENTS 1u
#define BOUNCE_ERROR_CODE  2u
#define BOUNCE_FAILSAFE    4u /* DS, ES, FS, GS below the return frame */

/** Enter the guest kernel at rip with a frame of regs on its stack. Crashes the domain on failure.
 */
void pv_bounce(struct cpu_user_regs *regs, u64 rip, unsigned int flags, u32 error_code);
/** `int n` of the guest: regs->rip is behind the instruction. False: the gate's DPL forbids it. */
bool pv_inject_soft_interrupt(struct cpu_user_regs *regs, unsigned int vector);
void pv_failsafe(struct cpu_user_regs *regs);

/** Do the `bytes` (a page at most) from va on keep clear of our part of the address space? */
static inline bool pv_keeps_clear(u64 va, u64 bytes)
{
    return va - (HV_VIRT_START - bytes) >= HV_VIRT_END - HV_VIRT_START + bytes;
}

/* Selectors and bases (pv/segment.c). */
void pv_segments_save(struct vcpu *v, struct cpu_user_regs *regs);
/** Returns false when a selector could not be loaded: the failsafe callback is due. */
bool pv_segments_load(struct vcpu *v, const struct cpu_user_regs *regs);
u64 pv_get_fs_base(void);
void pv_set_fs_base(u64 base);
u64 pv_get_gs_base(void);
void pv_set_gs_base(u64 base);
u64 pv_get_gs_shadow(void);
void pv_set_gs_shadow(u64 base);

/* Floating point (pv/fpu.c). */
int pv_fpu_create(struct vcpu *v);
void pv_fpu_free(struct vcpu *v);
void pv_fpu_reset(struct vcpu *v);
void pv_fpu_save(struct vcpu *v);
void pv_fpu_load(struct vcpu *v);
void pv_set_task_switched(struct vcpu *v, bool ts);
/** Set the guest's XCR0; -EINVAL when the combination is not allowed. current only. */
int pv_set_xcr0(struct vcpu *v, u64 value);
bool pv_xcr0_valid(u64 value);
/** MXCSR bits that exist. */
u32 pv_mxcsr_mask(void);
/** Set x87 and SSE from an FXSAVE image, everything else to its initial state. v is not loaded. */
void pv_fpu_set_legacy(struct vcpu *v, const void *fxsave);

/* Debug registers (pv/debugreg.c). */
long pv_set_debugreg(struct vcpu *v, unsigned int reg, u64 value);
bool pv_get_debugreg(const struct vcpu *v, unsigned int reg, u64 *value);
void pv_debugregs_load(const struct vcpu *v);
void pv_debugregs_unload(const struct vcpu *v);

/* Descriptor table windows (pv/gdt_ldt.c). */
void pv_windows_load(const struct vcpu *prev, struct vcpu *next);
/** v's tables leave this CPU and nobody's come: nothing of them stays mapped. */
void pv_windows_clear(const struct vcpu *v);
bool pv_ldt_map_page(struct vcpu *v, unsigned int page);
/** Replace v's GDT (current, or synced and paused). -EINVAL: a frame will not do. */
long pv_gdt_set(struct vcpu *v, const u64 *mfns, unsigned int entries);
void pv_gdt_drop(struct vcpu *v);
void pv_ldt_release(struct vcpu *v);

/* CR4 as hardware shall have it while v runs. */
u64 pv_cr4_of(const struct vcpu *v);
u64 pv_guest_cr4(const struct vcpu *v);

/* CPUID faulting of this CPU follows v. */
void pv_cpuid_faulting_load(const struct vcpu *v);

/* Privileged instructions (pv/emul/priv_emul.c): true when done, false: #GP is the guest's. */
bool pv_emulate_privileged(struct cpu_user_regs *regs);
bool pv_emulate_invalid_op(struct cpu_user_regs *regs); /* the forced-emulation prefix */

/* Model-specific registers (pv/emul/msr.c): 0 or -EINVAL for #GP. */
int pv_rdmsr(struct vcpu *v, u32 msr, u64 *value);
int pv_wrmsr(struct vcpu *v, u32 msr, u64 value);

void pti_cpu_init(unsigned int cpu);
void pti_root_refresh(struct cpu_info *info);

void reset_stack_and_jump(void (*to)(void)) __attribute__((noreturn));

/* guest_tsc.c */
struct time_scale;
/** What RDTSC gives a vCPU of d now. */
u64 pv_guest_tsc(const struct domain *d);
/** tsc_time_params() in terms of that. */
void pv_tsc_time_params(const struct domain *d, u64 *stamp, s_time_t *stime, struct time_scale *s);

#endif
