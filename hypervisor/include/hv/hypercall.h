/* SPDX-License-Identifier: MIT */
/*
 * The one table of hypercalls (common/hypercall.c): number, name, handler, arguments, and who may
 * call. The dispatcher, the tracer and the fuzzer read it. Preemptible handlers return
 * hypercall_continuation(...), which rewrites the guest's registers (or the multicall entry) so
 * that the instruction is executed again with updated arguments; decode runs anew each time.
 */
#ifndef HV_HYPERCALL_H
#define HV_HYPERCALL_H

#include <hv/domain.h>
#include <hv/softirq.h>

#define NR_HYPERCALLS 64

typedef long (*hypercall_fn)(unsigned long a1, unsigned long a2, unsigned long a3,
                             unsigned long a4, unsigned long a5);
struct hypercall {
    hypercall_fn fn;
    const char *name;
    u8 nr_args;
};
extern const struct hypercall hypercall_table[NR_HYPERCALLS];

/** Handlers; unsigned long arguments straight from the guest's rdi rsi rdx r10 r8. */
#define HC(name) \
    long hc_##name(unsigned long a1, unsigned long a2, unsigned long a3, unsigned long a4, \
                   unsigned long a5)
/* pv/ */
HC(set_trap_table); HC(mmu_update); HC(set_gdt); HC(stack_switch); HC(set_callbacks);
HC(fpu_taskswitch); HC(set_debugreg); HC(get_debugreg); HC(update_descriptor);
HC(update_va_mapping); HC(update_va_mapping_otherdomain); HC(iret); HC(set_segment_base);
HC(mmuext_op); HC(callback_op); HC(nmi_op); HC(mca); HC(xenpmu_op);
/* common/ */
HC(memory_op); HC(multicall); HC(set_timer_op); HC(xen_version); HC(console_io);
HC(grant_table_op); HC(vm_assist); HC(vcpu_op); HC(sched_op); HC(sched_op_compat);
HC(event_channel_op); HC(event_channel_op_compat); HC(sysctl); HC(domctl); HC(xsm_op);
HC(hypfs_op); HC(kexec_op); HC(argo_op); HC(hvm_op); HC(dm_op);
/* platform/ */
HC(physdev_op); HC(physdev_op_compat); HC(platform_op);

/** The same long running work is worth stopping: softirqs are pending. Cheap. */
bool hypercall_preempt_check(void);
/** Ask for the hypercall op to be executed again with these n arguments. Returns -ERESTART. */
long hypercall_continuation(unsigned int op, unsigned int n, ...);
/** In a multicall: whether a continuation may change arguments (always true); tells handlers
 *  to leave results to the multicall code. */
bool in_multicall(void);

#endif
