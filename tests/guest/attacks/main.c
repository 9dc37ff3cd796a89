/* SPDX-License-Identifier: MIT */
/*
 * Attacks that have hurt hypervisors of this kind, each from the description of what went wrong
 * there; docs/SECURITY.md says which class each stands for. What is asked for must be refused, or
 * be the caller's own loss, and a page table must not have changed.
 */
#include <xen/grant_table.h>
#include <xen/sched.h>
#include <xen/vcpu.h>
#include <xen/version.h>

#include "insn.h"
#include "test.h"
#include "user.h"

/* ---- addresses that are ours only to look up descriptors ---- */

#define WINDOWS 0xffff808000000000UL /* where the windows of GDT and LDT are on this hypervisor */

static bool read_at(unsigned long va)
{
    unsigned long value;

    TRAP_CATCH("movq (%[va]), %[v]", TRAP_OUT([v] "=&r"(value)), TRAP_IN([va] "r"(va)));
    return !this_cpu()->seen.hit;
}

/* A descriptor that is there does not make its window readable, and the fault says where. */
static void descriptor_windows(void)
{
    uint64_t *ldt = page_alloc();

    ldt[1] = 0x00cff3000000ffffUL;
    CHECK_EQ(page_protect(ldt, PTE_RO_PAGE), 0);
    CHECK_EQ(mmuext(MMUEXT_SET_LDT, (unsigned long)ldt, 512), 0);
    TRAP_CATCH("movw %w[s], %%ds", TRAP_OUT(), TRAP_IN([s] "r"(1 << 3 | 7)));
    CHECK_NO_TRAP();
    for (unsigned long at = 0; at < 0x30000; at += PAGE_SIZE) {
        CHECK(!read_at(WINDOWS + at + 8));
        CHECK_EQ(this_cpu()->seen.vector, TRAP_PF);
        CHECK_EQ(this_cpu()->seen.cr2, WINDOWS + at + 8);
    }
    TRAP_CATCH("movw %w[s], %%ds", TRAP_OUT(), TRAP_IN([s] "r"(0)));
    CHECK_EQ(mmuext(MMUEXT_SET_LDT, 0, 0), 0);
    CHECK_EQ(page_protect(ldt, PTE_RW_PAGE), 0);
    page_free(ldt);
}

/* ---- SYSCALL at the end of the canonical half ---- */

#define LAST_PAGE 0x7ffffffff000UL

static void syscall_at_the_edge(void)
{
    struct user_context u = user_context_new();
    uint8_t *page = page_alloc();

    user_init();
    page[4094] = 0x0f;
    page[4095] = 0x05;
    CHECK_EQ(page_map(user_root, LAST_PAGE, pte_make(mfn_of(page), PTE_RW_PAGE | PTE_US)), 0);
    u.frame.rip = LAST_PAGE + 4094;
    user_run(&u);
    CHECK_EQ(u.vector, TRAP_SYSCALL);
    CHECK_EQ(u.frame.rip, LAST_PAGE + 4096);
    /* And back there, by the short way: the guest hears of it, nobody else does. */
    u.frame.error_code = VGCF_in_syscall;
    user_run(&u);
    CHECK(u.vector == TRAP_GP || u.vector == TRAP_FAILSAFE);
    CHECK_EQ(entry_set(entry_find(user_root, LAST_PAGE, 1), 0), 0);
    page_free(page);
}

/* ---- areas that the hypervisor writes by itself ---- */

static uint64_t *table;
static uint64_t kept[512];

static void table_make(void)
{
    if (!table) {
        table = page_alloc();
        CHECK_EQ(page_protect(table, PTE_RO_PAGE), 0);
        CHECK_EQ(mmuext(MMUEXT_PIN_L1_TABLE, mfn_of(table), 0), 0);
    }
    memcpy(kept, table, sizeof(kept));
}

static void check_table(void)
{
    CHECK_EQ(memcmp(kept, table, sizeof(kept)), 0);
}

static void areas_on_a_table(void)
{
    struct vcpu_register_runstate_memory_area run = { 0 };
    struct vcpu_register_time_memory_area time = { 0 };
    struct vcpu_register_vcpu_info info = { 0 };

    table_make();
    run.addr.p = (uint64_t)table;
    time.addr.p = (uint64_t)table + 256;
    info.mfn = mfn_of(table);
    hc_vcpu_op(VCPUOP_register_runstate_memory_area, 0, &run);
    hc_vcpu_op(VCPUOP_register_vcpu_time_memory_area, 0, &time);
    CHECK_EQ(hc_vcpu_op(VCPUOP_register_vcpu_info, 0, &info), -EINVAL);
    for (unsigned int i = 0; i < 20; i++)
        hc_sched_op(SCHEDOP_yield, NULL);
    check_table();
    run.addr.p = time.addr.p = 0; /* nowhere from now on */
    hc_vcpu_op(VCPUOP_register_runstate_memory_area, 0, &run);
    hc_vcpu_op(VCPUOP_register_vcpu_time_memory_area, 0, &time);
    check_table();
}

/* Results of calls, into a table: the call fails, or its result is lost. */
static void results_into_a_table(void)
{
    struct xen_memory_reservation res = { .nr_extents = 1, .domid = DOMID_SELF };
    unsigned long pfn = pfn_alloc(), mfn = p2m()[pfn];

    table_make();
    CHECK_EQ(hc_memory_op(XENMEM_machphys_mapping, table), -EFAULT);
    CHECK_EQ(hc_xen_version(XENVER_extraversion, table), -EFAULT);
    CHECK_EQ(hc_grant_table_op(GNTTABOP_query_size, table, 1), -EFAULT);
    set_xen_guest_handle(res.extent_start, &mfn);
    CHECK_EQ(hc_memory_op(XENMEM_decrease_reservation, &res), 1);
    res.extent_start.p = table;
    CHECK_EQ(hc_memory_op(XENMEM_increase_reservation, &res), 0);
    check_table();
}

/* ---- lists with hostile pointers and progress ---- */

static void exchange_into_the_hypervisor(void)
{
    unsigned long mfn = p2m()[pfn_alloc()];
    struct xen_memory_exchange ex = {
        .in = { .nr_extents = 1, .domid = DOMID_SELF },
        .out = { .nr_extents = 1, .domid = DOMID_SELF },
    };

    set_xen_guest_handle(ex.in.extent_start, &mfn);
    ex.out.extent_start.p = (void *)HYPERVISOR_VA;
    CHECK_EQ(hc_memory_op(XENMEM_exchange, &ex), -EFAULT);
    CHECK_EQ(ex.nr_exchanged, 0);
    /* So much done already that the rest of the list lies in the hypervisor. */
    ex.out.extent_start.p = (void *)0xffff7fffffff0000UL;
    ex.in.extent_start.p = (void *)0xffff7fffffff0000UL;
    ex.in.nr_extents = ex.out.nr_extents = 0x20000;
    ex.nr_exchanged = 0x10000;
    CHECK_EQ(hc_memory_op(XENMEM_exchange, &ex), -EFAULT);
    ex.nr_exchanged = ~0UL;
    CHECK_EQ(hc_memory_op(XENMEM_exchange, &ex), -EINVAL);
    CHECK_EQ(ex.in.nr_extents, 0x20000);
}

/* Calls that look like the rest of a preempted one. */
static void forged_continuations(void)
{
    mmu_update_t req = { .ptr = 7 };
    unsigned int done = 0xfffffffe;
    struct mmuext_op op = { .cmd = MMUEXT_TLB_FLUSH_LOCAL };
    unsigned long mfn = 0;
    struct xen_memory_reservation res = { .nr_extents = 1, .domid = DOMID_SELF };

    CHECK_EQ(hc_mmu_update(&req, 1 | 0x80000000, &done, DOMID_SELF), -ENOSYS);
    CHECK_EQ(done, 0xfffffffe);
    done = 0xffffffff;
    CHECK_EQ(hypercall5(__HYPERVISOR_mmuext_op, (unsigned long)&op, 1 | 0x80000000,
                        (unsigned long)&done, DOMID_SELF, 0), 0);
    CHECK_EQ(done, 0);
    set_xen_guest_handle(res.extent_start, &mfn);
    CHECK_EQ(hc_memory_op(XENMEM_decrease_reservation | 5 << 6, &res), 5);
    CHECK_EQ(hc_memory_op(XENMEM_exchange | 1 << 6, &res), -EINVAL);
}

/* ---- tables that refer to themselves and to each other ---- */

static void linear_chains(void)
{
    uint64_t *a = page_alloc(), *b = page_alloc(), *c = page_alloc();

    CHECK_EQ(page_protect(a, PTE_RO_PAGE), 0);
    CHECK_EQ(page_protect(b, PTE_RO_PAGE), 0);
    CHECK_EQ(page_protect(c, PTE_RO_PAGE), 0);
    CHECK_EQ(mmuext(MMUEXT_PIN_L4_TABLE, mfn_of(a), 0), 0);
    CHECK_EQ(mmuext(MMUEXT_PIN_L4_TABLE, mfn_of(b), 0), 0);
    CHECK_EQ(mmuext(MMUEXT_PIN_L4_TABLE, mfn_of(c), 0), 0);
    CHECK(entry_set(&a[1], pte_make(mfn_of(a), PTE_TABLE)) != 0); /* never writable */
    if (!entry_set(&a[1], pte_make(mfn_of(b), PTE_P | PTE_US)))   /* one step, if at all */
        CHECK(entry_set(&b[1], pte_make(mfn_of(c), PTE_P | PTE_US)) != 0);
    CHECK(entry_set(&b[2], pte_make(mfn_of(a), PTE_P | PTE_US)) != 0 || !(a[1] & PTE_P));
    CHECK_EQ(entry_set(&a[1], 0), 0);
    CHECK_EQ(entry_set(&b[2], 0), 0);
    CHECK_EQ(mmuext(MMUEXT_UNPIN_TABLE, mfn_of(a), 0), 0);
    CHECK_EQ(mmuext(MMUEXT_UNPIN_TABLE, mfn_of(b), 0), 0);
    CHECK_EQ(mmuext(MMUEXT_UNPIN_TABLE, mfn_of(c), 0), 0);
    CHECK_EQ(page_protect(a, PTE_RW_PAGE), 0);
    CHECK_EQ(page_protect(b, PTE_RW_PAGE), 0);
    CHECK_EQ(page_protect(c, PTE_RW_PAGE), 0);
    page_free(a);
    page_free(b);
    page_free(c);
}

static const struct test tests[] = {
    { "descriptor_windows", descriptor_windows },
    { "syscall_at_the_edge", syscall_at_the_edge },
    { "areas_on_a_table", areas_on_a_table },
    { "results_into_a_table", results_into_a_table },
    { "exchange_into_the_hypervisor", exchange_into_the_hypervisor },
    { "forged_continuations", forged_continuations },
    { "linear_chains", linear_chains },
};

TEST_MAIN(tests)
