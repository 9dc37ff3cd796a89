/* SPDX-License-Identifier: MIT */
/*
 * System time from the TSC. The frequency comes from CPUID where it says so (leaf 0x15, or a
 * hypervisor's leaf 0x40000010), else from a short window against HPET, the ACPI PM timer or the
 * PIT: boot does not wait for clocks longer than 2 ms. The pair (tsc, time) of each CPU is set
 * once, with the difference of its counter from the boot CPU's.
 *
 * Facts: Intel SDM vol. 2 and 3 (CPUID, TSC), IA-PC HPET 1.0a, ACPI 6 (PM timer), Intel 8254.
 */
#include <asm/cpu.h>
#include <asm/current.h>
#include <asm/frame.h>
#include <asm/platform.h>
#include <asm/tsc.h>
#include <hv/arch.h>
#include <hv/atomic.h>
#include <hv/boot.h>
#include <hv/percpu.h>
#include <hv/printk.h>
#include <hv/spinlock.h>
#include <hv/time.h>

#define WINDOW_NS   2000000UL
#define PM_TIMER_HZ 3579545UL
#define PIT_HZ      1193182UL

static DEFINE_PER_CPU(u64, tsc_base); /* TSC at system time 0 on this CPU */
static struct time_scale scale;       /* TSC ticks to ns */
static u64 tsc_hz;
static bool running;

static inline u64 scale_delta(u64 delta, const struct time_scale *s)
{
    delta = s->shift < 0 ? delta >> -s->shift : delta << s->shift;
    return (u64)(((unsigned __int128)delta * s->mul) >> 32);
}

/* mul and shift such that ns = ((ticks << shift) * mul) >> 32 with mul in [2^31, 2^32). */
static struct time_scale scale_from_hz(u64 hz)
{
    u64 per = 1000000000UL;
    int shift = 0;

    while (hz > per * 2) {
        hz >>= 1;
        shift--;
    }
    while (hz <= per) {
        hz <<= 1;
        shift++;
    }
    return (struct time_scale){ (u32)((per << 32) / hz), shift };
}

s_time_t now_ns(void)
{
    if (unlikely(!running))
        return 0;
    return (s_time_t)scale_delta(rdtsc() - this_cpu(tsc_base), &scale);
}

u64 ns_to_tsc(s_time_t ns)
{
    return mul_div64((u64)ns, tsc_hz, 1000000000UL);
}

u64 arch_cycles(void)
{
    return rdtsc();
}

u64 tsc_khz(void)
{
    return tsc_hz / 1000;
}

struct time_scale tsc_scale_from_khz(u64 khz)
{
    return scale_from_hz(khz * 1000);
}

void tsc_time_params(u64 *tsc_stamp, s_time_t *stime, struct time_scale *s)
{
    *tsc_stamp = rdtsc();
    *stime = (s_time_t)scale_delta(*tsc_stamp - this_cpu(tsc_base), &scale);
    *s = scale;
}

void udelay(unsigned int us)
{
    u64 end = rdtsc() + (tsc_hz ? tsc_hz / 1000000 * us : 1000UL * us);

    while ((s64)(rdtsc() - end) < 0)
        cpu_relax();
}

static u64 hz_from_cpuid(void)
{
    struct cpuid_regs r;

    if (cpu_features.max_leaf >= 0x15) {
        r = cpuid(0x15, 0);
        if (r.a && r.b && r.c)
            return (u64)r.c * r.b / r.a;
    }
    if (cpuid(1, 0).c & BIT(31) && cpuid(0x40000000, 0).a >= 0x40000010) {
        r = cpuid(0x40000010, 0);
        if (r.a)
            return (u64)r.a * 1000;
    }
    return 0;
}

/* A reference clock: reads a free-running counter of the given width. */
struct reference {
    const char *name;
    u64 hz, mask;
    u64 (*read)(void);
};

static volatile u64 *hpet;
static u64 read_hpet(void)
{
    return (u32)hpet[0xf0 / 8];
}
static u64 read_pm_timer(void)
{
    return inl((u16)acpi_info.pm_timer_port) & 0xffffff;
}

/* Channel 2 counts down from 65536 with its gate open; latched reads. */
static u64 read_pit(void)
{
    u32 lo;

    outb(0x43, 0x80);
    lo = inb(0x42);
    return 0xffff - (lo | (u32)inb(0x42) << 8);
}

static void start_pit(void)
{
    outb(0x61, (u8)((inb(0x61) & ~2) | 1));
    outb(0x43, 0xb4); /* channel 2, both bytes, rate generator */
    outb(0x42, 0xff);
    outb(0x42, 0xff);
}

static struct reference choose_reference(void)
{
    if (acpi_info.hpet_base) {
        hpet = vmap_device(acpi_info.hpet_base, PAGE_SIZE, PAGE_HV_UC);
        if (hpet && hpet[0] >> 32 && hpet[0] >> 32 < 0x05f5e100) {
            hpet[2] |= 1; /* general configuration: count */
            return (struct reference){ "HPET", 1000000000000000UL / (hpet[0] >> 32), 0xffffffff,
                                       read_hpet };
        }
    }
    if (acpi_info.pm_timer_port)
        return (struct reference){ "ACPI PM timer", PM_TIMER_HZ, 0xffffff, read_pm_timer };
    start_pit();
    return (struct reference){ "PIT", PIT_HZ, 0xffff, read_pit };
}

/* Reference and TSC read together: of a few tries, the one with the shortest bracket. */
static void sample(const struct reference *ref, u64 *count, u64 *tsc)
{
    u64 best = ~0UL;

    for (int i = 0; i < 5; i++) {
        u64 before = rdtsc(), c = ref->read(), after = rdtsc();

        if (after - before < best) {
            best = after - before;
            *count = c;
            *tsc = before + (after - before) / 2;
        }
    }
}

static void calibrate(void)
{
    struct reference ref = choose_reference();
    u64 c0, c1, t0, t1, want = ref.hz * WINDOW_NS / 1000000000UL, apic_ticks, ns;
    u64 known = hz_from_cpuid();

    apic_timer_calibrate_start();
    sample(&ref, &c0, &t0);
    while (((ref.read() - c0) & ref.mask) < want) {
        if (rdtsc() - t0 > 1UL << 35)
            panic("Time: the %s does not count\n", ref.name);
        cpu_relax();
    }
    sample(&ref, &c1, &t1);
    apic_ticks = apic_timer_calibrate_elapsed();
    c1 = (c1 - c0) & ref.mask;
    tsc_hz = known ? known : mul_div64(t1 - t0, ref.hz, c1);
    ns = mul_div64(c1, 1000000000UL, ref.hz);
    apic_timer_set_frequency(mul_div64(apic_ticks, 1000000000UL, ns));
    printk(LOG_INFO "TSC: %lu.%03lu MHz (%s)\n", tsc_hz / 1000000, tsc_hz / 1000 % 1000,
           known ? "CPUID" : ref.name);
}

void time_init(void)
{
    calibrate();
    scale = scale_from_hz(tsc_hz);
    this_cpu(tsc_base) = rdtsc();
    running = true;
    apic_timer_start();
    wallclock_init();
}

/*
 * Counter difference of a new CPU from the boot CPU: the two take turns writing a shared cell;
 * the round with the shortest trip bounds the difference best.
 */
static struct {
    volatile u32 turn; /* even: boot CPU's move, odd: the new CPU's */
    volatile u64 boot_tsc;
} handshake;
#define ROUNDS 16

void tsc_sync_serve(void)
{
    for (u32 i = 0; i < ROUNDS; i++) {
        while (handshake.turn != i * 2 + 1)
            cpu_relax();
        handshake.boot_tsc = rdtsc();
        smp_wmb();
        handshake.turn = i * 2 + 2;
    }
    while (handshake.turn != 0)
        cpu_relax();
}

void time_init_secondary(void)
{
    u64 best = ~0UL;
    s64 diff = 0;

    for (u32 i = 0; i < ROUNDS; i++) {
        u64 before = rdtsc(), after;

        handshake.turn = i * 2 + 1;
        while (handshake.turn != i * 2 + 2)
            cpu_relax();
        after = rdtsc();
        if (after - before < best) {
            best = after - before;
            diff = (s64)(before + (after - before) / 2 - handshake.boot_tsc);
        }
    }
    /* Within the uncertainty of the measurement the counters are the same. */
    if ((u64)(diff < 0 ? -diff : diff) <= best)
        diff = 0;
    this_cpu(tsc_base) = per_cpu(tsc_base, 0) + (u64)diff;
    smp_wmb();
    handshake.turn = 0;
    apic_timer_start();
}
