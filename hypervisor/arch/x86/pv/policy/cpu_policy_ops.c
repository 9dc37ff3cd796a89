/* SPDX-License-Identifier: MIT */
/*
 * Policies as arrays of leaves and MSRs, for the control operations. What a toolstack sets is
 * limited
 * to what PV guests can have. Callers hold the domain's domctl_lock; guest copies are made with no
 * other lock held.
 * ABI: sysctl.h (cpu_policy, cpu_featureset), domctl.h (cpu_policy), arch-x86/xen.h
 * (xen_cpuid_leaf).
 */
#include <hv/errno.h>
#include <hv/guest_access.h>
#include <hv/hypercall.h>
#include <hv/page_alloc.h>
#include <hv/sched.h>
#include <xen/domctl.h>
#include <xen/sysctl.h>

#include "internal.h"

#define HV_LEAF 0x40000000u
#define HV2_LEAF 0x40000100u
#define MAX_LEAVES (POLICY_BASIC + POLICY_CACHE + POLICY_FEAT + POLICY_TOPO + POLICY_XSTATE + \
                    POLICY_EXT + 2)
#define MAX_MSRS 2

/* --- to and from arrays; pure --- */

struct writer {
    xen_cpuid_leaf_t *out;
    u32 n;
};

static void put(struct writer *w, u32 leaf, u32 subleaf, const struct cpuid_regs *r)
{
    w->out[w->n++] = (xen_cpuid_leaf_t){leaf, subleaf, r->a, r->b, r->c, r->d};
}

static void put_array(struct writer *w, u32 leaf, const struct cpuid_regs *r, u32 n)
{
    for (u32 i = 0; i < n; i++)
        put(w, leaf, i, &r[i]);
}

static void put_xstate(struct writer *w, const struct cpu_policy *p)
{
    u64 mask = (u64)p->xstate[0].d << 32 | p->xstate[0].a;

    put(w, 0xd, 0, &p->xstate[0]);
    put(w, 0xd, 1, &p->xstate[1]);
    for (u32 i = 2; i < POLICY_XSTATE; i++)
        if (mask >> i & 1)
            put(w, 0xd, i, &p->xstate[i]);
}

static void put_basic(struct writer *w, const struct cpu_policy *p)
{
    for (u32 leaf = 0; leaf <= MIN(p->basic[0].a, (u32)POLICY_BASIC - 1); leaf++)
        switch (leaf) {
        case 4: put_array(w, 4, p->cache, POLICY_CACHE); break;
        case 7: put_array(w, 7, p->feat, MIN(p->feat[0].a, (u32)POLICY_FEAT - 1) + 1); break;
        case 0xb: put_array(w, 0xb, p->topo, POLICY_TOPO); break;
        case 0xd: put_xstate(w, p); break;
        default: put(w, leaf, XEN_CPUID_NO_SUBLEAF, &p->basic[leaf]); break;
        }
}

static u32 policy_to_leaves(const struct cpu_policy *p, xen_cpuid_leaf_t *out)
{
    struct writer w = {out, 0};
    struct cpuid_regs hv = {.a = p->hv_limit}, hv2 = {.a = p->hv2_limit};

    put_basic(&w, p);
    put(&w, HV_LEAF, XEN_CPUID_NO_SUBLEAF, &hv);
    put(&w, HV2_LEAF, XEN_CPUID_NO_SUBLEAF, &hv2);
    for (u32 i = 0; i <= MIN(p->ext[0].a & 0xffff, (u32)POLICY_EXT - 1); i++)
        put(&w, 0x80000000 + i, XEN_CPUID_NO_SUBLEAF, &p->ext[i]);
    return w.n;
}

static u32 policy_to_msrs(const struct cpu_policy *p, xen_msr_entry_t *out)
{
    out[0] = (xen_msr_entry_t){.idx = MSR_PLATFORM_INFO, .val = p->platform_info};
    out[1] = (xen_msr_entry_t){.idx = MSR_ARCH_CAPABILITIES, .val = p->arch_caps};
    return 2;
}

/* The slot of an array leaf, NULL when the subleaf is none that we keep. */
static struct cpuid_regs *array_slot(struct cpuid_regs *a, u32 n, u32 subleaf)
{
    return subleaf < n ? &a[array_index_nospec(subleaf, n)] : NULL;
}

static struct cpuid_regs *slot_of(struct cpu_policy *p, u32 leaf, u32 subleaf)
{
    switch (leaf) {
    case 4: return array_slot(p->cache, POLICY_CACHE, subleaf);
    case 7: return array_slot(p->feat, POLICY_FEAT, subleaf);
    case 0xb: return array_slot(p->topo, POLICY_TOPO, subleaf);
    case 0xd: return array_slot(p->xstate, POLICY_XSTATE, subleaf);
    default: break;
    }
    if (subleaf != XEN_CPUID_NO_SUBLEAF)
        return NULL;
    if (leaf < POLICY_BASIC)
        return &p->basic[array_index_nospec(leaf, POLICY_BASIC)];
    if (leaf >= 0x80000000 && leaf - 0x80000000 < POLICY_EXT)
        return &p->ext[array_index_nospec(leaf - 0x80000000, POLICY_EXT)];
    return NULL;
}

static int leaf_to_policy(struct cpu_policy *p, const xen_cpuid_leaf_t *l)
{
    struct cpuid_regs *slot;

    if (l->leaf == HV_LEAF || l->leaf == HV2_LEAF) {
        if (l->subleaf != XEN_CPUID_NO_SUBLEAF)
            return -ERANGE;
        *(l->leaf == HV_LEAF ? &p->hv_limit : &p->hv2_limit) = l->a;
        return 0;
    }
    slot = slot_of(p, l->leaf, l->subleaf);
    if (!slot)
        return -ERANGE;
    *slot = (struct cpuid_regs){l->a, l->b, l->c, l->d};
    return 0;
}

static int msr_to_policy(struct cpu_policy *p, const xen_msr_entry_t *m)
{
    if (m->flags)
        return -EINVAL;
    switch (m->idx) {
    case MSR_PLATFORM_INFO: p->platform_info = m->val; return 0;
    case MSR_ARCH_CAPABILITIES: p->arch_caps = m->val; return 0;
    default: return -ERANGE;
    }
}

/* --- copying out --- */

/* *nr: room on entry, number on return; a null handle asks for the most there can be. */
static long copy_leaves_out(const struct cpu_policy *p, XEN_GUEST_HANDLE_64(xen_cpuid_leaf_t) h,
                            u32 *nr)
{
    xen_cpuid_leaf_t *leaves;
    u32 room = *nr, n;
    long rc = 0;

    if (!h.p) {
        *nr = MAX_LEAVES;
        return 0;
    }
    leaves = zalloc_objs(xen_cpuid_leaf_t, MAX_LEAVES);
    if (!leaves)
        return -ENOMEM;
    n = policy_to_leaves(p, leaves);
    *nr = n;
    if (n > room)
        rc = -ENOBUFS;
    else if (copy_to_guest_va((u64)h.p, leaves, n * sizeof(*leaves)))
        rc = -EFAULT;
    hv_free(leaves);
    return rc;
}

static long copy_msrs_out(const struct cpu_policy *p, XEN_GUEST_HANDLE_64(xen_msr_entry_t) h,
                          u32 *nr)
{
    xen_msr_entry_t msrs[MAX_MSRS];
    u32 room = *nr;

    *nr = MAX_MSRS;
    if (!h.p)
        return 0;
    *nr = policy_to_msrs(p, msrs);
    if (*nr > room)
        return -ENOBUFS;
    return copy_to_guest_va((u64)h.p, msrs, *nr * sizeof(msrs[0])) ? -EFAULT : 0;
}

static const struct cpu_policy *system_policy(u32 index)
{
    switch (index) {
    case XEN_SYSCTL_cpu_policy_raw: return &cpu_policy_raw;
    case XEN_SYSCTL_cpu_policy_host: return &cpu_policy_host;
    case XEN_SYSCTL_cpu_policy_pv_max: return &cpu_policy_pv_max;
    case XEN_SYSCTL_cpu_policy_pv_default: return &cpu_policy_pv_default;
    default: return NULL;
    }
}

long cpu_policy_sysctl_get(struct xen_sysctl_cpu_policy *op, bool *copyback)
{
    const struct cpu_policy *p = system_policy(op->index);
    bool known = op->index <= XEN_SYSCTL_cpu_policy_hvm_default;
    long rc;

    if (!p)
        return known ? -EOPNOTSUPP : -EINVAL;
    rc = copy_leaves_out(p, op->leaves, &op->nr_leaves);
    if (!rc)
        rc = copy_msrs_out(p, op->msrs, &op->nr_msrs);
    *copyback = true;
    return rc;
}

long cpu_policy_sysctl_featureset(struct xen_sysctl_cpu_featureset *op, bool *copyback)
{
    static const struct cpu_policy *const sets[] = {
        [XEN_SYSCTL_cpu_featureset_raw] = &cpu_policy_raw,
        [XEN_SYSCTL_cpu_featureset_host] = &cpu_policy_host,
        [XEN_SYSCTL_cpu_featureset_pv] = &cpu_policy_pv_default,
        [XEN_SYSCTL_cpu_featureset_hvm] = NULL,
        [XEN_SYSCTL_cpu_featureset_pv_max] = &cpu_policy_pv_max,
        [XEN_SYSCTL_cpu_featureset_hvm_max] = NULL,
    };
    u32 words[FEATURESET_WORDS] = {0};
    u32 n = op->nr_features;

    if (!op->features.p) {
        op->nr_features = FEATURESET_WORDS;
        *copyback = true;
        return 0;
    }
    if (op->index >= ARRAY_SIZE(sets))
        return -EINVAL;
    if (sets[array_index_nospec(op->index, ARRAY_SIZE(sets))])
        cpu_policy_featureset(sets[array_index_nospec(op->index, ARRAY_SIZE(sets))], words);
    op->nr_features = MIN(n, (u32)FEATURESET_WORDS);
    *copyback = true;
    if (copy_to_guest_va((u64)op->features.p, words, op->nr_features * sizeof(words[0])))
        return -EFAULT;
    return n < FEATURESET_WORDS ? -ENOBUFS : 0;
}

long cpu_policy_domctl_get(struct domain *d, struct xen_domctl_cpu_policy *op, bool *copyback)
{
    long rc = copy_leaves_out(d->arch.policy, op->leaves, &op->nr_leaves);

    if (!rc)
        rc = copy_msrs_out(d->arch.policy, op->msrs, &op->nr_msrs);
    *copyback = true;
    return rc;
}

/* --- setting --- */

static long read_leaves(struct cpu_policy *p, struct xen_domctl_cpu_policy *op)
{
    for (u32 i = 0; i < op->nr_leaves; i++) {
        xen_cpuid_leaf_t l;
        int rc;

        if (copy_from_guest_offset(&l, op->leaves, i, 1))
            return -EFAULT;
        rc = leaf_to_policy(p, &l);
        if (rc) {
            op->err_leaf = l.leaf;
            op->err_subleaf = l.subleaf;
            return rc;
        }
    }
    return 0;
}

static long read_msrs(struct cpu_policy *p, struct xen_domctl_cpu_policy *op)
{
    for (u32 i = 0; i < op->nr_msrs; i++) {
        xen_msr_entry_t m;
        int rc;

        if (copy_from_guest_offset(&m, op->msrs, i, 1))
            return -EFAULT;
        rc = msr_to_policy(p, &m);
        if (rc) {
            op->err_msr = m.idx;
            return rc;
        }
    }
    return 0;
}

/* More leaves than PV guests can have is an error; more features are taken away in silence. */
static long check_limits(const struct cpu_policy *p, struct xen_domctl_cpu_policy *op)
{
    const struct cpu_policy *max = &cpu_policy_pv_max;

    op->err_leaf = 0;
    if (p->basic[0].a > max->basic[0].a)
        return -EINVAL;
    op->err_leaf = 7;
    if (p->feat[0].a > max->feat[0].a)
        return -EINVAL;
    op->err_leaf = 0x80000000;
    if (p->ext[0].a > max->ext[0].a)
        return -EINVAL;
    op->err_leaf = ~0u;
    op->err_msr = MSR_PLATFORM_INFO;
    if (p->platform_info & ~max->platform_info)
        return -EINVAL;
    op->err_msr = MSR_ARCH_CAPABILITIES;
    if (p->arch_caps & ~max->arch_caps)
        return -EINVAL;
    op->err_msr = ~0u;
    return 0;
}

long cpu_policy_domctl_set(struct domain *d, struct xen_domctl_cpu_policy *op, bool *copyback)
{
    struct cpu_policy *p;
    long rc;

    if (d == current->domain)
        return -EINVAL;
    if (d->creation_finished)
        return -EEXIST;
    if (op->nr_leaves > MAX_LEAVES || op->nr_msrs > MAX_MSRS)
        return -E2BIG;
    p = zalloc_obj(struct cpu_policy);
    if (!p)
        return -ENOMEM;
    *p = *d->arch.policy;
    op->err_leaf = op->err_subleaf = op->err_msr = ~0u;
    *copyback = true;
    rc = read_leaves(p, op);
    if (!rc)
        rc = read_msrs(p, op);
    if (!rc)
        rc = check_limits(p, op);
    if (!rc) {
        cpu_policy_limit(p, &cpu_policy_pv_max);
        *d->arch.policy = *p;
    }
    hv_free(p);
    return rc;
}
