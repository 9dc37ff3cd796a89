/* SPDX-License-Identifier: MIT */
/*
 * Bringing up the other processors, and calls between CPUs. One smp_call() is in flight at a time;
 * a caller that waits does so with interrupts on, so it serves others' calls meanwhile.
 */
#include <asm/cpu.h>
#include <asm/current.h>
#include <asm/frame.h>
#include <asm/platform.h>
#include <asm/tsc.h>
#include <hv/arch.h>
#include <hv/boot.h>
#include <hv/irq.h>
#include <hv/params.h>
#include <hv/printk.h>
#include <hv/sched.h>
#include <hv/time.h>
#include <hv/timer.h>

cpumask_t cpu_online_map = {1}, cpu_present_map = {1};
unsigned int nr_cpus = 1;

extern char ap_trampoline[], ap_trampoline_end[];
extern u32 ap_tramp_l4, ap_tramp_image, ap_tramp_entry;
extern char ap_tramp_gdtr[], ap_tramp_far[], ap_tramp_32[];
extern u32 ap_far;
extern u64 ap_entry64_rel, ap_entry32_rel, ap_stack_top;
extern pte_t boot_l4[PT_ENTRIES];

static u32 opt_maxcpus = MAX_CPUS;
static volatile u32 alive; /* the CPU that has just arrived in C, plus 1 */
static bool stop_requested;

static int parse_maxcpus(const char *s)
{
    opt_maxcpus = (u32)strtou64(s, NULL, 0);
    return opt_maxcpus ? 0 : -1;
}
BOOT_PARAM("maxcpus", parse_maxcpus);

static int parse_nosmp(const char *s)
{
    if (parse_bool(s) == 1)
        opt_maxcpus = 1;
    return 0;
}
BOOT_PARAM("nosmp", parse_nosmp);

static struct {
    spinlock_t lock;
    void (*fn)(void *);
    void *data;
    u64 todo;
} call;

void smp_send_event_check(unsigned int cpu)
{
    apic_send_ipi(cpu, VECTOR_EVENT_CHECK);
}

void smp_send_event_check_mask(u64 cpus)
{
    cpumask_t mask = {cpus & cpu_online_map.bits};
    unsigned int cpu;

    for_each_cpu_in(cpu, &mask)
        if (cpu != smp_processor_id())
            smp_send_event_check(cpu);
}

void smp_call(u64 cpus, void (*fn)(void *), void *data)
{
    cpumask_t mask = {cpus & cpu_online_map.bits & ~BIT(smp_processor_id())};
    unsigned int cpu;

    if (mask.bits) {
        ASSERT(irq_is_enabled());
        spin_lock(&call.lock);
        call.fn = fn;
        call.data = data;
        atomic_set(&call.todo, mask.bits);
        smp_mb();
        for_each_cpu_in(cpu, &mask)
            apic_send_ipi(cpu, VECTOR_CALL);
        while (atomic_read(&call.todo))
            cpu_relax();
        spin_unlock(&call.lock);
    }
    if (cpus & BIT(smp_processor_id()))
        fn(data);
}

void smp_call_interrupt(void)
{
    u64 me = BIT(smp_processor_id());

    if (!(atomic_read(&call.todo) & me))
        return;
    call.fn(call.data);
    atomic_and(&call.todo, ~me);
}

void smp_send_nmi_all_but_self(void)
{
    cpumask_t mask = {cpu_online_map.bits & ~BIT(smp_processor_id())};
    unsigned int cpu;

    for_each_cpu_in(cpu, &mask)
        apic_send_nmi(cpu);
}

bool smp_nmi_stop_requested(void)
{
    return READ_ONCE(stop_requested);
}

void smp_stop_others(void)
{
    stop_requested = true;
    smp_mb();
    smp_send_nmi_all_but_self();
    udelay(1000);
}

/* A page of RAM below 640 KiB that nobody uses: the top of the last such region. */
static paddr_t __init trampoline_page(void)
{
    paddr_t best = 0;

    for (u32 i = 0; i < boot_info.nr_e820; i++) {
        const struct boot_e820 *e = &boot_info.e820[i];
        paddr_t end = MIN(e->start + e->size, 0xa0000UL);

        if (e->type == E820_TYPE_RAM && e->start + 2 * PAGE_SIZE <= end)
            best = MAX(best, ROUND_DOWN(end - PAGE_SIZE, PAGE_SIZE));
    }
    return best;
}

static void *patched(char *copy, const void *symbol)
{
    return copy + ((const char *)symbol - ap_trampoline);
}

static void __init prepare_trampoline(paddr_t page)
{
    char *copy = vmap_device(page, PAGE_SIZE, PAGE_HV_RW);
    u32 base = (u32)boot_info.image_start;

    if (!copy)
        panic("The start page of secondary CPUs cannot be mapped\n");
    memcpy(copy, ap_trampoline, (size_t)(ap_trampoline_end - ap_trampoline));
    /* The boot tables have the identity map; they get all our slots besides. */
    for (unsigned int i = HV_FIRST_SLOT; i <= HV_LAST_SLOT; i++)
        boot_l4[i] = hv_root[i];
    *(u32 *)patched(copy, &ap_tramp_l4) = (u32)image_to_paddr(boot_l4);
    *(u32 *)patched(copy, &ap_tramp_image) = base;
    *(u32 *)patched(copy, &ap_tramp_entry) = base + (u32)ap_entry32_rel;
    *(u32 *)((char *)patched(copy, ap_tramp_gdtr) + 2) =
        (u32)page + (u32)((char *)patched(copy, ap_tramp_gdtr) - copy) - 32;
    *(u32 *)patched(copy, ap_tramp_far) = (u32)page + (u32)(ap_tramp_32 - ap_trampoline);
    ap_far = base + (u32)ap_entry64_rel;
    vunmap_device(copy, PAGE_SIZE);
}

static bool wait_alive(unsigned int cpu, unsigned int us)
{
    for (unsigned int i = 0; i < us; i += 10) {
        if (alive == cpu + 1)
            return true;
        udelay(10);
    }
    return false;
}

/* What a number that a processor did not start under has got already, the next one takes over. */
static bool __init prepare_cpu(unsigned int cpu)
{
    if (idle_vcpu[cpu])
        return true;
    if (percpu_data_init(cpu) || !idle_vcpu_create(cpu)) {
        printk(LOG_ERR "CPU %u: no memory for its data; not started\n", cpu);
        return false;
    }
    percpu_area_init(cpu);
    timer_cpu_init(cpu);
    return true;
}

static bool __init start_cpu(unsigned int cpu, u32 apic_id, paddr_t page)
{
    struct cpu_info *info;

    if (!prepare_cpu(cpu))
        return false;
    info = percpu_cpu_info(cpu);
    memset(info, 0, sizeof(*info));
    info->cpu = cpu;
    info->percpu_offset = percpu_offset[cpu];
    info->curr = idle_vcpu[cpu];
    ap_stack_top = (u64)info;
    apic_send_init(apic_id);
    udelay(200);
    for (int tries = 0; tries < 2; tries++) {
        apic_send_startup(apic_id, (u8)(page >> PAGE_SHIFT));
        if (wait_alive(cpu, tries ? 1000000 : 2000))
            break;
    }
    if (alive != cpu + 1) {
        apic_send_init(apic_id); /* or it might yet come to a stack that is another's by then */
        printk(LOG_ERR "CPU %u (APIC id %u) does not start\n", cpu, apic_id);
        return false;
    }
    tsc_sync_serve();
    while (!cpumask_test(cpu, &cpu_online_map))
        cpu_relax();
    return true;
}

void __init smp_boot_secondaries(void)
{
    paddr_t page = trampoline_page();
    u32 limit = MIN(opt_maxcpus, (u32)MAX_CPUS);

    for (u32 i = 0; i < acpi_info.nr_cpus; i++) {
        u32 apic_id = acpi_info.cpu[i].apic_id;

        if (!acpi_info.cpu[i].enabled || apic_id == apic_id_of_cpu(0))
            continue;
        if (nr_cpus >= limit || !page || !apic_reaches(apic_id)) {
            printk(LOG_WARN "CPU with APIC id %u stays off (%s)\n", apic_id,
                   !page                   ? "no page below 640 KiB"
                   : apic_reaches(apic_id) ? "limit reached"
                                           : "x2APIC needed to reach it");
            continue;
        }
        if (nr_cpus == 1)
            prepare_trampoline(page);
        apic_note_cpu(nr_cpus, apic_id, acpi_info.cpu[i].acpi_id);
        if (start_cpu(nr_cpus, apic_id, page)) {
            cpumask_set(nr_cpus, &cpu_present_map);
            nr_cpus++;
        }
    }
    printk(LOG_INFO "CPUs online: %u\n", nr_cpus);
}

void start_secondary(void)
{
    unsigned int cpu = smp_processor_id();

    WRITE_CR(3, image_to_paddr(hv_root));
    get_cpu_info()->hw_cr3 = image_to_paddr(hv_root);
    cpu_features_apply();
    percpu_area_load(cpu);
    apic_init_secondary();
    alive = cpu + 1;
    time_init_secondary();
    alive = 0;
    cpumask_set(cpu, &cpu_online_map);
    irq_enable();
    idle_loop();
}
