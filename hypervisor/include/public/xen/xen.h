/* SPDX-License-Identifier: MIT */
/*
 * Heart of the public ABI: hypercall numbers, MMU updates, time, shared info, start info.
 * Leaf: includes its siblings only. No locks. Facts: Xen 4.17 public ABI.
 *
 * __XEN__ is defined by the hypervisor, __XEN_TOOLS__ by whoever speaks the control calls,
 * neither by guests; a few names exist for the first two only.
 */
#ifndef XEN_PUBLIC_XEN_H
#define XEN_PUBLIC_XEN_H

#include "xen-compat.h"
#include "arch-x86/xen.h"

#ifndef __ASSEMBLY__
DEFINE_XEN_GUEST_HANDLE(char);
__DEFINE_XEN_GUEST_HANDLE(uchar, unsigned char);
DEFINE_XEN_GUEST_HANDLE(int);
__DEFINE_XEN_GUEST_HANDLE(uint, unsigned int);
DEFINE_XEN_GUEST_HANDLE(void);
DEFINE_XEN_GUEST_HANDLE(uint64_t);
DEFINE_XEN_GUEST_HANDLE(xen_pfn_t);
DEFINE_XEN_GUEST_HANDLE(xen_ulong_t);
__DEFINE_XEN_GUEST_HANDLE(uint8, uint8_t);
__DEFINE_XEN_GUEST_HANDLE(uint16, uint16_t);
__DEFINE_XEN_GUEST_HANDLE(uint32, uint32_t);
__DEFINE_XEN_GUEST_HANDLE(uint64, uint64_t);

/* Dimension of a trailing array; C99 and later need none. */
#define XEN_FLEX_ARRAY_DIM
#endif /* !__ASSEMBLY__ */

/*
 * Hypercalls. Number in rax; arguments in rdi, rsi, rdx, r10, r8, r9; result in rax; SYSCALL
 * clobbers rcx and r11. The _compat ones take {cmd, union} in one argument.
 */
#define __HYPERVISOR_set_trap_table                0
#define __HYPERVISOR_mmu_update                    1
#define __HYPERVISOR_set_gdt                       2
#define __HYPERVISOR_stack_switch                  3
#define __HYPERVISOR_set_callbacks                 4
#define __HYPERVISOR_fpu_taskswitch                5
#define __HYPERVISOR_sched_op_compat               6
#define __HYPERVISOR_platform_op                   7
#define __HYPERVISOR_set_debugreg                  8
#define __HYPERVISOR_get_debugreg                  9
#define __HYPERVISOR_update_descriptor             10
#define __HYPERVISOR_memory_op                     12
#define __HYPERVISOR_multicall                     13
#define __HYPERVISOR_update_va_mapping             14
#define __HYPERVISOR_set_timer_op                  15
#define __HYPERVISOR_event_channel_op_compat       16
#define __HYPERVISOR_xen_version                   17
#define __HYPERVISOR_console_io                    18
#define __HYPERVISOR_physdev_op_compat             19
#define __HYPERVISOR_grant_table_op                20
#define __HYPERVISOR_vm_assist                     21
#define __HYPERVISOR_update_va_mapping_otherdomain 22
#define __HYPERVISOR_iret                          23
#define __HYPERVISOR_vcpu_op                       24
#define __HYPERVISOR_set_segment_base              25
#define __HYPERVISOR_mmuext_op                     26
#define __HYPERVISOR_xsm_op                        27
#define __HYPERVISOR_nmi_op                        28
#define __HYPERVISOR_sched_op                      29
#define __HYPERVISOR_callback_op                   30
#define __HYPERVISOR_xenoprof_op                   31
#define __HYPERVISOR_event_channel_op              32
#define __HYPERVISOR_physdev_op                    33
#define __HYPERVISOR_hvm_op                        34
#define __HYPERVISOR_sysctl                        35
#define __HYPERVISOR_domctl                        36
#define __HYPERVISOR_kexec_op                      37
#define __HYPERVISOR_tmem_op                       38
#define __HYPERVISOR_argo_op                       39
#define __HYPERVISOR_xenpmu_op                     40
#define __HYPERVISOR_dm_op                         41
#define __HYPERVISOR_hypfs_op                      42
#define __HYPERVISOR_arch_0                        48
#define __HYPERVISOR_arch_1                        49
#define __HYPERVISOR_arch_2                        50
#define __HYPERVISOR_arch_3                        51
#define __HYPERVISOR_arch_4                        52
#define __HYPERVISOR_arch_5                        53
#define __HYPERVISOR_arch_6                        54
#define __HYPERVISOR_arch_7                        55

/* Virtual interrupts. TIMER, DEBUG, XENOPROF and XENPMU are per vCPU, the others global. */
#define VIRQ_TIMER      0
#define VIRQ_DEBUG      1
#define VIRQ_CONSOLE    2  /* bytes arrived on the emergency console; dom0 */
#define VIRQ_DOM_EXC    3  /* a domain died or shut down; dom0's store */
#define VIRQ_TBUF       4
#define VIRQ_DEBUGGER   6
#define VIRQ_XENOPROF   7
#define VIRQ_CON_RING   8  /* the hypervisor's log grew */
#define VIRQ_PCPU_STATE 9
#define VIRQ_MEM_EVENT  10
#define VIRQ_ARGO       11
#define VIRQ_ENOMEM     12
#define VIRQ_XENPMU     13
#define VIRQ_ARCH_0     16
#define VIRQ_ARCH_1     17
#define VIRQ_ARCH_2     18
#define VIRQ_ARCH_3     19
#define VIRQ_ARCH_4     20
#define VIRQ_ARCH_5     21
#define VIRQ_ARCH_6     22
#define VIRQ_ARCH_7     23
#define NR_VIRQS        24

/*
 * mmu_update(reqs, count, *done, foreigndom): the low two bits of ptr say what to do.
 * PRESERVE_AD keeps the accessed and dirty bits that the hardware may set meanwhile.
 * NO_TRANSLATE takes machine frames from a guest that is otherwise translated.
 */
#define MMU_NORMAL_PT_UPDATE       0
#define MMU_MACHPHYS_UPDATE        1
#define MMU_PT_UPDATE_PRESERVE_AD  2
#define MMU_PT_UPDATE_NO_TRANSLATE 3

#define MMUEXT_PIN_L1_TABLE       0
#define MMUEXT_PIN_L2_TABLE       1
#define MMUEXT_PIN_L3_TABLE       2
#define MMUEXT_PIN_L4_TABLE       3
#define MMUEXT_UNPIN_TABLE        4
#define MMUEXT_NEW_BASEPTR        5
#define MMUEXT_TLB_FLUSH_LOCAL    6
#define MMUEXT_INVLPG_LOCAL       7
#define MMUEXT_TLB_FLUSH_MULTI    8
#define MMUEXT_INVLPG_MULTI       9
#define MMUEXT_TLB_FLUSH_ALL      10
#define MMUEXT_INVLPG_ALL         11
#define MMUEXT_FLUSH_CACHE        12
#define MMUEXT_SET_LDT            13
#define MMUEXT_NEW_USER_BASEPTR   15
#define MMUEXT_CLEAR_PAGE         16
#define MMUEXT_COPY_PAGE          17
#define MMUEXT_FLUSH_CACHE_GLOBAL 18
#define MMUEXT_MARK_SUPER         19
#define MMUEXT_UNMARK_SUPER       20

/*
 * Flags of update_va_mapping: a flush type, and whom to flush. With MULTI or LOCAL the rest of
 * the word is the address of a vCPU bitmap (MULTI) or 0 (LOCAL).
 */
#define UVMF_NONE           (xen_mk_ulong(0) << 0)
#define UVMF_TLB_FLUSH      (xen_mk_ulong(1) << 0)
#define UVMF_INVLPG         (xen_mk_ulong(2) << 0)
#define UVMF_FLUSHTYPE_MASK (xen_mk_ulong(3) << 0)
#define UVMF_MULTI          (xen_mk_ulong(0) << 2)
#define UVMF_LOCAL          (xen_mk_ulong(0) << 2)
#define UVMF_ALL            (xen_mk_ulong(1) << 2)

/* console_io(cmd, count, buffer). */
#define CONSOLEIO_write 0
#define CONSOLEIO_read  1

/* vm_assist(cmd, type). */
#define VMASST_CMD_enable  0
#define VMASST_CMD_disable 1
#define VMASST_TYPE_4gb_segments          0
#define VMASST_TYPE_4gb_segments_notify   1
#define VMASST_TYPE_writable_pagetables   2  /* faulting stores to page tables are emulated */
#define VMASST_TYPE_pae_extended_cr3      3
#define VMASST_TYPE_architectural_iopl    4  /* IOPL and IF shown in rflags are the guest's */
#define VMASST_TYPE_runstate_update_flag  5  /* see XEN_RUNSTATE_UPDATE */
#define VMASST_TYPE_m2p_strict            32 /* the M2P is invisible to guest user mode */

/* Domain ids from FIRST_RESERVED on name roles, not domains. */
#define DOMID_FIRST_RESERVED xen_mk_uint(0x7FF0)
#define DOMID_SELF           xen_mk_uint(0x7FF0) /* the caller */
#define DOMID_IO             xen_mk_uint(0x7FF1) /* owner of MMIO frames */
#define DOMID_XEN            xen_mk_uint(0x7FF2) /* owner of frames that we share out */
#define DOMID_COW            xen_mk_uint(0x7FF3) /* owner of shared (deduplicated) frames */
#define DOMID_INVALID        xen_mk_uint(0x7FF4)
#define DOMID_IDLE           xen_mk_uint(0x7FFF)
#define DOMID_MASK           xen_mk_uint(0x7FFF)

/* start_info.flags. */
#define SIF_PRIVILEGED      (1 << 0)
#define SIF_INITDOMAIN      (1 << 1)
#define SIF_MULTIBOOT_MOD   (1 << 2) /* mod_start points to xen_multiboot_mod_list entries */
#define SIF_MOD_START_PFN   (1 << 3) /* mod_start is a pfn, and the module is not mapped */
#define SIF_VIRT_P2M_4TOOLS (1 << 4) /* tools can follow a linear p2m */
#define SIF_PM_MASK         (0xFF << 8)

#define MAX_GUEST_CMDLINE 1024

/* dom0_vga_console_info.video_type. */
#define XEN_VGATYPE_TEXT_MODE_3 0x03
#define XEN_VGATYPE_VESA_LFB    0x23
#define XEN_VGATYPE_EFI_LFB     0x70

#ifndef __ASSEMBLY__

typedef uint16_t domid_t;

typedef struct mmuext_op {
    unsigned int cmd;
    union {
        xen_pfn_t mfn;              /* table to pin, root, frame to clear, copy target */
        unsigned long linear_addr;  /* INVLPG; base of the LDT */
    } arg1;
    union {
        unsigned int nr_ents;       /* SET_LDT */
        XEN_GUEST_HANDLE(const_void) vcpumask; /* bitmap of vCPU ids; *_MULTI */
        xen_pfn_t src_mfn;          /* COPY_PAGE */
    } arg2;
} mmuext_op_t;
DEFINE_XEN_GUEST_HANDLE(mmuext_op_t);

typedef struct mmu_update {
    uint64_t ptr; /* machine address of the entry, command in bits 0-1 */
    uint64_t val;
} mmu_update_t;
DEFINE_XEN_GUEST_HANDLE(mmu_update_t);

typedef struct multicall_entry {
    xen_ulong_t op, result;
    xen_ulong_t args[6];
} multicall_entry_t;
DEFINE_XEN_GUEST_HANDLE(multicall_entry_t);

/*
 * Clock of one vCPU. Nanoseconds since boot are
 * system_time + (((tsc - tsc_timestamp) shifted left by tsc_shift) * tsc_to_system_mul >> 32),
 * valid if version was even and the same before and after.
 */
typedef struct vcpu_time_info {
    uint32_t version;
    uint32_t pad0;
    uint64_t tsc_timestamp;
    uint64_t system_time;
    uint32_t tsc_to_system_mul;
    int8_t tsc_shift; /* negative: shift right */
    uint8_t flags;    /* XEN_PVCLOCK_* */
    uint8_t pad1[2];
} vcpu_time_info_t;
#define XEN_PVCLOCK_TSC_STABLE_BIT (1 << 0)
#define XEN_PVCLOCK_GUEST_STOPPED  (1 << 1)

/* 64 bytes that a vCPU and the hypervisor share. */
struct vcpu_info {
    uint8_t evtchn_upcall_pending;
    uint8_t evtchn_upcall_mask;
    xen_ulong_t evtchn_pending_sel; /* 2-level ABI: words of evtchn_pending to look at */
    struct arch_vcpu_info arch;
    vcpu_time_info_t time;
};

/* One page a domain. The wall clock is the time of day at system_time 0, kept by wc_version. */
struct shared_info {
    struct vcpu_info vcpu_info[XEN_LEGACY_MAX_VCPUS];
    xen_ulong_t evtchn_pending[sizeof(xen_ulong_t) * 8];
    xen_ulong_t evtchn_mask[sizeof(xen_ulong_t) * 8];
    uint32_t wc_version;
    uint32_t wc_sec;
    uint32_t wc_nsec;
    uint32_t wc_sec_hi;
#define xen_wc_sec_hi wc_sec_hi
    struct arch_shared_info arch;
};

/* The hypervisor uses the struct names only: it has vCPU objects with like names. */
#ifndef __XEN__
typedef struct vcpu_info vcpu_info_t;
typedef struct shared_info shared_info_t;
#endif

/* Page that a PV guest finds at the address in rsi when it starts. */
typedef struct start_info {
    char magic[32];              /* "xen-<version>-<platform>" */
    unsigned long nr_pages;
    unsigned long shared_info;   /* machine address */
    uint32_t flags;              /* SIF_* */
    xen_pfn_t store_mfn;
    uint32_t store_evtchn;
    union {
        struct {
            xen_pfn_t mfn;
            uint32_t evtchn;
        } domU;
        struct {                 /* a dom0_vga_console_info, from the start of this page */
            uint32_t info_off;
            uint32_t info_size;
        } dom0;
    } console;
    unsigned long pt_base;       /* virtual address of the L4 */
    unsigned long nr_pt_frames;
    unsigned long mfn_list;      /* virtual address of the p2m */
    unsigned long mod_start;     /* 0: no module */
    unsigned long mod_len;       /* bytes */
    int8_t cmd_line[MAX_GUEST_CMDLINE];
    unsigned long first_p2m_pfn; /* frames of the p2m, if it is outside the initial mapping */
    unsigned long nr_p2m_frames;
} start_info_t;

struct xen_multiboot_mod_list {
    uint32_t mod_start; /* physical, inclusive */
    uint32_t mod_end;   /* physical, exclusive */
    uint32_t cmdline;   /* physical address of a string */
    uint32_t pad;
};

/* Screen that dom0 inherits. A reader takes as many fields as info_size covers. */
typedef struct dom0_vga_console_info {
    uint8_t video_type; /* XEN_VGATYPE_* */
    union {
        struct {
            uint16_t font_height;
            uint16_t cursor_x, cursor_y;
            uint16_t rows, columns;
        } text_mode_3;
        struct {
            uint16_t width, height;
            uint16_t bytes_per_line;
            uint16_t bits_per_pixel;
            uint32_t lfb_base;
            uint32_t lfb_size;
            uint8_t red_pos, red_size;
            uint8_t green_pos, green_size;
            uint8_t blue_pos, blue_size;
            uint8_t rsvd_pos, rsvd_size;
            uint32_t gbl_caps;
            uint16_t mode_attrs;
            uint16_t pad;
            uint32_t ext_lfb_base; /* upper half of the address */
        } vesa_lfb;
    } u;
} dom0_vga_console_info_t;
#define xen_vga_console_info   dom0_vga_console_info
#define xen_vga_console_info_t dom0_vga_console_info_t

typedef uint8_t xen_domain_handle_t[16];

typedef struct {
    uint8_t a[16];
} xen_uuid_t;

/* Spells a UUID in the order of its text form: a-b-c-d-e1..e6. */
#define XEN_UUID_16_(v) ((v) >> 8) & 0xFF, (v) & 0xFF
#define XEN_UUID_32_(v) ((v) >> 24) & 0xFF, ((v) >> 16) & 0xFF, XEN_UUID_16_(v)
#define XEN_DEFINE_UUID_(a, b, c, d, e1, e2, e3, e4, e5, e6)                     \
    {{ XEN_UUID_32_(a), XEN_UUID_16_(b), XEN_UUID_16_(c), XEN_UUID_16_(d),       \
       e1, e2, e3, e4, e5, e6 }}
#define XEN_DEFINE_UUID(a, b, c, d, e1, e2, e3, e4, e5, e6) \
    ((xen_uuid_t)XEN_DEFINE_UUID_(a, b, c, d, e1, e2, e3, e4, e5, e6))

#endif /* !__ASSEMBLY__ */

#if defined(__XEN__) || defined(__XEN_TOOLS__)
/* Control structures are the same for 32-bit and 64-bit tools; on x86-64 that is natural. */
#ifndef int64_aligned_t
#define int64_aligned_t int64_t
#endif
#ifndef uint64_aligned_t
#define uint64_aligned_t uint64_t
#endif
#ifndef XEN_GUEST_HANDLE_64
#define XEN_GUEST_HANDLE_64(name) XEN_GUEST_HANDLE(name)
#endif

#ifndef __ASSEMBLY__
typedef struct xenctl_bitmap {
    XEN_GUEST_HANDLE_64(uint8) bitmap; /* bit n is bit n%8 of byte n/8 */
    uint32_t nr_bits;
} xenctl_bitmap_t;
#endif
#endif /* __XEN__ || __XEN_TOOLS__ */

#endif
