/* SPDX-License-Identifier: MIT */
/*
 * Control calls on whole domains. Owns nothing. ABI: <xen/domctl.h>, <xen/sched.h>.
 */
#include "control.h"

#include <errno.h>
#include <string.h>

#include <xen/sched.h>

#include "control_call.h"

static int simple_domctl(struct control *ctl, uint32_t cmd, domid_t domid)
{
    struct xen_domctl op = { .cmd = cmd, .domain = domid };

    return do_domctl(ctl, &op);
}

int domctl_create(struct control *ctl, const struct xen_domctl_createdomain *config, domid_t *domid)
{
    struct xen_domctl op = { .cmd = XEN_DOMCTL_createdomain, .domain = *domid };
    int rc;

    op.u.createdomain = *config;
    rc = do_domctl(ctl, &op);
    if (rc == 0)
        *domid = op.domain;
    return rc;
}

/* Freeing is long and preemptible. The hypervisor restarts the call by itself as a rule, and says
 * EAGAIN or ERESTART where it leaves that to us. */
int domctl_destroy(struct control *ctl, domid_t domid)
{
    int rc;

    do {
        rc = simple_domctl(ctl, XEN_DOMCTL_destroydomain, domid);
    } while (rc == -EAGAIN || rc == -ERESTART);
    return rc;
}

int domctl_pause(struct control *ctl, domid_t domid)
{
    return simple_domctl(ctl, XEN_DOMCTL_pausedomain, domid);
}

int domctl_unpause(struct control *ctl, domid_t domid)
{
    return simple_domctl(ctl, XEN_DOMCTL_unpausedomain, domid);
}

int domctl_resume(struct control *ctl, domid_t domid)
{
    return simple_domctl(ctl, XEN_DOMCTL_resumedomain, domid);
}

/* The hypervisor answers with the next domain that exists if this one does not. */
int domctl_get_info(struct control *ctl, domid_t domid, struct xen_domctl_getdomaininfo *info)
{
    struct xen_domctl op = { .cmd = XEN_DOMCTL_getdomaininfo, .domain = domid };
    int rc = do_domctl(ctl, &op);

    if (rc)
        return rc;
    if (op.domain != domid)
        return -ESRCH;
    *info = op.u.getdomaininfo;
    return 0;
}

int sysctl_get_domains(struct control *ctl, domid_t first, unsigned int max,
                       struct xen_domctl_getdomaininfo *infos, unsigned int *count)
{
    struct xen_sysctl op = { .cmd = XEN_SYSCTL_getdomaininfolist };
    struct privcmd_buffer buffer;
    int rc = privcmd_buffer_alloc(&ctl->privcmd, max * sizeof(*infos), &buffer);

    *count = 0;
    if (rc)
        return rc;
    op.u.getdomaininfolist.first_domain = first;
    op.u.getdomaininfolist.max_domains = max;
    set_xen_guest_handle(op.u.getdomaininfolist.buffer, buffer.addr);
    rc = do_sysctl(ctl, &op);
    if (rc == 0 && op.u.getdomaininfolist.num_domains > max)
        rc = -EIO;
    if (rc == 0) {
        *count = op.u.getdomaininfolist.num_domains;
        memcpy(infos, buffer.addr, *count * sizeof(*infos));
    }
    privcmd_buffer_free(&buffer);
    return rc;
}

int domctl_set_max_mem(struct control *ctl, domid_t domid, uint64_t kib)
{
    struct xen_domctl op = { .cmd = XEN_DOMCTL_max_mem, .domain = domid };

    op.u.max_mem.max_memkb = kib;
    return do_domctl(ctl, &op);
}

int domctl_set_address_size(struct control *ctl, domid_t domid, unsigned int bits)
{
    struct xen_domctl op = { .cmd = XEN_DOMCTL_set_address_size, .domain = domid };

    op.u.address_size.size = bits;
    return do_domctl(ctl, &op);
}

int domctl_set_handle(struct control *ctl, domid_t domid, const uint8_t uuid[16])
{
    struct xen_domctl op = { .cmd = XEN_DOMCTL_setdomainhandle, .domain = domid };

    memcpy(op.u.setdomainhandle.handle, uuid, sizeof(op.u.setdomainhandle.handle));
    return do_domctl(ctl, &op);
}

int domctl_hypercall_init(struct control *ctl, domid_t domid, xen_pfn_t frame)
{
    struct xen_domctl op = { .cmd = XEN_DOMCTL_hypercall_init, .domain = domid };

    op.u.hypercall_init.gmfn = frame;
    return do_domctl(ctl, &op);
}

int domctl_set_tsc_mode(struct control *ctl, domid_t domid, uint32_t mode)
{
    struct xen_domctl op = { .cmd = XEN_DOMCTL_settscinfo, .domain = domid };

    op.u.tsc_info.tsc_mode = mode;
    return do_domctl(ctl, &op);
}

int domctl_set_time_offset(struct control *ctl, domid_t domid, int32_t seconds)
{
    struct xen_domctl op = { .cmd = XEN_DOMCTL_settimeoffset, .domain = domid };

    op.u.settimeoffset.time_offset_seconds = seconds;
    return do_domctl(ctl, &op);
}

int domctl_send_trigger(struct control *ctl, domid_t domid, uint32_t trigger, uint32_t vcpu)
{
    struct xen_domctl op = { .cmd = XEN_DOMCTL_sendtrigger, .domain = domid };

    op.u.sendtrigger.trigger = trigger;
    op.u.sendtrigger.vcpu = vcpu;
    return do_domctl(ctl, &op);
}

int domain_remote_shutdown(struct control *ctl, domid_t domid, unsigned int reason)
{
    struct sched_remote_shutdown arg = { .domain_id = domid, .reason = reason };

    return privcmd_call_op(&ctl->privcmd, __HYPERVISOR_sched_op, SCHEDOP_remote_shutdown, &arg,
                           sizeof(arg), 0, NULL);
}
