/* SPDX-License-Identifier: MIT */
/*
 * What PV execution (pv/) offers to mm/, traps/, platform/ and the control operations. Context,
 * where nothing else is said: on behalf of current, interrupts on, no spinlock held.
 */
#ifndef ASM_PV_H
#define ASM_PV_H

#include <hv/domain.h>

/* --- modes and roots (pv/mode.c) --- */
static inline bool pv_kernel_mode(const struct vcpu *v)
{
    return v->arch.flags & TF_KERNEL_MODE;
}
/** Make current's root for its present mode (pv.kernel_root or pv.user_root) the one in CR3. */
void pv_root_load(struct vcpu *v);
/** Switch current between virtual ring 0 and 3: root and GS base. The new root must exist. */
void pv_toggle_mode(struct vcpu *v);
/** An entry of an L4 that this CPU may be running on has changed (page-table isolation copies it).
 */
static inline void pv_l4_changed(void)
{
    get_cpu_info()->root_dirty = get_cpu_info()->pti_active;
}
/** Make this CPU's CR3 our own root if it lazily holds a guest's while idle. */
void pv_drop_lazy_state(void);

/* --- delivering to the guest kernel (pv/trap_bounce.c) --- */
#define PV_NO_ERROR_CODE (~0u)
/** Deliver a hardware exception to current: builds the frame, changes guest_regs(). */
void pv_inject_exception(unsigned int vector, u32 error_code);
/** Deliver #PF; the U bit of the error code is set from the virtual mode. */
void pv_inject_page_fault(u64 cr2, u32 error_code);

/* --- descriptor tables (pv/descriptor.c, pv/gdt_ldt.c) --- */
struct frame;
/** Check, and where harmless put right, every descriptor of the frame: may it be used as FT_SEG? */
bool pv_descriptor_page_valid(struct frame *f);
/** MMUEXT_SET_LDT for current. 0 or -EINVAL. */
long pv_set_ldt(u64 base, u64 entries);
/** Give up every LDT page of d that our windows hold, e.g. when the guest unmaps one of them. */
void pv_ldt_release_domain(struct domain *d);
/** The same of one vCPU, e.g. when it changes its root. */
void pv_ldt_release(struct vcpu *v);

/* --- context of a paused vCPU for domctl (pv/vcpu_context.c, pv/ext_context.c) --- */
struct xen_domctl_ext_vcpucontext;
struct xen_domctl_vcpuextstate;
struct xen_domctl_vcpu_msrs;
long pv_set_ext_context(struct vcpu *v, const struct xen_domctl_ext_vcpucontext *c);
void pv_get_ext_context(struct vcpu *v, struct xen_domctl_ext_vcpucontext *c);
/** As the domctl: size 0 asks for sizes; *copyback is set when *s changed. */
long pv_get_extstate(struct vcpu *v, struct xen_domctl_vcpuextstate *s, bool *copyback);
long pv_set_extstate(struct vcpu *v, const struct xen_domctl_vcpuextstate *s);
long pv_get_msrs(struct vcpu *v, struct xen_domctl_vcpu_msrs *m, bool *copyback);
long pv_set_msrs(struct vcpu *v, struct xen_domctl_vcpu_msrs *m, bool *copyback);

/* --- the hypercall page (pv/hypercall_page.c) --- */
/** Fill d's frame, which must be usable as a writable page, with entry points. 0 or -EINVAL. */
int pv_hypercall_page_init(struct domain *d, mfn_t mfn);

/* --- time (pv/time.c) --- */
struct xen_domctl_tsc_info;
void pv_get_tsc_info(struct domain *d, struct xen_domctl_tsc_info *info);
long pv_set_tsc_info(struct domain *d, const struct xen_domctl_tsc_info *info);

#endif
