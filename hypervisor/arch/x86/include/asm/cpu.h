/* SPDX-License-Identifier: MIT */
/* Processor features, control registers and MSRs (cpu/features.c). Facts: Intel SDM, AMD APM. */
#ifndef ASM_CPU_H
#define ASM_CPU_H

#include <asm/msr_index.h>
#include <hv/lib.h>

#define CR0_PE (1UL << 0)
#define CR0_MP (1UL << 1)
#define CR0_EM (1UL << 2)
#define CR0_TS (1UL << 3)
#define CR0_ET (1UL << 4)
#define CR0_NE (1UL << 5)
#define CR0_WP (1UL << 16)
#define CR0_AM (1UL << 18)
#define CR0_PG (1UL << 31)
#define CR4_TSD (1UL << 2)
#define CR4_DE (1UL << 3)
#define CR4_PSE (1UL << 4)
#define CR4_PAE (1UL << 5)
#define CR4_MCE (1UL << 6)
#define CR4_PGE (1UL << 7)
#define CR4_OSFXSR (1UL << 9)
#define CR4_OSXMMEXCPT (1UL << 10)
#define CR4_UMIP (1UL << 11)
#define CR4_FSGSBASE (1UL << 16)
#define CR4_PCIDE (1UL << 17)
#define CR4_OSXSAVE (1UL << 18)
#define CR4_SMEP (1UL << 20)
#define CR4_SMAP (1UL << 21)

struct cpuid_regs { u32 a, b, c, d; };
static inline struct cpuid_regs cpuid(u32 leaf, u32 subleaf)
{
    struct cpuid_regs r;

    __asm__ volatile("cpuid" : "=a"(r.a), "=b"(r.b), "=c"(r.c), "=d"(r.d)
                     : "0"(leaf), "2"(subleaf));
    return r;
}
static inline u64 rdmsr(u32 msr)
{
    u32 lo, hi;

    __asm__ volatile("rdmsr" : "=a"(lo), "=d"(hi) : "c"(msr));
    return (u64)hi << 32 | lo;
}
static inline void wrmsr(u32 msr, u64 val)
{
    __asm__ volatile("wrmsr" ::"c"(msr), "a"((u32)val), "d"((u32)(val >> 32)) : "memory");
}
/** As rdmsr/wrmsr but a #GP gives -EFAULT. */
int rdmsr_safe(u32 msr, u64 *val);
int wrmsr_safe(u32 msr, u64 val);
static inline u64 rdtsc(void)
{
    u32 lo, hi;

    __asm__ volatile("rdtsc" : "=a"(lo), "=d"(hi)::"memory");
    return (u64)hi << 32 | lo;
}
#define READ_CR(n) ({ unsigned long _v; __asm__ volatile("mov %%cr" #n ", %0" : "=r"(_v)); _v; })
#define WRITE_CR(n, v) __asm__ volatile("mov %0, %%cr" #n ::"r"((unsigned long)(v)) : "memory")
static inline void invlpg(u64 va) { __asm__ volatile("invlpg (%0)" ::"r"(va) : "memory"); }
static inline void outb(u16 port, u8 v) { __asm__ volatile("outb %0, %1" ::"a"(v), "Nd"(port)); }
static inline void outw(u16 port, u16 v) { __asm__ volatile("outw %0, %1" ::"a"(v), "Nd"(port)); }
static inline void outl(u16 port, u32 v) { __asm__ volatile("outl %0, %1" ::"a"(v), "Nd"(port)); }
static inline u8 inb(u16 port)
{
    u8 v;

    __asm__ volatile("inb %1, %0" : "=a"(v) : "Nd"(port));
    return v;
}
static inline u16 inw(u16 port)
{
    u16 v;

    __asm__ volatile("inw %1, %0" : "=a"(v) : "Nd"(port));
    return v;
}
static inline u32 inl(u16 port)
{
    u32 v;

    __asm__ volatile("inl %1, %0" : "=a"(v) : "Nd"(port));
    return v;
}

enum cpu_vendor { VENDOR_UNKNOWN, VENDOR_INTEL, VENDOR_AMD };

/* What this machine has and uses; set by the boot CPU, secondary CPUs must have no less. */
struct cpu_features {
    enum cpu_vendor vendor;
    u32 family, model, stepping;
    u32 max_leaf, max_ext_leaf;
    u8 phys_bits;
    bool virtualized;      /* CPUID says that we are a guest ourselves */
    bool is_tcg;           /* CPUID 0x40000000 says QEMU's TCG */
    bool nx, smep, smap, umip, fsgsbase, xsave, xsaveopt, xsavec, pge, pcid, rdtscp, x2apic;
    bool invariant_tsc, tsc_adjust, tsc_deadline, arat;
    bool syscall32_intel;  /* SYSENTER in compat mode usable */
    bool meltdown;         /* PTI needed */
    bool pti;              /* in force */
    bool ibrs, ibpb, stibp, ssbd, md_clear, arch_caps;
    bool lfence_serialises; /* so that it ends speculation */
    u64 xcr0_mask;         /* what we enable and guests may use */
    u32 xsave_bytes;       /* for that mask (or 512 with FXSAVE) */
};
extern struct cpu_features cpu_features;
extern u64 hv_cr4;         /* what CR4 holds while the hypervisor runs, guest bits apart */

void cpu_features_detect(void);   /* boot CPU, early */
void cpu_features_apply(void);    /* every CPU: CR0, CR4, EFER, PAT, XCR0 */
void cpu_features_print(void);

#endif
