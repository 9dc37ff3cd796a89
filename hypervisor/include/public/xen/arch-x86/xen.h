/* SPDX-License-Identifier: MIT */
/*
 * The x86 part of the public ABI: trap table, vCPU context, shared info. Programs include
 * xen.h, which needs it. Leaf; no locks. Facts: Xen 4.17 public ABI, x86-64 only.
 */
#ifndef XEN_PUBLIC_ARCH_X86_XEN_H
#define XEN_PUBLIC_ARCH_X86_XEN_H

#include "../xen-compat.h"
#include "basic.h"
#include "xen-x86_64.h"

#define XEN_HAVE_PV_GUEST_ENTRY  1
#define XEN_HAVE_PV_UPCALL_MASK  1

/* GDT pages from here on are the hypervisor's; a guest may use the 14 before. */
#define FIRST_RESERVED_GDT_PAGE  14
#define FIRST_RESERVED_GDT_BYTE  (FIRST_RESERVED_GDT_PAGE * 4096)
#define FIRST_RESERVED_GDT_ENTRY (FIRST_RESERVED_GDT_BYTE / 8)

/* vCPUs with a slot in shared_info; the others must register a vcpu_info of their own. */
#define XEN_LEGACY_MAX_VCPUS 32

/* Port of the debug console that HVM and PVH guests write bytes to. */
#define XEN_HVM_DEBUGCONS_IOPORT 0xe9

/* ud2 followed by "xen": makes the CPUID after it trap, so that a PV guest sees ours. */
#ifdef __ASSEMBLY__
#define XEN_EMULATE_PREFIX .byte 0x0f,0x0b,0x78,0x65,0x6e ;
#define XEN_CPUID          XEN_EMULATE_PREFIX cpuid
#else
#define XEN_EMULATE_PREFIX ".byte 0x0f,0x0b,0x78,0x65,0x6e ; "
#define XEN_CPUID          XEN_EMULATE_PREFIX "cpuid"

typedef unsigned long xen_pfn_t;
#define PRI_xen_pfn "lx"
#define PRIu_xen_pfn "lu"

typedef unsigned long xen_ulong_t;
#define PRI_xen_ulong "lx"

/* trap_info.flags: bits 0-1 the least privileged ring that may raise it, bit 2 mask events. */
#define TI_GET_DPL(_ti)       ((_ti)->flags & 3)
#define TI_GET_IF(_ti)        ((_ti)->flags & 4)
#define TI_SET_DPL(_ti, _dpl) ((_ti)->flags |= (_dpl))
#define TI_SET_IF(_ti, _if)   ((_ti)->flags |= (!!(_if)) << 2)

/* One entry of set_trap_table; address 0 ends the list. */
typedef struct trap_info {
    uint8_t vector;
    uint8_t flags;
    uint16_t cs;
    unsigned long address;
} trap_info_t;
DEFINE_XEN_GUEST_HANDLE(trap_info_t);

typedef uint64_t tsc_timestamp_t;

#define VGCF_I387_VALID (1 << 0)
#define VGCF_IN_KERNEL  (1 << 2)
#define _VGCF_i387_valid               0
#define VGCF_i387_valid                (1 << _VGCF_i387_valid)
#define _VGCF_in_kernel                2
#define VGCF_in_kernel                 (1 << _VGCF_in_kernel)
#define _VGCF_failsafe_disables_events 3
#define VGCF_failsafe_disables_events  (1 << _VGCF_failsafe_disables_events)
#define _VGCF_syscall_disables_events  4
#define VGCF_syscall_disables_events   (1 << _VGCF_syscall_disables_events)
#define _VGCF_online                   5
#define VGCF_online                    (1 << _VGCF_online)

/* Whole state of a vCPU: VCPUOP_initialise, get/setvcpucontext, the save stream. */
typedef struct vcpu_guest_context {
    struct { char x[512]; } fpu_ctxt;          /* FXSAVE image */
    unsigned long flags;                       /* VGCF_* */
    struct cpu_user_regs user_regs;
    struct trap_info trap_ctxt[256];           /* indexed by vector */
    unsigned long ldt_base, ldt_ents;
    unsigned long gdt_frames[16], gdt_ents;    /* machine frames; number of descriptors */
    unsigned long kernel_ss, kernel_sp;        /* as set by stack_switch */
    unsigned long ctrlreg[8];                  /* [1] is the user root, [3] the kernel root */
    unsigned long debugreg[8];
    unsigned long event_callback_eip;
    unsigned long failsafe_callback_eip;
#ifdef __XEN__
    union {
        unsigned long syscall_callback_eip;
        struct {                               /* 32-bit guests have selectors here */
            unsigned int event_callback_cs;
            unsigned int failsafe_callback_cs;
        };
    };
#else
    unsigned long syscall_callback_eip;
#endif
    unsigned long vm_assist;                   /* bitmap of VMASST_TYPE_* */
    uint64_t fs_base;
    uint64_t gs_base_kernel;
    uint64_t gs_base_user;
} vcpu_guest_context_t;
DEFINE_XEN_GUEST_HANDLE(vcpu_guest_context_t);

/* Tail of shared_info. All but nmi_reason is written by the guest, for the tools to read. */
typedef struct arch_shared_info {
    unsigned long max_pfn;                     /* size of the p2m */
    xen_pfn_t pfn_to_mfn_frame_list_list;      /* root of the 3-level p2m; ~0: see p2m_vaddr */
    unsigned long nmi_reason;                  /* XEN_NMIREASON_* bits */
    unsigned long p2m_cr3;                     /* root to walk for p2m_vaddr; 0: not valid */
    unsigned long p2m_vaddr;                   /* linear p2m in the guest's address space */
    unsigned long p2m_generation;              /* odd while the guest changes the p2m */
} arch_shared_info_t;

#if defined(__XEN__) || defined(__XEN_TOOLS__)
/* Devices that the hypervisor itself emulates; a PV guest may have the PIT only. */
#define _XEN_X86_EMU_LAPIC    0
#define XEN_X86_EMU_LAPIC     (1U << _XEN_X86_EMU_LAPIC)
#define _XEN_X86_EMU_HPET     1
#define XEN_X86_EMU_HPET      (1U << _XEN_X86_EMU_HPET)
#define _XEN_X86_EMU_PM       2
#define XEN_X86_EMU_PM        (1U << _XEN_X86_EMU_PM)
#define _XEN_X86_EMU_RTC      3
#define XEN_X86_EMU_RTC       (1U << _XEN_X86_EMU_RTC)
#define _XEN_X86_EMU_IOAPIC   4
#define XEN_X86_EMU_IOAPIC    (1U << _XEN_X86_EMU_IOAPIC)
#define _XEN_X86_EMU_PIC      5
#define XEN_X86_EMU_PIC       (1U << _XEN_X86_EMU_PIC)
#define _XEN_X86_EMU_VGA      6
#define XEN_X86_EMU_VGA       (1U << _XEN_X86_EMU_VGA)
#define _XEN_X86_EMU_IOMMU    7
#define XEN_X86_EMU_IOMMU     (1U << _XEN_X86_EMU_IOMMU)
#define _XEN_X86_EMU_PIT      8
#define XEN_X86_EMU_PIT       (1U << _XEN_X86_EMU_PIT)
#define _XEN_X86_EMU_USE_PIRQ 9
#define XEN_X86_EMU_USE_PIRQ  (1U << _XEN_X86_EMU_USE_PIRQ)
#define _XEN_X86_EMU_VPCI     10
#define XEN_X86_EMU_VPCI      (1U << _XEN_X86_EMU_VPCI)
#define XEN_X86_EMU_ALL       ((XEN_X86_EMU_VPCI << 1) - 1)

#define XEN_X86_MSR_RELAXED    (1u << 0) /* unknown MSRs read as 0, writes are dropped */
#define XEN_X86_MISC_FLAGS_MAX XEN_X86_MSR_RELAXED

struct xen_arch_domainconfig {
    uint32_t emulation_flags;
    uint32_t misc_flags;
};
#endif /* __XEN__ || __XEN_TOOLS__ */

#define XEN_CPUID_NO_SUBLEAF 0xffffffffu /* subleaf of a leaf that has none */
typedef struct xen_cpuid_leaf {
    uint32_t leaf, subleaf;
    uint32_t a, b, c, d;
} xen_cpuid_leaf_t;
DEFINE_XEN_GUEST_HANDLE(xen_cpuid_leaf_t);

typedef struct xen_msr_entry {
    uint32_t idx;
    uint32_t flags; /* must be 0 */
    uint64_t val;
} xen_msr_entry_t;
DEFINE_XEN_GUEST_HANDLE(xen_msr_entry_t);

#endif /* !__ASSEMBLY__ */

#endif
