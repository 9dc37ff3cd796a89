/* SPDX-License-Identifier: MIT */
/*
 * The guest's descriptor tables as the hardware sees them: windows of each CPU's area onto frames
 * in use as FT_SEG. GDT pages are there from set_gdt on; LDT pages are mapped when a selector is
 * first used, as the guest's mapping may change meanwhile.
 *
 * The windows of a CPU belong to the vCPU in pv_loaded and change with interrupts off or under
 * its ldt_lock. A frame's type is put only after the windows no longer map it and the TLB is
 * flushed. ABI: set_gdt, MMUEXT_SET_LDT.
 */
#include <asm/descriptor.h>
#include <asm/frame.h>
#include <hv/arch.h>
#include <hv/errno.h>
#include <hv/guest_access.h>
#include <hv/hypercall.h>

#include "internal.h"

#define GDT_WINDOW (PERCPU_GDT >> PAGE_SHIFT)
#define LDT_WINDOW (PERCPU_LDT >> PAGE_SHIFT)
#define LDT_PAGES  16
/* Writable, since the processor sets descriptors' accessed bits. */
#define WINDOW_FLAGS PAGE_HV_RW

static inline unsigned int gdt_pages(const struct vcpu *v)
{
    return (v->arch.pv.gdt_entries + 511) / 512;
}

static void gdt_window_write(unsigned int cpu, unsigned int page, const struct vcpu *v)
{
    u64 *l1 = percpu_area_l1(cpu) + GDT_WINDOW;
    u64 entry = 0;

    if (page < gdt_pages(v))
        entry = pte_from(mfn_from(v->arch.pv.gdt_mfns[page]), WINDOW_FLAGS);
    WRITE_ONCE(l1[page], entry);
}

/* LDTR of this CPU: the window, as long as v's table. */
static void ldtr_load(const struct vcpu *v)
{
    unsigned int cpu = smp_processor_id();
    u64 base = percpu_area(cpu) + PERCPU_LDT;
    u64 limit = v->arch.pv.ldt_entries * 8UL - 1;
    u64 *gdt = percpu_gdt_page(cpu);

    if (!v->arch.pv.ldt_entries) {
        __asm__ volatile("lldt %w0" ::"r"(0));
        return;
    }
    gdt[GDT_LDT] =
        (limit & 0xffff) | (base & 0xffffff) << 16 | 0x82UL << 40 | (base >> 24 & 0xff) << 56;
    gdt[GDT_LDT + 1] = base >> 32;
    __asm__ volatile("lldt %w0" ::"r"(LDT_SEL));
}

/* Interrupts off; a CR3 load, which drops what the TLB holds of the windows, follows. */
void pv_windows_load(const struct vcpu *prev, struct vcpu *next)
{
    unsigned int cpu = smp_processor_id();
    unsigned int pages = gdt_pages(next);
    u64 *ldt = percpu_area_l1(cpu) + LDT_WINDOW;

    if (prev && gdt_pages(prev) > pages)
        pages = gdt_pages(prev);
    for (unsigned int i = 0; i < pages; i++)
        gdt_window_write(cpu, i, next);

    if (!(prev && prev->arch.pv.ldt_entries) && !next->arch.pv.ldt_entries)
        return;
    spin_lock(&next->arch.pv.ldt_lock);
    for (unsigned int i = 0; i < LDT_PAGES; i++) {
        const struct frame *f = next->arch.pv.shadow_ldt[i];

        WRITE_ONCE(ldt[i], f ? pte_from(frame_to_mfn(f), WINDOW_FLAGS) : 0);
    }
    spin_unlock(&next->arch.pv.ldt_lock);
    ldtr_load(next);
}

/* Interrupts off; a flush follows. Frames of v's tables may be anything else soon. */
void pv_windows_clear(const struct vcpu *v)
{
    u64 *l1 = percpu_area_l1(smp_processor_id());

    for (unsigned int i = 0; i < gdt_pages(v); i++)
        WRITE_ONCE(l1[GDT_WINDOW + i], 0);
    if (!v->arch.pv.ldt_entries)
        return;
    __asm__ volatile("lldt %w0" ::"r"(0));
    for (unsigned int i = 0; i < LDT_PAGES; i++)
        WRITE_ONCE(l1[LDT_WINDOW + i], 0);
}

/* --- GDT --- */

static void gdt_put(const u64 *mfns, unsigned int pages)
{
    for (unsigned int i = 0; i < pages; i++)
        frame_put_and_type(mfn_to_frame(mfn_from(mfns[i])));
}

static int gdt_get(struct domain *d, const u64 *mfns, unsigned int pages)
{
    for (unsigned int i = 0; i < pages; i++) {
        mfn_t mfn = mfn_from(mfns[i]);

        if (!mfn_valid(mfn) || !frame_get_and_type(mfn_to_frame(mfn), d, FT_SEG)) {
            gdt_put(mfns, i);
            return -EINVAL;
        }
    }
    return 0;
}

/* The windows of the CPU we are on, if they are v's: bring them in line with v's table. */
static void gdt_windows_refresh(struct vcpu *v, unsigned int pages)
{
    unsigned int cpu = smp_processor_id();
    unsigned long flags = irq_save();

    if (this_cpu(pv_loaded) == v)
        for (unsigned int i = 0; i < pages; i++) {
            gdt_window_write(cpu, i, v);
            invlpg(percpu_area(cpu) + PERCPU_GDT + i * PAGE_SIZE);
        }
    irq_restore(flags);
}

long pv_gdt_set(struct vcpu *v, const u64 *mfns, unsigned int entries)
{
    struct pv_vcpu *pv = &v->arch.pv;
    u64 old[FIRST_RESERVED_GDT_PAGE];
    unsigned int pages = (entries + 511) / 512, old_pages = gdt_pages(v);

    if (entries > FIRST_RESERVED_GDT_ENTRY)
        return -EINVAL;
    if (gdt_get(v->domain, mfns, pages))
        return -EINVAL;
    memcpy(old, pv->gdt_mfns, sizeof(old));
    memset(pv->gdt_mfns, 0, sizeof(pv->gdt_mfns));
    memcpy(pv->gdt_mfns, mfns, pages * sizeof(*mfns));
    pv->gdt_entries = entries;
    gdt_windows_refresh(v, MAX(pages, old_pages));
    gdt_put(old, old_pages);
    return 0;
}

void pv_gdt_drop(struct vcpu *v)
{
    pv_gdt_set(v, NULL, 0);
}

long hc_set_gdt(unsigned long a1, unsigned long a2, unsigned long a3, unsigned long a4,
                unsigned long a5)
{
    u64 mfns[FIRST_RESERVED_GDT_PAGE];
    unsigned int entries = (unsigned int)a2;
    unsigned int pages = (entries + 511) / 512;

    (void)a3, (void)a4, (void)a5;
    if (entries > FIRST_RESERVED_GDT_ENTRY)
        return -EINVAL;
    if (copy_from_guest_va(mfns, a1, pages * sizeof(mfns[0])))
        return -EFAULT;
    return pv_gdt_set(current, mfns, entries);
}

/* --- LDT --- */

/* The guest kernel's own L1 entry for va: tables are read through the direct map and may change
 * under us, which is why the result is only a proposal for frame_get(). */
static pte_t kernel_l1_entry(const struct vcpu *v, u64 va)
{
    mfn_t table = mfn_from(v->arch.pv.kernel_root);
    pte_t entry = 0;

    for (int shift = L4_SHIFT; shift >= L1_SHIFT; shift -= 9) {
        if (!mfn_valid(table))
            return 0;
        entry = READ_ONCE(((const pte_t *)mfn_to_virt(table))[va >> shift & 511]);
        if (!(entry & PTE_PRESENT) || (shift != L1_SHIFT && (entry & PTE_PSE)))
            return 0;
        table = pte_mfn(entry);
    }
    return entry;
}

bool pv_ldt_map_page(struct vcpu *v, unsigned int page)
{
    struct pv_vcpu *pv = &v->arch.pv;
    u64 va = pv->ldt_base + (u64)page * PAGE_SIZE;
    struct frame *f;
    pte_t entry;
    mfn_t mfn;

    if (page >= LDT_PAGES || (u64)page * 512 >= pv->ldt_entries || !guest_range_ok(va, PAGE_SIZE) ||
        !is_canonical(va))
        return false;
    entry = kernel_l1_entry(v, va);
    mfn = pte_mfn(entry);
    if (!(entry & PTE_PRESENT) || !mfn_valid(mfn))
        return false;
    f = mfn_to_frame(mfn);
    if (!frame_get_and_type(f, v->domain, FT_SEG))
        return false;

    spin_lock(&pv->ldt_lock);
    if (pv->shadow_ldt_mapped & 1u << page) {
        spin_unlock(&pv->ldt_lock);
        frame_put_and_type(f);
        return true;
    }
    pv->shadow_ldt[page] = f;
    pv->shadow_ldt_mapped |= 1u << page;
    WRITE_ONCE(percpu_area_l1(smp_processor_id())[LDT_WINDOW + page], pte_from(mfn, WINDOW_FLAGS));
    spin_unlock(&pv->ldt_lock);
    return true;
}

void pv_ldt_release(struct vcpu *v)
{
    struct pv_vcpu *pv = &v->arch.pv;
    struct frame *frames[LDT_PAGES];
    unsigned int cpu;
    u32 mapped;

    if (!READ_ONCE(pv->shadow_ldt_mapped))
        return;
    spin_lock(&pv->ldt_lock);
    cpu = READ_ONCE(v->dirty_cpu);
    mapped = pv->shadow_ldt_mapped;
    memcpy(frames, pv->shadow_ldt, sizeof(frames));
    memset(pv->shadow_ldt, 0, sizeof(pv->shadow_ldt));
    if (cpu != VCPU_CPU_CLEAN && per_cpu(pv_loaded, cpu) == v)
        memset(percpu_area_l1(cpu) + LDT_WINDOW, 0, LDT_PAGES * sizeof(u64));
    smp_wmb(); /* who sees nothing mapped goes on without the lock */
    WRITE_ONCE(pv->shadow_ldt_mapped, 0);
    spin_unlock(&pv->ldt_lock);
    if (cpu != VCPU_CPU_CLEAN)
        tlb_flush_mask(BIT(cpu));
    for (unsigned int i = 0; i < LDT_PAGES; i++)
        if (mapped >> i & 1)
            frame_put_and_type(frames[i]);
}

void pv_ldt_release_domain(struct domain *d)
{
    struct vcpu *v;

    for_each_vcpu(d, v) pv_ldt_release(v);
}

long pv_set_ldt(u64 base, u64 entries)
{
    struct vcpu *v = current;
    struct pv_vcpu *pv = &v->arch.pv;

    if (entries > 8192 || base & ~PAGE_MASK || !is_canonical(base))
        return -EINVAL;
    if (pv->ldt_base == base && pv->ldt_entries == entries)
        return 0;
    pv_ldt_release(v);
    pv->ldt_base = base;
    pv->ldt_entries = (u32)entries;
    ldtr_load(v);
    return 0;
}
