/* SPDX-License-Identifier: MIT */
/*
 * domctl: the operations that exist on x86 only, and their table. The dispatcher holds domctl_lock
 * and a reference; contexts are read and written with the vCPU paused.
 * ABI facts: public domctl.h; answers for what PV guests do not have as Xen 4.17's.
 */
#include <asm/cpu.h>
#include <asm/cpu_policy.h>
#include <asm/pv.h>
#include <hv/arch.h>
#include <hv/domctl.h>
#include <hv/errno.h>
#include <hv/sched.h>

void arch_domain_info(const struct domain *d, struct xen_domctl_getdomaininfo *info)
{
    (void)d;
    info->gpaddr_bits = cpu_features.phys_bits;
}

unsigned int arch_phys_bits(void)
{
    return cpu_features.phys_bits;
}

static struct vcpu *find_vcpu(const struct domain *d, u32 id)
{
    return id < d->max_vcpus ? d->vcpu[array_index_nospec(id, d->max_vcpus)] : NULL;
}

/* ---- contexts ---- */

static long set_ext_vcpucontext(struct domain *d, struct xen_domctl *op, bool *copyback)
{
    struct vcpu *v = find_vcpu(d, op->u.ext_vcpucontext.vcpu);
    long rc;

    (void)copyback;
    if (!v)
        return -ESRCH;
    if (d == current->domain || d->dying)
        return -EINVAL;
    vcpu_pause(v);
    rc = pv_set_ext_context(v, &op->u.ext_vcpucontext);
    vcpu_unpause(v);
    return rc;
}

static long get_ext_vcpucontext(struct domain *d, struct xen_domctl *op, bool *copyback)
{
    struct vcpu *v = find_vcpu(d, op->u.ext_vcpucontext.vcpu);

    if (!v)
        return -ESRCH;
    if (v == current)
        return -EINVAL;
    vcpu_pause(v);
    pv_get_ext_context(v, &op->u.ext_vcpucontext);
    vcpu_unpause(v);
    *copyback = true;
    return 0;
}

static long setvcpuextstate(struct domain *d, struct xen_domctl *op, bool *copyback)
{
    struct vcpu *v = find_vcpu(d, op->u.vcpuextstate.vcpu);
    long rc;

    (void)copyback;
    if (!v)
        return -ESRCH;
    if (d == current->domain || d->dying)
        return -EINVAL;
    vcpu_pause(v);
    rc = pv_set_extstate(v, &op->u.vcpuextstate);
    vcpu_unpause(v);
    return rc;
}

static long getvcpuextstate(struct domain *d, struct xen_domctl *op, bool *copyback)
{
    struct vcpu *v = find_vcpu(d, op->u.vcpuextstate.vcpu);
    long rc;

    if (!v)
        return -ESRCH;
    if (v == current)
        return -EINVAL;
    vcpu_pause(v);
    rc = pv_get_extstate(v, &op->u.vcpuextstate, copyback);
    vcpu_unpause(v);
    return rc;
}

static long vcpu_msrs(struct domain *d, struct xen_domctl *op, bool *copyback)
{
    struct vcpu *v = find_vcpu(d, op->u.vcpu_msrs.vcpu);
    long rc;

    if (!v)
        return -ESRCH;
    if (v == current || d->dying)
        return -EINVAL;
    vcpu_pause(v);
    rc = op->cmd == XEN_DOMCTL_get_vcpu_msrs ? pv_get_msrs(v, &op->u.vcpu_msrs, copyback)
                                             : pv_set_msrs(v, &op->u.vcpu_msrs, copyback);
    vcpu_unpause(v);
    return rc;
}

static long hypercall_init(struct domain *d, struct xen_domctl *op, bool *copyback)
{
    (void)copyback;
    if (d == current->domain)
        return -EINVAL;
    return pv_hypercall_page_init(d, mfn_from(op->u.hypercall_init.gmfn));
}

static long sendtrigger(struct domain *d, struct xen_domctl *op, bool *copyback)
{
    struct vcpu *v = find_vcpu(d, op->u.sendtrigger.vcpu);

    (void)copyback;
    if (!v)
        return -ESRCH;
    switch (op->u.sendtrigger.trigger) {
    case XEN_DOMCTL_SENDTRIGGER_NMI:
        if (!xchg(&v->nmi_pending, true))
            vcpu_kick(v);
        return 0;
    case XEN_DOMCTL_SENDTRIGGER_POWER:
    case XEN_DOMCTL_SENDTRIGGER_SLEEP:
        return -EINVAL; /* buttons of an emulated machine */
    default:
        return -ENOSYS;
    }
}

/* ---- kind of guest, policies, time ---- */

static long set_address_size(struct domain *d, struct xen_domctl *op, bool *copyback)
{
    (void)d, (void)copyback;
    switch (op->u.address_size.size) {
    case 64:
        return 0;
    case 32:
        return -EOPNOTSUPP;
    default:
        return -EINVAL;
    }
}

static long get_address_size(struct domain *d, struct xen_domctl *op, bool *copyback)
{
    (void)d;
    op->u.address_size.size = 64;
    *copyback = true;
    return 0;
}

static long get_cpu_policy(struct domain *d, struct xen_domctl *op, bool *copyback)
{
    return cpu_policy_domctl_get(d, &op->u.cpu_policy, copyback);
}

static long set_cpu_policy(struct domain *d, struct xen_domctl *op, bool *copyback)
{
    return cpu_policy_domctl_set(d, &op->u.cpu_policy, copyback);
}

static long gettscinfo(struct domain *d, struct xen_domctl *op, bool *copyback)
{
    if (d == current->domain)
        return -EINVAL;
    domain_pause(d);
    pv_get_tsc_info(d, &op->u.tsc_info);
    domain_unpause(d);
    *copyback = true;
    return 0;
}

static long settscinfo(struct domain *d, struct xen_domctl *op, bool *copyback)
{
    long rc;

    (void)copyback;
    if (d == current->domain)
        return -EINVAL;
    domain_pause(d);
    rc = pv_set_tsc_info(d, &op->u.tsc_info);
    domain_unpause(d);
    return rc;
}

/* ---- what PV guests do not have ---- */

/* Log-dirty is not there yet; without it only the mistakes differ. */
static long shadow_op(struct domain *d, struct xen_domctl *op, bool *copyback)
{
    const struct xen_domctl_shadow_op *s = &op->u.shadow_op;

    (void)copyback;
    if (d == current->domain)
        return -EINVAL;
    if (d->dying)
        return 0;
    if (!d->vcpu[0])
        return -EINVAL;
    if (s->op == XEN_DOMCTL_SHADOW_OP_ENABLE_LOGDIRTY ||
        (s->op == XEN_DOMCTL_SHADOW_OP_ENABLE && s->mode & XEN_DOMCTL_SHADOW_ENABLE_LOG_DIRTY))
        return -EOPNOTSUPP;
    return -EINVAL;
}

static long only_translated(struct domain *d, struct xen_domctl *op, bool *copyback)
{
    (void)d, (void)op, (void)copyback;
    return -EINVAL;
}

static long no_such_hardware(struct domain *d, struct xen_domctl *op, bool *copyback)
{
    (void)d, (void)op, (void)copyback;
    return -ENODEV;
}

static long not_supported(struct domain *d, struct xen_domctl *op, bool *copyback)
{
    (void)d, (void)op, (void)copyback;
    return -EOPNOTSUPP;
}

static const domctl_fn table[] = {
    [XEN_DOMCTL_shadow_op] = shadow_op,
    [XEN_DOMCTL_hypercall_init] = hypercall_init,
    [XEN_DOMCTL_sendtrigger] = sendtrigger,
    [XEN_DOMCTL_gethvmcontext] = only_translated,
    [XEN_DOMCTL_sethvmcontext] = only_translated,
    [XEN_DOMCTL_gethvmcontext_partial] = only_translated,
    [XEN_DOMCTL_set_address_size] = set_address_size,
    [XEN_DOMCTL_get_address_size] = get_address_size,
    [XEN_DOMCTL_assign_device] = not_supported,
    [XEN_DOMCTL_test_assign_device] = not_supported,
    [XEN_DOMCTL_deassign_device] = not_supported,
    [XEN_DOMCTL_get_device_group] = not_supported,
    [XEN_DOMCTL_ioport_mapping] = not_supported,
    [XEN_DOMCTL_get_paging_mempool_size] = not_supported,
    [XEN_DOMCTL_set_paging_mempool_size] = not_supported,
    [XEN_DOMCTL_bind_pt_irq] = only_translated,
    [XEN_DOMCTL_unbind_pt_irq] = only_translated,
    [XEN_DOMCTL_set_ext_vcpucontext] = set_ext_vcpucontext,
    [XEN_DOMCTL_get_ext_vcpucontext] = get_ext_vcpucontext,
    [XEN_DOMCTL_debug_op] = only_translated,
    [XEN_DOMCTL_gettscinfo] = gettscinfo,
    [XEN_DOMCTL_settscinfo] = settscinfo,
    [XEN_DOMCTL_setvcpuextstate] = setvcpuextstate,
    [XEN_DOMCTL_getvcpuextstate] = getvcpuextstate,
    [XEN_DOMCTL_get_vcpu_msrs] = vcpu_msrs,
    [XEN_DOMCTL_set_vcpu_msrs] = vcpu_msrs,
    [XEN_DOMCTL_psr_cmt_op] = no_such_hardware,
    [XEN_DOMCTL_psr_alloc] = no_such_hardware,
    [XEN_DOMCTL_get_cpu_policy] = get_cpu_policy,
    [XEN_DOMCTL_set_cpu_policy] = set_cpu_policy,
    [XEN_DOMCTL_vmtrace_op] = only_translated,
};

long arch_domctl(struct xen_domctl *op, struct domain *d, bool *copyback)
{
    u32 cmd = op->cmd;

    if (cmd >= ARRAY_SIZE(table))
        return -ENOSYS;
    cmd = (u32)array_index_nospec(cmd, ARRAY_SIZE(table));
    if (!table[cmd])
        return -ENOSYS;
    return d || table[cmd] == not_supported ? table[cmd](d, op, copyback) : -ESRCH;
}
