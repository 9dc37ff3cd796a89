/* SPDX-License-Identifier: MIT */
/* sysctl from the initial domain: versions, what the machine says of itself, refusals. */
#include <xen/domctl.h>
#include <xen/sysctl.h>

#include "test.h"

static struct xen_sysctl op;

static long call(unsigned int cmd)
{
    op.cmd = cmd;
    op.interface_version = XEN_SYSCTL_INTERFACE_VERSION;
    return hc_sysctl(&op);
}

static void interface_version(void)
{
    static const unsigned int versions[] = {
        0, XEN_SYSCTL_INTERFACE_VERSION - 1, XEN_SYSCTL_INTERFACE_VERSION + 1, ~0u,
    };

    for (int i = 0; i < 4; i++) {
        memset(&op, 0, sizeof(op));
        op.cmd = XEN_SYSCTL_physinfo;
        op.interface_version = versions[i];
        CHECK_EQ(hc_sysctl(&op), -EACCES);
    }
}

static void bad_pointers(void)
{
    static const unsigned long pointers[] = { 0, UNMAPPED_VA, NONCANONICAL_VA, HYPERVISOR_VA };

    for (int i = 0; i < 4; i++)
        CHECK_EQ(hc_sysctl((void *)pointers[i]), -EFAULT);
}

static void unknown(void)
{
    static const unsigned int cmds[] = { 0, 13, 30, 999, ~0u };

    for (int i = 0; i < 5; i++) {
        memset(&op, 0, sizeof(op));
        if (call(cmds[i]) != -ENOSYS)
            FAIL("command %u: %ld", cmds[i], call(cmds[i]));
    }
}

static void physinfo(void)
{
    const struct xen_sysctl_physinfo *info = &op.u.physinfo;

    memset(&op, 0, sizeof(op));
    CHECK_EQ(call(XEN_SYSCTL_physinfo), 0);
    CHECK_EQ(info->nr_cpus, 1);
    CHECK_EQ(info->max_cpu_id, 0);
    CHECK_EQ(info->nr_nodes, 1);
    CHECK_EQ(info->threads_per_core, 1);
    CHECK_EQ(info->cores_per_socket, 1);
    CHECK(info->cpu_khz > 100000);
    CHECK(info->capabilities & XEN_SYSCTL_PHYSCAP_pv);
    CHECK(info->total_pages > 60000 && info->total_pages <= 65536);
    CHECK(info->free_pages + start_info->nr_pages < info->total_pages);
}

static void scheduler(void)
{
    memset(&op, 0, sizeof(op));
    CHECK_EQ(call(XEN_SYSCTL_sched_id), 0);
    CHECK(op.u.sched_id.sched_id <= 10);
}

static void domain_list(void)
{
    static struct xen_domctl_getdomaininfo infos[4];

    memset(&op, 0, sizeof(op));
    memset(infos, 0x5a, sizeof(infos));
    op.u.getdomaininfolist.max_domains = 4;
    set_xen_guest_handle(op.u.getdomaininfolist.buffer, infos);
    CHECK_EQ(call(XEN_SYSCTL_getdomaininfolist), 0);
    CHECK_EQ(op.u.getdomaininfolist.num_domains, 1);
    CHECK_EQ(infos[0].domain, 0);
    CHECK_EQ(infos[0].tot_pages, start_info->nr_pages);
    CHECK_EQ(infos[1].domain, 0x5a5a);
    op.u.getdomaininfolist.first_domain = 1;
    CHECK_EQ(call(XEN_SYSCTL_getdomaininfolist), 0);
    CHECK_EQ(op.u.getdomaininfolist.num_domains, 0);
    op.u.getdomaininfolist.first_domain = 0;
    op.u.getdomaininfolist.max_domains = 0;
    CHECK_EQ(call(XEN_SYSCTL_getdomaininfolist), 0);
    CHECK_EQ(op.u.getdomaininfolist.num_domains, 0);
    op.u.getdomaininfolist.max_domains = 4;
    set_xen_guest_handle(op.u.getdomaininfolist.buffer, (void *)UNMAPPED_VA);
    CHECK_EQ(call(XEN_SYSCTL_getdomaininfolist), -EFAULT);
}

static void read_console(void)
{
    static char text[8192];

    memset(&op, 0, sizeof(op));
    op.u.readconsole.count = sizeof(text) - 1;
    set_xen_guest_handle(op.u.readconsole.buffer, text);
    CHECK_EQ(call(XEN_SYSCTL_readconsole), 0);
    CHECK(op.u.readconsole.count > 100 && op.u.readconsole.count < sizeof(text));
    CHECK(text[0] != 0);
    op.u.readconsole.incremental = 1;
    op.u.readconsole.count = 64;
    CHECK_EQ(call(XEN_SYSCTL_readconsole), 0);
    CHECK(op.u.readconsole.count <= 64);
    op.u.readconsole.incremental = 0;
    op.u.readconsole.index = 0;
    op.u.readconsole.count = 64;
    set_xen_guest_handle(op.u.readconsole.buffer, (void *)UNMAPPED_VA);
    CHECK_EQ(call(XEN_SYSCTL_readconsole), -EFAULT);
}

static void topology(void)
{
    static struct xen_sysctl_cputopo cpus[4];
    static struct xen_sysctl_meminfo nodes[2];

    memset(&op, 0, sizeof(op));
    set_xen_guest_handle(op.u.cputopoinfo.cputopo, NULL);
    CHECK_EQ(call(XEN_SYSCTL_cputopoinfo), 0);
    CHECK_EQ(op.u.cputopoinfo.num_cpus, 1);
    memset(cpus, 0x5a, sizeof(cpus));
    op.u.cputopoinfo.num_cpus = 4;
    set_xen_guest_handle(op.u.cputopoinfo.cputopo, cpus);
    CHECK_EQ(call(XEN_SYSCTL_cputopoinfo), 0);
    CHECK_EQ(op.u.cputopoinfo.num_cpus, 1);
    CHECK(cpus[0].core != 0x5a5a5a5a);
    CHECK_EQ(cpus[1].core, 0x5a5a5a5a);
    memset(&op, 0, sizeof(op));
    op.u.numainfo.num_nodes = 2;
    set_xen_guest_handle(op.u.numainfo.meminfo, nodes);
    CHECK_EQ(call(XEN_SYSCTL_numainfo), 0);
    CHECK_EQ(op.u.numainfo.num_nodes, 1);
    CHECK(nodes[0].memsize > 200UL << 20);
    CHECK(nodes[0].memfree < nodes[0].memsize);
}

static void cpu_times(void)
{
    static struct xen_sysctl_cpuinfo infos[2];

    memset(&op, 0, sizeof(op));
    op.u.getcpuinfo.max_cpus = 2;
    set_xen_guest_handle(op.u.getcpuinfo.info, infos);
    CHECK_EQ(call(XEN_SYSCTL_getcpuinfo), 0);
    CHECK_EQ(op.u.getcpuinfo.nr_cpus, 1);
}

static void available_heap(void)
{
    memset(&op, 0, sizeof(op));
    op.u.availheap.node = -1;
    CHECK_EQ(call(XEN_SYSCTL_availheap), 0);
    CHECK(op.u.availheap.avail_bytes > 100UL << 20);
    CHECK(op.u.availheap.avail_bytes < 256UL << 20);
}

static void debug_keys(void)
{
    char keys[] = "h";

    memset(&op, 0, sizeof(op));
    op.u.debug_keys.nr_keys = 0;
    set_xen_guest_handle(op.u.debug_keys.keys, keys);
    CHECK_EQ(call(XEN_SYSCTL_debug_keys), 0);
    op.u.debug_keys.nr_keys = 1;
    CHECK_EQ(call(XEN_SYSCTL_debug_keys), 0);
    set_xen_guest_handle(op.u.debug_keys.keys, (void *)UNMAPPED_VA);
    CHECK_EQ(call(XEN_SYSCTL_debug_keys), -EFAULT);
}

static void pools(void)
{
    memset(&op, 0, sizeof(op));
    op.u.cpupool_op.op = XEN_SYSCTL_CPUPOOL_OP_INFO;
    CHECK_EQ(call(XEN_SYSCTL_cpupool_op), 0);
    CHECK_EQ(op.u.cpupool_op.cpupool_id, 0);
    CHECK_EQ(op.u.cpupool_op.n_dom, 1);
    memset(&op, 0, sizeof(op));
    op.u.cpupool_op.op = XEN_SYSCTL_CPUPOOL_OP_INFO;
    op.u.cpupool_op.cpupool_id = 1;
    CHECK_EQ(call(XEN_SYSCTL_cpupool_op), -ENOENT);
    op.u.cpupool_op.op = 99;
    CHECK_EQ(call(XEN_SYSCTL_cpupool_op), -ENOSYS);
}

static long pmstat(unsigned int type, unsigned int cpu)
{
    memset(&op, 0, sizeof(op));
    op.u.get_pmstat.type = type;
    op.u.get_pmstat.cpuid = cpu;
    return call(XEN_SYSCTL_get_pmstat);
}

static void idle_states(void)
{
    static uint64_t triggers[4], times[4];

    CHECK_EQ(pmstat(PMSTAT_get_max_cx, 7), -EINVAL);
    CHECK_EQ(pmstat(PMSTAT_get_max_px, 0), -ENODEV);
    CHECK_EQ(pmstat(PMSTAT_get_max_cx, 0), 0);
    CHECK_EQ(op.u.get_pmstat.u.getcx.nr, 2);
    memset(&op, 0, sizeof(op));
    op.u.get_pmstat.type = PMSTAT_get_cxstat;
    op.u.get_pmstat.u.getcx.nr = 2;
    set_xen_guest_handle(op.u.get_pmstat.u.getcx.triggers, triggers);
    set_xen_guest_handle(op.u.get_pmstat.u.getcx.residencies, times);
    times[2] = 0x5a;
    CHECK_EQ(call(XEN_SYSCTL_get_pmstat), 0);
    CHECK_EQ(op.u.get_pmstat.u.getcx.nr, 2);
    CHECK(times[0] > 0);
    CHECK_EQ(times[2], 0x5a);
}

static long pm(unsigned int cmd, unsigned int cpu, unsigned int value)
{
    memset(&op, 0, sizeof(op));
    op.u.pm_op.cmd = cmd;
    op.u.pm_op.cpuid = cpu;
    op.u.pm_op.u.set_max_cstate = value;
    return call(XEN_SYSCTL_pm_op);
}

static void power_settings(void)
{
    CHECK_EQ(pm(XEN_SYSCTL_pm_op_get_max_cstate, 7, 0), -EINVAL);
    CHECK_EQ(pm(XEN_SYSCTL_pm_op_get_max_cstate, 0, 0), 0);
    CHECK_EQ(op.u.pm_op.u.get_max_cstate, 1);
    CHECK_EQ(pm(XEN_SYSCTL_pm_op_set_max_cstate, 0, 3), 0);
    CHECK_EQ(pm(XEN_SYSCTL_pm_op_get_max_cstate, 0, 0), 0);
    CHECK_EQ(op.u.pm_op.u.get_max_cstate, 3);
    CHECK_EQ(pm(XEN_SYSCTL_pm_op_set_sched_opt_smt, 0, 1), 0);
    CHECK_EQ(op.u.pm_op.u.set_sched_opt_smt, 0);
    CHECK_EQ(pm(XEN_SYSCTL_pm_op_set_sched_opt_smt, 0, 0), 0);
    CHECK_EQ(op.u.pm_op.u.set_sched_opt_smt, 1);
    CHECK_EQ(pm(XEN_SYSCTL_pm_op_enable_turbo, 0, 0), -EACCES);
    CHECK_EQ(pm(XEN_SYSCTL_pm_op_disable_turbo, 0, 0), -EACCES);
    CHECK_EQ(pm(GET_CPUFREQ_PARA, 0, 0), -EINVAL);
    CHECK_EQ(pm(XEN_SYSCTL_pm_op_disable_turbo + 1, 0, 0), -ENOSYS);
}

static void hotplug(void)
{
    memset(&op, 0, sizeof(op));
    op.u.cpu_hotplug.op = XEN_SYSCTL_CPU_HOTPLUG_ONLINE;
    CHECK_EQ(call(XEN_SYSCTL_cpu_hotplug), -EEXIST);
}

static const struct test tests[] = {
    { "interface_version", interface_version },
    { "bad_pointers", bad_pointers },
    { "unknown", unknown },
    { "physinfo", physinfo },
    { "scheduler", scheduler },
    { "domain_list", domain_list },
    { "read_console", read_console },
    { "topology", topology },
    { "cpu_times", cpu_times },
    { "available_heap", available_heap },
    { "debug_keys", debug_keys },
    { "pools", pools },
    { "idle_states", idle_states },
    { "power_settings", power_settings },
    { "hotplug", hotplug },
};

TEST_MAIN(tests)
