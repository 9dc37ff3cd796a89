/* SPDX-License-Identifier: MIT */
/*
 * Interrupt lines and vectors, and the dispatch of every interrupt. Edge lines and messages are
 * acknowledged at once; a level line is masked, acknowledged, delivered, and unmasked by the
 * guest's EOI, so a guest that never answers loses its own device and nothing else. A line follows
 * its vCPU to another CPU when an interrupt arrives.
 *
 * Owns the lines and each CPU's table of vectors. Locks: line->lock, vector_lock (irq_internal.h).
 * Facts: Intel SDM vol. 3 ch. 11, 82093AA data sheet, ACPI 5.2.12.5 (ISA interrupt overrides).
 */
#include "irq_internal.h"

#include <asm/platform.h>
#include <asm/tsc.h>
#include <hv/arch.h>
#include <hv/boot.h>
#include <hv/console.h>
#include <hv/errno.h>
#include <hv/event_channel.h>
#include <hv/irq.h>
#include <hv/page_alloc.h>
#include <hv/printk.h>
#include <hv/softirq.h>
#include <hv/time.h>

#define NR_ISA 16
#define NR_MSI_LINES 256
#define VECTOR_INT80 0x80 /* gate of the guests' own INT 0x80 */
#define NR_DEVICE_VECTORS (VECTOR_LAST_DEVICE - VECTOR_FIRST_DEVICE + 1)
/* A vCPU that hops between CPUs does not drag its interrupts along each time. */
#define MOVE_INTERVAL_NS MILLISECS(10)

struct vector_table {
    struct irq_line *line[NR_DEVICE_VECTORS];
};
static DEFINE_PER_CPU(struct vector_table, vectors);
static DEFINE_SPINLOCK(vector_lock);
static u8 next_vector;

static struct irq_line *gsi_line, *msi_line;
static u32 nr_gsi_lines;
static u32 isa_gsi[NR_ISA];
static u64 nr_stray;

u32 irq_nr_gsis(void)
{
    return nr_gsi_lines;
}

struct irq_line *irq_gsi_line(u32 gsi)
{
    return gsi < nr_gsi_lines ? &gsi_line[array_index_nospec(gsi, nr_gsi_lines)] : NULL;
}

/* ---- vectors ---- */

/* Messages and I/O APIC entries carry eight bits of APIC id. */
static bool can_receive(u32 cpu)
{
    return cpu < MAX_CPUS && cpumask_test(cpu, &cpu_online_map) && apic_id_of_cpu(cpu) < 255;
}

static struct irq_line **slot(u32 cpu, u8 vector)
{
    return &per_cpu(vectors, cpu).line[vector - VECTOR_FIRST_DEVICE];
}

static bool is_free_everywhere(u8 vector)
{
    unsigned int cpu;

    for_each_cpu_in(cpu, &cpu_online_map)
        if (*slot(cpu, vector))
            return false;
    return true;
}

/* A number that no CPU uses keeps every move possible; else one that is free on this CPU. */
static u8 find_vector(u32 cpu)
{
    u8 second_best = 0;

    for (u32 i = 0; i < NR_DEVICE_VECTORS; i++) {
        u8 v = (u8)(VECTOR_FIRST_DEVICE + (next_vector + i) % NR_DEVICE_VECTORS);

        if (v == VECTOR_INT80 || *slot(cpu, v))
            continue;
        if (is_free_everywhere(v)) {
            next_vector = (u8)((next_vector + i + 1) % NR_DEVICE_VECTORS);
            return v;
        }
        second_best = v;
    }
    return second_best;
}

/* line->lock held. */
static int give_vector(struct irq_line *l, u32 cpu)
{
    u8 v;

    if (l->vector)
        return 0;
    if (!can_receive(cpu))
        cpu = 0;
    spin_lock(&vector_lock);
    v = find_vector(cpu);
    if (v) {
        l->vector = v;
        l->cpu = cpu;
        l->old_cpu = -1;
        WRITE_ONCE(*slot(cpu, v), l);
    }
    spin_unlock(&vector_lock);
    return v ? 0 : -ENOSPC;
}

/* line->lock held. */
static void take_slot_back(struct irq_line *l, u32 cpu)
{
    spin_lock(&vector_lock);
    WRITE_ONCE(*slot(cpu, l->vector), NULL);
    spin_unlock(&vector_lock);
}

/* ---- moving: line->lock held, interrupts off ---- */

static void retarget(struct irq_line *l)
{
    if (l->is_msi)
        msi_retarget(l->msi, apic_id_of_cpu(l->cpu));
    else
        ioapic_set_dest(l->gsi, apic_id_of_cpu(l->cpu));
}

static void move_to(struct irq_line *l, u32 cpu)
{
    bool is_free;

    spin_lock(&vector_lock);
    is_free = !*slot(cpu, l->vector);
    if (is_free)
        WRITE_ONCE(*slot(cpu, l->vector), l);
    spin_unlock(&vector_lock);
    if (!is_free)
        return;
    l->old_cpu = (s32)l->cpu;
    l->cpu = cpu;
    retarget(l);
}

static void follow_vcpu(struct irq_line *l)
{
    u32 want = READ_ONCE(l->vcpu->processor);
    s_time_t now;

    if (likely(want == l->cpu) || l->old_cpu >= 0 || !can_receive(want))
        return;
    now = now_ns();
    if (now - l->moved_ns < MOVE_INTERVAL_NS)
        return;
    l->moved_ns = now;
    move_to(l, want);
}

static void finish_move(struct irq_line *l, u32 cpu)
{
    if (l->old_cpu < 0 || cpu != l->cpu)
        return;
    take_slot_back(l, (u32)l->old_cpu);
    l->old_cpu = -1;
}

/* ---- starting and stopping: line->lock held ---- */

static void start_line(struct irq_line *l)
{
    if (l->is_msi)
        msi_set_mask(l->msi, false);
    else
        ioapic_program(l->gsi, l->vector, apic_id_of_cpu(l->cpu), l->level, l->low, false);
}

static void stop_line(struct irq_line *l)
{
    if (l->is_msi)
        msi_set_mask(l->msi, true);
    else
        ioapic_mask(l->gsi, true);
    l->awaits_eoi = false;
}

static bool is_used(const struct irq_line *l)
{
    return l->reserved || l->handler || l->vcpu;
}

int irq_line_set_trigger(struct irq_line *l, bool level, bool low)
{
    unsigned long flags = spin_lock_save(&l->lock);
    int rc = is_used(l) ? -EEXIST : 0;

    if (!rc) {
        l->level = level;
        l->low = low;
    }
    spin_unlock_restore(&l->lock, flags);
    return rc;
}

int irq_line_bind(struct irq_line *l, struct vcpu *v, u32 pirq)
{
    unsigned long flags = spin_lock_save(&l->lock);
    int rc = is_used(l) ? -EBUSY : give_vector(l, v->processor);

    if (!rc) {
        l->vcpu = v;
        l->pirq = pirq;
        l->awaits_eoi = false;
        start_line(l);
    }
    spin_unlock_restore(&l->lock, flags);
    return rc;
}

void irq_line_unbind(struct irq_line *l)
{
    unsigned long flags = spin_lock_save(&l->lock);

    stop_line(l);
    l->vcpu = NULL;
    spin_unlock_restore(&l->lock, flags);
}

bool irq_line_bound_to(struct irq_line *l, const struct domain *d)
{
    unsigned long flags = spin_lock_save(&l->lock);
    bool bound = l->vcpu && l->vcpu->domain == d;

    spin_unlock_restore(&l->lock, flags);
    return bound;
}

void irq_line_eoi(struct irq_line *l)
{
    unsigned long flags = spin_lock_save(&l->lock);

    if (l->awaits_eoi) {
        l->awaits_eoi = false;
        ioapic_mask(l->gsi, false);
    }
    spin_unlock_restore(&l->lock, flags);
}

void irq_line_set_vcpu(struct irq_line *l, const struct vcpu *v)
{
    unsigned long flags = spin_lock_save(&l->lock);

    if (l->vcpu) {
        l->vcpu = v;
        l->moved_ns = 0; /* an explicit wish is not made to wait */
    }
    spin_unlock_restore(&l->lock, flags);
}

static struct irq_line *take_msi_line(void)
{
    struct irq_line *found = NULL;

    spin_lock(&vector_lock);
    for (u32 i = 0; i < NR_MSI_LINES && !found; i++)
        if (!msi_line[i].in_use)
            found = &msi_line[i];
    if (found)
        found->in_use = true;
    spin_unlock(&vector_lock);
    return found;
}

struct irq_line *irq_line_alloc_msi(struct msi_entry *m)
{
    unsigned long flags = irq_save();
    struct irq_line *l = take_msi_line();

    if (!l) {
        irq_restore(flags);
        return NULL;
    }
    spin_lock(&l->lock);
    l->msi = m;
    l->count = 0;
    if (give_vector(l, smp_processor_id())) {
        l->in_use = false;
        spin_unlock_restore(&l->lock, flags);
        return NULL;
    }
    msi_write_message(m, l->vector, apic_id_of_cpu(l->cpu));
    spin_unlock_restore(&l->lock, flags);
    return l;
}

/*
 * The source is silent. A message still on its way finds no line, or another: never this memory
 * freed.
 */
void irq_line_free_msi(struct irq_line *l)
{
    unsigned long flags = spin_lock_save(&l->lock);

    l->vcpu = NULL;
    l->msi = NULL;
    take_slot_back(l, l->cpu);
    if (l->old_cpu >= 0)
        take_slot_back(l, (u32)l->old_cpu);
    l->vector = 0;
    l->old_cpu = -1;
    WRITE_ONCE(l->in_use, false);
    spin_unlock_restore(&l->lock, flags);
}

/* ---- the hypervisor's own ---- */

int irq_request_hv(u32 gsi, void (*handler)(void *), void *data)
{
    struct irq_line *l = irq_gsi_line(gsi < NR_ISA ? isa_gsi[gsi] : gsi);
    unsigned long flags;
    int rc;

    if (!l)
        return -ENODEV;
    flags = spin_lock_save(&l->lock);
    rc = is_used(l) ? -EBUSY : give_vector(l, 0);
    if (!rc) {
        l->data = data;
        l->handler = handler;
        start_line(l);
    }
    spin_unlock_restore(&l->lock, flags);
    return rc;
}

/* ---- dispatch ---- */

static void stray(u8 vector)
{
    if (nr_stray++ < 16)
        printk(LOG_WARN "CPU %u: interrupt with vector %#x has no source\n", smp_processor_id(),
               vector);
}

/* line->lock held, the line's level source masked. */
static void deliver(struct irq_line *l, u32 cpu)
{
    struct domain *d;
    u32 pirq;

    l->count++;
    finish_move(l, cpu);
    if (l->handler) { /* for good: it is called without the lock */
        spin_unlock(&l->lock);
        l->handler(l->data);
        if (l->level)
            ioapic_mask(l->gsi, false);
        return;
    }
    if (!l->vcpu) { /* unbound meanwhile: stays masked until it is bound again */
        spin_unlock(&l->lock);
        return;
    }
    l->awaits_eoi = l->level;
    follow_vcpu(l);
    d = l->vcpu->domain;
    pirq = l->pirq;
    spin_unlock(&l->lock);
    /* d is there until this CPU has passed a quiescent point. */
    send_guest_pirq(d, pirq);
}

static void device_interrupt(u8 vector)
{
    struct irq_line *l = READ_ONCE(this_cpu(vectors).line[vector - VECTOR_FIRST_DEVICE]);
    u32 cpu = smp_processor_id();

    if (unlikely(!l)) {
        apic_eoi();
        stray(vector);
        return;
    }
    spin_lock(&l->lock);
    if (unlikely(l->vector != vector || (cpu != l->cpu && (s32)cpu != l->old_cpu))) {
        spin_unlock(&l->lock);
        apic_eoi();
        stray(vector);
        return;
    }
    if (l->level)
        ioapic_mask(l->gsi, true); /* before the EOI, or it would come again at once */
    apic_eoi();
    deliver(l, cpu);
}

static void timer_interrupt(void)
{
    apic_eoi();
    softirq_raise(SOFTIRQ_TIMER);
}

static void call_interrupt(void)
{
    apic_eoi();
    smp_call_interrupt();
}

static void error_interrupt(void)
{
    apic_eoi();
    apic_error_interrupt();
}

static void spurious_interrupt(void)
{
    /* The local APIC has nothing in service for it. */
}

#define FIRST_OWN_VECTOR 0xf0
/* An event check only has to interrupt: the way back to the guest looks at what is pending. */
static void (*const own_interrupt[16])(void) = {
    [VECTOR_EVENT_CHECK - FIRST_OWN_VECTOR] = apic_eoi,
    [VECTOR_CALL - FIRST_OWN_VECTOR] = call_interrupt,
    [VECTOR_TIMER - FIRST_OWN_VECTOR] = timer_interrupt,
    [VECTOR_ERROR - FIRST_OWN_VECTOR] = error_interrupt,
    [VECTOR_SPURIOUS - FIRST_OWN_VECTOR] = spurious_interrupt,
};

void do_interrupt(struct cpu_user_regs *regs, u8 vector)
{
    (void)regs;
    lock_interrupt_enter();
    if (vector >= VECTOR_FIRST_DEVICE && vector <= VECTOR_LAST_DEVICE)
        device_interrupt(vector);
    else if (vector >= FIRST_OWN_VECTOR && own_interrupt[vector - FIRST_OWN_VECTOR])
        own_interrupt[vector - FIRST_OWN_VECTOR]();
    else if (vector >= VECTOR_FIRST_DEVICE) {
        apic_eoi();
        stray(vector);
    } /* else one of the masked 8259s gave a spurious interrupt: nothing is in service */
    lock_interrupt_leave();
}

/* ---- setting up ---- */

static void __init read_overrides(void)
{
    for (u32 i = 0; i < acpi_info.nr_overrides; i++) {
        struct irq_line *l = irq_gsi_line(acpi_info.override[i].gsi);

        if (!l || acpi_info.override[i].irq >= NR_ISA)
            continue;
        isa_gsi[acpi_info.override[i].irq] = l->gsi;
        l->level = acpi_info.override[i].trigger == 3;
        l->low = acpi_info.override[i].polarity == 3;
    }
}

static void dump_line(struct irq_line *l)
{
    unsigned long flags = spin_lock_save(&l->lock);
    struct irq_line copy = *l;
    char user[64] = "not bound";

    spin_unlock_restore(&l->lock, flags);
    if (!copy.vector)
        return;
    if (copy.handler)
        snprintf(user, sizeof(user), "%pS", (void *)copy.handler);
    else if (copy.vcpu)
        snprintf(user, sizeof(user), "d%dv%u pirq %u", copy.vcpu->domain->domid,
                 copy.vcpu->vcpu_id, copy.pirq);
    printk(LOG_ERR "  %s %3u vector %02x CPU %u %s%s, %lu times, %s\n", copy.is_msi ? "MSI" : "GSI",
           copy.is_msi ? (u32)(l - msi_line) : copy.gsi, copy.vector, copy.cpu,
           copy.level ? "level" : "edge", copy.awaits_eoi ? " in service" : "", copy.count, user);
}

static void dump_lines(unsigned char key)
{
    (void)key;
    printk(LOG_ERR "Interrupts (%lu without a source):\n", nr_stray);
    for (u32 i = 0; i < nr_gsi_lines; i++)
        dump_line(&gsi_line[i]);
    for (u32 i = 0; i < NR_MSI_LINES; i++)
        dump_line(&msi_line[i]);
}

void __init irq_init(void)
{
    nr_gsi_lines = ioapic_nr_gsis();
    gsi_line = zalloc_objs(struct irq_line, nr_gsi_lines);
    msi_line = zalloc_objs(struct irq_line, NR_MSI_LINES);
    if (!gsi_line || !msi_line)
        panic("No memory for interrupt lines\n");
    for (u32 i = 0; i < nr_gsi_lines; i++) {
        gsi_line[i].gsi = i;
        gsi_line[i].level = gsi_line[i].low = i >= NR_ISA;
        gsi_line[i].old_cpu = -1;
    }
    for (u32 i = 0; i < NR_MSI_LINES; i++) {
        msi_line[i].is_msi = true;
        msi_line[i].old_cpu = -1;
    }
    for (u32 i = 0; i < NR_ISA; i++)
        isa_gsi[i] = i;
    read_overrides();
    if (irq_gsi_line(isa_gsi[0]))
        gsi_line[isa_gsi[0]].reserved = true;
    debug_key_register('i', "dump interrupt bindings", dump_lines);
}
