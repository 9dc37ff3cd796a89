/* SPDX-License-Identifier: MIT */
/* The x86 parts of a domain and of a vCPU. */
#ifndef ASM_ARCH_DOMAIN_H
#define ASM_ARCH_DOMAIN_H

#include <asm/page.h>
#include <hv/spinlock.h>
#include <hv/types.h>
#include <xen/xen.h>

struct frame;
struct cpu_policy;

/* PV trap handler as registered by set_trap_table; address 0 and selector 0: none. */
struct trap_entry {
    u64 address;
    u16 selector;
    u8 flags;           /* TI_* / low 2 bits DPL */
};

enum vcpu_guest_flags {         /* arch.flags, only changed by its own CPU or while paused */
    TF_KERNEL_MODE = 1 << 0,    /* virtual ring: kernel */
};

struct pv_vcpu {
    struct trap_entry *traps;   /* NR_VECTORS entries (256) */
    u64 event_callback, failsafe_callback, syscall_callback, syscall32_callback, sysenter_callback;
    bool failsafe_masks_events, syscall_masks_events, syscall32_masks_events, sysenter_masks_events;
    u64 kernel_sp;              /* stack_switch */
    u16 kernel_ss;
    u64 gdt_mfns[14];           /* set_gdt, each an FT_SEG use */
    u32 gdt_entries;
    u64 ldt_base;               /* linear; pages are mapped on demand */
    u32 ldt_entries;
    u32 shadow_ldt_mapped;      /* bit per LDT window page in use; ldt_lock */
    struct frame *shadow_ldt[16];
    spinlock_t ldt_lock;        /* shadow_ldt* and the window of the CPU that holds this vCPU */
    u32 iopl;                   /* 0..3 as set by PHYSDEVOP_set_iopl, 0 at start */
    u64 iobmp;                  /* guest handle, set_iobitmap */
    u32 iobmp_limit;
    u64 ctrlreg[8];             /* CR0 (TS etc), CR2 mirror, CR4 guest bits */
    u64 fs_base, gs_base_kernel, gs_base_user; /* when not running */
    u64 dr[8];                  /* debug registers as the hardware has them */
    u32 dr7_emul;               /* DR7's bits of I/O breakpoints, which IN/OUT emulation honours */
    bool io_break;              /* one of them matched: #DB is due */
    bool nmi_masked;            /* an NMI was delivered, its iret has not come yet */
    u64 kernel_root, user_root; /* mfns: guest L4s, typed and referenced; 0 none */
    u64 msr_tsc_aux;
    u64 xcr0;
    u64 misc_features_enables;
    bool cpuid_faulting;
};

struct arch_vcpu {
    struct cpu_user_regs user_regs; /* while not running; else in cpu_info */
    u32 flags;                      /* enum vcpu_guest_flags */
    u64 guest_root;                 /* mfn the guest thinks is loaded (kernel or user root) */
    /* mfn the hardware walks: equal today, the twin under log-dirty */
    u64 hw_root;
    void *xsave;                    /* XSAVE/FXSAVE area, xsave_bytes */
    struct pv_vcpu pv;
    u32 time_version;
    u64 pending_tsc_stamp;
};

struct pirq_info;

struct arch_domain {
    u64 dirty_cpus;                 /* CPUs that may hold translations of it: mm/tlb.c */
    u64 deferred_head;              /* half-released tables: mm/frame.c */
    spinlock_t deferred_lock;
    u64 pci_cf8;                    /* latched configuration address */
    u8 cmos_index;
    struct cpu_policy *policy;
    u64 nr_l4_root_sync;            /* roots changed: CPUs with PTI refresh */
    u32 tsc_mode;
    u64 tsc_khz;
    u32 tsc_incarnation;
    s_time_t vtsc_start;            /* system time when the emulated TSC was 0 */
    bool vtsc;                      /* RDTSC traps: pv/guest_tsc.c */
    bool is_32bit;                  /* never true: PV32 is refused */
    mfn_t pirq_eoi_mfn;             /* PHYSDEVOP_pirq_eoi_gmfn */
    unsigned long *pirq_eoi_map;
    bool auto_unmask;
    bool l1tf_guard;                /* entries that are not present are looked at */
    struct pirq_info **pirq;        /* nr_pirqs entries */
    u32 nr_pirqs;
    spinlock_t pit_lock;            /* virtual PIT channel 2 and port 0x61 of dom0 */
    struct {
        u8 access, mode;            /* bits 4-5 and 1-3 of the control word */
        bool gate, speaker, write_high, read_high, latched, loaded;
        u8 low;                     /* first byte of a two-byte write */
        u16 latch;
        u32 count;                  /* initial count, 1..65536 */
        s64 start_ns;               /* system time when counting began */
        s64 elapsed_ns;             /* counted until the gate was last closed */
    } pit;
    spinlock_t e820_lock;           /* the two below */
    u16 e820_nr;
    void *e820;                     /* struct e820entry[], XENMEM_set_memory_map */
    u32 relmem;                     /* teardown: frame to go on with: pv_mm/relinquish.c */
};

#endif
