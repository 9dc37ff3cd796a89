/* SPDX-License-Identifier: MIT */
/*
 * Each CPU's area (asm/address_map.h): stack, IST stacks, GDT, IDT, TSS, entry stubs, and the
 * windows onto the running guest's descriptor tables. Its L1 table is kept at hand, since a vCPU
 * switch rewrites the windows.
 */
#include <asm/cpu.h>
#include <asm/current.h>
#include <asm/descriptor.h>
#include <asm/frame.h>
#include <hv/sections.h>
#include <asm/traps.h>
#include <hv/boot.h>
#include <hv/errno.h>
#include <hv/page_alloc.h>
#include <hv/percpu.h>
#include <hv/printk.h>

u64 percpu_offset[MAX_CPUS];

static struct {
    u64 *l1; /* the area's L1 table */
    u64 *gdt_page;
    struct tss64 *tss;
} area[MAX_CPUS];

/* Until a CPU has its area: the boot CPU's first IDT. */
static struct idt_gate boot_idt[256] __section(".data.page_aligned") __aligned(4096);

u64 *percpu_gdt_page(unsigned int cpu)
{
    return area[cpu].gdt_page;
}
struct tss64 *percpu_tss(unsigned int cpu)
{
    return area[cpu].tss;
}
u64 *percpu_area_l1(unsigned int cpu)
{
    return area[cpu].l1;
}

static void fill_idt(struct idt_gate *idt, u16 selector, bool use_ist)
{
    static const u8 ist_of[256] = { [TRAP_NMI] = 1, [TRAP_MC] = 2, [TRAP_DF] = 3, [TRAP_DB] = 4 };

    for (unsigned int v = 0; v < 256; v++) {
        u64 target = trap_entry_table[v];
        /* Guests may execute INT3, INTO and INT 0x80; INT n with any other gate is #GP. */
        u8 dpl = v == TRAP_BP || v == TRAP_OF || v == 0x80 ? 3 : 0;

        idt[v].low = gate_low(target, selector, use_ist ? ist_of[v] : 0, dpl);
        idt[v].high = target >> 32;
    }
}

void trap_init_early(void)
{
    struct table_register idtr = { sizeof(boot_idt) - 1, (u64)boot_idt };

    fill_idt(boot_idt, 0x08, false);
    __asm__ volatile("lidt %0" ::"m"(idtr));
}

static void fill_gdt(u64 *gdt, unsigned int cpu)
{
    u64 tss = percpu_area(cpu) + PERCPU_TSS;

    gdt[GDT_HV_CODE] = 0x00af9b000000ffff;
    gdt[GDT_HV_DATA] = 0x00cf93000000ffff;
    gdt[GDT_RING3_CS32] = 0x00cffb000000ffff;
    gdt[GDT_RING3_DS] = 0x00cff3000000ffff;
    gdt[GDT_RING3_CS64] = 0x00affb000000ffff;
    gdt[GDT_TSS] = 0x67 | (tss & 0xffffff) << 16 | 0x89UL << 40 | (tss >> 24 & 0xff) << 56;
    gdt[GDT_TSS + 1] = tss >> 32;
}

static void fill_tss(struct tss64 *tss, unsigned int cpu)
{
    u64 base = percpu_area(cpu);
    struct cpu_info *info = (void *)(base + PERCPU_STACK + STACK_SIZE - sizeof(struct cpu_info));

    tss->rsp[0] = (u64)&info->guest_regs.es;
    for (unsigned int i = 0; i < NR_IST; i++)
        tss->ist[i] = base + PERCPU_IST_TOP(i + 1);
    tss->iomap_base = 0x8000; /* beyond the limit: every port traps */
}

static int map_new_pages(u64 va, unsigned int pages, u64 flags, void **first)
{
    for (unsigned int i = 0; i < pages; i++) {
        void *p = hv_alloc_page();

        if (!p)
            return -ENOMEM;
        if (i == 0 && first)
            *first = p;
        if (hv_map_pages(va + i * PAGE_SIZE, virt_to_mfn(p), 1, flags))
            return -ENOMEM;
    }
    return 0;
}

/* The L1 table that maps va in our own tables; the area is mapped, so every level is there. */
static u64 *l1_table_of(u64 va)
{
    const pte_t *l3 = mfn_to_virt(pte_mfn(hv_root[l4_index(va)]));
    const pte_t *l2 = mfn_to_virt(pte_mfn(l3[l3_index(va)]));

    return mfn_to_virt(pte_mfn(l2[l2_index(va)]));
}

void percpu_area_init(unsigned int cpu)
{
    u64 base = percpu_area(cpu);
    void *gdt = NULL, *tss = NULL, *idt = NULL;
    int rc = map_new_pages(base + PERCPU_STACK, STACK_PAGES, PAGE_HV_RW, NULL);

    rc |=
        map_new_pages(base + PERCPU_GDT + FIRST_RESERVED_GDT_PAGE * PAGE_SIZE, 1, PAGE_HV_RW, &gdt);
    rc |= map_new_pages(base + PERCPU_IDT, 1, PAGE_HV_RO, &idt);
    rc |= map_new_pages(base + PERCPU_TSS, 1, PAGE_HV_RW, &tss);
    for (unsigned int i = 0; i < NR_IST; i++)
        rc |= map_new_pages(base + PERCPU_IST + i * IST_STRIDE + IST_STRIDE - IST_SIZE,
                            IST_SIZE / PAGE_SIZE, PAGE_HV_RW, NULL);
    if (rc)
        panic("No memory for the stacks and tables of CPU %u\n", cpu);
    area[cpu].gdt_page = gdt;
    area[cpu].tss = tss;
    /* Guests' descriptor pages come and go in its windows. */
    area[cpu].l1 = l1_table_of(base);
    fill_gdt(gdt, cpu);
    fill_tss(tss, cpu);
    fill_idt(idt, HV_CS, true);
}

struct cpu_info *percpu_cpu_info(unsigned int cpu)
{
    return (void *)(percpu_area(cpu) + PERCPU_STACK + STACK_SIZE - sizeof(struct cpu_info));
}

/* Runs on the CPU itself; the stack it is on may still be the boot stack. */
void percpu_area_load(unsigned int cpu)
{
    u64 base = percpu_area(cpu);
    struct table_register gdtr = { (FIRST_RESERVED_GDT_PAGE + 1) * PAGE_SIZE - 1,
                                   base + PERCPU_GDT };
    struct table_register idtr = { PAGE_SIZE - 1, base + PERCPU_IDT };

    __asm__ volatile("lgdt %0" ::"m"(gdtr));
    __asm__ volatile("pushq %0; leaq 1f(%%rip), %%rax; pushq %%rax; lretq; 1:" ::"i"(HV_CS)
                     : "rax", "memory");
    __asm__ volatile(
        "mov %0, %%ss; mov %1, %%ds; mov %1, %%es; mov %1, %%fs; mov %1, %%gs" ::"r"(HV_DS),
        "r"(0));
    __asm__ volatile("lidt %0" ::"m"(idtr));
    percpu_gdt_page(cpu)[GDT_TSS] &= ~(2UL << 40); /* not busy: LTR sets it */
    __asm__ volatile("ltr %w0" ::"r"(TSS_SEL));
    __asm__ volatile("lldt %w0" ::"r"(0));
    pv_cpu_init(cpu);
}

int percpu_data_init(unsigned int cpu)
{
    size_t bytes = (size_t)(_epercpu - _spercpu);
    unsigned int order = 0;
    char *copy;

    while (PAGE_SIZE << order < bytes)
        order++;
    copy = hv_alloc_pages(order, 0);
    if (!copy)
        return -ENOMEM;
    memcpy(copy, _spercpu, bytes);
    percpu_offset[cpu] = (u64)copy - (u64)_spercpu;
    return 0;
}
