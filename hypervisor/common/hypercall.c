/* SPDX-License-Identifier: MIT */
/*
 * The table of hypercalls, and continuations. A continuation rewrites the guest's registers so
 * that SYSCALL runs again with new arguments, or, inside a multicall, the entry.
 * Numbers: public xen.h.
 */
#include <asm/current.h>
#include <hv/arch.h>
#include <hv/errno.h>
#include <hv/event_channel.h>
#include <hv/hypercall.h>
#include <hv/multicall.h>
#include <hv/sched.h>

#define CALL(nr, n) [__HYPERVISOR_##nr] = {hc_##nr, #nr, n}

const struct hypercall hypercall_table[NR_HYPERCALLS] = {
    CALL(set_trap_table, 1),
    CALL(mmu_update, 4),
    CALL(set_gdt, 2),
    CALL(stack_switch, 2),
    CALL(set_callbacks, 3),
    CALL(fpu_taskswitch, 1),
    CALL(sched_op_compat, 2),
    CALL(platform_op, 1),
    CALL(set_debugreg, 2),
    CALL(get_debugreg, 1),
    CALL(update_descriptor, 2),
    CALL(memory_op, 2),
    CALL(multicall, 2),
    CALL(update_va_mapping, 3),
    CALL(set_timer_op, 1),
    CALL(event_channel_op_compat, 1),
    CALL(xen_version, 2),
    CALL(console_io, 3),
    CALL(physdev_op_compat, 1),
    CALL(grant_table_op, 3),
    CALL(vm_assist, 2),
    CALL(update_va_mapping_otherdomain, 4),
    CALL(iret, 0),
    CALL(vcpu_op, 3),
    CALL(set_segment_base, 2),
    CALL(mmuext_op, 4),
    CALL(xsm_op, 1),
    CALL(nmi_op, 2),
    CALL(sched_op, 2),
    CALL(callback_op, 2),
    CALL(event_channel_op, 2),
    CALL(physdev_op, 2),
    CALL(hvm_op, 2),
    CALL(sysctl, 1),
    CALL(domctl, 1),
    CALL(kexec_op, 2),
    CALL(argo_op, 5),
    CALL(xenpmu_op, 2),
    CALL(dm_op, 3),
    CALL(hypfs_op, 5),
    [__HYPERVISOR_arch_0] = {hc_mca, "mca", 1},
};

bool hypercall_preempt_check(void)
{
    return softirq_pending(smp_processor_id()) || vcpu_events_deliverable(current);
}

static void store_args(u64 *const reg[5], unsigned int n, va_list ap)
{
    for (unsigned int i = 0; i < n; i++)
        *reg[i] = va_arg(ap, unsigned long);
}

long hypercall_continuation(unsigned int op, unsigned int n, ...)
{
    struct multicall_state *mc = &this_cpu(multicall_state);
    va_list ap;

    va_start(ap, n);
    if (mc->active) {
        u64 *a = (u64 *)mc->entry.args;
        u64 *const slot[5] = {&a[0], &a[1], &a[2], &a[3], &a[4]};

        mc->entry.op = op;
        store_args(slot, n, ap);
        mc->restarted = true;
    } else {
        struct cpu_user_regs *regs = guest_regs();
        u64 *const reg[5] = {&regs->rdi, &regs->rsi, &regs->rdx, &regs->r10, &regs->r8};

        regs->rax = op;
        regs->rip -= 2; /* SYSCALL is two bytes */
        store_args(reg, n, ap);
    }
    va_end(ap);
    return -ERESTART;
}

bool in_multicall(void)
{
    return this_cpu(multicall_state).active;
}
