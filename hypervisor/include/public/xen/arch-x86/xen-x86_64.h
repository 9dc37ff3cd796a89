/* SPDX-License-Identifier: MIT */
/*
 * ABI of 64-bit PV guests: selectors, address map, iret frame, register frame.
 * A part of arch-x86/xen.h. Leaf; no locks. Facts: Xen 4.17 public ABI.
 */
#ifndef XEN_PUBLIC_ARCH_X86_XEN_X86_64_H
#define XEN_PUBLIC_ARCH_X86_XEN_X86_64_H

#include "basic.h"

/*
 * Flat selectors that the hypervisor keeps in the reserved part of every GDT. All have RPL 3:
 * a 64-bit PV kernel runs in ring 3, so its own selectors are the user's.
 */
#define FLAT_RING3_CS32 0xe023
#define FLAT_RING3_CS64 0xe033
#define FLAT_RING3_DS32 0xe02b
#define FLAT_RING3_DS64 0x0000
#define FLAT_RING3_SS32 0xe02b
#define FLAT_RING3_SS64 0xe02b

#define FLAT_KERNEL_CS32 FLAT_RING3_CS32
#define FLAT_KERNEL_CS64 FLAT_RING3_CS64
#define FLAT_KERNEL_DS32 FLAT_RING3_DS32
#define FLAT_KERNEL_DS64 FLAT_RING3_DS64
#define FLAT_KERNEL_SS32 FLAT_RING3_SS32
#define FLAT_KERNEL_SS64 FLAT_RING3_SS64
#define FLAT_KERNEL_CS   FLAT_KERNEL_CS64
#define FLAT_KERNEL_DS   FLAT_KERNEL_DS64
#define FLAT_KERNEL_SS   FLAT_KERNEL_SS64

#define FLAT_USER_CS32 FLAT_RING3_CS32
#define FLAT_USER_CS64 FLAT_RING3_CS64
#define FLAT_USER_DS32 FLAT_RING3_DS32
#define FLAT_USER_DS64 FLAT_RING3_DS64
#define FLAT_USER_SS32 FLAT_RING3_SS32
#define FLAT_USER_SS64 FLAT_RING3_SS64
#define FLAT_USER_CS   FLAT_USER_CS64
#define FLAT_USER_DS   FLAT_USER_DS64
#define FLAT_USER_SS   FLAT_USER_SS64

/* L4 slots 256..271 belong to the hypervisor; the machine-to-physical table opens them. */
#define __HYPERVISOR_VIRT_START 0xFFFF800000000000
#define __HYPERVISOR_VIRT_END   0xFFFF880000000000
#define __MACH2PHYS_VIRT_START  0xFFFF800000000000
#define __MACH2PHYS_VIRT_END    0xFFFF804000000000

#ifndef HYPERVISOR_VIRT_START
#define HYPERVISOR_VIRT_START xen_mk_ulong(__HYPERVISOR_VIRT_START)
#define HYPERVISOR_VIRT_END   xen_mk_ulong(__HYPERVISOR_VIRT_END)
#endif
#define MACH2PHYS_VIRT_START  xen_mk_ulong(__MACH2PHYS_VIRT_START)
#define MACH2PHYS_VIRT_END    xen_mk_ulong(__MACH2PHYS_VIRT_END)
#define MACH2PHYS_NR_ENTRIES  ((MACH2PHYS_VIRT_END - MACH2PHYS_VIRT_START) >> 3)
#ifndef machine_to_phys_mapping
#define machine_to_phys_mapping ((unsigned long *)HYPERVISOR_VIRT_START)
#endif

/* `which` of set_segment_base(which, value); the last takes a selector, not a base. */
#define SEGBASE_FS          0
#define SEGBASE_GS_USER     1
#define SEGBASE_GS_KERNEL   2
#define SEGBASE_GS_USER_SEL 3

/* iret_context.flags: the frame was entered by SYSCALL, so rcx and r11 need no restoring. */
#define _VGCF_in_syscall 8
#define VGCF_in_syscall  (1 << _VGCF_in_syscall)
#define VGCF_IN_SYSCALL  VGCF_in_syscall

#define xen_pfn_to_cr3(pfn) ((unsigned long)(pfn) << 12)
#define xen_cr3_to_pfn(cr3) ((unsigned long)(cr3) >> 12)

#ifndef __ASSEMBLY__

/* What the iret hypercall expects on the guest's kernel stack, lowest address first. */
struct iret_context {
    uint64_t rax;
    uint64_t r11;
    uint64_t rcx;
    uint64_t flags; /* VGCF_in_syscall or 0 */
    uint64_t rip;
    uint64_t cs;
    uint64_t rflags;
    uint64_t rsp;
    uint64_t ss;
};

/*
 * Spellings of one register slot. The hypervisor and tools see every width by its hardware
 * name; guests see rNN, with eNN as a second name for the whole slot (GNU C only).
 */
#if defined(__XEN__) || defined(__XEN_TOOLS__)
#define XEN_REG_LEGACY_(n) uint64_t r##n; uint32_t e##n; uint16_t n
#define XEN_REG_ABCD(n)                             \
    union {                                         \
        uint64_t r##n##x;                           \
        uint32_t e##n##x;                           \
        uint16_t n##x;                              \
        struct { uint8_t n##l, n##h; };             \
    }
#define XEN_REG_INDEX(n) union { XEN_REG_LEGACY_(n); uint8_t n##l; }
#define XEN_REG_PLAIN(n) union { XEN_REG_LEGACY_(n); }
#define XEN_REG_NUMBERED(n)                         \
    union {                                         \
        uint64_t r##n;                              \
        uint32_t r##n##d;                           \
        uint16_t r##n##w;                           \
        uint8_t r##n##b;                            \
    }
#else
#if defined(__GNUC__) && !defined(__STRICT_ANSI__)
#define XEN_REG_PLAIN(n) union { uint64_t r##n, e##n; uint32_t _e##n; }
#else
#define XEN_REG_PLAIN(n) uint64_t r##n
#endif
#define XEN_REG_ABCD(n)     XEN_REG_PLAIN(n##x)
#define XEN_REG_INDEX(n)    XEN_REG_PLAIN(n)
#define XEN_REG_NUMBERED(n) uint64_t r##n
#endif

/* Register frame: part of vcpu_guest_context, hence of the save stream and of core dumps. */
typedef struct cpu_user_regs {
    XEN_REG_NUMBERED(15);
    XEN_REG_NUMBERED(14);
    XEN_REG_NUMBERED(13);
    XEN_REG_NUMBERED(12);
    XEN_REG_INDEX(bp);
    XEN_REG_ABCD(b);
    XEN_REG_NUMBERED(11);
    XEN_REG_NUMBERED(10);
    XEN_REG_NUMBERED(9);
    XEN_REG_NUMBERED(8);
    XEN_REG_ABCD(a);
    XEN_REG_ABCD(c);
    XEN_REG_ABCD(d);
    XEN_REG_INDEX(si);
    XEN_REG_INDEX(di);
    uint32_t error_code;
    uint32_t entry_vector;
    XEN_REG_PLAIN(ip);
    uint16_t cs, _pad0[1];
    uint8_t saved_upcall_mask; /* only meaningful in frames bounced to a guest */
    uint8_t _pad1[3];
    XEN_REG_PLAIN(flags); /* rflags.IF stands for !saved_upcall_mask */
    XEN_REG_INDEX(sp);
    uint16_t ss, _pad2[3];
    uint16_t es, _pad3[3];
    uint16_t ds, _pad4[3];
    uint16_t fs, _pad5[3]; /* a non-zero selector wins over fs_base */
    uint16_t gs, _pad6[3];
} cpu_user_regs_t;
DEFINE_XEN_GUEST_HANDLE(cpu_user_regs_t);

#undef XEN_REG_LEGACY_
#undef XEN_REG_ABCD
#undef XEN_REG_INDEX
#undef XEN_REG_PLAIN
#undef XEN_REG_NUMBERED

/* Sits inside vcpu_info; cr2 is where a PV guest reads the address of its last #PF. */
typedef struct arch_vcpu_info {
    unsigned long cr2;
    unsigned long pad;
} arch_vcpu_info_t;

typedef unsigned long xen_callback_t;

#endif /* !__ASSEMBLY__ */

#endif
