/* SPDX-License-Identifier: MIT */
/*
 * The per-CPU block at the top of each CPU's stack, found by masking RSP (GS is the guest's).
 * guest_regs comes first: TSS.RSP0 points to guest_regs.es, so that hardware pushes SS..RIP
 * into place; it is 16-byte aligned for that.
 */
#ifndef ASM_CURRENT_H
#define ASM_CURRENT_H

#include <asm/address_map.h>
#include <hv/types.h>
#include <xen/xen.h>

struct vcpu;

struct cpu_info {
    struct cpu_user_regs guest_regs; /* valid while handling an entry from the guest */
    u32 cpu;
    u32 unused;
    struct vcpu *current;
    u64 percpu_offset;
    /*
     * Roots, machine addresses. hw_cr3: what CR3 holds when the guest runs: the guest's own L4, or,
     * under page-table isolation, this CPU's root copy. hv_cr3: the full root to load on entry
     * when PTI is on, 0 otherwise. root_dirty: the root copy must be refreshed before exit.
     */
    u64 hw_cr3;
    u64 hv_cr3;
    u8 pti_active;
    u8 root_dirty;
    u8 spec_ctrl;   /* guest's choice is not exposed; kept for the exit path */
    u8 pad[5];
} __attribute__((aligned(16)));

static inline struct cpu_info *get_cpu_info(void)
{
    unsigned long sp;

    __asm__("mov %%rsp, %0" : "=r"(sp));
    return (struct cpu_info *)((sp | (STACK_SIZE - 1)) + 1 - sizeof(struct cpu_info));
}

#define current (get_cpu_info()->current)
#define smp_processor_id() (get_cpu_info()->cpu)
/** The interrupted guest's registers; only while current is a guest's vCPU. */
#define guest_regs() (&get_cpu_info()->guest_regs)

#endif
