/* SPDX-License-Identifier: MIT */
/*
 * What the processor can do and what we switch on: NX, WP, SMEP, SMAP, UMIP, FSGSBASE, XSAVE.
 * Facts: Intel SDM vol. 2 (CPUID), AMD APM vol. 3; QEMU's leaf 0x40000000 "TCGTCGTCGTCG".
 */
#include <asm/cpu.h>
#include <asm/page.h>
#include <asm/speculation.h>
#include <hv/params.h>
#include <hv/printk.h>

struct cpu_features cpu_features __ro_after_init;
u64 hv_cr4 __ro_after_init;

static int opt_smep = -1, opt_smap = -1, opt_umip = -1, opt_xsave = -1, opt_pti = -1,
           opt_fsgsbase = -1, opt_global_pages = -1;

#define TRISTATE(fn, var)        \
    static int fn(const char *s) \
    {                            \
        var = parse_bool(s);     \
        return var < 0 ? -1 : 0; \
    }
TRISTATE(parse_smep, opt_smep)
BOOT_PARAM("smep", parse_smep);
TRISTATE(parse_smap, opt_smap)
BOOT_PARAM("smap", parse_smap);
TRISTATE(parse_umip, opt_umip)
BOOT_PARAM("umip", parse_umip);
TRISTATE(parse_xsave, opt_xsave)
BOOT_PARAM("xsave", parse_xsave);
TRISTATE(parse_fsgsbase, opt_fsgsbase)
BOOT_PARAM("fsgsbase", parse_fsgsbase);
TRISTATE(parse_global_pages, opt_global_pages)
BOOT_PARAM("global-pages", parse_global_pages);

/* xpti=BOOL, Xen's name for page-table isolation; "default" leaves it to the processor. */
static int parse_xpti(const char *s)
{
    if (!strcmp(s, "default"))
        return 0;
    opt_pti = parse_bool(s);
    return opt_pti < 0 ? -1 : 0;
}
BOOT_PARAM("xpti", parse_xpti);

static void detect_vendor(void)
{
    struct cpuid_regs r = cpuid(0, 0);
    struct cpuid_regs s = cpuid(1, 0);

    cpu_features.max_leaf = r.a;
    if (r.b == 0x756e6547)
        cpu_features.vendor = VENDOR_INTEL;
    else if (r.b == 0x68747541 || r.b == 0x6f677948)
        cpu_features.vendor = VENDOR_AMD; /* Hygon is a licensed AMD core */
    cpu_features.family = (s.a >> 8 & 15) + ((s.a >> 8 & 15) == 15 ? s.a >> 20 & 255 : 0);
    cpu_features.model = (s.a >> 4 & 15) | (s.a >> 12 & 0xf0);
    cpu_features.stepping = s.a & 15;
}

static void detect_hypervisor(void)
{
    struct cpuid_regs r;

    cpu_features.virtualized = cpuid(1, 0).c & BIT(31);
    if (!cpu_features.virtualized)
        return;
    r = cpuid(0x40000000, 0);
    cpu_features.is_tcg = r.b == 0x54474354 && r.c == 0x43544743 && r.d == 0x47435447;
}

/* Meltdown: Intel processors that do not say RDCL_NO (Intel's advisory INTEL-SA-00088). */
static bool has_meltdown(void)
{
    u64 caps = 0;

    if (cpu_features.vendor != VENDOR_INTEL)
        return false;
    if (cpu_features.arch_caps && !rdmsr_safe(MSR_ARCH_CAPABILITIES, &caps) && caps & 1)
        return false;
    return true;
}

/*
 * On AMD's processors LFENCE waits for what is before it only if DE_CFG says so, but for those
 * where it always does (families 0xf and 0x11, and where CPUID says it). Our speculation barriers
 * are LFENCEs. False: it does not, and this (virtual) processor does not let us.
 */
static bool make_lfence_serialise(void)
{
    u64 cfg;

    if (cpu_features.vendor != VENDOR_AMD || cpu_features.family == 0xf ||
        cpu_features.family == 0x11)
        return true;
    if (cpu_features.max_ext_leaf >= 0x80000021 && cpuid(0x80000021, 0).a & BIT(2))
        return true;
    if (rdmsr_safe(MSR_AMD_DE_CFG, &cfg))
        return false;
    if (cfg & DE_CFG_LFENCE_SERIALISES)
        return true;
    return !wrmsr_safe(MSR_AMD_DE_CFG, cfg | DE_CFG_LFENCE_SERIALISES) &&
           !rdmsr_safe(MSR_AMD_DE_CFG, &cfg) && cfg & DE_CFG_LFENCE_SERIALISES;
}

static void detect_extended_state(void)
{
    struct cpuid_regs r;

    cpu_features.xcr0_mask = 3;
    cpu_features.xsave_bytes = 512;
    if (!cpu_features.xsave)
        return;
    r = cpuid(0xd, 0);
    /* x87, SSE, AVX, AVX-512; what we do not know how to reset stays off. */
    cpu_features.xcr0_mask = ((u64)r.d << 32 | r.a) & 0xe7;
    if ((cpu_features.xcr0_mask & 0xe4) != 0xe4)
        cpu_features.xcr0_mask &= 7;
    r = cpuid(0xd, 1);
    cpu_features.xsaveopt = r.a & 1;
    cpu_features.xsavec = r.a & 2;
}

static void choose(bool *feature, int option)
{
    if (option == 0)
        *feature = false;
}

static void apply_options(void)
{
    choose(&cpu_features.smep, opt_smep);
    choose(&cpu_features.umip, opt_umip);
    choose(&cpu_features.xsave, opt_xsave);
    choose(&cpu_features.fsgsbase, opt_fsgsbase);
    choose(&cpu_features.smap, opt_smap);
    /*
     * QEMU before 9.1 checks SMAP on the stack reads of an IRETQ executed at CPL 3, which Linux
     * uses to serialise; dom0 would die of it.
     */
    if (cpu_features.smap && cpu_features.is_tcg && opt_smap < 0) {
        cpu_features.smap = false;
        printk(LOG_WARN
               "SMAP off: QEMU's TCG may apply it to a guest's IRET; \"smap=1\" forces it on\n");
    }
}

/*
 * Global pages keep a process's translations over its system calls, at the price of two writes to
 * CR4 for each flush. Under another hypervisor on AMD each of those leaves the virtual machine,
 * which costs more than it saves; so there they are off (global-pages in Xen's command-line page).
 */
static bool use_global_pages(void)
{
    if (!cpu_features.pge || cpu_features.pti)
        return false;
    if (opt_global_pages >= 0)
        return opt_global_pages;
    return !(cpu_features.virtualized && cpu_features.vendor == VENDOR_AMD);
}

void cpu_features_detect(void)
{
    struct cpuid_regs l1, l7 = { 0 }, e1, e7 = { 0 }, e8 = { 0 };

    detect_vendor();
    detect_hypervisor();
    l1 = cpuid(1, 0);
    if (cpu_features.max_leaf >= 7)
        l7 = cpuid(7, 0);
    cpu_features.max_ext_leaf = cpuid(0x80000000, 0).a;
    e1 = cpuid(0x80000001, 0);
    if (cpu_features.max_ext_leaf >= 0x80000007)
        e7 = cpuid(0x80000007, 0);
    cpu_features.phys_bits = 36;
    if (cpu_features.max_ext_leaf >= 0x80000008) {
        e8 = cpuid(0x80000008, 0);
        cpu_features.phys_bits = (u8)e8.a;
    }
    cpu_features.pge = l1.d & BIT(13);
    cpu_features.pcid = l1.c & BIT(17);
    cpu_features.x2apic = l1.c & BIT(21);
    cpu_features.tsc_deadline = l1.c & BIT(24);
    cpu_features.xsave = l1.c & BIT(26);
    cpu_features.nx = e1.d & BIT(20);
    cpu_features.rdtscp = e1.d & BIT(27);
    cpu_features.invariant_tsc = e7.d & BIT(8);
    cpu_features.fsgsbase = l7.b & BIT(0);
    cpu_features.tsc_adjust = l7.b & BIT(1);
    cpu_features.smep = l7.b & BIT(7);
    cpu_features.smap = l7.b & BIT(20);
    cpu_features.umip = l7.c & BIT(2);
    cpu_features.md_clear = l7.d & BIT(10);
    cpu_features.ibrs = l7.d & BIT(26);
    cpu_features.ibpb = l7.d & BIT(26) || e8.b & BIT(12);
    cpu_features.stibp = l7.d & BIT(27);
    cpu_features.arch_caps = l7.d & BIT(29);
    cpu_features.ssbd = l7.d & BIT(31);
    cpu_features.arat = cpu_features.max_leaf >= 6 && cpuid(6, 0).a & BIT(2);
    if (!cpu_features.nx)
        panic("This processor cannot forbid execution of data (NX); Domus needs that\n");
    if (!(e1.d & BIT(11)))
        panic("This processor has no SYSCALL instruction; 64-bit guests call with it\n");
    apply_options();
    detect_extended_state();
    cpu_features.lfence_serialises = make_lfence_serialise();
    cpu_features.meltdown = has_meltdown();
    cpu_features.pti = opt_pti < 0 ? cpu_features.meltdown && !speculation_is_off() : opt_pti;
    speculation_init();
    hv_cr4 = CR4_PAE | CR4_MCE | CR4_OSFXSR | CR4_OSXMMEXCPT | CR4_DE;
    if (use_global_pages())
        hv_cr4 |= CR4_PGE;
    if (cpu_features.smep)
        hv_cr4 |= CR4_SMEP;
    if (cpu_features.smap)
        hv_cr4 |= CR4_SMAP;
    if (cpu_features.umip)
        hv_cr4 |= CR4_UMIP;
    if (cpu_features.fsgsbase)
        hv_cr4 |= CR4_FSGSBASE;
    if (cpu_features.xsave)
        hv_cr4 |= CR4_OSXSAVE;
}

static void set_xcr0(u64 v)
{
    __asm__ volatile("xsetbv" ::"c"(0), "a"((u32)v), "d"((u32)(v >> 32)));
}

void cpu_features_apply(void)
{
    WRITE_CR(0, (READ_CR(0) & ~(CR0_EM | CR0_TS | BIT(29) | BIT(30))) | CR0_MP | CR0_NE | CR0_WP |
                    CR0_AM);
    WRITE_CR(4, hv_cr4);
    wrmsr(MSR_PAT, PAT_ABI);
    wrmsr(MSR_EFER, rdmsr(MSR_EFER) | EFER_SCE | EFER_NX);
    speculation_apply();
    __asm__ volatile("fninit");
    (void)make_lfence_serialise(); /* on this CPU, too */
    if (cpu_features.xsave) {
        set_xcr0(cpu_features.xcr0_mask);
        cpu_features.xsave_bytes = cpuid(0xd, 0).b;
    }
}

void cpu_features_print(void)
{
    const struct cpu_features *f = &cpu_features;

    printk(LOG_INFO "CPU: %s family %u model %u stepping %u, %u address bits%s\n",
           f->vendor == VENDOR_INTEL ? "Intel"
           : f->vendor == VENDOR_AMD ? "AMD"
                                     : "other",
           f->family, f->model, f->stepping, f->phys_bits, f->is_tcg ? ", emulated by TCG" : "");
    printk(LOG_INFO "Protection:%s%s%s%s%s\n", f->nx ? " NX" : "", f->smep ? " SMEP" : "",
           f->smap ? " SMAP" : "", f->umip ? " UMIP" : "", f->pti ? " PTI" : "");
    speculation_print();
}

int rdmsr_safe(u32 msr, u64 *val)
{
    u32 lo = 0, hi = 0;
    int rc;

    __asm__ volatile(
        "1: rdmsr; xor %k0, %k0; jmp 3f; 2: mov %5, %0; 3:"
        ".pushsection .extable, \"a\"; .balign 4; .long 1b - .; .long 2b - .; .popsection"
        : "=&r"(rc), "=a"(lo), "=d"(hi), "+m"(*val)
        : "c"(msr), "i"(-14));
    if (!rc)
        *val = (u64)hi << 32 | lo;
    return rc;
}

int wrmsr_safe(u32 msr, u64 val)
{
    int rc;

    __asm__ volatile(
        "1: wrmsr; xor %k0, %k0; jmp 3f; 2: mov %4, %0; 3:"
        ".pushsection .extable, \"a\"; .balign 4; .long 1b - .; .long 2b - .; .popsection"
        : "=&r"(rc)
        : "c"(msr), "a"((u32)val), "d"((u32)(val >> 32)), "i"(-14)
        : "memory");
    return rc;
}
