/* SPDX-License-Identifier: MIT */
/*
 * Random hypercalls, as dom0 and as a domU, on one vCPU and on several: the hypervisor must live,
 * the kernel too, and the frame audit at the end find nothing. Arguments (seed=, calls=, log):
 * `log` prints each call with its result, for tests/fuzz/differ.py.
 */
//! smp=2
//! accel=tcg,thread=multi
//! xen=dom0_max_vcpus=4
//! timeout=120
#include <xen/domctl.h>
#include <xen/physdev.h>
#include <xen/platform.h>
#include <xen/sysctl.h>
#include <xen/vcpu.h>

#include <sdk/vcpu.h>

#include "random.h"

#define ANY 1000
#define VCPUS 3

static unsigned long option(const char *name, unsigned long otherwise)
{
    const char *at = strstr((const char *)start_info->cmd_line, name);
    unsigned long value = 0;

    if (!at)
        return otherwise;
    for (at += strlen(name); *at >= '0' && *at <= '9'; at++)
        value = value * 10 + (unsigned long)(*at - '0');
    return value;
}

/* ---- making a call ---- */

static unsigned int put_places(struct random *r, uint8_t *at, const char *places)
{
    unsigned int n = 0;

    for (; *places; places++) {
        unsigned int bytes = kind_bytes(*places);
        uint64_t value = pick(r, *places);

        memcpy(at + n, &value, bytes);
        n += bytes;
    }
    return n;
}

/* What would end the machine, stop the caller, or make the log unreadable. */
static bool is_forbidden(unsigned int nr, unsigned int cmd)
{
    switch (nr) {
    case __HYPERVISOR_sysctl:
        return cmd == XEN_SYSCTL_debug_keys || cmd == XEN_SYSCTL_readconsole;
    case __HYPERVISOR_platform_op:
        return cmd == XENPF_enter_acpi_sleep;
    case __HYPERVISOR_physdev_op: /* the console's own line, and the EOI page of all lines */
        return cmd == PHYSDEVOP_apic_write;
    default:
        return false;
    }
}

static uint64_t interface_of(unsigned int nr)
{
    return nr == __HYPERVISOR_sysctl   ? XEN_SYSCTL_INTERFACE_VERSION
           : nr == __HYPERVISOR_domctl ? XEN_DOMCTL_INTERFACE_VERSION
                                       : XENPF_INTERFACE_VERSION;
}

/* Operations on domains that the calls themselves have made, or on none. */
static void put_control(struct random *r, unsigned int nr, unsigned int cmd)
{
    uint64_t *words = (uint64_t *)r->args;
    words[0] = random_next(r) % 64 ? cmd | interface_of(nr) << 32 : pick(r, 'Q');
    words[1] = random_next(r) % 8 ? 1 + random_next(r) % 4 : 0x7ff0 + random_next(r) % 16;
    for (unsigned int i = nr == __HYPERVISOR_domctl ? 2 : 1; i < 18; i++)
        words[i] = pick(r, "qQaumqq"[random_next(r) % 7]);
    if (nr == __HYPERVISOR_domctl && cmd == XEN_DOMCTL_createdomain && random_next(r) % 4) {
        xen_domctl_t *op = (xen_domctl_t *)words;

        memset(&op->u, 0, sizeof(op->u));
        op->u.createdomain.max_vcpus = 1 + random_next(r) % 2;
        op->u.createdomain.max_evtchn_port = 255;
        op->u.createdomain.max_grant_frames = 2;
        op->u.createdomain.max_maptrack_frames = 2;
        op->u.createdomain.grant_opts = 1;
    }
}

static unsigned int command_of(struct random *r, const struct op *op)
{
    unsigned int cmd = op->cmd;

    while (cmd == ANY || is_forbidden(op->nr, cmd)) {
        cmd = random_next(r) % 96;
        if (!is_forbidden(op->nr, cmd) && cmd != ANY)
            break;
    }
    return cmd;
}

/* Mostly at the page's start; sometimes so that the end is not there, or nowhere at all. */
static unsigned long pointer(struct random *r)
{
    uint64_t v = random_next(r);

    if (v % 24 == 0)
        return pick(r, 'a');
    return (unsigned long)r->args;
}

/* Any root but the kernel's own would be the end of the kernel. */
static void put_mmuext(struct random *r, struct mmuext_op *op)
{
    op->cmd = random_next(r) % 22;
    if (op->cmd == MMUEXT_NEW_BASEPTR)
        op->arg1.mfn = random_next(r) % 2 ? mfn_of(root_table()) : NO_SUCH_MFN;
}

static void fill(struct random *r, const struct op *op, unsigned long args[5])
{
    unsigned int cmd = command_of(r, op), count = random_next(r) % 3 + 1, at = 0;

    for (unsigned int i = 0; i < 5; i++)
        args[i] = pick(r, 'q');
    switch (op->shape) {
    case REGISTERS:
        for (unsigned int i = 0; op->places[i]; i++)
            args[i] = pick(r, op->places[i]);
        if (op->cmd || op->nr == __HYPERVISOR_set_debugreg)
            args[0] = op->cmd + random_next(r) % 4 * (op->nr == __HYPERVISOR_set_debugreg);
        return;
    case POINTER:
        put_places(r, r->args, op->places);
        args[0] = pointer(r);
        return;
    case CONTROL:
        put_control(r, op->nr, cmd);
        args[0] = pointer(r);
        return;
    case COMMAND:
        put_places(r, r->args, op->places);
        args[0] = cmd; /* a poll of zeroes would never end */
        args[1] = op->nr == __HYPERVISOR_sched_op ? (unsigned long)r->args : pointer(r);
        return;
    case VCPU:
        put_places(r, r->args, op->places);
        args[0] = cmd;
        args[1] = VCPUS + pick(r, 'V');
        args[2] = pointer(r);
        return;
    case COUNTED:
        for (unsigned int i = 0; i < count; i++)
            at += put_places(r, r->args + at, op->places);
        args[0] = cmd;
        args[1] = pointer(r);
        args[2] = random_next(r) % 32 ? count : pick(r, 'Q') | 1UL << 31;
        return;
    case LISTED:
        for (unsigned int i = 0; i < count; i++)
            at += put_places(r, r->args + at, op->places);
        for (unsigned int i = 0; i < count; i++)
            if (op->nr == __HYPERVISOR_mmu_update)
                r->args[i * sizeof(mmu_update_t)] |= op->cmd;
            else
                put_mmuext(r, (struct mmuext_op *)r->args + i);
        args[0] = pointer(r);
        args[1] = random_next(r) % 32 ? count : count | 1UL << 31;
        args[2] = random_next(r) % 2 ? (unsigned long)r->args + 4000 : 0;
        args[3] = pick(r, 'D');
        return;
    }
}

static const struct op *any_op(struct random *r)
{
    return &ops[random_next(r) % nr_ops];
}

/* Entries of a multicall keep their arguments behind the list. */
static void make_multicall(struct random *r, unsigned long args[5])
{
    struct multicall_entry *list = (struct multicall_entry *)(r->args + 2560);
    unsigned int n = random_next(r) % 6;

    memset(list, 0, 6 * sizeof(*list));
    for (unsigned int i = 0; i < n; i++) {
        const struct op *op = any_op(r);
        unsigned long inner[5];

        if (op->nr == __HYPERVISOR_sched_op) /* the next one may overwrite what it points at */
            continue;
        fill(r, op, inner);
        list[i].op = op->nr;
        for (unsigned int k = 0; k < 5; k++)
            list[i].args[k] = inner[k];
    }
    args[0] = (unsigned long)list;
    args[1] = n;
}

const struct op *call_make(struct random *r, unsigned long args[5])
{
    const struct op *op = any_op(r);

    if (op->nr == __HYPERVISOR_multicall)
        make_multicall(r, args);
    else
        fill(r, op, args);
    return op;
}

long call_run(const struct op *op, unsigned long args[5])
{
    return hypercall5(op->nr, args[0], args[1], args[2], args[3], args[4]);
}

/* ---- the tests ---- */

static bool go_on(struct trap_frame *frame)
{
    frame->rflags |= EFLAGS_RF;
    return true;
}

/* Breakpoints that a call has set may be hit; traps are ours again after a call has taken them. */
static void own_again(void)
{
    hc_set_debugreg(7, 0x400);
    trap_init();
    hc_fpu_taskswitch(0);
}

static void calls(struct random *r, unsigned long n, bool log)
{
    for (unsigned long i = 0; i < n; i++) {
        unsigned long args[5];
        const struct op *op = call_make(r, args);
        long rc;

        if (op->shape == CONTROL && r->as_domu && random_next(r) % 4)
            continue;
        rc = call_run(op, args);
        own_again();
        if (log)
            printf("CALL %lu %s %lx %lx %lx %lx = %ld\n", i, op->name, args[0], args[1], args[2],
                   args[3], rc);
        if (i % 256 == 255)
            pool_put_back();
    }
}

static struct random state[VCPUS];

static void begin(void)
{
    trap_set_handler(TRAP_DB, go_on);
    trap_set_handler(TRAP_FAILSAFE, go_on); /* a selector whose table a call has taken away */
    for (unsigned int i = 0; i < VCPUS && !state[i].args; i++) {
        state[i].state = (option("seed=", 88172645) + i) * 0x9e3779b97f4a7c15UL | 1;
        state[i].as_domu = !is_initial_domain();
        pool_init(&state[i]);
    }
}

static void one_vcpu(void)
{
    begin();
    calls(&state[0], option("calls=", 3000), strstr((const char *)start_info->cmd_line, " log"));
    pool_put_back();
}

static void others(void *which)
{
    calls(which, option("calls=", 3000) / 2, false);
}

static void several_vcpus(void)
{
    if (strstr((const char *)start_info->cmd_line, " alone"))
        test_skip("asked for one vCPU only");
    begin();
    for (unsigned int i = 1; i < VCPUS; i++)
        if (vcpu_start(i))
            test_skip("there is no vCPU %u", i);
    for (unsigned int i = 1; i < VCPUS; i++)
        vcpu_call(i, others, &state[i]);
    others(&state[0]);
    for (unsigned int i = 1; i < VCPUS; i++)
        vcpu_wait(i);
    pool_put_back();
}

static const struct test tests[] = {
    { "one_vcpu", one_vcpu },
    { "several_vcpus", several_vcpus },
};

TEST_MAIN(tests)
