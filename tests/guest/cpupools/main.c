/* SPDX-License-Identifier: MIT */
/* CPU pools: made, filled, emptied and ended, with domains in them, and what is refused. */
//! smp=2
//! timeout=120
#include <xen/domctl.h>
#include <xen/sysctl.h>

#include "test.h"

static struct xen_sysctl op;
static struct xen_sysctl_cpupool_op *const pool = &op.u.cpupool_op;
static struct xen_domctl dom;
static uint8_t cpus[8];
static unsigned int second; /* the pool beside number 0 */
static unsigned int guest;  /* a domain without memory, with one vCPU */

static long call(unsigned int what, unsigned int id, unsigned int cpu, unsigned int domid)
{
    memset(&op, 0, sizeof(op));
    memset(cpus, 0, sizeof(cpus));
    op.cmd = XEN_SYSCTL_cpupool_op;
    op.interface_version = XEN_SYSCTL_INTERFACE_VERSION;
    pool->op = what;
    pool->cpupool_id = id;
    pool->sched_id = XEN_SCHEDULER_CREDIT2;
    pool->cpu = cpu;
    pool->domid = domid;
    set_xen_guest_handle(pool->cpumap.bitmap, cpus);
    pool->cpumap.nr_bits = 64;
    return hc_sysctl(&op);
}

#define INFO(id) call(XEN_SYSCTL_CPUPOOL_OP_INFO, id, 0, 0)
#define ADD(id, cpu) call(XEN_SYSCTL_CPUPOOL_OP_ADDCPU, id, cpu, 0)
#define REMOVE(id, cpu) call(XEN_SYSCTL_CPUPOOL_OP_RMCPU, id, cpu, 0)
#define MOVE(id, domid) call(XEN_SYSCTL_CPUPOOL_OP_MOVEDOMAIN, id, 0, domid)
#define DESTROY(id) call(XEN_SYSCTL_CPUPOOL_OP_DESTROY, id, 0, 0)
#define FREE() call(XEN_SYSCTL_CPUPOOL_OP_FREEINFO, 0, 0, 0)
#define ANY XEN_SYSCTL_CPUPOOL_PAR_ANY

static long domctl(unsigned int cmd, unsigned int id)
{
    dom.cmd = cmd;
    dom.interface_version = XEN_DOMCTL_INTERFACE_VERSION;
    dom.domain = id;
    return hc_domctl(&dom);
}

static long make_domain(unsigned int pool_id)
{
    long rc;

    memset(&dom, 0, sizeof(dom));
    dom.u.createdomain.max_vcpus = 1;
    dom.u.createdomain.max_evtchn_port = 1023;
    dom.u.createdomain.max_grant_frames = 4;
    dom.u.createdomain.max_maptrack_frames = 16;
    dom.u.createdomain.grant_opts = 1;
    dom.u.createdomain.cpupool_id = pool_id;
    rc = domctl(XEN_DOMCTL_createdomain, 0);
    if (rc)
        return rc;
    guest = dom.domain;
    memset(&dom, 0, sizeof(dom));
    dom.u.max_vcpus.max = 1;
    return domctl(XEN_DOMCTL_max_vcpus, guest);
}

static unsigned int pool_of_guest(void)
{
    memset(&dom, 0, sizeof(dom));
    CHECK_EQ(domctl(XEN_DOMCTL_getdomaininfo, guest), 0);
    return dom.u.getdomaininfo.cpupool;
}

static long affinity(unsigned int cmd, uint8_t mask)
{
    memset(&dom, 0, sizeof(dom));
    memset(cpus, 0, sizeof(cpus));
    cpus[0] = mask;
    dom.u.vcpuaffinity.flags = XEN_VCPUAFFINITY_HARD;
    set_xen_guest_handle(dom.u.vcpuaffinity.cpumap_hard.bitmap, cpus);
    dom.u.vcpuaffinity.cpumap_hard.nr_bits = 8;
    return domctl(cmd, guest);
}

static void at_first(void)
{
    CHECK_EQ(INFO(0), 0);
    CHECK_EQ(pool->cpupool_id, 0);
    CHECK_EQ(pool->sched_id, XEN_SCHEDULER_CREDIT2);
    CHECK_EQ(pool->n_dom, 1);
    CHECK_EQ(cpus[0], 3);
    CHECK_EQ(INFO(1), -ENOENT);
    CHECK_EQ(FREE(), 0);
    CHECK_EQ(cpus[0], 0);
}

static void unknown(void)
{
    static const unsigned int cmds[] = { 0, 8, 99, ~0u };

    for (int i = 0; i < 4; i++)
        CHECK_EQ(call(cmds[i], 0, 0, 0), -ENOSYS);
}

static void create(void)
{
    CHECK_EQ(call(XEN_SYSCTL_CPUPOOL_OP_CREATE, ANY, 0, 0), 0);
    second = pool->cpupool_id;
    CHECK_EQ(second, 1);
    CHECK_EQ(call(XEN_SYSCTL_CPUPOOL_OP_CREATE, second, 0, 0), -EEXIST);
    CHECK_EQ(call(XEN_SYSCTL_CPUPOOL_OP_CREATE, 0, 0, 0), -EEXIST);
    CHECK_EQ(INFO(second), 0);
    CHECK_EQ(pool->n_dom, 0);
    CHECK_EQ(cpus[0], 0);
    CHECK_EQ(call(XEN_SYSCTL_CPUPOOL_OP_CREATE, 7, 0, 0), 0);
    CHECK_EQ(pool->cpupool_id, 7);
    CHECK_EQ(INFO(second + 1), 0); /* the next that there is */
    CHECK_EQ(pool->cpupool_id, 7);
    CHECK_EQ(DESTROY(7), 0);
    CHECK_EQ(DESTROY(7), -ENOENT);
}

static void bad_scheduler(void)
{
    CHECK_EQ(call(XEN_SYSCTL_CPUPOOL_OP_CREATE, ANY, 0, 0), 0);
    CHECK_EQ(DESTROY(pool->cpupool_id), 0);
    memset(&op, 0, sizeof(op));
    op.cmd = XEN_SYSCTL_cpupool_op;
    op.interface_version = XEN_SYSCTL_INTERFACE_VERSION;
    pool->op = XEN_SYSCTL_CPUPOOL_OP_CREATE;
    pool->cpupool_id = ANY;
    pool->sched_id = 99;
    CHECK_EQ(hc_sysctl(&op), -ENOENT);
}

static void empty_pool_takes_nobody(void)
{
    CHECK_EQ(make_domain(second), -ENODEV);
    CHECK_EQ(make_domain(second + 1), -ESRCH);
    CHECK_EQ(make_domain(0), 0);
    CHECK_EQ(pool_of_guest(), 0);
    CHECK_EQ(MOVE(second, guest), -ENOENT);
    CHECK_EQ(MOVE(second + 1, guest), -ENOENT);
    CHECK_EQ(MOVE(0, 0), -EPERM);
    CHECK_EQ(MOVE(0, 500), -ESRCH);
    CHECK_EQ(MOVE(0, guest), 0);
}

static void move_cpu(void)
{
    CHECK_EQ(ADD(second, 1), -ENODEV);
    CHECK_EQ(ADD(second, 64), -EINVAL);
    CHECK_EQ(ADD(second, ANY), -ENODEV);
    CHECK_EQ(REMOVE(99, 1), -ENOENT);
    CHECK_EQ(REMOVE(0, 1000), -EINVAL);
    CHECK_EQ(affinity(XEN_DOMCTL_setvcpuaffinity, 2), 0);
    CHECK_EQ(REMOVE(0, 1), 0);
    CHECK_EQ(affinity(XEN_DOMCTL_getvcpuaffinity, 0), 0);
    CHECK_EQ(cpus[0], 3); /* its only CPU went: any will do */
    CHECK_EQ(affinity(XEN_DOMCTL_setvcpuaffinity, 2), -EINVAL);
    CHECK_EQ(FREE(), 0);
    CHECK_EQ(cpus[0], 2);
    CHECK_EQ(INFO(0), 0);
    CHECK_EQ(cpus[0], 1);
    CHECK_EQ(REMOVE(0, ANY), -EINVAL);
    CHECK_EQ(REMOVE(0, 0), -EINVAL);
    CHECK_EQ(REMOVE(0, 1), -EADDRNOTAVAIL);
    CHECK_EQ(ADD(99, 1), -ENOENT);
    CHECK_EQ(ADD(second, ANY), 0);
    CHECK_EQ(INFO(second), 0);
    CHECK_EQ(cpus[0], 2);
    CHECK_EQ(DESTROY(second), -EBUSY);
}

static void move_domain(void)
{
    CHECK_EQ(affinity(XEN_DOMCTL_setvcpuaffinity, 1), 0);
    CHECK_EQ(MOVE(second, guest), 0);
    CHECK_EQ(pool_of_guest(), second);
    CHECK_EQ(affinity(XEN_DOMCTL_getvcpuaffinity, 0), 0);
    CHECK_EQ(cpus[0], 3);
    CHECK_EQ(affinity(XEN_DOMCTL_setvcpuaffinity, 1), -EINVAL);
    CHECK_EQ(affinity(XEN_DOMCTL_setvcpuaffinity, 3), 0);
    CHECK_EQ(cpus[0], 2); /* what is in force */
    CHECK_EQ(INFO(second), 0);
    CHECK_EQ(pool->n_dom, 1);
    CHECK_EQ(REMOVE(second, 1), -EBUSY);
    CHECK_EQ(MOVE(0, guest), 0);
    CHECK_EQ(pool_of_guest(), 0);
    CHECK_EQ(domctl(XEN_DOMCTL_destroydomain, guest), 0);
}

static void born_in_pool(void)
{
    CHECK_EQ(make_domain(second), 0);
    CHECK_EQ(pool_of_guest(), second);
    CHECK_EQ(domctl(XEN_DOMCTL_destroydomain, guest), 0);
    for (int i = 0; i < 1000 && domctl(XEN_DOMCTL_getdomaininfo, guest) == 0; i++)
        hc_sched_op(SCHEDOP_yield, NULL);
    CHECK_EQ(INFO(second), 0);
    CHECK_EQ(pool->n_dom, 0);
}

static void global_parameters(void)
{
    memset(&op, 0, sizeof(op));
    op.cmd = XEN_SYSCTL_scheduler_op;
    op.interface_version = XEN_SYSCTL_INTERFACE_VERSION;
    op.u.scheduler_op.cpupool_id = second;
    op.u.scheduler_op.sched_id = XEN_SCHEDULER_CREDIT2;
    op.u.scheduler_op.cmd = XEN_SYSCTL_SCHEDOP_getinfo;
    CHECK_EQ(hc_sysctl(&op), 0);
    op.u.scheduler_op.cpupool_id = 99;
    CHECK_EQ(hc_sysctl(&op), -ESRCH);
}

static void undo(void)
{
    CHECK_EQ(REMOVE(second, ANY), 0);
    CHECK_EQ(REMOVE(second, ANY), -EINVAL);
    CHECK_EQ(DESTROY(second), 0);
    CHECK_EQ(ADD(0, 1), 0);
    CHECK_EQ(INFO(0), 0);
    CHECK_EQ(cpus[0], 3);
    CHECK_EQ(INFO(1), -ENOENT);
}

static const struct test tests[] = {
    { "at_first", at_first },
    { "unknown", unknown },
    { "create", create },
    { "bad_scheduler", bad_scheduler },
    { "empty_pool_takes_nobody", empty_pool_takes_nobody },
    { "move_cpu", move_cpu },
    { "move_domain", move_domain },
    { "born_in_pool", born_in_pool },
    { "global_parameters", global_parameters },
    { "undo", undo },
};

TEST_MAIN(tests)
