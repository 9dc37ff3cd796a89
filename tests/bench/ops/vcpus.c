/* SPDX-License-Identifier: MIT */
/* Two vCPUs on one processor, taking turns: by yield, by poll, by block and upcall. */
#include <xen/sched.h>

#include <sdk/cpu.h>
#include <sdk/events.h>
#include <sdk/hypercall.h>
#include <sdk/time.h>
#include <sdk/vcpu.h>

#include "bench.h"

static volatile unsigned int turn, other_turns;
static evtchn_port_t to_other, to_us; /* what we send on, what it sends on */
static evtchn_port_t at_other, at_us; /* what arrives there, what arrives here */
static unsigned int turns;

static void pair_new(evtchn_port_t *from, evtchn_port_t *at, unsigned int vcpu)
{
    long a = event_alloc_unbound(DOMID_SELF, DOMID_SELF), b = event_bind_interdomain(DOMID_SELF, a);
    struct evtchn_bind_vcpu bind = { .port = a, .vcpu = vcpu };

    if (a < 0 || b < 0 || hc_event_channel_op(EVTCHNOP_bind_vcpu, &bind))
        bench_fail("event pair", a);
    *from = b;
    *at = a;
    event_mask(a);
    event_clear(a);
}

/* As every kernel of today that finds the feature: bases change without WRMSR then. */
static void fsgsbase_on(void *arg)
{
    uint64_t cr4;
    uint32_t r[4];

    (void)arg;
    cpuid_forced(7, 0, r);
    if (!(r[1] & 1))
        return;
    asm volatile("movq %%cr4, %0" : "=r"(cr4));
    asm volatile("movq %0, %%cr4" : : "r"(cr4 | 1UL << 16));
}

static void vcpus_setup(void)
{
    long rc;

    if (to_us)
        return;
    rc = vcpu_start(1);
    if (rc)
        bench_fail("vcpu_start", rc);
    hc_vcpu_op(VCPUOP_stop_periodic_timer, 1, NULL);
    fsgsbase_on(NULL);
    vcpu_call(1, fsgsbase_on, NULL);
    vcpu_wait(1);
    pair_new(&to_other, &at_other, 1);
    pair_new(&to_us, &at_us, 0);
}

static void other_yields(void *arg)
{
    (void)arg;
    while (other_turns < turns) {
        if (turn == 1) {
            other_turns++;
            turn = 0;
        }
        hc_sched_op(SCHEDOP_yield, NULL);
    }
}

static bool by_yield(unsigned int count)
{
    turn = other_turns = 0;
    turns = count;
    vcpu_call(1, other_yields, NULL);
    bench_start();
    for (unsigned int i = 0; i < count; i++) {
        turn = 1;
        while (turn)
            hc_sched_op(SCHEDOP_yield, NULL);
    }
    bench_stop();
    vcpu_wait(1);
    return other_turns == count;
}

static bool poll_one(evtchn_port_t port)
{
    struct sched_poll poll = { .nr_ports = 1 };

    set_xen_guest_handle(poll.ports, &port);
    while (!event_is_pending(port))
        if (hc_sched_op(SCHEDOP_poll, &poll))
            return false;
    event_clear(port);
    return true;
}

static void other_polls(void *arg)
{
    (void)arg;
    while (other_turns < turns) {
        if (!poll_one(at_other))
            return;
        other_turns++;
        event_send(to_us);
    }
}

static bool by_poll(unsigned int count)
{
    bool good = true;

    other_turns = 0;
    turns = count;
    vcpu_call(1, other_polls, NULL);
    bench_start();
    for (unsigned int i = 0; i < count; i++) {
        good &= !event_send(to_other);
        good &= poll_one(at_us);
    }
    bench_stop();
    vcpu_wait(1);
    return good && other_turns == count;
}

static volatile unsigned int arrived[2];

static void arrive(evtchn_port_t port, void *arg)
{
    (void)port;
    arrived[(unsigned long)arg]++;
}

/* Upcalls are off whenever the count is looked at; block opens them. */
static void block_until(unsigned int vcpu, unsigned int count)
{
    while (arrived[vcpu] < count) {
        hc_sched_op(SCHEDOP_block, NULL);
        upcalls_disable();
    }
}

static void other_blocks(void *arg)
{
    (void)arg;
    while (other_turns < turns) {
        block_until(1, other_turns + 1);
        other_turns++;
        event_send(to_us);
    }
}

static bool by_block(unsigned int count)
{
    bool good = true;

    other_turns = arrived[0] = arrived[1] = 0;
    turns = count;
    event_set_handler(at_us, arrive, (void *)0);
    event_set_handler(at_other, arrive, (void *)1);
    vcpu_call(1, other_blocks, NULL);
    bench_start();
    for (unsigned int i = 0; i < count; i++) {
        good &= !event_send(to_other);
        block_until(0, i + 1);
    }
    bench_stop();
    vcpu_wait(1);
    event_set_handler(at_us, NULL, NULL);
    event_set_handler(at_other, NULL, NULL);
    return good && other_turns == count;
}

const struct bench bench_vcpus[] = {
    { "two vCPU switches by yield", vcpus_setup, by_yield, 100, 1, true },
    { "two vCPU switches by poll", vcpus_setup, by_poll, 100, 1, true },
    { "two vCPU switches by block and upcall", vcpus_setup, by_block, 100, 1, true },
    { 0 },
};
