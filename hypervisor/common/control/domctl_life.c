/* SPDX-License-Identifier: MIT */
/*
 * domctl: creating, pausing, resuming and destroying domains. Locks: id_lock, a leaf, while an id
 * is chosen. ABI facts: public domctl.h.
 */
#include <hv/arch.h>
#include <hv/domctl.h>
#include <hv/errno.h>

extern u32 opt_max_grant_frames, opt_max_maptrack_frames;

/* ---- create ---- */

static int check_flags(const struct xen_domctl_createdomain *c)
{
    if (c->flags & ~(XEN_DOMCTL_CDF_MAX | (XEN_DOMCTL_CDF_MAX - 1)))
        return -EINVAL;
    /* There are no guests but paravirtualized ones, no IOMMU and no counters to give away. */
    if (c->flags & (XEN_DOMCTL_CDF_hvm | XEN_DOMCTL_CDF_hap | XEN_DOMCTL_CDF_nested_virt |
                    XEN_DOMCTL_CDF_iommu | XEN_DOMCTL_CDF_vpmu))
        return -EINVAL;
    return c->iommu_opts || c->vmtrace_size ? -EINVAL : 0;
}

static int check_config(const struct xen_domctl_createdomain *c)
{
    int rc = check_flags(c);

    if (rc)
        return rc;
    if (c->grant_opts & ~XEN_DOMCTL_GRANT_version_mask)
        return -EINVAL;
    if (!c->max_vcpus || c->max_vcpus > MAX_VCPUS)
        return -EINVAL;
    if (c->arch.misc_flags & ~XEN_X86_MISC_FLAGS_MAX)
        return -EINVAL;
    if (c->arch.emulation_flags & ~XEN_X86_EMU_ALL)
        return -EINVAL;
    if (c->arch.emulation_flags && c->arch.emulation_flags != XEN_X86_EMU_PIT)
        return -EOPNOTSUPP;
    return 0;
}

/* Try ids after the last one given out, so that a fresh id is not soon used again. */
static long create_with_new_id(const struct domain_create_params *p, struct domain **out)
{
    static domid_t last;
    static spinlock_t id_lock;

    for (u32 tries = 1; tries < DOMID_FIRST_RESERVED; tries++) {
        domid_t id;
        long rc;

        spin_lock(&id_lock);
        do {
            last = (u32)last + 1 < DOMID_FIRST_RESERVED ? (domid_t)(last + 1) : 1;
            id = last;
        } while (READ_ONCE(domain_table[id]) && ++tries < DOMID_FIRST_RESERVED);
        spin_unlock(&id_lock);
        rc = domain_create(id, p, out);
        if (rc != -EEXIST) /* somebody asked for just this one */
            return rc;
    }
    return -ENOMEM;
}

long domctl_createdomain(struct domain *unused, struct xen_domctl *op, bool *copyback)
{
    const struct xen_domctl_createdomain *c = &op->u.createdomain;
    struct domain_create_params p = {
        .flags = c->flags,
        .max_vcpus = c->max_vcpus,
        .max_evtchn_port = c->max_evtchn_port,
        .max_grant_frames = c->max_grant_frames < 0 ? opt_max_grant_frames
                                                    : (u32)c->max_grant_frames,
        .max_maptrack_frames = c->max_maptrack_frames < 0 ? opt_max_maptrack_frames
                                                          : (u32)c->max_maptrack_frames,
        .grant_opts = c->grant_opts,
        .cpupool_id = c->cpupool_id,
    };
    struct domain *d;
    long rc;

    (void)unused;
    if (op->domain && op->domain < DOMID_FIRST_RESERVED && READ_ONCE(domain_table[op->domain]))
        return -EEXIST;
    rc = check_config(c);
    if (rc)
        return rc;
    memcpy(p.handle, c->handle, sizeof(p.handle));
    if (op->domain && op->domain < DOMID_FIRST_RESERVED)
        rc = domain_create(op->domain, &p, &d);
    else
        rc = create_with_new_id(&p, &d);
    if (rc)
        return rc;
    op->domain = d->domid;
    *copyback = true;
    return 0;
}

/* ---- the rest ---- */

long domctl_destroydomain(struct domain *d, struct xen_domctl *op, bool *copyback)
{
    (void)op, (void)copyback;
    return domain_kill(d);
}

long domctl_pausedomain(struct domain *d, struct xen_domctl *op, bool *copyback)
{
    (void)op, (void)copyback;
    return domain_pause_by_controller(d);
}

long domctl_unpausedomain(struct domain *d, struct xen_domctl *op, bool *copyback)
{
    (void)op, (void)copyback;
    return domain_unpause_by_controller(d);
}

long domctl_resumedomain(struct domain *d, struct xen_domctl *op, bool *copyback)
{
    (void)op, (void)copyback;
    domain_resume(d);
    return 0;
}

/* Keeping a domain through its own kexec is for translated guests only. */
long domctl_soft_reset(struct domain *d, struct xen_domctl *op, bool *copyback)
{
    (void)d, (void)op, (void)copyback;
    return -EINVAL;
}
