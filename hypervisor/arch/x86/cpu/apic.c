/* SPDX-License-Identifier: MIT */
/*
 * Local APIC, as xAPIC (memory) or x2APIC (MSRs): IPIs, EOI, the timer. Facts: Intel SDM vol. 3
 * ch. 11 (APIC). x2APIC is used when the processor has it.
 */
#include <asm/cpu.h>
#include <asm/current.h>
#include <asm/frame.h>
#include <asm/platform.h>
#include <hv/arch.h>
#include <hv/atomic.h>
#include <hv/boot.h>
#include <hv/params.h>
#include <hv/percpu.h>
#include <hv/printk.h>
#include <hv/softirq.h>
#include <hv/time.h>

enum { REG_ID = 0x20, REG_VERSION = 0x30, REG_TPR = 0x80, REG_EOI = 0xb0, REG_LDR = 0xd0,
       REG_DFR = 0xe0, REG_SVR = 0xf0, REG_ESR = 0x280, REG_ICR = 0x300, REG_ICR_HIGH = 0x310,
       REG_LVT_TIMER = 0x320, REG_LVT_THERMAL = 0x330, REG_LVT_PMC = 0x340, REG_LVT_LINT0 = 0x350,
       REG_LVT_LINT1 = 0x360, REG_LVT_ERROR = 0x370, REG_TIMER_INIT = 0x380,
       REG_TIMER_COUNT = 0x390, REG_TIMER_DIV = 0x3e0 };
#define LVT_MASKED 0x10000
#define LVT_TSC_DEADLINE 0x40000
#define ICR_PENDING 0x1000
#define ICR_ASSERT 0x4000
#define MODE_NMI 0x400
#define MODE_INIT 0x500
#define MODE_STARTUP 0x600

static volatile u32 *xapic;
static bool x2apic;
static int opt_x2apic = -1;
static u64 timer_scale;         /* ticks a ns at divisor 1, times 2^32 */
static u32 cpu_apic_id[MAX_CPUS], cpu_acpi_id[MAX_CPUS];

static int parse_x2apic(const char *s)
{
    opt_x2apic = parse_bool(s);
    return opt_x2apic < 0 ? -1 : 0;
}
BOOT_PARAM("x2apic", parse_x2apic);

static u32 reg_read(u32 reg)
{
    return x2apic ? (u32)rdmsr(MSR_X2APIC_BASE + (reg >> 4)) : xapic[reg / 4];
}

static void reg_write(u32 reg, u32 v)
{
    if (x2apic)
        wrmsr(MSR_X2APIC_BASE + (reg >> 4), v);
    else
        xapic[reg / 4] = v;
}

void apic_eoi(void)
{
    reg_write(REG_EOI, 0);
}

u32 apic_id_self(void)
{
    u32 id = reg_read(REG_ID);

    return x2apic ? id : id >> 24;
}

bool apic_reaches(u32 apic_id)
{
    return x2apic || apic_id < 0xff; /* 0xff is everybody */
}

u32 apic_id_of_cpu(unsigned int cpu) { return cpu_apic_id[cpu]; }
u32 acpi_id_of_cpu(unsigned int cpu) { return cpu_acpi_id[cpu]; }
u64 lapic_base_address(void) { return rdmsr(MSR_APIC_BASE) & PTE_ADDR_MASK; }

void apic_note_cpu(unsigned int cpu, u32 apic_id, u32 acpi_id)
{
    cpu_apic_id[cpu] = apic_id;
    cpu_acpi_id[cpu] = acpi_id;
}

static void send(u32 apic_id, u32 low)
{
    unsigned long flags;

    if (x2apic) {
        /* WRMSR to the ICR does not order earlier stores: the receiver must see them. */
        __asm__ volatile("mfence; lfence" ::: "memory");
        wrmsr(MSR_X2APIC_BASE + (REG_ICR >> 4), (u64)apic_id << 32 | low);
        return;
    }
    flags = irq_save();
    while (reg_read(REG_ICR) & ICR_PENDING)
        cpu_relax();
    reg_write(REG_ICR_HIGH, apic_id << 24);
    reg_write(REG_ICR, low);
    irq_restore(flags);
}

void apic_send_ipi(unsigned int cpu, u8 vector)
{
    send(cpu_apic_id[cpu], ICR_ASSERT | vector);
}

void apic_send_nmi(unsigned int cpu)
{
    send(cpu_apic_id[cpu], ICR_ASSERT | MODE_NMI);
}

void apic_send_init(u32 apic_id)
{
    send(apic_id, ICR_ASSERT | MODE_INIT);
}

void apic_send_startup(u32 apic_id, u8 page)
{
    send(apic_id, ICR_ASSERT | MODE_STARTUP | page);
}

void arch_timer_program(s_time_t deadline_ns)
{
    s_time_t delta;
    u64 ticks;

    if (!deadline_ns) {
        if (cpu_features.tsc_deadline)
            wrmsr(MSR_TSC_DEADLINE, 0);
        else
            reg_write(REG_TIMER_INIT, 0);
        return;
    }
    delta = deadline_ns - now_ns();
    if (delta <= 0) {
        softirq_raise(SOFTIRQ_TIMER);
        return;
    }
    delta = MIN(delta, MILLISECS(500)); /* far deadlines: wake up and look again */
    if (cpu_features.tsc_deadline) {
        wrmsr(MSR_TSC_DEADLINE, rdtsc() + ns_to_tsc(delta));
        return;
    }
    ticks = (u64)delta * timer_scale >> 32;
    reg_write(REG_TIMER_INIT, ticks ? (u32)MIN(ticks, 0xffffffffUL) : 1);
}

/* Called by tsc.c around its measuring window. */
void apic_timer_calibrate_start(void)
{
    reg_write(REG_LVT_TIMER, LVT_MASKED);
    reg_write(REG_TIMER_DIV, 0xb); /* divide by 1 */
    reg_write(REG_TIMER_INIT, 0xffffffff);
}

u32 apic_timer_calibrate_elapsed(void)
{
    return 0xffffffff - reg_read(REG_TIMER_COUNT);
}

void apic_timer_set_frequency(u64 hz)
{
    timer_scale = (hz << 32) / 1000000000UL;
}

void apic_timer_start(void)
{
    reg_write(REG_TIMER_INIT, 0);
    reg_write(REG_TIMER_DIV, 0xb);
    reg_write(REG_LVT_TIMER, VECTOR_TIMER | (cpu_features.tsc_deadline ? LVT_TSC_DEADLINE : 0));
    if (cpu_features.tsc_deadline)
        __asm__ volatile("mfence" ::: "memory"); /* LVT write before the deadline MSR (SDM) */
}

static void enable_mode(void)
{
    u64 base = rdmsr(MSR_APIC_BASE);

    if (x2apic)
        wrmsr(MSR_APIC_BASE, base | 0xc00);
    else
        wrmsr(MSR_APIC_BASE, base | 0x800);
}

static void setup(void)
{
    enable_mode();
    if (!x2apic) {
        reg_write(REG_DFR, 0xffffffff);
        reg_write(REG_LDR, 0);
    }
    reg_write(REG_TPR, 0);
    reg_write(REG_LVT_TIMER, LVT_MASKED);
    reg_write(REG_LVT_LINT0, LVT_MASKED);
    reg_write(REG_LVT_LINT1, MODE_NMI);
    reg_write(REG_LVT_ERROR, VECTOR_ERROR);
    reg_write(REG_ESR, 0);
    reg_write(REG_SVR, 0x100 | VECTOR_SPURIOUS);
    /* An interrupt left in service by firmware would block lower ones. */
    for (int i = 0; i < 256; i++) {
        bool any = false;

        for (u32 r = 0; r < 8; r++)
            any |= reg_read(0x100 + r * 0x10) != 0;
        if (!any)
            break;
        apic_eoi();
    }
}

void apic_init_boot_cpu(void)
{
    bool enabled_by_firmware = rdmsr(MSR_APIC_BASE) & 0x400;

    x2apic = enabled_by_firmware || (cpu_features.x2apic && opt_x2apic != 0);
    if (!x2apic) {
        xapic = vmap_device(acpi_info.lapic_base, PAGE_SIZE, PAGE_HV_UC);
        if (!xapic)
            panic("The local APIC at %#lx cannot be mapped\n", acpi_info.lapic_base);
    }
    setup();
    apic_note_cpu(0, apic_id_self(), 0);
    for (u32 i = 0; i < acpi_info.nr_cpus; i++)
        if (acpi_info.cpu[i].apic_id == cpu_apic_id[0])
            cpu_acpi_id[0] = acpi_info.cpu[i].acpi_id;
    printk(LOG_INFO "APIC: %s, boot CPU has id %u\n", x2apic ? "x2APIC" : "xAPIC", cpu_apic_id[0]);
}

void apic_init_secondary(void)
{
    setup();
}

void apic_error_interrupt(void)
{
    u32 esr;

    reg_write(REG_ESR, 0);
    esr = reg_read(REG_ESR);
    printk(LOG_WARN "APIC error on CPU %u: status %02x\n", smp_processor_id(), esr);
}
