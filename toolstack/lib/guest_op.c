/* SPDX-License-Identifier: MIT */
/*
 * What a guest would do for itself, done for it: event channels, page-table pins. Owns nothing.
 * ABI: <xen/event_channel.h>, <xen/xen.h>.
 */
#include "control.h"

#include <errno.h>
#include <string.h>

/* Pins a call, so that what fails is found again by its place. */
#define PINS_PER_CALL 256u

static int pin_some(struct control *ctl, domid_t domid, const uint8_t *levels,
                    const xen_pfn_t *frames, unsigned int count, struct privcmd_buffer *buffer,
                    unsigned int *done)
{
    static const unsigned int cmds[5] = { 0, MMUEXT_PIN_L1_TABLE, MMUEXT_PIN_L2_TABLE,
                                          MMUEXT_PIN_L3_TABLE, MMUEXT_PIN_L4_TABLE };
    struct mmuext_op *ops = buffer->addr;
    unsigned int *out = (unsigned int *)(ops + PINS_PER_CALL);
    int rc;

    for (unsigned int i = 0; i < count; i++) {
        if (levels[i] < 1 || levels[i] > 4)
            return -EINVAL;
        memset(&ops[i], 0, sizeof(ops[i]));
        ops[i].cmd = cmds[levels[i]];
        ops[i].arg1.mfn = frames[i];
    }
    *out = 0;
    rc = privcmd_hypercall(&ctl->privcmd, __HYPERVISOR_mmuext_op, (unsigned long)ops, count,
                           (unsigned long)out, domid, 0, NULL);
    *done += rc && *out < count ? *out : count;
    return rc;
}

int mmuext_pin_tables(struct control *ctl, domid_t domid, const uint8_t *levels,
                      const xen_pfn_t *frames, unsigned int count, unsigned int *done)
{
    struct privcmd_buffer buffer;
    int rc = privcmd_buffer_alloc(
        &ctl->privcmd, PINS_PER_CALL * sizeof(struct mmuext_op) + sizeof(unsigned int), &buffer);

    *done = 0;
    while (rc == 0 && *done < count) {
        unsigned int now = count - *done < PINS_PER_CALL ? count - *done : PINS_PER_CALL;

        rc = pin_some(ctl, domid, levels + *done, frames + *done, now, &buffer, done);
    }
    privcmd_buffer_free(&buffer);
    return rc;
}

int mmuext_pin_table(struct control *ctl, domid_t domid, unsigned int level, xen_pfn_t frame)
{
    uint8_t one = (uint8_t)level;
    unsigned int done;

    return mmuext_pin_tables(ctl, domid, &one, &frame, 1, &done);
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
