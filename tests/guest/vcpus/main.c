/* SPDX-License-Identifier: MIT */
/* vcpu_op: bringing vCPUs up and down, their registered pages, IPIs, and work across vCPUs. */
//! xen=dom0_max_vcpus=4
#include <sdk/time.h>
#include <sdk/vcpu.h>

#include "test.h"

#define MS 1000000UL

static vcpu_guest_context_t context __attribute__((aligned(4096)));

static long op(unsigned int cmd, unsigned int vcpu, void *arg)
{
    return hc_vcpu_op(cmd, vcpu, arg);
}

static void is_up(void)
{
    CHECK_EQ(op(VCPUOP_is_up, 0, NULL), 1);
    for (unsigned int v = 1; v < 4; v++)
        CHECK_EQ(op(VCPUOP_is_up, v, NULL), 0);
    for (unsigned int v = 4; v < 9000; v++)
        if (op(VCPUOP_is_up, v, NULL) != -ENOENT)
            FAIL("vcpu %u: %ld", v, op(VCPUOP_is_up, v, NULL));
    CHECK_EQ(op(VCPUOP_is_up, ~0u, NULL), -ENOENT);
}

static void up_before_initialise(void)
{
    CHECK_EQ(op(VCPUOP_up, 1, NULL), -EINVAL);
    CHECK_EQ(op(VCPUOP_down, 1, NULL), 0);
    CHECK_EQ(op(VCPUOP_is_up, 1, NULL), 0);
    CHECK_EQ(op(VCPUOP_up, 4, NULL), -ENOENT);
}

static long initialise(unsigned int vcpu)
{
    return op(VCPUOP_initialise, vcpu, &context);
}

/* Contexts that must not be taken; the vCPU stays without one. */
static void initialise_refusals(void)
{
    uint64_t *page = page_alloc();

    CHECK_EQ(op(VCPUOP_initialise, 1, NULL), -EFAULT);
    CHECK_EQ(op(VCPUOP_initialise, 1, (void *)UNMAPPED_VA), -EFAULT);
    CHECK_EQ(op(VCPUOP_initialise, 1, (void *)HYPERVISOR_VA), -EFAULT);
    vcpu_context_fill(&context, 1);
    CHECK_EQ(initialise(0), -EEXIST);
    CHECK_EQ(initialise(4), -ENOENT);
    vcpu_context_fill(&context, 1), context.ctrlreg[3] = 0xfffffffUL << PAGE_SHIFT;
    CHECK_EQ(initialise(1), -EINVAL);
    vcpu_context_fill(&context, 1), context.ctrlreg[3] = maddr_of(page);
    CHECK_EQ(initialise(1), -EINVAL);
    vcpu_context_fill(&context, 1), context.ctrlreg[3] = 0;
    CHECK_EQ(initialise(1), -EINVAL);
    vcpu_context_fill(&context, 1), context.ctrlreg[1] = 1;
    context.flags &= ~(unsigned long)VGCF_in_kernel;
    CHECK_EQ(initialise(1), -EINVAL);
    vcpu_context_fill(&context, 1), context.ctrlreg[1] = (0xfffffffUL << PAGE_SHIFT) | 1;
    CHECK_EQ(initialise(1), -EINVAL);
    vcpu_context_fill(&context, 1), context.user_regs.rip = NONCANONICAL_VA;
    CHECK_EQ(initialise(1), -EINVAL);
    vcpu_context_fill(&context, 1), context.event_callback_eip = NONCANONICAL_VA;
    CHECK_EQ(initialise(1), -EINVAL);
    vcpu_context_fill(&context, 1), context.syscall_callback_eip = 0x0000800000000000UL;
    CHECK_EQ(initialise(1), -EINVAL);
    vcpu_context_fill(&context, 1), context.failsafe_callback_eip = NONCANONICAL_VA;
    CHECK_EQ(initialise(1), -EINVAL);
    vcpu_context_fill(&context, 1), context.fs_base = NONCANONICAL_VA;
    CHECK_EQ(initialise(1), -EINVAL);
    vcpu_context_fill(&context, 1), context.gs_base_kernel = NONCANONICAL_VA;
    CHECK_EQ(initialise(1), -EINVAL);
    vcpu_context_fill(&context, 1), context.gs_base_user = NONCANONICAL_VA;
    CHECK_EQ(initialise(1), -EINVAL);
    vcpu_context_fill(&context, 1), context.gdt_ents = 8000;
    CHECK_EQ(initialise(1), -EINVAL);
    vcpu_context_fill(&context, 1), context.gdt_ents = 1, context.gdt_frames[0] = mfn_of(page);
    CHECK_EQ(initialise(1), -EINVAL);
    vcpu_context_fill(&context, 1), context.ldt_base = 8, context.ldt_ents = 1;
    CHECK_EQ(initialise(1), -EINVAL);
    CHECK_EQ(op(VCPUOP_up, 1, NULL), -EINVAL);
    page_free(page);
}

static volatile unsigned int seen_id;

static void look(void *arg)
{
    (void)arg;
    seen_id = this_cpu()->id;
}

static void start(void)
{
    CHECK_EQ(vcpu_start(1), 0);
    CHECK_EQ(op(VCPUOP_is_up, 1, NULL), 1);
    vcpu_run(1, look, NULL);
    CHECK_EQ(seen_id, 1);
    vcpu_context_fill(&context, 2);
    CHECK_EQ(initialise(1), -EEXIST);
    CHECK_EQ(op(VCPUOP_up, 1, NULL), 0);
}

/* Down and up again: it goes on where it stood. */
static void down_and_up(void)
{
    CHECK_EQ(op(VCPUOP_down, 1, NULL), 0);
    CHECK_EQ(op(VCPUOP_is_up, 1, NULL), 0);
    seen_id = 77;
    vcpu_call(1, look, NULL);
    time_delay_ns(20 * MS);
    CHECK_EQ(seen_id, 77);
    CHECK_EQ(op(VCPUOP_up, 1, NULL), 0);
    vcpu_wait(1);
    CHECK_EQ(seen_id, 1);
}

static void down_itself(void *arg)
{
    *(volatile long *)arg = 1;
    *(volatile long *)arg = 10 + op(VCPUOP_down, this_cpu()->id, NULL);
}

static void down_from_inside(void)
{
    static volatile long stage;

    vcpu_call(1, down_itself, (void *)&stage);
    while (op(VCPUOP_is_up, 1, NULL))
        hc_sched_op(SCHEDOP_yield, NULL);
    CHECK_EQ(stage, 1);
    CHECK_EQ(op(VCPUOP_up, 1, NULL), 0);
    vcpu_wait(1);
    CHECK_EQ(stage, 10);
}

static volatile unsigned int ipi_on;

static void ipi_handler(evtchn_port_t port, void *arg)
{
    (void)port, (void)arg;
    ipi_on = 100 + this_cpu()->id;
}

static void wait_for_ipi(void *arg)
{
    (void)arg;
    upcalls_enable();
    while (!ipi_on)
        hc_sched_op(SCHEDOP_yield, NULL);
    upcalls_disable();
}

static void ipi(void)
{
    long port = event_bind_ipi(1);

    CHECK(port > 0);
    ipi_on = 0;
    event_set_handler(port, ipi_handler, NULL);
    vcpu_call(1, wait_for_ipi, NULL);
    CHECK_EQ(event_send(port), 0);
    vcpu_wait(1);
    CHECK_EQ(ipi_on, 101);
    event_set_handler(port, NULL, NULL);
    event_close(port);
}

/* An IPI wakes a vCPU that blocks. */
static void block_there(void *arg)
{
    (void)arg;
    vcpu_info(this_cpu()->id)->evtchn_upcall_mask = 1;
    hc_sched_op(SCHEDOP_block, NULL);
    upcalls_disable();
}

static void ipi_wakes(void)
{
    long port = event_bind_ipi(1);

    ipi_on = 0;
    event_set_handler(port, ipi_handler, NULL);
    vcpu_call(1, block_there, NULL);
    time_delay_ns(10 * MS);
    hc_sched_op(SCHEDOP_yield, NULL);
    CHECK_EQ(ipi_on, 0);
    CHECK_EQ(event_send(port), 0);
    vcpu_wait(1);
    CHECK_EQ(ipi_on, 101);
    event_set_handler(port, NULL, NULL);
    event_close(port);
}

/* A channel follows bind_vcpu. */
static void channel_moves(void)
{
    long a = event_alloc_unbound(DOMID_SELF, DOMID_SELF), b = event_bind_interdomain(DOMID_SELF, a);
    struct evtchn_bind_vcpu bind = { .port = a, .vcpu = 1 };

    CHECK_EQ(hc_event_channel_op(EVTCHNOP_bind_vcpu, &bind), 0);
    ipi_on = 0;
    event_set_handler(a, ipi_handler, NULL);
    vcpu_call(1, wait_for_ipi, NULL);
    CHECK_EQ(event_send(b), 0);
    vcpu_wait(1);
    CHECK_EQ(ipi_on, 101);
    bind.vcpu = 3;
    CHECK_EQ(hc_event_channel_op(EVTCHNOP_bind_vcpu, &bind), 0);
    bind.vcpu = 4;
    CHECK_EQ(hc_event_channel_op(EVTCHNOP_bind_vcpu, &bind), -ENOENT);
    event_set_handler(a, NULL, NULL);
    event_close(a), event_close(b);
}

static volatile unsigned long polled;

static void poll_there(void *arg)
{
    evtchn_port_t port = (evtchn_port_t)(unsigned long)arg;
    struct sched_poll poll = { .nr_ports = 1, .timeout = time_now_ns() + 5000 * MS };

    set_xen_guest_handle(poll.ports, &port);
    polled = 1 + hc_sched_op(SCHEDOP_poll, &poll);
}

static void poll_wakes(void)
{
    long a = event_alloc_unbound(DOMID_SELF, DOMID_SELF), b = event_bind_interdomain(DOMID_SELF, a);
    uint64_t start_ns = time_now_ns();

    event_mask(a);
    event_clear(a);
    polled = 0;
    vcpu_call(1, poll_there, (void *)a);
    time_delay_ns(10 * MS);
    hc_sched_op(SCHEDOP_yield, NULL);
    CHECK_EQ(polled, 0);
    CHECK_EQ(event_send(b), 0);
    vcpu_wait(1);
    CHECK_EQ(polled, 1);
    CHECK(time_now_ns() - start_ns < 3000 * MS);
    event_close(a), event_close(b);
}

static void write_there(void *arg)
{
    *(volatile uint64_t *)arg = 0x200;
}

/* A mapping that another vCPU has in its TLB is gone after a flush of all. */
static void flush_reaches_all(void)
{
    uint64_t *page = page_alloc();

    CHECK_EQ(page_map(root_table(), 0x8000000000UL, pte_make(mfn_of(page), PTE_RW_PAGE)), 0);
    vcpu_run(1, write_there, (void *)0x8000000000UL);
    CHECK_EQ(page[0], 0x200);
    CHECK_EQ(hc_update_va_mapping(0x8000000000UL, 0, UVMF_INVLPG | UVMF_ALL), 0);
    CHECK_EQ(page_protect(page, PTE_RO_PAGE), 0);
    CHECK_EQ(mmuext(MMUEXT_TLB_FLUSH_ALL, 0, 0), 0);
    CHECK_EQ(mmuext(MMUEXT_PIN_L1_TABLE, mfn_of(page), 0), 0);
    CHECK_EQ(mmuext(MMUEXT_UNPIN_TABLE, mfn_of(page), 0), 0);
    CHECK_EQ(page_protect(page, PTE_RW_PAGE), 0);
    page_free(page);
}

static void per_vcpu_calls(void)
{
    struct vcpu_runstate_info info;
    struct vcpu_get_physid physid = { .phys_id = 77 };
    struct vcpu_set_periodic_timer period = { .period_ns = 10 * MS };

    CHECK_EQ(op(VCPUOP_get_runstate_info, 1, &info), 0);
    CHECK(info.state <= RUNSTATE_offline);
    CHECK_EQ(op(VCPUOP_get_runstate_info, 3, &info), 0);
    CHECK_EQ(info.state, RUNSTATE_offline);
    CHECK_EQ(op(VCPUOP_set_periodic_timer, 1, &period), 0);
    CHECK_EQ(op(VCPUOP_stop_periodic_timer, 1, NULL), 0);
    CHECK_EQ(op(VCPUOP_set_singleshot_timer, 1, &period), -EINVAL);
    CHECK_EQ(op(VCPUOP_stop_singleshot_timer, 1, NULL), -EINVAL);
    CHECK_EQ(op(VCPUOP_get_physid, 0, (void *)UNMAPPED_VA) < 0, 1);
    CHECK(op(VCPUOP_get_physid, 0, &physid) == 0 || physid.phys_id == 77); /* only if pinned */
    CHECK_EQ(op(VCPUOP_send_nmi, 4, NULL), -ENOENT);
    CHECK_EQ(op(99, 0, NULL), -ENOSYS);
    CHECK_EQ(op(99, 4, NULL), -ENOENT);
}

static long register_info(unsigned int vcpu, uint64_t mfn, uint32_t offset)
{
    struct vcpu_register_vcpu_info reg = { .mfn = mfn, .offset = offset };

    return op(VCPUOP_register_vcpu_info, vcpu, &reg);
}

/* The record moves to a page of ours, with what was in it; once only. */
static void vcpu_info_refusals(void)
{
    uint64_t *page = page_alloc();

    CHECK_EQ(register_info(3, mfn_of(page), PAGE_SIZE - 32), -ENXIO);
    CHECK_EQ(register_info(3, mfn_of(page), PAGE_SIZE), -ENXIO);
    CHECK_EQ(register_info(3, mfn_of(page), ~0u), -ENXIO);
    CHECK_EQ(register_info(3, 0xfffffff, 0), -EINVAL);
    CHECK_EQ(register_info(3, mfn_of(root_table()), 0), -EINVAL);
    CHECK_EQ(register_info(3, 0xfee00, 0), -EINVAL);
    CHECK_EQ(register_info(4, mfn_of(page), 0), -ENOENT);
    CHECK_EQ(op(VCPUOP_register_vcpu_info, 3, (void *)UNMAPPED_VA), -EFAULT);
    page_free(page);
}

static void vcpu_info_moves(void)
{
    uint8_t *page = page_alloc();
    vcpu_info_t *info = (vcpu_info_t *)(page + 64);
    long port;

    CHECK_EQ(register_info(3, mfn_of(page), 64), 0);
    CHECK_EQ(info->evtchn_upcall_mask, 1);
    CHECK_EQ(info->evtchn_pending_sel, ~0UL);
    CHECK_EQ(info->evtchn_upcall_pending, 1);
    info->evtchn_pending_sel = 0;
    info->evtchn_upcall_pending = 0;
    port = event_bind_ipi(3);
    event_unmask(port);
    CHECK_EQ(event_send(port), 0);
    CHECK_EQ(info->evtchn_upcall_pending, 1);
    CHECK_EQ(info->evtchn_pending_sel, 1UL << (port / 64));
    CHECK_EQ(register_info(3, mfn_of(page), 64), -EINVAL);
    CHECK_EQ(page_protect(page, PTE_RO_PAGE), 0);
    CHECK_EQ(mmuext(MMUEXT_PIN_L1_TABLE, mfn_of(page), 0), -EINVAL);
    CHECK_EQ(page_protect(page, PTE_RW_PAGE), 0);
    event_clear(port);
    event_close(port);
}

static const struct test tests[] = {
    { "is_up", is_up },
    { "up_before_initialise", up_before_initialise },
    { "initialise_refusals", initialise_refusals },
    { "start", start },
    { "down_and_up", down_and_up },
    { "down_from_inside", down_from_inside },
    { "ipi", ipi },
    { "ipi_wakes", ipi_wakes },
    { "channel_moves", channel_moves },
    { "poll_wakes", poll_wakes },
    { "flush_reaches_all", flush_reaches_all },
    { "per_vcpu_calls", per_vcpu_calls },
    { "vcpu_info_refusals", vcpu_info_refusals },
    { "vcpu_info_moves", vcpu_info_moves },
};

TEST_MAIN(tests)
