/* SPDX-License-Identifier: MIT */
/*
 * domctl: which interrupts, device memory and ports a domain may use. Nobody gives away what he
 * has not himself. Locks: the rangesets' own. ABI facts: public domctl.h.
 */
#include <hv/access.h>
#include <hv/arch.h>
#include <hv/domctl.h>
#include <hv/errno.h>
#include <hv/rangeset.h>

#define NR_PORTS 0x10000U
#define MAX_FRAMES_MAPPED 64

static long change(struct rangeset *r, u64 first, u64 last, bool allow)
{
    return allow ? rangeset_add(r, first, last) : rangeset_remove(r, first, last);
}

long domctl_irq_permission(struct domain *d, struct xen_domctl *op, bool *copyback)
{
    const struct xen_domctl_irq_permission *p = &op->u.irq_permission;

    (void)copyback;
    if (p->pirq >= current->domain->arch.nr_pirqs)
        return -EINVAL;
    if (!access_irq(current->domain, p->pirq))
        return -EPERM;
    return change(d->irqs, p->pirq, p->pirq, p->allow_access);
}

long domctl_iomem_permission(struct domain *d, struct xen_domctl *op, bool *copyback)
{
    const struct xen_domctl_iomem_permission *p = &op->u.iomem_permission;
    u64 last = p->first_mfn + p->nr_mfns - 1;

    (void)copyback;
    if (last < p->first_mfn)
        return -EINVAL;
    if (!access_iomem(current->domain, p->first_mfn, last))
        return -EPERM;
    return change(d->iomem, p->first_mfn, last, p->allow_access);
}

long domctl_ioport_permission(struct domain *d, struct xen_domctl *op, bool *copyback)
{
    const struct xen_domctl_ioport_permission *p = &op->u.ioport_permission;
    u64 end = (u64)p->first_port + p->nr_ports;

    (void)copyback;
    if (!p->nr_ports || end > NR_PORTS)
        return -EINVAL;
    if (!access_ioports(current->domain, p->first_port, (u32)end - 1))
        return -EPERM;
    return change(d->ioports, p->first_port, end - 1, p->allow_access);
}

/* A paravirtualized guest maps device memory itself: being allowed to is all there is. */
long domctl_memory_mapping(struct domain *d, struct xen_domctl *op, bool *copyback)
{
    const struct xen_domctl_memory_mapping *m = &op->u.memory_mapping;
    u64 last = m->first_mfn + m->nr_mfns - 1;

    (void)copyback;
    if (last < m->first_mfn || last >> (arch_phys_bits() - PAGE_SHIFT) ||
        m->first_gfn + m->nr_mfns - 1 < m->first_gfn)
        return -EINVAL;
    if (m->nr_mfns > MAX_FRAMES_MAPPED)
        return -E2BIG;
    if (!access_iomem(current->domain, m->first_mfn, last) ||
        !access_iomem(d, m->first_mfn, last))
        return -EPERM;
    return 0;
}
