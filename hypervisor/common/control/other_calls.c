/* SPDX-License-Identifier: MIT */
/*
 * Hypercalls whose subject is not here: policy modules, kexec, Argo, and what a paravirtualized
 * guest gets when it asks for the services of hardware-assisted ones. No locks. ABI facts: public
 * hvm_op.h; answers as Xen 4.17's without FLASK and Argo.
 */
#include <hv/access.h>
#include <hv/errno.h>
#include <hv/guest_access.h>
#include <hv/hypercall.h>
#include <hv/time.h>
#include <xen/hvm/hvm_op.h>
#include <xen/hvm/params.h>

HC(xsm_op)
{
    (void)a1, (void)a2, (void)a3, (void)a4, (void)a5;
    return -ENOSYS;
}

HC(kexec_op)
{
    (void)a1, (void)a2, (void)a3, (void)a4, (void)a5;
    return access_control_op(current->domain) ? -EPERM : -ENOSYS;
}

HC(argo_op)
{
    (void)a1, (void)a2, (void)a3, (void)a4, (void)a5;
    return -ENOSYS;
}

/* ---- hvm_op ---- */

/* There is no domain that has parameters; who names one that does not exist hears that first. */
static long hvm_param(u64 arg)
{
    xen_hvm_param_t p;
    struct domain *d;

    if (copy_from_guest_va(&p, arg, sizeof(p)))
        return -EFAULT;
    if (p.index >= HVM_NR_PARAMS)
        return -EINVAL;
    d = domain_get_by_any_id(p.domid);
    if (!d)
        return -ESRCH;
    domain_put(d);
    return -EINVAL;
}

static long hvm_of_domain(u64 arg)
{
    struct domain *d;
    domid_t id;

    if (copy_from_guest_va(&id, arg, sizeof(id)))
        return -EFAULT;
    d = domain_get_by_any_id(id);
    if (!d)
        return -ESRCH;
    domain_put(d);
    return -EINVAL;
}

static long hvm_get_time(u64 arg)
{
    u64 now = (u64)now_ns();

    return copy_to_guest_va(arg, &now, sizeof(now)) ? -EFAULT : 0;
}

static long hvm_not_for_pv(u64 arg)
{
    (void)arg;
    return -EINVAL;
}

static long hvm_altp2m(u64 arg)
{
    (void)arg;
    return -EOPNOTSUPP;
}

static long (*const hvm_ops[])(u64 arg) = {
    [HVMOP_set_param] = hvm_param,
    [HVMOP_get_param] = hvm_param,
    [HVMOP_flush_tlbs] = hvm_not_for_pv,
    [HVMOP_pagetable_dying] = hvm_of_domain,
    [HVMOP_get_time] = hvm_get_time,
    [HVMOP_get_mem_type] = hvm_of_domain,
    [HVMOP_set_evtchn_upcall_vector] = hvm_not_for_pv,
    [HVMOP_altp2m] = hvm_altp2m,
};

HC(hvm_op)
{
    u32 cmd = (u32)a1 & 0xff; /* restarts of preempted ones keep progress above */

    (void)a3, (void)a4, (void)a5;
    if (cmd >= ARRAY_SIZE(hvm_ops))
        return -ENOSYS;
    cmd = (u32)array_index_nospec(cmd, ARRAY_SIZE(hvm_ops));
    return hvm_ops[cmd] ? hvm_ops[cmd](a2) : -ENOSYS;
}
