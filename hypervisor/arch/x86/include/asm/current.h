/* SPDX-License-Identifier: MIT */
/*
 * The per-CPU block at the top of each CPU's stack, found by masking RSP (GS is the guest's).
 * TSS.RSP0 points to guest_regs.es, so that hardware pushes SS..RIP into place.
 */
#ifndef ASM_CURRENT_H
#define ASM_CURRENT_H

#include <asm/address_map.h>
#include <hv/types.h>
#include <xen/xen.h>

struct vcpu;

struct cpu_info {
    u64 align_pad; /* puts guest_regs.es on a 16-byte boundary: hardware aligns RSP0 down */
    struct cpu_user_regs guest_regs; /* valid while handling an entry from the guest */
    u32 cpu;
    u32 unused;
    struct vcpu *curr;
    u64 percpu_offset;
    /*
     * Roots, machine addresses. hw_cr3: what CR3 holds when the guest runs: the guest's own L4, or,
     * under page-table isolation, this CPU's root copy. hv_cr3: the full root to load on entry
     * when PTI is on, 0 otherwise. root_dirty: the root copy must be refreshed before exit.
     */
    u64 hw_cr3;
    u64 hv_cr3;
    u8 pti_active;  /* these four are one word to the exit path: 0 means nothing to do */
    u8 root_dirty;
    u8 verw;        /* clear CPU buffers on the way out (MDS) */
    u8 unused_exit;
    u16 verw_sel;   /* HV_DS: VERW wants a writable data selector in memory */
    u8 entry_work;  /* ENTRY_WORK_*: what entries from the guest begin with */
    u8 pad;
} __attribute__((aligned(16)));
_Static_assert((offsetof(struct cpu_info, guest_regs.es) & 15) == 0, "RSP0 alignment");
_Static_assert(sizeof(struct cpu_info) == CPU_INFO_BYTES, "head.S and entry.S know the size");

static inline struct cpu_info *get_cpu_info(void)
{
    unsigned long sp;

    __asm__("mov %%rsp, %0" : "=r"(sp));
    return (struct cpu_info *)((sp | (STACK_SIZE - 1)) + 1 - sizeof(struct cpu_info));
}

#define current (get_cpu_info()->curr)
#define smp_processor_id() (get_cpu_info()->cpu)
/** The interrupted guest's registers; only while current is a guest's vCPU. */
#define guest_regs() (&get_cpu_info()->guest_regs)

#endif
