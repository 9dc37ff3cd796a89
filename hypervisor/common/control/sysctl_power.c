/* SPDX-License-Identifier: MIT */
/*
 * sysctl: power management. Clock frequencies are the firmware's affair. An idle CPU halts: there
 * are two C-states, C0 and C1, and their times are those of the idle vCPUs. The limits that tools
 * set are kept for them to read back. No locks: single words. ABI facts: public sysctl.h; errors
 * as Xen 4.17's without a frequency driver.
 */
#include <hv/domctl.h>
#include <hv/errno.h>
#include <hv/guest_access.h>
#include <hv/irq.h>
#include <hv/sched.h>
#include <hv/time.h>

#define NR_CSTATES 2 /* running, halted */

static u32 max_cstate = 1, max_substate = XEN_SYSCTL_CX_UNLIMITED, smt_saving;

static bool is_online(u32 cpu)
{
    return cpu < MAX_CPUS && cpumask_test(cpu, &cpu_online_map);
}

/* ---- statistics ---- */

static long cx_times(u32 cpu, struct pm_cx_stat *cx)
{
    const u64 idle = cpu_idle_time_ns(cpu), now = (u64)now_ns();
    const u64 triggers[NR_CSTATES] = { 1, 1 }, times[NR_CSTATES] = { now - MIN(idle, now), idle };
    u32 n = MIN(cx->nr, (u32)NR_CSTATES);

    if (copy_to_guest(cx->triggers, triggers, n) || copy_to_guest(cx->residencies, times, n))
        return -EFAULT;
    cx->nr = NR_CSTATES;
    cx->last = 0;
    cx->idle_time = idle;
    cx->nr_pc = cx->nr_cc = 0;
    return 0;
}

long sysctl_get_pmstat(struct xen_sysctl *op, bool *copyback)
{
    struct xen_sysctl_get_pmstat *p = &op->u.get_pmstat;

    (void)copyback;
    if (!is_online(p->cpuid))
        return -EINVAL;
    switch (p->type) {
    case PMSTAT_get_max_cx: p->u.getcx.nr = NR_CSTATES; return 0;
    case PMSTAT_get_cxstat: return cx_times(p->cpuid, &p->u.getcx);
    case PMSTAT_reset_cxstat: return 0;
    }
    return (p->type & PMSTAT_CATEGORY_MASK) == PMSTAT_PX ? -ENODEV : -ENOSYS;
}

/* ---- settings ---- */

static u32 exchange(u32 *setting, u32 value)
{
    u32 old = *setting;

    *setting = value;
    return old;
}

/* By number: 0 the deepest C-state allowed, 1 the deepest sub-state. */
static long cstate_limit(struct xen_sysctl_pm_op *p)
{
    u32 *limit = p->cpuid == 0 ? &max_cstate : p->cpuid == 1 ? &max_substate : NULL;

    if (!limit)
        return -EINVAL;
    if (p->cmd == XEN_SYSCTL_pm_op_get_max_cstate)
        p->u.get_max_cstate = *limit;
    else
        *limit = p->u.set_max_cstate;
    return 0;
}

long sysctl_pm_op(struct xen_sysctl *op, bool *copyback)
{
    struct xen_sysctl_pm_op *p = &op->u.pm_op;

    (void)copyback;
    if (!is_online(p->cpuid))
        return -EINVAL;
    switch (p->cmd) {
    case GET_CPUFREQ_PARA:
    case SET_CPUFREQ_GOV:
    case SET_CPUFREQ_PARA:
    case GET_CPUFREQ_AVGFREQ:
        return -EINVAL;
    case XEN_SYSCTL_pm_op_get_max_cstate:
    case XEN_SYSCTL_pm_op_set_max_cstate:
        return cstate_limit(p);
    case XEN_SYSCTL_pm_op_set_sched_opt_smt:
        p->u.set_sched_opt_smt = exchange(&smt_saving, p->u.set_sched_opt_smt);
        return 0;
    case XEN_SYSCTL_pm_op_enable_turbo:
    case XEN_SYSCTL_pm_op_disable_turbo:
        return -EACCES;
    default:
        return -ENOSYS;
    }
}
