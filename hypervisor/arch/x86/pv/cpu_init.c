/* SPDX-License-Identifier: MIT */
/*
 * What a CPU needs before it can run PV guests: its copy of the entry stubs, the SYSCALL and
 * SYSENTER registers, and its root copy under PTI. Runs once on each CPU at bring-up, no locks.
 * Facts: Intel SDM vol. 4 and AMD APM vol. 2 (STAR, LSTAR, CSTAR, FMASK, SYSENTER_*).
 */
#include <asm/descriptor.h>
#include <asm/frame.h>
#include <asm/speculation.h>
#include <asm/asm_offsets.h>
#include <hv/boot.h>
#include <hv/page_alloc.h>
#include <hv/printk.h>

#include "internal.h"

extern const char pv_stubs[], pv_stubs_end[];
extern const char pv_stub_syscall[], pv_stub_syscall32[], pv_stub_sysenter[];

DEFINE_PER_CPU(struct vcpu *, pv_loaded);

/* SYSRET adds 16 for the 64-bit code selector and 8 for the stack's. */
#define STAR_VALUE ((u64)FLAT_RING3_CS32 << 48 | (u64)HV_CS << 32)
#define SYSCALL_CLEARS                                                               \
    (X86_EFLAGS_IF | X86_EFLAGS_TF | X86_EFLAGS_DF | X86_EFLAGS_NT | X86_EFLAGS_AC | \
     X86_EFLAGS_IOPL | X86_EFLAGS_RF | X86_EFLAGS_VM | 0x8d5 /* status flags */)

static void map_stubs(unsigned int cpu)
{
    void *page = hv_alloc_page();

    if (!page || hv_map_pages(percpu_area(cpu) + PERCPU_STUBS, virt_to_mfn(page), 1, PAGE_HV_RX))
        panic("No memory for the entry stubs of CPU %u\n", cpu);
    memcpy(page, pv_stubs, (size_t)(pv_stubs_end - pv_stubs));
}

void pv_cpu_init(unsigned int cpu)
{
    u64 stubs = percpu_area(cpu) + PERCPU_STUBS;
    struct cpu_info *info = percpu_cpu_info(cpu);

    _Static_assert((FLAT_RING3_CS32 & ~3) + 16 == (FLAT_RING3_CS64 & ~3) &&
                       (FLAT_RING3_CS32 & ~3) + 8 == (FLAT_RING3_SS64 & ~3),
                   "SYSRET's selectors");
    if (percpu_area_l1(cpu)[PERCPU_STUBS >> PAGE_SHIFT] & PTE_PRESENT)
        ; /* the CPU comes back: its stubs are there */
    else
        map_stubs(cpu);
    wrmsr(MSR_STAR, STAR_VALUE);
    wrmsr(MSR_LSTAR, stubs + (u64)(pv_stub_syscall - pv_stubs));
    wrmsr(MSR_CSTAR, stubs + (u64)(pv_stub_syscall32 - pv_stubs));
    wrmsr(MSR_SYSCALL_MASK, SYSCALL_CLEARS);
    wrmsr(MSR_SYSENTER_CS, HV_CS);
    wrmsr(MSR_SYSENTER_ESP, (u64)&info->guest_regs.es);
    wrmsr(MSR_SYSENTER_EIP, stubs + (u64)(pv_stub_sysenter - pv_stubs));
    info->hw_cr3 = READ_CR(3);
    info->verw = speculation.verw;
    info->verw_sel = HV_DS;
    pti_cpu_init(cpu);
    info->entry_work = (info->hv_cr3 ? ENTRY_WORK_ROOT : 0) |
                       (speculation.rsb ? ENTRY_WORK_RSB : 0);
}
