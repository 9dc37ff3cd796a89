/* SPDX-License-Identifier: MIT */
/* Time: the clock record, wall clock, one-shot and periodic timers, runstate. */
#include <xen/vcpu.h>

#include <sdk/time.h>

#include "test.h"

#define MS 1000000UL

static volatile unsigned int ticks;
static volatile uint64_t tick_at;
static long port;

static void tick(evtchn_port_t from, void *arg)
{
    (void)from, (void)arg;
    ticks++;
    tick_at = time_now_ns();
}

static void init(void)
{
    if (!port) {
        port = event_bind_virq(VIRQ_TIMER, 0);
        CHECK(port > 0);
        event_set_handler(port, tick, NULL);
        CHECK_EQ(hc_vcpu_op(VCPUOP_stop_periodic_timer, 0, NULL), 0);
    }
    CHECK_EQ(hc_set_timer_op(0), 0);
    upcalls_enable();
    upcalls_disable();
    ticks = 0;
}

/* Spins with upcalls on until @count ticks or @ns have passed. */
static void wait_ticks(unsigned int count, uint64_t ns)
{
    uint64_t end = time_now_ns() + ns;

    upcalls_enable();
    while (ticks < count && time_now_ns() < end)
        cpu_relax();
    upcalls_disable();
}

static void clock_record(void)
{
    const struct vcpu_time_info *time = &vcpu_info(0)->time;
    uint64_t last = time_now_ns();

    CHECK_EQ(time->version & 1, 0);
    CHECK(time->version > 0);
    CHECK(time->tsc_to_system_mul != 0);
    CHECK(last > 0 && last < 600UL * 1000 * MS);
    for (int i = 0; i < 10000; i++) {
        uint64_t now = time_now_ns();

        if (now < last)
            FAIL("time went back from %lu to %lu", last, now);
        last = now;
    }
}

static void wall_clock(void)
{
    CHECK_EQ(shared_info->wc_version & 1, 0);
    CHECK(shared_info->wc_sec > 1700000000u);
    CHECK(shared_info->wc_nsec < 1000000000u);
    CHECK_EQ(shared_info->wc_sec_hi, 0);
}

static void one_shot(void)
{
    uint64_t deadline;

    init();
    deadline = time_now_ns() + 5 * MS;
    CHECK_EQ(hc_set_timer_op(deadline), 0);
    wait_ticks(1, 500 * MS);
    CHECK_EQ(ticks, 1);
    CHECK(tick_at >= deadline);
    wait_ticks(2, 20 * MS);
    CHECK_EQ(ticks, 1);
}

static void deadline_in_the_past(void)
{
    init();
    CHECK_EQ(hc_set_timer_op(1), 0);
    wait_ticks(1, 500 * MS);
    CHECK_EQ(ticks, 1);
}

static void stopped(void)
{
    init();
    CHECK_EQ(hc_set_timer_op(time_now_ns() + 100 * MS), 0);
    CHECK_EQ(hc_set_timer_op(0), 0);
    wait_ticks(1, 150 * MS);
    CHECK_EQ(ticks, 0);
}

static void replaced(void)
{
    uint64_t later;

    init();
    CHECK_EQ(hc_set_timer_op(time_now_ns() + 10 * MS), 0);
    later = time_now_ns() + 40 * MS;
    CHECK_EQ(hc_set_timer_op(later), 0);
    wait_ticks(1, 500 * MS);
    CHECK_EQ(ticks, 1);
    CHECK(tick_at >= later);
}

static void single_shot_of_vcpu(void)
{
    struct vcpu_set_singleshot_timer set = { 0 };

    init();
    set.timeout_abs_ns = time_now_ns() + 5 * MS;
    CHECK_EQ(hc_vcpu_op(VCPUOP_set_singleshot_timer, 0, &set), 0);
    wait_ticks(1, 500 * MS);
    CHECK_EQ(ticks, 1);
    CHECK(tick_at >= set.timeout_abs_ns);
    set.timeout_abs_ns = time_now_ns() + 20 * MS;
    CHECK_EQ(hc_vcpu_op(VCPUOP_set_singleshot_timer, 0, &set), 0);
    CHECK_EQ(hc_vcpu_op(VCPUOP_stop_singleshot_timer, 0, NULL), 0);
    wait_ticks(2, 60 * MS);
    CHECK_EQ(ticks, 1);
}

/* The flag that once asked for an error is ignored; a deadline that passed fires at once. */
static void single_shot_future(void)
{
    struct vcpu_set_singleshot_timer set = { .timeout_abs_ns = 1, .flags = VCPU_SSHOTTMR_future };

    init();
    CHECK_EQ(hc_vcpu_op(VCPUOP_set_singleshot_timer, 0, &set), 0);
    wait_ticks(1, 500 * MS);
    CHECK_EQ(ticks, 1);
}

static void periodic(void)
{
    struct vcpu_set_periodic_timer set = { .period_ns = 5 * MS };
    uint64_t start;

    init();
    start = time_now_ns();
    CHECK_EQ(hc_vcpu_op(VCPUOP_set_periodic_timer, 0, &set), 0);
    wait_ticks(6, 2000 * MS);
    CHECK_EQ(ticks, 6);
    CHECK(time_now_ns() - start >= 25 * MS);
    CHECK_EQ(hc_vcpu_op(VCPUOP_stop_periodic_timer, 0, NULL), 0);
    upcalls_enable();
    upcalls_disable();
    ticks = 0;
    wait_ticks(1, 30 * MS);
    CHECK_EQ(ticks, 0);
}

static void timer_refusals(void)
{
    struct vcpu_set_periodic_timer set = { .period_ns = MS - 1 };

    init();
    CHECK_EQ(hc_vcpu_op(VCPUOP_set_periodic_timer, 0, &set), -EINVAL);
    set.period_ns = 0;
    CHECK_EQ(hc_vcpu_op(VCPUOP_set_periodic_timer, 0, &set), -EINVAL);
    set.period_ns = 1UL << 62;
    CHECK_EQ(hc_vcpu_op(VCPUOP_set_periodic_timer, 0, &set), -EINVAL);
    CHECK_EQ(hc_vcpu_op(VCPUOP_set_periodic_timer, 0, (void *)UNMAPPED_VA), -EFAULT);
    CHECK_EQ(hc_vcpu_op(VCPUOP_set_singleshot_timer, 0, (void *)UNMAPPED_VA), -EFAULT);
    CHECK_EQ(hc_vcpu_op(VCPUOP_set_periodic_timer, 1, &set), -ENOENT);
    CHECK_EQ(hc_vcpu_op(VCPUOP_stop_periodic_timer, 1, NULL), -ENOENT);
    CHECK_EQ(hc_vcpu_op(VCPUOP_set_singleshot_timer, 1, &set), -ENOENT);
    CHECK_EQ(hc_vcpu_op(VCPUOP_stop_singleshot_timer, 1, NULL), -ENOENT);
    wait_ticks(1, 5 * MS);
    CHECK_EQ(ticks, 0);
}

static void runstate(void)
{
    struct vcpu_runstate_info info;
    uint64_t sum = 0, now;

    CHECK_EQ(hc_vcpu_op(VCPUOP_get_runstate_info, 0, &info), 0);
    now = time_now_ns();
    CHECK_EQ(info.state, RUNSTATE_running);
    for (int i = 0; i < 4; i++)
        sum += info.time[i];
    CHECK(info.time[RUNSTATE_running] > 0);
    CHECK(info.state_entry_time <= now);
    CHECK(sum <= now);
    CHECK_EQ(hc_vcpu_op(VCPUOP_get_runstate_info, 0, (void *)UNMAPPED_VA), -EFAULT);
    CHECK_EQ(hc_vcpu_op(VCPUOP_get_runstate_info, 1, &info), -ENOENT);
}

/* A registered area is filled at once and after each stay away. */
static void runstate_area(void)
{
    static volatile struct vcpu_runstate_info area;
    struct vcpu_register_runstate_memory_area reg;
    uint64_t blocked;

    init();
    memset((void *)&area, 0x5a, sizeof(area));
    reg.addr.v = (struct vcpu_runstate_info *)&area;
    CHECK_EQ(hc_vcpu_op(VCPUOP_register_runstate_memory_area, 0, &reg), 0);
    CHECK_EQ(area.state, RUNSTATE_running);
    blocked = area.time[RUNSTATE_blocked];
    CHECK_EQ(hc_set_timer_op(time_now_ns() + 20 * MS), 0);
    CHECK_EQ(hc_sched_op(SCHEDOP_block, NULL), 0);
    upcalls_disable();
    CHECK_EQ(area.state, RUNSTATE_running);
    CHECK(area.time[RUNSTATE_blocked] - blocked > 5 * MS);
    CHECK(area.time[RUNSTATE_blocked] - blocked < 2000 * MS);
    reg.addr.v = NULL;
    CHECK_EQ(hc_vcpu_op(VCPUOP_register_runstate_memory_area, 0, &reg), 0);
}

static void runstate_area_refusals(void)
{
    struct vcpu_register_runstate_memory_area reg = { .addr.v = (void *)HYPERVISOR_VA };

    CHECK_EQ(hc_vcpu_op(VCPUOP_register_runstate_memory_area, 0, &reg), -EFAULT);
    CHECK_EQ(hc_vcpu_op(VCPUOP_register_runstate_memory_area, 0, (void *)UNMAPPED_VA), -EFAULT);
    CHECK_EQ(hc_vcpu_op(VCPUOP_register_runstate_memory_area, 1, &reg), -ENOENT);
}

/* A second clock record at an address of the guest's choice. */
static void time_area(void)
{
    static struct vcpu_time_info area;
    struct vcpu_register_time_memory_area reg = { .addr.v = &area };
    uint64_t a, b;

    memset(&area, 0, sizeof(area));
    CHECK_EQ(hc_vcpu_op(VCPUOP_register_vcpu_time_memory_area, 0, &reg), 0);
    CHECK(area.tsc_to_system_mul != 0);
    a = time_now_ns(), b = time_from(&area);
    CHECK(b >= a && b - a < 50 * MS);
    reg.addr.v = (void *)HYPERVISOR_VA;
    CHECK_EQ(hc_vcpu_op(VCPUOP_register_vcpu_time_memory_area, 0, &reg), -EFAULT);
    reg.addr.v = NULL;
    CHECK_EQ(hc_vcpu_op(VCPUOP_register_vcpu_time_memory_area, 0, &reg), 0);
}

static const struct test tests[] = {
    { "clock_record", clock_record },
    { "wall_clock", wall_clock },
    { "one_shot", one_shot },
    { "deadline_in_the_past", deadline_in_the_past },
    { "stopped", stopped },
    { "replaced", replaced },
    { "single_shot_of_vcpu", single_shot_of_vcpu },
    { "single_shot_future", single_shot_future },
    { "periodic", periodic },
    { "timer_refusals", timer_refusals },
    { "runstate", runstate },
    { "runstate_area", runstate_area },
    { "runstate_area_refusals", runstate_area_refusals },
    { "time_area", time_area },
};

TEST_MAIN(tests)
