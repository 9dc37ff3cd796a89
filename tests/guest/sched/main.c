/* SPDX-License-Identifier: MIT */
/* sched_op: yield, block, poll, shutdown of others, watchdogs, and what is refused. */
#include <xen/vcpu.h>

#include <sdk/time.h>

#include "test.h"

#define MS 1000000UL

static long timer, a, b;
static volatile unsigned int ticks;

static void tick(evtchn_port_t from, void *arg)
{
    (void)from, (void)arg;
    ticks++;
}

static void init(void)
{
    if (!timer) {
        timer = event_bind_virq(VIRQ_TIMER, 0);
        event_set_handler(timer, tick, NULL);
        CHECK_EQ(hc_vcpu_op(VCPUOP_stop_periodic_timer, 0, NULL), 0);
        a = event_alloc_unbound(DOMID_SELF, DOMID_SELF);
        b = event_bind_interdomain(DOMID_SELF, a);
        CHECK(b > 0);
    }
    CHECK_EQ(hc_set_timer_op(0), 0);
    upcalls_enable();
    upcalls_disable();
    event_mask(a);
    event_clear(a);
    ticks = 0;
}

static long poll(evtchn_port_t *ports, unsigned int count, uint64_t timeout)
{
    struct sched_poll op = { .nr_ports = count, .timeout = timeout };

    set_xen_guest_handle(op.ports, ports);
    return hc_sched_op(SCHEDOP_poll, &op);
}

static void yield(void)
{
    CHECK_EQ(hc_sched_op(SCHEDOP_yield, NULL), 0);
    CHECK_EQ(hypercall3(__HYPERVISOR_sched_op_compat, SCHEDOP_yield, 0, 0), 0);
}

/* Sleeps until an event; upcalls are on afterwards. */
static void block(void)
{
    uint64_t deadline;

    init();
    deadline = time_now_ns() + 10 * MS;
    CHECK_EQ(hc_set_timer_op(deadline), 0);
    CHECK_EQ(hc_sched_op(SCHEDOP_block, NULL), 0);
    CHECK_EQ(vcpu_info(0)->evtchn_upcall_mask, 0);
    upcalls_disable();
    CHECK(time_now_ns() >= deadline);
    CHECK_EQ(ticks, 1);
}

/* An event that is there already: no sleep. */
static void block_with_pending(void)
{
    init();
    hc_set_timer_op(time_now_ns() + 1000 * MS);
    event_set_handler(a, tick, NULL);
    CHECK_EQ(event_send(b), 0);
    CHECK_EQ(hc_sched_op(SCHEDOP_block, NULL), 0);
    upcalls_disable();
    CHECK_EQ(ticks, 1);
    hc_set_timer_op(0);
    event_set_handler(a, NULL, NULL);
}

static void block_compat(void)
{
    init();
    hc_set_timer_op(time_now_ns() + 5 * MS);
    CHECK_EQ(hypercall3(__HYPERVISOR_sched_op_compat, SCHEDOP_block, 0, 0), 0);
    upcalls_disable();
    CHECK_EQ(ticks, 1);
}

static void poll_timeout(void)
{
    evtchn_port_t ports[1];
    uint64_t deadline;

    init();
    ports[0] = a;
    deadline = time_now_ns() + 10 * MS;
    CHECK_EQ(poll(ports, 1, deadline), 0);
    CHECK(time_now_ns() >= deadline);
    CHECK_EQ(vcpu_info(0)->evtchn_upcall_mask, 1);
}

/* Masked ports count: that is what polling is for. */
static void poll_pending(void)
{
    evtchn_port_t ports[2];
    uint64_t start;

    init();
    ports[0] = b;
    ports[1] = a;
    event_send(b);
    CHECK(event_is_pending(a));
    start = time_now_ns();
    CHECK_EQ(poll(ports, 2, start + 2000 * MS), 0);
    CHECK(time_now_ns() - start < 1000 * MS);
    CHECK(event_is_pending(a));
    event_clear(a);
}

static void poll_past_deadline(void)
{
    evtchn_port_t ports[1];

    init();
    ports[0] = a;
    CHECK_EQ(poll(ports, 1, 1), 0);
}

/* With upcalls on, an upcall is a reason to come back, whatever the ports. */
static void poll_no_ports(void)
{
    uint64_t deadline;

    init();
    deadline = time_now_ns() + 5 * MS;
    CHECK_EQ(poll(NULL, 0, deadline), 0);
    CHECK(time_now_ns() >= deadline);
}

static void poll_refusals(void)
{
    static evtchn_port_t many[129];
    evtchn_port_t ports[1] = { 1 << 20 };

    init();
    many[0] = a;
    CHECK_EQ(poll(ports, 1, time_now_ns() + 1000 * MS), -EINVAL);
    ports[0] = ~0u;
    CHECK_EQ(poll(ports, 1, time_now_ns() + 1000 * MS), -EINVAL);
    CHECK_EQ(poll(many, 129, time_now_ns() + 1000 * MS), -EINVAL);
    CHECK_EQ(poll(many, ~0u, time_now_ns() + 1000 * MS), -EINVAL);
    CHECK_EQ(poll((void *)UNMAPPED_VA, 1, time_now_ns() + 1000 * MS), -EFAULT);
    CHECK_EQ(poll((void *)HYPERVISOR_VA, 1, time_now_ns() + 1000 * MS), -EFAULT);
    CHECK_EQ(hc_sched_op(SCHEDOP_poll, (void *)UNMAPPED_VA), -EFAULT);
    CHECK_EQ(hc_sched_op(SCHEDOP_poll, NULL), -EFAULT);
}

static void shutdown_refusals(void)
{
    struct sched_remote_shutdown remote = { .domain_id = 77, .reason = SHUTDOWN_poweroff };

    CHECK_EQ(hc_sched_op(SCHEDOP_shutdown, (void *)UNMAPPED_VA), -EFAULT);
    CHECK_EQ(hc_sched_op(SCHEDOP_remote_shutdown, (void *)UNMAPPED_VA), -EFAULT);
    CHECK_EQ(hc_sched_op(SCHEDOP_remote_shutdown, &remote), -ESRCH);
    remote.domain_id = DOMID_SELF;
    CHECK_EQ(hc_sched_op(SCHEDOP_remote_shutdown, &remote), -ESRCH);
}

static void shutdown_code(void)
{
    CHECK_EQ(hc_sched_op(SCHEDOP_shutdown_code, (void *)UNMAPPED_VA), -EFAULT);
}

static void watchdog(void)
{
    struct sched_watchdog dog = { .id = 0, .timeout = 60 };
    long id = hc_sched_op(SCHEDOP_watchdog, &dog), second;

    CHECK_EQ(id, 1);
    second = hc_sched_op(SCHEDOP_watchdog, &dog);
    CHECK_EQ(second, 2);
    CHECK_EQ((int)hc_sched_op(SCHEDOP_watchdog, &dog), -ENOSPC);
    dog.id = 1, dog.timeout = 90;
    CHECK_EQ(hc_sched_op(SCHEDOP_watchdog, &dog), 0);
    dog.timeout = 0;
    CHECK_EQ(hc_sched_op(SCHEDOP_watchdog, &dog), 0);
    CHECK_EQ(hc_sched_op(SCHEDOP_watchdog, &dog), -EINVAL);
    dog.id = 2;
    CHECK_EQ(hc_sched_op(SCHEDOP_watchdog, &dog), 0);
    dog.id = 3;
    CHECK_EQ(hc_sched_op(SCHEDOP_watchdog, &dog), -EINVAL);
    CHECK_EQ(hc_sched_op(SCHEDOP_watchdog, (void *)UNMAPPED_VA), -EFAULT);
}

static void pin_override(void)
{
    struct sched_pin_override pin = { .pcpu = -1 };

    CHECK_EQ(hc_sched_op(SCHEDOP_pin_override, &pin), -EINVAL);
    pin.pcpu = 0;
    CHECK_EQ(hc_sched_op(SCHEDOP_pin_override, &pin), 0);
    CHECK_EQ(hc_sched_op(SCHEDOP_pin_override, &pin), -EBUSY);
    pin.pcpu = -1;
    CHECK_EQ(hc_sched_op(SCHEDOP_pin_override, &pin), 0);
    pin.pcpu = 1000;
    CHECK_EQ(hc_sched_op(SCHEDOP_pin_override, &pin), -EINVAL);
    CHECK_EQ(hc_sched_op(SCHEDOP_pin_override, (void *)UNMAPPED_VA), -EFAULT);
}

static void unknown(void)
{
    CHECK_EQ(hc_sched_op(8, NULL), -ENOSYS);
    CHECK_EQ(hc_sched_op(~0u, NULL), -ENOSYS);
    CHECK_EQ(hypercall3(__HYPERVISOR_sched_op_compat, 3, 0, 0), -ENOSYS);
}

static const struct test tests[] = {
    { "yield", yield },
    { "block", block },
    { "block_with_pending", block_with_pending },
    { "block_compat", block_compat },
    { "poll_timeout", poll_timeout },
    { "poll_pending", poll_pending },
    { "poll_past_deadline", poll_past_deadline },
    { "poll_no_ports", poll_no_ports },
    { "poll_refusals", poll_refusals },
    { "shutdown_refusals", shutdown_refusals },
    { "shutdown_code", shutdown_code },
    { "watchdog", watchdog },
    { "pin_override", pin_override },
    { "unknown", unknown },
};

TEST_MAIN(tests)
