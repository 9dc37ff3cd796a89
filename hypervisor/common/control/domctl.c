/* SPDX-License-Identifier: MIT */
/*
 * hypercall domctl(arg): the table of operations on domains and their dispatcher.
 *
 * domain->domctl_lock is only ever tried, never waited for: who finds it taken runs the hypercall
 * again. So an operation may pause vCPUs and reach guest memory while it has it.
 * ABI facts: public domctl.h; order of the checks and errors as Xen 4.17's.
 */
#include <hv/access.h>
#include <hv/arch.h>
#include <hv/domctl.h>
#include <hv/errno.h>
#include <hv/guest_access.h>
#include <hv/hypercall.h>

enum {
    LOCKED = 1, /* alone on the domain */
    ALIVE = 2,  /* gives the domain something that teardown may already have passed: -EINVAL then */
    NO_DOMAIN = 4, /* the id is not to be looked up */
    MAYBE = 8,     /* the operation takes NULL when there is no such domain */
    NOT_SELF = 16, /* -EINVAL on the caller's own domain */
};

static const struct {
    domctl_fn fn;
    u8 flags;
} table[] = {
#define OP(name, f) [XEN_DOMCTL_##name] = { domctl_##name, f }
    OP(createdomain, NO_DOMAIN),
    OP(destroydomain, LOCKED | NOT_SELF),
    OP(pausedomain, NOT_SELF),
    OP(unpausedomain, 0),
    OP(resumedomain, LOCKED | NOT_SELF),
    OP(soft_reset, NOT_SELF),
    [XEN_DOMCTL_soft_reset_cont] = { domctl_soft_reset, NOT_SELF },
    OP(getdomaininfo, MAYBE),
    OP(setdomainhandle, LOCKED),
    OP(setdebugging, NOT_SELF),
    OP(settimeoffset, LOCKED),
    OP(subscribe, LOCKED),
    OP(set_target, LOCKED),
    OP(set_virq_handler, LOCKED | ALIVE),
    OP(max_mem, LOCKED),
    OP(getpageframeinfo3, 0),
    OP(scheduler_op, LOCKED),
    OP(max_vcpus, LOCKED | ALIVE | NOT_SELF),
    OP(setvcpucontext, LOCKED | ALIVE | NOT_SELF),
    OP(getvcpucontext, LOCKED),
    OP(getvcpuinfo, 0),
    OP(setvcpuaffinity, LOCKED),
    OP(getvcpuaffinity, 0),
    OP(setnodeaffinity, 0),
    OP(getnodeaffinity, 0),
    OP(irq_permission, LOCKED),
    OP(iomem_permission, LOCKED),
    OP(ioport_permission, LOCKED),
    OP(memory_mapping, LOCKED),
#undef OP
};

/* What the table says of cmd; architecture's operations are alone on a domain that is alive. */
static u8 flags_of(u32 cmd)
{
    if (cmd >= ARRAY_SIZE(table))
        return LOCKED;
    cmd = (u32)array_index_nospec(cmd, ARRAY_SIZE(table));
    return table[cmd].fn ? table[cmd].flags : LOCKED;
}

static int find_domain(const struct xen_domctl *op, u8 flags, struct domain **out)
{
    *out = NULL;
    switch (op->cmd) {
    case XEN_DOMCTL_assign_device:
    case XEN_DOMCTL_deassign_device:
        if (op->domain == DOMID_IO)
            return 0;
        break;
    case XEN_DOMCTL_test_assign_device:
    case XEN_DOMCTL_vm_event_op:
        if (op->domain == DOMID_INVALID)
            return 0;
        break;
    }
    if (flags & NO_DOMAIN)
        return 0;
    *out = domain_get_by_id(op->domain);
    return *out || flags & MAYBE ? 0 : -ESRCH;
}

static long run(struct domain *d, struct xen_domctl *op, u8 flags, bool *copyback)
{
    u32 cmd = op->cmd;

    if (d && flags & ALIVE && d->dying)
        return -EINVAL;
    if (cmd < ARRAY_SIZE(table)) {
        cmd = (u32)array_index_nospec(cmd, ARRAY_SIZE(table));
        if (table[cmd].fn)
            return table[cmd].fn(d, op, copyback);
    }
    return arch_domctl(op, d, copyback);
}

static long locked_run(struct domain *d, struct xen_domctl *op, u8 flags, bool *copyback)
{
    long rc;

    if (!d || !(flags & LOCKED))
        return run(d, op, flags, copyback);
    if (!spin_trylock(&d->domctl_lock))
        return -ERESTART;
    rc = run(d, op, flags, copyback);
    spin_unlock(&d->domctl_lock);
    return rc;
}

HC(domctl)
{
    struct xen_domctl op;
    struct domain *d;
    bool copyback = false;
    u8 flags;
    long rc;

    (void)a2, (void)a3, (void)a4, (void)a5;
    if (copy_from_guest_va(&op, a1, sizeof(op)))
        return -EFAULT;
    if (op.interface_version != XEN_DOMCTL_INTERFACE_VERSION)
        return -EACCES;
    flags = flags_of(op.cmd);
    rc = find_domain(&op, flags, &d);
    if (rc)
        return rc;
    rc = access_domctl(current->domain, d, op.cmd);
    if (!rc && d == current->domain && flags & NOT_SELF)
        rc = -EINVAL;
    if (!rc)
        rc = locked_run(d, &op, flags, &copyback);
    if (d)
        domain_put(d);
    if (rc == -ERESTART)
        return hypercall_continuation(__HYPERVISOR_domctl, 1, a1);
    if (copyback && copy_to_guest_va(a1, &op, sizeof(op)))
        return -EFAULT;
    return rc;
}
