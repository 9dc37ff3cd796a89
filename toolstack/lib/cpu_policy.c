/* SPDX-License-Identifier: MIT */
/*
 * CPU policies: the CPUID leaves and MSRs that a domain sees. Owns nothing.
 * ABI: <xen/domctl.h>, <xen/sysctl.h>.
 */
#include "control.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "control_call.h"

/* The largest policies of 4.17 are a tenth of these; bounds what a reply can make us allocate. */
#define MAX_LEAVES 4096
#define MAX_MSRS   4096

void cpu_policy_free(struct cpu_policy *policy)
{
    free(policy->leaves);
    free(policy->msrs);
    memset(policy, 0, sizeof(*policy));
}

static int policy_sizes(struct control *ctl, uint32_t *nr_leaves, uint32_t *nr_msrs)
{
    struct xen_sysctl op = { .cmd = XEN_SYSCTL_get_cpu_policy };
    int rc;

    op.u.cpu_policy.index = XEN_SYSCTL_cpu_policy_host;
    rc = do_sysctl(ctl, &op);
    if (rc)
        return rc;
    *nr_leaves = op.u.cpu_policy.nr_leaves;
    *nr_msrs = op.u.cpu_policy.nr_msrs;
    return *nr_leaves > MAX_LEAVES || *nr_msrs > MAX_MSRS ? -E2BIG : 0;
}

/* One buffer for both arrays: leaves first. */
struct policy_buffer {
    struct privcmd_buffer buffer;
    xen_cpuid_leaf_t *leaves;
    xen_msr_entry_t *msrs;
};

static int policy_buffer_alloc(struct control *ctl, uint32_t nr_leaves, uint32_t nr_msrs,
                               struct policy_buffer *pb)
{
    size_t leaf_bytes = nr_leaves * sizeof(*pb->leaves);
    int rc =
        privcmd_buffer_alloc(&ctl->privcmd, leaf_bytes + nr_msrs * sizeof(*pb->msrs), &pb->buffer);

    if (rc)
        return rc;
    pb->leaves = pb->buffer.addr;
    pb->msrs = (void *)((char *)pb->buffer.addr + leaf_bytes);
    return 0;
}

static int policy_copy(const struct policy_buffer *pb, uint32_t nr_leaves, uint32_t nr_msrs,
                       struct cpu_policy *policy)
{
    policy->leaves = calloc(nr_leaves ? nr_leaves : 1, sizeof(*policy->leaves));
    policy->msrs = calloc(nr_msrs ? nr_msrs : 1, sizeof(*policy->msrs));
    if (!policy->leaves || !policy->msrs) {
        cpu_policy_free(policy);
        return -ENOMEM;
    }
    memcpy(policy->leaves, pb->leaves, nr_leaves * sizeof(*policy->leaves));
    memcpy(policy->msrs, pb->msrs, nr_msrs * sizeof(*policy->msrs));
    policy->nr_leaves = nr_leaves;
    policy->nr_msrs = nr_msrs;
    return 0;
}

int sysctl_get_cpu_policy(struct control *ctl, uint32_t index, struct cpu_policy *policy)
{
    struct xen_sysctl op = { .cmd = XEN_SYSCTL_get_cpu_policy };
    uint32_t nr_leaves, nr_msrs;
    struct policy_buffer pb;
    int rc = policy_sizes(ctl, &nr_leaves, &nr_msrs);

    memset(policy, 0, sizeof(*policy));
    if (rc)
        return rc;
    rc = policy_buffer_alloc(ctl, nr_leaves, nr_msrs, &pb);
    if (rc)
        return rc;
    op.u.cpu_policy.index = index;
    op.u.cpu_policy.nr_leaves = nr_leaves;
    op.u.cpu_policy.nr_msrs = nr_msrs;
    set_xen_guest_handle(op.u.cpu_policy.leaves, pb.leaves);
    set_xen_guest_handle(op.u.cpu_policy.msrs, pb.msrs);
    rc = do_sysctl(ctl, &op);
    if (rc == 0 && (op.u.cpu_policy.nr_leaves > nr_leaves || op.u.cpu_policy.nr_msrs > nr_msrs))
        rc = -EIO;
    if (rc == 0)
        rc = policy_copy(&pb, op.u.cpu_policy.nr_leaves, op.u.cpu_policy.nr_msrs, policy);
    privcmd_buffer_free(&pb.buffer);
    return rc;
}

int domctl_get_cpu_policy(struct control *ctl, domid_t domid, struct cpu_policy *policy)
{
    struct xen_domctl op = { .cmd = XEN_DOMCTL_get_cpu_policy, .domain = domid };
    uint32_t nr_leaves, nr_msrs;
    struct policy_buffer pb;
    int rc = policy_sizes(ctl, &nr_leaves, &nr_msrs);

    memset(policy, 0, sizeof(*policy));
    if (rc)
        return rc;
    rc = policy_buffer_alloc(ctl, nr_leaves, nr_msrs, &pb);
    if (rc)
        return rc;
    op.u.cpu_policy.nr_leaves = nr_leaves;
    op.u.cpu_policy.nr_msrs = nr_msrs;
    set_xen_guest_handle(op.u.cpu_policy.leaves, pb.leaves);
    set_xen_guest_handle(op.u.cpu_policy.msrs, pb.msrs);
    rc = do_domctl(ctl, &op);
    if (rc == 0 && (op.u.cpu_policy.nr_leaves > nr_leaves || op.u.cpu_policy.nr_msrs > nr_msrs))
        rc = -EIO;
    if (rc == 0)
        rc = policy_copy(&pb, op.u.cpu_policy.nr_leaves, op.u.cpu_policy.nr_msrs, policy);
    privcmd_buffer_free(&pb.buffer);
    return rc;
}

int domctl_set_cpu_policy(struct control *ctl, domid_t domid, const struct cpu_policy *policy,
                          struct xen_domctl_cpu_policy *bad)
{
    struct xen_domctl op = { .cmd = XEN_DOMCTL_set_cpu_policy, .domain = domid };
    struct policy_buffer pb;
    int rc = policy_buffer_alloc(ctl, policy->nr_leaves, policy->nr_msrs, &pb);

    if (rc)
        return rc;
    memcpy(pb.leaves, policy->leaves, policy->nr_leaves * sizeof(*pb.leaves));
    memcpy(pb.msrs, policy->msrs, policy->nr_msrs * sizeof(*pb.msrs));
    op.u.cpu_policy.nr_leaves = policy->nr_leaves;
    op.u.cpu_policy.nr_msrs = policy->nr_msrs;
    op.u.cpu_policy.err_leaf = op.u.cpu_policy.err_subleaf = op.u.cpu_policy.err_msr = ~0u;
    set_xen_guest_handle(op.u.cpu_policy.leaves, pb.leaves);
    set_xen_guest_handle(op.u.cpu_policy.msrs, pb.msrs);
    rc = do_domctl(ctl, &op);
    if (bad)
        *bad = op.u.cpu_policy;
    privcmd_buffer_free(&pb.buffer);
    return rc;
}

xen_cpuid_leaf_t *cpu_policy_leaf(struct cpu_policy *policy, uint32_t leaf, uint32_t subleaf)
{
    for (uint32_t i = 0; i < policy->nr_leaves; i++)
        if (policy->leaves[i].leaf == leaf && policy->leaves[i].subleaf == subleaf)
            return &policy->leaves[i];
    return NULL;
}

int sysctl_get_featureset(struct control *ctl, uint32_t index, uint32_t *words, uint32_t *count)
{
    struct xen_sysctl op = { .cmd = XEN_SYSCTL_get_cpu_featureset };
    struct privcmd_buffer buffer;
    int rc = privcmd_buffer_alloc(&ctl->privcmd, *count * sizeof(*words), &buffer);

    if (rc)
        return rc;
    op.u.cpu_featureset.index = index;
    op.u.cpu_featureset.nr_features = *count;
    set_xen_guest_handle(op.u.cpu_featureset.features, buffer.addr);
    rc = do_sysctl(ctl, &op);
    if (rc == 0 && op.u.cpu_featureset.nr_features > *count)
        rc = -EIO;
    if (rc == 0) {
        *count = op.u.cpu_featureset.nr_features;
        memcpy(words, buffer.addr, *count * sizeof(*words));
    }
    privcmd_buffer_free(&buffer);
    return rc;
}
