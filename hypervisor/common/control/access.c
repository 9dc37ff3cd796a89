/* SPDX-License-Identifier: MIT */
/*
 * Every privilege decision. There are four kinds of callers: the control domain (everything), a
 * stub domain (its target's devices and memory), the store's domain (who exists), and the rest,
 * which act on themselves only. No locks: what is read here is set before a domain first runs, but
 * for the rangesets, which lock themselves. ABI facts: the answers of Xen 4.17 without a policy
 * module.
 */
#include <hv/access.h>
#include <hv/errno.h>
#include <hv/rangeset.h>
#include <xen/domctl.h>
#include <xen/physdev.h>
#include <xen/sysctl.h>

static inline int allow_if(bool allowed)
{
    return likely(allowed) ? 0 : -EPERM;
}

static bool runs_store(const struct domain *d)
{
    return d->options & XEN_DOMCTL_CDF_xs_domain;
}

static bool serves(const struct domain *caller, const struct domain *target)
{
    return caller->is_control || (target && caller->target == target);
}

static bool may_act_on(const struct domain *caller, const struct domain *target)
{
    return caller == target || serves(caller, target);
}

int access_control_op(const struct domain *caller)
{
    return allow_if(caller->is_control);
}

int access_domctl(const struct domain *caller, const struct domain *target, u32 cmd)
{
    switch (cmd) {
    case XEN_DOMCTL_ioport_mapping:
    case XEN_DOMCTL_memory_mapping:
    case XEN_DOMCTL_bind_pt_irq:
    case XEN_DOMCTL_unbind_pt_irq:
        return allow_if(serves(caller, target));
    case XEN_DOMCTL_getdomaininfo:
        return allow_if(serves(caller, target) || runs_store(caller));
    default:
        return allow_if(caller->is_control);
    }
}

int access_sysctl(const struct domain *caller, u32 cmd)
{
    return allow_if(caller->is_control ||
                    (cmd == XEN_SYSCTL_getdomaininfolist && runs_store(caller)));
}

int access_platform_op(const struct domain *caller, u32 cmd)
{
    (void)cmd;
    return allow_if(caller->is_control);
}

/* A guest's own interrupts and I/O privilege are its own affair; the machine's are dom0's. */
int access_physdev_op(const struct domain *caller, u32 cmd)
{
    switch (cmd) {
    case PHYSDEVOP_IRQ_UNMASK_NOTIFY:
    case PHYSDEVOP_irq_status_query:
    case PHYSDEVOP_set_iopl:
    case PHYSDEVOP_set_iobitmap:
    case PHYSDEVOP_eoi:
    case PHYSDEVOP_pirq_eoi_gmfn_v1:
    case PHYSDEVOP_pirq_eoi_gmfn_v2:
    case PHYSDEVOP_get_free_pirq:
        return 0;
    case PHYSDEVOP_map_pirq: /* these look at their arguments first, then ask */
    case PHYSDEVOP_unmap_pirq:
    case PHYSDEVOP_setup_gsi:
    case PHYSDEVOP_manage_pci_add_ext:
    case PHYSDEVOP_restore_msi:
    case PHYSDEVOP_restore_msi_ext:
        return 0;
    default:
        return allow_if(caller->is_control);
    }
}

int access_console_io(const struct domain *caller, u32 cmd)
{
    (void)cmd;
    return allow_if(caller->is_control);
}

/* Whether a frame of DOMID_IO may be mapped is access_iomem()'s question. */
int access_map_foreign(const struct domain *caller, const struct domain *owner)
{
    return allow_if(owner == dom_io || may_act_on(caller, owner));
}

int access_mmuext(const struct domain *caller, const struct domain *target)
{
    return allow_if(may_act_on(caller, target));
}

int access_memory_op(const struct domain *caller, const struct domain *target)
{
    return allow_if(may_act_on(caller, target));
}

int access_event_channel(const struct domain *caller, const struct domain *target)
{
    return allow_if(may_act_on(caller, target));
}

int access_grant(const struct domain *caller, const struct domain *target)
{
    return allow_if(may_act_on(caller, target));
}

bool access_ioports(const struct domain *d, u32 first, u32 last)
{
    return rangeset_contains(d->ioports, first, last);
}

bool access_iomem(const struct domain *d, u64 first_mfn, u64 last_mfn)
{
    return rangeset_contains(d->iomem, first_mfn, last_mfn);
}

bool access_irq(const struct domain *d, u32 irq)
{
    return rangeset_contains(d->irqs, irq, irq);
}
