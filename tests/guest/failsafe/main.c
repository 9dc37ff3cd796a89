/* SPDX-License-Identifier: MIT */
/*
 * The failsafe callback: a vCPU comes back to a processor and one of its selectors cannot be
 * loaded any more, because another vCPU has changed the descriptor meanwhile.
 */
//! xen=dom0_max_vcpus=2
#include <sdk/vcpu.h>

#include "test.h"

#define DATA_3 0x00cff3000000ffffUL
#define ABSENT (DATA_3 & ~(1UL << 47))
#define SELECTOR (1 << 3 | 3)

static uint64_t *gdt;
static uint64_t selectors[4];
static struct trap_frame frame;
static volatile bool came;
static uint8_t mask_inside;

extern uint64_t failsafe_selectors[4];

static bool failsafe(struct trap_frame *at)
{
    frame = *at;
    memcpy(selectors, failsafe_selectors, sizeof(selectors));
    mask_inside = vcpu_info(0)->evtchn_upcall_mask;
    came = true;
    return true;
}

static void drop_descriptor(void *arg)
{
    (void)arg;
    hc_update_descriptor(maddr_of(&gdt[1]), ABSENT);
}

static void init(void)
{
    unsigned long mfn;

    if (!gdt) {
        gdt = page_alloc();
        mfn = mfn_of(gdt);
        CHECK_EQ(page_protect(gdt, PTE_RO_PAGE), 0);
        CHECK_EQ(hc_set_gdt(&mfn, 512), 0);
        CHECK_EQ(vcpu_start(1), 0);
        trap_set_handler(TRAP_FAILSAFE, failsafe);
    }
    CHECK_EQ(hc_update_descriptor(maddr_of(&gdt[1]), DATA_3), 0);
    came = false;
}

static unsigned int read_es(void)
{
    unsigned int value;

    asm volatile("movl %%es, %0" : "=r"(value));
    return value;
}

/* One selector is bad: the frame has all four as they were, and the way back is the hypercall's. */
static void lost_es(void)
{
    init();
    asm volatile("movw %w0, %%es" : : "r"(SELECTOR));
    vcpu_run(1, drop_descriptor, NULL);
    for (int i = 0; i < 10; i++)
        hc_sched_op(SCHEDOP_yield, NULL);
    CHECK(came);
    CHECK_EQ(selectors[1], SELECTOR);
    CHECK_EQ(frame.cs, FLAT_KERNEL_CS & ~3);
    CHECK_EQ(frame.ss, FLAT_KERNEL_SS);
    CHECK_EQ(mask_inside, 1);
    CHECK_EQ(read_es(), 0);
}

static void lost_fs(void)
{
    init();
    asm volatile("movw %w0, %%fs" : : "r"(SELECTOR));
    vcpu_run(1, drop_descriptor, NULL);
    for (int i = 0; i < 10; i++)
        hc_sched_op(SCHEDOP_yield, NULL);
    CHECK(came);
    CHECK_EQ(selectors[2], SELECTOR);
    asm volatile("movw %w0, %%fs" : : "r"(0));
}

/* With nothing wrong nothing comes. */
static void not_lost(void)
{
    init();
    asm volatile("movw %w0, %%es" : : "r"(SELECTOR));
    for (int i = 0; i < 10; i++)
        hc_sched_op(SCHEDOP_yield, NULL);
    CHECK(!came);
    CHECK_EQ(read_es(), SELECTOR);
    asm volatile("movw %w0, %%es" : : "r"(0));
}

static const struct test tests[] = {
    { "not_lost", not_lost },
    { "lost_es", lost_es },
    { "lost_fs", lost_fs },
};

TEST_MAIN(tests)
