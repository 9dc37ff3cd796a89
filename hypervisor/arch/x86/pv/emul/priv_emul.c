/* SPDX-License-Identifier: MIT */
/*
 * Privileged instructions of a PV kernel, which runs in ring 3 and faults on them: decoded, checked
 * against the virtual ring and IOPL, and given their effect on the vCPU. One table of effects.
 * Works on current and its registers; takes no lock itself.
 * ABI: as Xen's PV, CLI and STI are accepted and ignored (events are masked in vcpu_info); the
 * prefix ud2, "xen" makes CPUID trap everywhere. Facts: Intel SDM vol. 2 and 3.
 */
#include <asm/cpu_policy.h>
#include <asm/descriptor.h>
#include <asm/guest_access.h>
#include <asm/page.h>
#include <asm/pv_mm.h>
#include <asm/smap.h>
#include <hv/errno.h>
#include <hv/printk.h>

#include "priv_emul.h"

/* --- registers by number --- */

u64 *emul_gpr(struct cpu_user_regs *regs, unsigned int n)
{
    static const u8 offset[16] = {
        offsetof(struct cpu_user_regs, rax), offsetof(struct cpu_user_regs, rcx),
        offsetof(struct cpu_user_regs, rdx), offsetof(struct cpu_user_regs, rbx),
        offsetof(struct cpu_user_regs, rsp), offsetof(struct cpu_user_regs, rbp),
        offsetof(struct cpu_user_regs, rsi), offsetof(struct cpu_user_regs, rdi),
        offsetof(struct cpu_user_regs, r8), offsetof(struct cpu_user_regs, r9),
        offsetof(struct cpu_user_regs, r10), offsetof(struct cpu_user_regs, r11),
        offsetof(struct cpu_user_regs, r12), offsetof(struct cpu_user_regs, r13),
        offsetof(struct cpu_user_regs, r14), offsetof(struct cpu_user_regs, r15),
    };

    return (u64 *)((char *)regs + offset[n & 15]);
}

static void set_edx_eax(struct cpu_user_regs *regs, u64 value)
{
    regs->rax = (u32)value;
    regs->rdx = value >> 32;
}

static u64 get_edx_eax(const struct cpu_user_regs *regs)
{
    return (u64)regs->edx << 32 | regs->eax;
}

/* --- effects --- */

typedef enum emul_result (*effect_fn)(struct cpu_user_regs *regs, const struct priv_insn *i);

static enum emul_result do_interrupt_flag(struct cpu_user_regs *regs, const struct priv_insn *i)
{
    (void)regs, (void)i;
    return emul_iopl_ok(current) ? EMUL_DONE : EMUL_REFUSED;
}

/* CR0 is the machine's but for TS. */
u64 emul_cr0(const struct vcpu *v)
{
    return (READ_CR(0) & ~CR0_TS) | (v->arch.pv.ctrlreg[0] & CR0_TS);
}

static enum emul_result do_mov_from_cr(struct cpu_user_regs *regs, const struct priv_insn *i)
{
    const struct vcpu *v = current;
    u64 value;

    switch (i->creg) {
    case 0: value = emul_cr0(v); break;
    case 2: value = v->arch.pv.ctrlreg[2]; break;
    case 3: value = v->arch.pv.kernel_root << PAGE_SHIFT; break;
    case 4: value = pv_guest_cr4(v); break;
    default: return EMUL_REFUSED;
    }
    *emul_gpr(regs, i->gpr) = value;
    return EMUL_DONE;
}

static enum emul_result write_cr0(u64 value)
{
    if ((value ^ READ_CR(0)) & ~CR0_TS) {
        gprintk(LOG_GUEST_WARN, "refused CR0 %#lx\n", value);
        return EMUL_REFUSED;
    }
    pv_set_task_switched(current, value & CR0_TS);
    return EMUL_DONE;
}

/* Bits that are not the guest's to change are dropped in silence, as guests expect. */
#define CR4_GUEST_BITS (CR4_TSD | CR4_DE | CR4_FSGSBASE | CR4_OSXSAVE)
#define CR4_GUEST_VISIBLE (CR4_PAE | CR4_MCE | CR4_OSFXSR | CR4_OSXMMEXCPT)

u64 pv_guest_cr4(const struct vcpu *v)
{
    return (v->arch.pv.ctrlreg[4] & CR4_GUEST_BITS) | (hv_cr4 & CR4_GUEST_VISIBLE);
}

static enum emul_result write_cr4(u64 value)
{
    struct vcpu *v = current;
    u64 allowed = CR4_TSD | CR4_DE | (hv_cr4 & (CR4_FSGSBASE | CR4_OSXSAVE));
    u64 before = pv_cr4_of(v);

    v->arch.pv.ctrlreg[4] = value & allowed;
    if (pv_cr4_of(v) != before)
        WRITE_CR(4, pv_cr4_of(v));
    return EMUL_DONE;
}

/* A table that is not validated yet may take several goes. */
static enum emul_result write_cr3(u64 value)
{
    int rc = pv_new_kernel_root(value >> PAGE_SHIFT);

    if (rc == -EINTR || rc == -ERESTART)
        return EMUL_REPEAT;
    return rc ? EMUL_REFUSED : EMUL_DONE;
}

static enum emul_result do_mov_to_cr(struct cpu_user_regs *regs, const struct priv_insn *i)
{
    struct vcpu *v = current;
    u64 value = *emul_gpr(regs, i->gpr);

    switch (i->creg) {
    case 0: return write_cr0(value);
    case 2:
        v->arch.pv.ctrlreg[2] = value;
        v->vcpu_info->arch.cr2 = value;
        return EMUL_DONE;
    case 3: return write_cr3(value);
    case 4: return write_cr4(value);
    default: return EMUL_REFUSED;
    }
}

static enum emul_result do_mov_from_dr(struct cpu_user_regs *regs, const struct priv_insn *i)
{
    return pv_get_debugreg(current, i->creg, emul_gpr(regs, i->gpr)) ? EMUL_DONE : EMUL_REFUSED;
}

static enum emul_result do_mov_to_dr(struct cpu_user_regs *regs, const struct priv_insn *i)
{
    return pv_set_debugreg(current, i->creg, *emul_gpr(regs, i->gpr)) ? EMUL_REFUSED : EMUL_DONE;
}

static enum emul_result do_clts(struct cpu_user_regs *regs, const struct priv_insn *i)
{
    (void)regs, (void)i;
    pv_set_task_switched(current, false);
    return EMUL_DONE;
}

/* Loads PE, MP, EM and TS; PE cannot be cleared by it. */
static enum emul_result do_lmsw(struct cpu_user_regs *regs, const struct priv_insn *i)
{
    u64 cr0 = emul_cr0(current);

    return write_cr0((cr0 & ~0xeUL) | (*emul_gpr(regs, i->gpr) & 0xf) | (cr0 & 1));
}

static enum emul_result do_rdmsr(struct cpu_user_regs *regs, const struct priv_insn *i)
{
    u64 value;

    (void)i;
    if (pv_rdmsr(current, regs->ecx, &value))
        return EMUL_REFUSED;
    set_edx_eax(regs, value);
    return EMUL_DONE;
}

static enum emul_result do_wrmsr(struct cpu_user_regs *regs, const struct priv_insn *i)
{
    (void)i;
    return pv_wrmsr(current, regs->ecx, get_edx_eax(regs)) ? EMUL_REFUSED : EMUL_DONE;
}

/* They trap because the guest's own CR4.TSD says so, or since its TSC is emulated. */
static enum emul_result do_rdtsc(struct cpu_user_regs *regs, const struct priv_insn *i)
{
    struct vcpu *v = current;

    if (!pv_kernel_mode(v) && v->arch.pv.ctrlreg[4] & CR4_TSD)
        return EMUL_REFUSED;
    set_edx_eax(regs, pv_guest_tsc(v->domain));
    if (i->op == PRIV_RDTSCP)
        regs->rcx = v->arch.pv.msr_tsc_aux;
    return EMUL_DONE;
}

static enum emul_result do_cpuid(struct cpu_user_regs *regs, const struct priv_insn *i)
{
    struct vcpu *v = current;
    struct cpuid_regs r;

    (void)i;
    if (!pv_kernel_mode(v) && v->arch.pv.cpuid_faulting)
        return EMUL_REFUSED;
    pv_cpuid(v, regs->eax, regs->ecx, &r);
    regs->rax = r.a;
    regs->rbx = r.b;
    regs->rcx = r.c;
    regs->rdx = r.d;
    return EMUL_DONE;
}

static enum emul_result do_xsetbv(struct cpu_user_regs *regs, const struct priv_insn *i)
{
    struct vcpu *v = current;

    (void)i;
    if (!(v->arch.pv.ctrlreg[4] & CR4_OSXSAVE)) {
        pv_inject_exception(TRAP_UD, PV_NO_ERROR_CODE);
        return EMUL_INJECTED;
    }
    return regs->ecx || pv_set_xcr0(v, get_edx_eax(regs)) ? EMUL_REFUSED : EMUL_DONE;
}

/* Only who maps device memory can need it. INVD, which loses others' data, is refused. */
static enum emul_result do_wbinvd(struct cpu_user_regs *regs, const struct priv_insn *i)
{
    (void)regs, (void)i;
    if (is_hardware_domain(current->domain))
        __asm__ volatile("wbinvd" ::: "memory");
    return EMUL_DONE;
}

/* --- the table --- */

struct effect {
    effect_fn fn;
    bool any_ring; /* the function itself knows who may */
};

static const struct effect effects[NR_PRIV_OPS] = {
    [PRIV_IN] = {emul_in, true},
    [PRIV_OUT] = {emul_out, true},
    [PRIV_INS] = {emul_ins, true},
    [PRIV_OUTS] = {emul_outs, true},
    [PRIV_CLI] = {do_interrupt_flag, true},
    [PRIV_STI] = {do_interrupt_flag, true},
    [PRIV_MOV_FROM_CR] = {do_mov_from_cr, false},
    [PRIV_MOV_TO_CR] = {do_mov_to_cr, false},
    [PRIV_MOV_FROM_DR] = {do_mov_from_dr, false},
    [PRIV_MOV_TO_DR] = {do_mov_to_dr, false},
    [PRIV_CLTS] = {do_clts, false},
    [PRIV_LMSW] = {do_lmsw, false},
    [PRIV_SLDT] = {emul_sldt, true},
    [PRIV_STR] = {emul_str, true},
    [PRIV_SGDT] = {emul_sgdt, true},
    [PRIV_SIDT] = {emul_sidt, true},
    [PRIV_SMSW] = {emul_smsw, true},
    [PRIV_RDMSR] = {do_rdmsr, false},
    [PRIV_WRMSR] = {do_wrmsr, false},
    [PRIV_RDTSC] = {do_rdtsc, true},
    [PRIV_RDTSCP] = {do_rdtsc, true},
    [PRIV_CPUID] = {do_cpuid, true},
    [PRIV_XSETBV] = {do_xsetbv, false},
    [PRIV_WBINVD] = {do_wbinvd, false},
};

static enum emul_result apply(struct cpu_user_regs *regs, const struct priv_insn *i)
{
    const struct effect *e = &effects[i->op];

    if (!e->fn || (!e->any_ring && !pv_kernel_mode(current)))
        return EMUL_REFUSED;
    return e->fn(regs, i);
}

/* --- fetching --- */

/* Two words of guest memory; anything but plain success is left to the slow way. */
static bool fetch_words(u64 va, u64 words[2])
{
    if (!guest_range_ok(va, 16))
        return false;
    stac();
    __asm__ goto("1: movq (%0), %%rax; movq %%rax, (%1)\n"
                 "2: movq 8(%0), %%rax; movq %%rax, 8(%1)\n"
                 EXTABLE("1b", "%l[fault]") EXTABLE("2b", "%l[fault]")
                 : : "r"(va), "r"(words) : "rax", "memory" : fault);
    clac();
    return true;
fault:
    clac();
    return false;
}

static unsigned int fetch(u64 va, u8 bytes[16])
{
    if (likely(fetch_words(va, (u64 *)bytes)))
        return INSN_MAX_BYTES;
    return INSN_MAX_BYTES - (unsigned int)copy_from_guest_va(bytes, va, INSN_MAX_BYTES);
}

#define LAR_LONG (1u << 21)

/* Is cs 64-bit code? The base of 32-bit code is taken to be 0, as every system since 1990 has
 * it. */
static bool code_is_64bit(u16 cs)
{
    u32 rights = 0;

    if (likely(cs == FLAT_RING3_CS64))
        return true;
    /* The descriptor may lie in an LDT page that is no longer there. */
    __asm__ goto("1: lar %1, %%eax; jnz 2f; movl %%eax, (%0); 2:\n" EXTABLE("1b", "%l[unreadable]")
                 : : "r"(&rights), "r"((u32)cs) : "rax", "memory", "cc" : unreadable);
    return rights & LAR_LONG;
unreadable:
    return true;
}

#define DR6_SINGLE_STEP (1UL << 14)

/* Behind the instruction, with the #DB that single-stepping or an I/O breakpoint makes due. */
static bool finish(struct cpu_user_regs *regs, unsigned int length, enum emul_result r)
{
    struct vcpu *v = current;

    if (r == EMUL_REFUSED)
        return false;
    if (r == EMUL_DONE)
        regs->rip += length;
    if (r == EMUL_INJECTED)
        return true;
    if (unlikely(regs->rflags & X86_EFLAGS_TF)) {
        v->arch.pv.dr[6] |= DR6_SINGLE_STEP;
        v->arch.pv.io_break = true;
    }
    regs->rflags &= ~(u64)X86_EFLAGS_RF;
    if (unlikely(v->arch.pv.io_break)) {
        v->arch.pv.io_break = false;
        pv_inject_exception(TRAP_DB, PV_NO_ERROR_CODE);
    }
    return true;
}

bool pv_emulate_privileged(struct cpu_user_regs *regs)
{
    union { u64 words[2]; u8 bytes[16]; } code;
    struct priv_insn insn;

    priv_decode(code.bytes, fetch(regs->rip, code.bytes), code_is_64bit(regs->cs), &insn);
    if (insn.op == PRIV_NONE)
        return false;
    return finish(regs, insn.length, apply(regs, &insn));
}

/* ud2a, "xen", cpuid: seven bytes. */
bool pv_emulate_invalid_op(struct cpu_user_regs *regs)
{
    static const struct priv_insn cpuid_insn = {.op = PRIV_CPUID};
    union { u64 words[2]; u8 bytes[16]; } code;

    if (fetch(regs->rip, code.bytes) < 7 ||
        (code.words[0] & 0x00ffffffffffffff) != 0x00a20f6e65780b0f)
        return false;
    if (do_cpuid(regs, &cpuid_insn) == EMUL_REFUSED) {
        pv_inject_exception(TRAP_GP, 0);
        return true;
    }
    return finish(regs, 7, EMUL_DONE);
}
