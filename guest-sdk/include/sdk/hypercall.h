/* SPDX-License-Identifier: MIT */
/*
 * Hypercalls by the bare SYSCALL instruction, and one typed wrapper for each hypercall that the
 * tests, the benches and the library use.
 *
 * ABI: number in RAX, arguments in RDI, RSI, RDX, R10, R8, result in RAX; RCX and R11 are lost to
 * SYSCALL, and a preempted call may leave its progress in the argument registers, so all of them
 * count as clobbered. Every wrapper returns 0 or a positive result, or a negative Xen errno.
 */
#ifndef SDK_HYPERCALL_H
#define SDK_HYPERCALL_H

#include <stddef.h>
#include <stdint.h>

#include <xen/xen.h>

/* Calls hypercall @nr with five arguments; calls that take fewer ignore the rest. */
static inline long hypercall5(unsigned long nr, unsigned long a1, unsigned long a2,
                              unsigned long a3, unsigned long a4, unsigned long a5)
{
    register unsigned long r10 asm("r10") = a4;
    register unsigned long r8 asm("r8") = a5;

    asm volatile("syscall"
                 : "+a"(nr), "+D"(a1), "+S"(a2), "+d"(a3), "+r"(r10), "+r"(r8)
                 :
                 : "rcx", "r11", "memory");
    return (long)nr;
}

/* The same with three arguments: what most calls and all hot ones need. */
static inline long hypercall3(unsigned long nr, unsigned long a1, unsigned long a2,
                              unsigned long a3)
{
    asm volatile("syscall"
                 : "+a"(nr), "+D"(a1), "+S"(a2), "+d"(a3)
                 :
                 : "rcx", "r8", "r10", "r11", "memory");
    return (long)nr;
}

#define HC_ARG(x) ((unsigned long)(x))

static inline long hc_set_trap_table(const void *table)
{
    return hypercall3(__HYPERVISOR_set_trap_table, HC_ARG(table), 0, 0);
}

static inline long hc_mmu_update(const void *reqs, unsigned long count, unsigned int *done,
                                 unsigned long foreigndom)
{
    return hypercall5(__HYPERVISOR_mmu_update, HC_ARG(reqs), count, HC_ARG(done), foreigndom, 0);
}

static inline long hc_set_gdt(const void *frames, unsigned long entries)
{
    return hypercall3(__HYPERVISOR_set_gdt, HC_ARG(frames), entries, 0);
}

static inline long hc_stack_switch(unsigned long ss, unsigned long sp)
{
    return hypercall3(__HYPERVISOR_stack_switch, ss, sp, 0);
}

static inline long hc_fpu_taskswitch(unsigned long set)
{
    return hypercall3(__HYPERVISOR_fpu_taskswitch, set, 0, 0);
}

static inline long hc_platform_op(void *op)
{
    return hypercall3(__HYPERVISOR_platform_op, HC_ARG(op), 0, 0);
}

static inline long hc_set_debugreg(unsigned long reg, unsigned long value)
{
    return hypercall3(__HYPERVISOR_set_debugreg, reg, value, 0);
}

static inline long hc_get_debugreg(unsigned long reg)
{
    return hypercall3(__HYPERVISOR_get_debugreg, reg, 0, 0);
}

static inline long hc_update_descriptor(uint64_t machine_address, uint64_t descriptor)
{
    return hypercall3(__HYPERVISOR_update_descriptor, machine_address, descriptor, 0);
}

static inline long hc_memory_op(unsigned long cmd, void *arg)
{
    return hypercall3(__HYPERVISOR_memory_op, cmd, HC_ARG(arg), 0);
}

static inline long hc_multicall(void *calls, unsigned long count)
{
    return hypercall3(__HYPERVISOR_multicall, HC_ARG(calls), count, 0);
}

static inline long hc_update_va_mapping(unsigned long va, uint64_t pte, unsigned long flags)
{
    return hypercall3(__HYPERVISOR_update_va_mapping, va, pte, flags);
}

static inline long hc_update_va_mapping_otherdomain(unsigned long va, uint64_t pte,
                                                    unsigned long flags, unsigned long domid)
{
    return hypercall5(__HYPERVISOR_update_va_mapping_otherdomain, va, pte, flags, domid, 0);
}

static inline long hc_set_timer_op(uint64_t deadline_ns)
{
    return hypercall3(__HYPERVISOR_set_timer_op, deadline_ns, 0, 0);
}

static inline long hc_xen_version(unsigned long cmd, void *arg)
{
    return hypercall3(__HYPERVISOR_xen_version, cmd, HC_ARG(arg), 0);
}

static inline long hc_console_io(unsigned long cmd, unsigned long count, void *buffer)
{
    return hypercall3(__HYPERVISOR_console_io, cmd, count, HC_ARG(buffer));
}

static inline long hc_physdev_op(unsigned long cmd, void *arg)
{
    return hypercall3(__HYPERVISOR_physdev_op, cmd, HC_ARG(arg), 0);
}

static inline long hc_grant_table_op(unsigned long cmd, void *ops, unsigned long count)
{
    return hypercall3(__HYPERVISOR_grant_table_op, cmd, HC_ARG(ops), count);
}

static inline long hc_vm_assist(unsigned long cmd, unsigned long type)
{
    return hypercall3(__HYPERVISOR_vm_assist, cmd, type, 0);
}

static inline long hc_vcpu_op(unsigned long cmd, unsigned long vcpu, void *arg)
{
    return hypercall3(__HYPERVISOR_vcpu_op, cmd, vcpu, HC_ARG(arg));
}

static inline long hc_set_segment_base(unsigned long which, unsigned long base)
{
    return hypercall3(__HYPERVISOR_set_segment_base, which, base, 0);
}

static inline long hc_mmuext_op(const void *ops, unsigned long count, unsigned int *done,
                                unsigned long foreigndom)
{
    return hypercall5(__HYPERVISOR_mmuext_op, HC_ARG(ops), count, HC_ARG(done), foreigndom, 0);
}

static inline long hc_sched_op(unsigned long cmd, void *arg)
{
    return hypercall3(__HYPERVISOR_sched_op, cmd, HC_ARG(arg), 0);
}

static inline long hc_callback_op(unsigned long cmd, const void *arg)
{
    return hypercall3(__HYPERVISOR_callback_op, cmd, HC_ARG(arg), 0);
}

static inline long hc_event_channel_op(unsigned long cmd, void *arg)
{
    return hypercall3(__HYPERVISOR_event_channel_op, cmd, HC_ARG(arg), 0);
}

static inline long hc_sysctl(void *op)
{
    return hypercall3(__HYPERVISOR_sysctl, HC_ARG(op), 0, 0);
}

static inline long hc_domctl(void *op)
{
    return hypercall3(__HYPERVISOR_domctl, HC_ARG(op), 0, 0);
}

#endif
