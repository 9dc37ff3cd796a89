/* SPDX-License-Identifier: MIT */
/* The initial state of a domain that the hypervisor built, as the ABI has it. */
#include "startofday.h"
#include "test.h"

#define MAPPED_ALIGN (4UL << 20)
#define MAPPED_SLACK (512UL << 10)

static unsigned long tables_end(void)
{
    return start_info->pt_base + start_info->nr_pt_frames * PAGE_SIZE;
}

void startofday_registers(void)
{
    const struct start_regs *r = &start_regs;

    CHECK_EQ(r->rsi, start_info);
    CHECK_EQ(r->rax | r->rbx | r->rcx | r->rdx | r->rdi | r->rbp, 0);
    CHECK_EQ(r->r8 | r->r9 | r->r10 | r->r11 | r->r12 | r->r13 | r->r14 | r->r15, 0);
    CHECK_EQ(r->rflags, EFLAGS_IF | 2);
    CHECK_EQ(r->cs, FLAT_KERNEL_CS);
    CHECK_EQ(r->ss, FLAT_KERNEL_SS);
    CHECK_EQ(r->ds, FLAT_KERNEL_DS);
    CHECK_EQ(r->es, FLAT_KERNEL_DS);
    CHECK_EQ(r->fs, FLAT_KERNEL_DS);
    CHECK_EQ(r->gs, FLAT_KERNEL_DS);
}

/* One page behind the page tables, writable. */
void startofday_stack(void)
{
    unsigned long top = start_regs.rsp;

    CHECK_EQ(top, tables_end() + PAGE_SIZE);
    *(volatile uint64_t *)(top - 8) = 1;
    *(volatile uint64_t *)(top - PAGE_SIZE) = 1;
}

void startofday_memory_list(void)
{
    const unsigned long *list = p2m();
    unsigned long start, end, max_mfn;
    xen_machphys_mapping_t map;

    CHECK_EQ(hc_memory_op(XENMEM_machphys_mapping, &map), 0);
    start = map.v_start, end = map.v_end, max_mfn = map.max_mfn;
    CHECK_EQ(start, (unsigned long)M2P);
    CHECK_EQ(end, 0xffff804000000000UL);
    for (unsigned long pfn = 0; pfn < start_info->nr_pages; pfn++) {
        if (list[pfn] > max_mfn)
            FAIL("pfn 0x%lx has mfn 0x%lx, above max_mfn 0x%lx", pfn, list[pfn], max_mfn);
        if (M2P[list[pfn]] != pfn)
            FAIL("pfn 0x%lx: mfn 0x%lx, whose pfn is 0x%lx", pfn, list[pfn], M2P[list[pfn]]);
    }
}

static void check_page(unsigned long va, bool table)
{
    uint64_t *entry = entry_find(root_table(), va, 1);

    if (!entry || !(*entry & PTE_P))
        FAIL("%lx is not mapped", va);
    if (!(*entry & PTE_RW) != table)
        FAIL("%lx: entry %lx, want it %s", va, *entry, table ? "read-only" : "writable");
    if (*entry & PTE_NX)
        FAIL("%lx: entry %lx is not executable", va, *entry);
    if ((*entry & PTE_FRAME) >> PAGE_SHIFT != p2m()[(va - VIRT_BASE) >> PAGE_SHIFT])
        FAIL("%lx: entry %lx, but its pfn is another frame", va, *entry);
}

/* Linear from the first page of the kernel; table frames read-only, all else writable. */
void startofday_page_tables(void)
{
    unsigned long base = start_info->pt_base;

    CHECK_EQ(base & (PAGE_SIZE - 1), 0);
    CHECK(start_info->nr_pt_frames >= 4);
    for (unsigned long va = 0xffffffff80100000UL; va < tables_end() + PAGE_SIZE; va += PAGE_SIZE) {
        if ((va & PTE_FRAME) == (start_info->shared_info & PTE_FRAME))
            continue;
        if (va == (unsigned long)shared_info)
            continue;
        check_page(va, va >= base && va < tables_end());
    }
}

static bool is_mapped(unsigned long va)
{
    uint64_t *entry = entry_find(root_table(), va, 1);

    return entry && *entry & PTE_P;
}

void startofday_mapped_end(void)
{
    unsigned long stack_end = tables_end() + PAGE_SIZE;
    unsigned long end = (stack_end + MAPPED_SLACK + MAPPED_ALIGN - 1) & -MAPPED_ALIGN;

    for (unsigned long va = stack_end; va < end; va += PAGE_SIZE)
        check_page(va, false);
    CHECK(!is_mapped(end));
    CHECK(!is_mapped(end + PAGE_SIZE));
}

void startofday_fields(void)
{
    CHECK(!strcmp(start_info->magic, "xen-3.0-x86_64p"));
    CHECK_EQ(start_info->nr_pages, (64UL << 20) / PAGE_SIZE);
    CHECK_EQ(start_info->store_mfn, 0);
    CHECK_EQ(start_info->store_evtchn, 0);
    if (start_info->console.dom0.info_size) {
        CHECK_EQ(start_info->console.dom0.info_off, sizeof(*start_info));
        CHECK(sizeof(*start_info) + start_info->console.dom0.info_size <= PAGE_SIZE);
    }
    CHECK(start_info->flags & SIF_PRIVILEGED);
    CHECK(start_info->flags & SIF_INITDOMAIN);
    CHECK_EQ(start_info->flags & SIF_MULTIBOOT_MOD, 0);
}

void startofday_shared_info(void)
{
    CHECK_EQ(start_info->shared_info & (PAGE_SIZE - 1), 0);
    for (unsigned int i = 0; i < XEN_LEGACY_MAX_VCPUS; i++) {
        CHECK_EQ(vcpu_info(i)->evtchn_upcall_mask, 1);
        CHECK_EQ(vcpu_info(i)->evtchn_upcall_pending, 0);
        CHECK_EQ(vcpu_info(i)->evtchn_pending_sel, 0);
    }
    for (unsigned int i = 0; i < 64; i++)
        CHECK_EQ(shared_info->evtchn_pending[i], 0);
    CHECK_EQ(shared_info->wc_version & 1, 0);
    CHECK(shared_info->wc_sec > 1700000000u);
}

/* CR3 in the guest's eyes is the frame of pt_base. */
void startofday_cr3(void)
{
    uint64_t cr3;

    asm volatile("movq %%cr3, %0" : "=r"(cr3));
    CHECK_EQ(cr3, maddr_of((void *)start_info->pt_base));
}
