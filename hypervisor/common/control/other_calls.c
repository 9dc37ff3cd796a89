/* SPDX-License-Identifier: MIT */
/*
 * Hypercalls whose subject is not here: policy modules, kexec, Argo, device models, and what a
 * paravirtualized guest gets when it asks for the services of hardware-assisted ones. No locks.
 * ABI facts: public hvm_op.h, kexec.h, dm_op.h; answers as Xen 4.17's without FLASK and Argo.
 */
#include <hv/access.h>
#include <hv/errno.h>
#include <hv/guest_access.h>
#include <hv/hypercall.h>
#include <hv/time.h>
#include <hv/trace.h>
#include <xen/hvm/hvm_op.h>
#include <xen/hvm/params.h>
#include <xen/trace.h>

HC(xsm_op)
{
    (void)a1, (void)a2, (void)a3, (void)a4, (void)a5;
    return -ENOSYS;
}

/* ---- kexec: no memory is set aside for an image, and none can be loaded ---- */

#define KEXEC_CMD_kexec    0
#define KEXEC_CMD_load_v1  1
#define KEXEC_CMD_unload_v1 2
#define KEXEC_CMD_get_range 3
#define KEXEC_CMD_load     4
#define KEXEC_CMD_unload   5
#define KEXEC_CMD_status   6

#define KEXEC_TYPE_CRASH 1
#define KEXEC_RANGE_LAST 7

struct kexec_range {
    s32 range, nr;
    u64 size, start;
};

/* All ranges are empty. */
static long kexec_get_range(u64 arg)
{
    struct kexec_range r;

    if (copy_from_guest_va(&r, arg, sizeof(r)))
        return -EFAULT;
    if (r.range < 0 || r.range > KEXEC_RANGE_LAST)
        return -EINVAL;
    r.size = r.start = 0;
    return copy_to_guest_va(arg, &r, sizeof(r)) ? -EFAULT : 0;
}

/* What is asked of an image of one type, which begins each of these arguments. */
static long kexec_of_type(u64 arg, long answer)
{
    s32 type;

    if (copy_from_guest_va(&type, arg, sizeof(type)))
        return -EFAULT;
    return type < 0 || type > KEXEC_TYPE_CRASH ? -EINVAL : answer;
}

HC(kexec_op)
{
    (void)a3, (void)a4, (void)a5;
    if (access_control_op(current->domain))
        return -EPERM;
    switch ((u32)a1) {
    case KEXEC_CMD_get_range: return kexec_get_range(a2);
    case KEXEC_CMD_kexec: return kexec_of_type(a2, -ENOENT);
    case KEXEC_CMD_load:
    case KEXEC_CMD_load_v1: return kexec_of_type(a2, -EINVAL);
    case KEXEC_CMD_unload:
    case KEXEC_CMD_unload_v1:
    case KEXEC_CMD_status: return kexec_of_type(a2, 0);
    default: return 0; /* as Xen has it */
    }
}

/* ---- device models serve hardware-assisted guests only ---- */

#define DM_OP_MAX_BUFFERS 2

HC(dm_op)
{
    struct { u64 address, size; } buffers[DM_OP_MAX_BUFFERS];
    u32 n = (u32)a2;
    struct domain *d;
    long rc;

    (void)a4, (void)a5;
    if (n > DM_OP_MAX_BUFFERS)
        return -E2BIG;
    if (!n)
        return -ENODATA;
    if (copy_from_guest_va(buffers, a3, n * sizeof(buffers[0])))
        return -EFAULT;
    d = domain_get_by_id((domid_t)a1);
    if (!d)
        return -ESRCH;
    rc = d == current->domain ? -EPERM : -EINVAL;
    domain_put(d);
    return rc;
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

/* `foreign` is the answer where it names another domain. */
static long hvm_of_domain(u64 arg, long foreign)
{
    struct domain *d;
    domid_t id;
    long rc;

    if (copy_from_guest_va(&id, arg, sizeof(id)))
        return -EFAULT;
    d = domain_get_by_any_id(id);
    if (!d)
        return -ESRCH;
    rc = d == current->domain ? -EINVAL : foreign;
    domain_put(d);
    return rc;
}

static long hvm_pagetable_dying(u64 arg)
{
    return hvm_of_domain(arg, -EOPNOTSUPP);
}

static long hvm_get_mem_type(u64 arg)
{
    return hvm_of_domain(arg, access_control_op(current->domain) ? -EPERM : -EINVAL);
}

#define TRC_EVENT_MAX 0xfff /* within a class */

static long hvm_xentrace(u64 arg)
{
    xen_hvm_xentrace_t t;
    u32 words[TRACE_EXTRA_MAX] = { 0 };

    if (copy_from_guest_va(&t, arg, sizeof(t)))
        return -EFAULT;
    if (t.extra_bytes > sizeof(words) || t.event > TRC_EVENT_MAX)
        return -EINVAL;
    memcpy(words, t.extra, t.extra_bytes);
    trace_record(t.event | TRC_GUEST, (t.extra_bytes + 3U) / 4, words);
    return 0;
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

/* An event for whoever monitors the guest, which nobody does. */
static long hvm_vm_event(u64 arg)
{
    return arg ? -EINVAL : 0;
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
    [HVMOP_pagetable_dying] = hvm_pagetable_dying,
    [HVMOP_get_time] = hvm_get_time,
    [HVMOP_xentrace] = hvm_xentrace,
    [HVMOP_get_mem_type] = hvm_get_mem_type,
    [HVMOP_set_evtchn_upcall_vector] = hvm_not_for_pv,
    [HVMOP_guest_request_vm_event] = hvm_vm_event,
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
