/* SPDX-License-Identifier: MIT */
/*
 * What a guest would do for itself, done for it: event channels, page-table pins. Owns nothing.
 * ABI: <xen/event_channel.h>, <xen/xen.h>.
 */
#include "control.h"

#include <errno.h>
#include <string.h>

int mmuext_pin_table(struct control *ctl, domid_t domid, unsigned int level, xen_pfn_t frame)
{
    static const unsigned int cmds[5] = { 0, MMUEXT_PIN_L1_TABLE, MMUEXT_PIN_L2_TABLE,
                                          MMUEXT_PIN_L3_TABLE, MMUEXT_PIN_L4_TABLE };
    struct privcmd_buffer buffer;
    struct mmuext_op *op;
    int rc;

    if (level < 1 || level > 4)
        return -EINVAL;
    rc = privcmd_buffer_alloc(&ctl->privcmd, sizeof(*op), &buffer);
    if (rc)
        return rc;
    op = buffer.addr;
    op->cmd = cmds[level];
    op->arg1.mfn = frame;
    rc = privcmd_hypercall(&ctl->privcmd, __HYPERVISOR_mmuext_op, (unsigned long)op, 1, 0, domid, 0,
                           NULL);
    privcmd_buffer_free(&buffer);
    return rc;
}

int event_alloc_unbound(struct control *ctl, domid_t domid, domid_t remote, evtchn_port_t *port)
{
    struct evtchn_alloc_unbound arg = { .dom = domid, .remote_dom = remote };
    int rc = privcmd_call_op(&ctl->privcmd, __HYPERVISOR_event_channel_op, EVTCHNOP_alloc_unbound,
                             &arg, sizeof(arg), 0, NULL);

    if (rc == 0)
        *port = arg.port;
    return rc;
}

int event_get_status(struct control *ctl, domid_t domid, evtchn_port_t port,
                     struct evtchn_status *status)
{
    memset(status, 0, sizeof(*status));
    status->dom = domid;
    status->port = port;
    return privcmd_call_op(&ctl->privcmd, __HYPERVISOR_event_channel_op, EVTCHNOP_status, status,
                           sizeof(*status), 0, NULL);
}
