/* SPDX-License-Identifier: MIT */
/*
 * hypercall multicall(list, n): each entry's result is written back as it is done; between entries
 * the call may be preempted. An entry that asks for a continuation is written back with its new
 * arguments and run again. ABI: public xen.h (multicall_entry).
 */
#include <hv/errno.h>
#include <hv/guest_access.h>
#include <hv/hypercall.h>
#include <hv/multicall.h>
#include <hv/trace.h>

DEFINE_PER_CPU(struct multicall_state, multicall_state);

static long run(struct multicall_state *mc)
{
    const unsigned long *a = mc->entry.args;
    hypercall_fn fn = NULL;
    long rc;

    if (mc->entry.op < NR_HYPERCALLS)
        fn = hypercall_table[array_index_nospec(mc->entry.op, NR_HYPERCALLS)].fn;
    if (!fn)
        return -ENOSYS;
    mc->restarted = false;
    mc->active = true;
    if (unlikely(trace_enabled))
        trace_hypercall(mc->entry.op, a[0], a[1]);
    rc = fn(a[0], a[1], a[2], a[3], a[4]);
    mc->active = false;
    if (unlikely(trace_enabled))
        trace_hypercall_end(mc->entry.op, (u64)rc, a[2]);
    return rc;
}

static long preempted(u64 list, unsigned int left)
{
    return hypercall_continuation(__HYPERVISOR_multicall, 2, (unsigned long)list,
                                  (unsigned long)left);
}

HC(multicall)
{
    struct multicall_state *mc = &this_cpu(multicall_state);
    unsigned int n = (unsigned int)a2;
    u64 at = a1;

    (void)a3; (void)a4; (void)a5;
    if (mc->active) /* no nesting */
        return -EINVAL;
    if (n && !guest_range_ok(a1, (u64)n * sizeof(mc->entry)))
        return -EFAULT;
    for (unsigned int i = 0; i < n; i++, at += sizeof(mc->entry)) {
        long result;

        if (i && hypercall_preempt_check())
            return preempted(at, n - i);
        if (copy_from_guest_va(&mc->entry, at, sizeof(mc->entry)))
            return -EFAULT;
        result = run(mc);
        if (mc->restarted) {
            if (copy_to_guest_va(at, &mc->entry, sizeof(mc->entry)))
                return -EFAULT;
            return preempted(at, n - i);
        }
        if (mc->entry.op == __HYPERVISOR_iret)
            return -ERESTART; /* the registers are those of the frame it popped */
        if (copy_to_guest_va(at + offsetof(struct multicall_entry, result), &result,
                             sizeof(result)))
            return -EFAULT;
    }
    return 0;
}
