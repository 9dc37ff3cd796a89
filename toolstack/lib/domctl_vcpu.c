/* SPDX-License-Identifier: MIT */
/*
 * Control calls on virtual CPUs and their scheduling. Owns nothing. ABI: <xen/domctl.h>.
 */
#include "control.h"

#include <errno.h>
#include <string.h>

#include "control_call.h"

int domctl_set_max_vcpus(struct control *ctl, domid_t domid, uint32_t max)
{
    struct xen_domctl op = { .cmd = XEN_DOMCTL_max_vcpus, .domain = domid };

    op.u.max_vcpus.max = max;
    return do_domctl(ctl, &op);
}

/* Setting a context pins page tables and may be left unfinished; the same call goes on. */
int domctl_set_vcpu_context(struct control *ctl, domid_t domid, uint32_t vcpu,
                            const vcpu_guest_context_t *context)
{
    struct privcmd_buffer buffer;
    int rc = privcmd_buffer_alloc(&ctl->privcmd, sizeof(*context), &buffer);

    if (rc)
        return rc;
    memcpy(buffer.addr, context, sizeof(*context));
    do {
        struct xen_domctl op = { .cmd = XEN_DOMCTL_setvcpucontext, .domain = domid };

        op.u.vcpucontext.vcpu = vcpu;
        set_xen_guest_handle(op.u.vcpucontext.ctxt, buffer.addr);
        rc = do_domctl(ctl, &op);
    } while (rc == -EAGAIN || rc == -ERESTART);
    privcmd_buffer_free(&buffer);
    return rc;
}

int domctl_get_vcpu_context(struct control *ctl, domid_t domid, uint32_t vcpu,
                            vcpu_guest_context_t *context)
{
    struct xen_domctl op = { .cmd = XEN_DOMCTL_getvcpucontext, .domain = domid };
    struct privcmd_buffer buffer;
    int rc = privcmd_buffer_alloc(&ctl->privcmd, sizeof(*context), &buffer);

    if (rc)
        return rc;
    op.u.vcpucontext.vcpu = vcpu;
    set_xen_guest_handle(op.u.vcpucontext.ctxt, buffer.addr);
    rc = do_domctl(ctl, &op);
    if (rc == 0)
        memcpy(context, buffer.addr, sizeof(*context));
    privcmd_buffer_free(&buffer);
    return rc;
}

int domctl_get_vcpu_info(struct control *ctl, domid_t domid, uint32_t vcpu,
                         struct xen_domctl_getvcpuinfo *info)
{
    struct xen_domctl op = { .cmd = XEN_DOMCTL_getvcpuinfo, .domain = domid };
    int rc;

    op.u.getvcpuinfo.vcpu = vcpu;
    rc = do_domctl(ctl, &op);
    if (rc == 0)
        *info = op.u.getvcpuinfo;
    return rc;
}

/* ---- affinity ---------------------------------------------------------------------------- */

static int call_affinity(struct control *ctl, struct xen_domctl *op, uint8_t *hard, uint8_t *soft,
                         uint32_t nr_cpus)
{
    size_t bytes = (nr_cpus + 7) / 8;
    struct privcmd_buffer buffer;
    uint8_t *maps;
    int rc = privcmd_buffer_alloc(&ctl->privcmd, 2 * bytes, &buffer);

    if (rc)
        return rc;
    maps = buffer.addr;
    memcpy(maps, hard, bytes);
    if (soft)
        memcpy(maps + bytes, soft, bytes);
    op->u.vcpuaffinity.flags = XEN_VCPUAFFINITY_HARD | (soft ? XEN_VCPUAFFINITY_SOFT : 0);
    op->u.vcpuaffinity.cpumap_hard.nr_bits = nr_cpus;
    set_xen_guest_handle(op->u.vcpuaffinity.cpumap_hard.bitmap, maps);
    op->u.vcpuaffinity.cpumap_soft.nr_bits = nr_cpus;
    set_xen_guest_handle(op->u.vcpuaffinity.cpumap_soft.bitmap, maps + bytes);
    rc = do_domctl(ctl, op);
    if (rc == 0) {
        memcpy(hard, maps, bytes);
        if (soft)
            memcpy(soft, maps + bytes, bytes);
    }
    privcmd_buffer_free(&buffer);
    return rc;
}

int domctl_set_affinity(struct control *ctl, domid_t domid, uint32_t vcpu, uint8_t *hard,
                        uint8_t *soft, uint32_t nr_cpus)
{
    struct xen_domctl op = { .cmd = XEN_DOMCTL_setvcpuaffinity, .domain = domid };

    op.u.vcpuaffinity.vcpu = vcpu;
    return call_affinity(ctl, &op, hard, soft, nr_cpus);
}

int domctl_get_affinity(struct control *ctl, domid_t domid, uint32_t vcpu, uint8_t *hard,
                        uint8_t *soft, uint32_t nr_cpus)
{
    struct xen_domctl op = { .cmd = XEN_DOMCTL_getvcpuaffinity, .domain = domid };

    op.u.vcpuaffinity.vcpu = vcpu;
    return call_affinity(ctl, &op, hard, soft, nr_cpus);
}

/* ---- weight and cap ---------------------------------------------------------------------- */

static int scheduler_op(struct control *ctl, domid_t domid, uint32_t cmd,
                        struct xen_domctl_scheduler_op *params)
{
    struct xen_domctl op = { .cmd = XEN_DOMCTL_scheduler_op, .domain = domid };
    int rc = sysctl_get_scheduler(ctl, &params->sched_id);

    if (rc)
        return rc;
    if (params->sched_id != XEN_SCHEDULER_CREDIT && params->sched_id != XEN_SCHEDULER_CREDIT2)
        return -EOPNOTSUPP;
    params->cmd = cmd;
    op.u.scheduler_op = *params;
    rc = do_domctl(ctl, &op);
    if (rc == 0)
        *params = op.u.scheduler_op;
    return rc;
}

int domctl_get_weight(struct control *ctl, domid_t domid, unsigned int *weight, unsigned int *cap)
{
    struct xen_domctl_scheduler_op params = { 0 };
    int rc = scheduler_op(ctl, domid, XEN_DOMCTL_SCHEDOP_getinfo, &params);

    if (rc)
        return rc;
    /* credit and credit2 have the same two members. */
    *weight = params.u.credit.weight;
    *cap = params.u.credit.cap;
    return 0;
}

int domctl_set_weight(struct control *ctl, domid_t domid, unsigned int weight, unsigned int cap)
{
    struct xen_domctl_scheduler_op params = { 0 };

    if (weight > UINT16_MAX || cap > UINT16_MAX)
        return -EINVAL;
    params.u.credit.weight = (uint16_t)weight;
    params.u.credit.cap = (uint16_t)cap;
    return scheduler_op(ctl, domid, XEN_DOMCTL_SCHEDOP_putinfo, &params);
}
