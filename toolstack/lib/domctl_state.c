/* SPDX-License-Identifier: MIT */
/*
 * Control calls for what a saved domain consists of, beside its memory. Owns nothing.
 * ABI: <xen/domctl.h>.
 */
#include "control.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "control_call.h"

/* Bounds what a reply can make us allocate. */
#define MAX_XSAVE_BYTES 65536u
#define MAX_VCPU_MSRS   1024u

int domctl_get_page_types(struct control *ctl, domid_t domid, xen_pfn_t *frames, uint32_t count)
{
    struct xen_domctl op = { .cmd = XEN_DOMCTL_getpageframeinfo3, .domain = domid };
    struct privcmd_buffer buffer;
    int rc = privcmd_buffer_alloc(&ctl->privcmd, count * sizeof(*frames), &buffer);

    if (rc)
        return rc;
    memcpy(buffer.addr, frames, count * sizeof(*frames));
    op.u.getpageframeinfo3.num = count;
    set_xen_guest_handle(op.u.getpageframeinfo3.array, buffer.addr);
    rc = do_domctl(ctl, &op);
    if (rc == 0)
        memcpy(frames, buffer.addr, count * sizeof(*frames));
    privcmd_buffer_free(&buffer);
    return rc;
}

/* ---- a virtual CPU ----------------------------------------------------------------------- */

int domctl_get_vcpu_extended(struct control *ctl, domid_t domid, uint32_t vcpu,
                             struct xen_domctl_ext_vcpucontext *context)
{
    struct xen_domctl op = { .cmd = XEN_DOMCTL_get_ext_vcpucontext, .domain = domid };
    int rc;

    op.u.ext_vcpucontext.vcpu = vcpu;
    rc = do_domctl(ctl, &op);
    if (rc == 0)
        *context = op.u.ext_vcpucontext;
    return rc;
}

int domctl_set_vcpu_extended(struct control *ctl, domid_t domid, uint32_t vcpu,
                             const struct xen_domctl_ext_vcpucontext *context)
{
    struct xen_domctl op = { .cmd = XEN_DOMCTL_set_ext_vcpucontext, .domain = domid };

    op.u.ext_vcpucontext = *context;
    op.u.ext_vcpucontext.vcpu = vcpu;
    return do_domctl(ctl, &op);
}

static int call_xsave(struct control *ctl, struct xen_domctl *op, void *state)
{
    struct privcmd_buffer buffer;
    size_t bytes = op->u.vcpuextstate.size;
    int rc = privcmd_buffer_alloc(&ctl->privcmd, bytes, &buffer);

    if (rc)
        return rc;
    memcpy(buffer.addr, state, bytes);
    set_xen_guest_handle(op->u.vcpuextstate.buffer, buffer.addr);
    rc = do_domctl(ctl, op);
    if (rc == 0)
        memcpy(state, buffer.addr, bytes); /* as many as there was room for */
    privcmd_buffer_free(&buffer);
    return rc;
}

int domctl_get_vcpu_xsave(struct control *ctl, domid_t domid, uint32_t vcpu, void **state,
                          uint32_t *bytes)
{
    struct xen_domctl op = { .cmd = XEN_DOMCTL_getvcpuextstate, .domain = domid };
    uint64_t room;
    int rc;

    *state = NULL;
    *bytes = 0;
    op.u.vcpuextstate.vcpu = vcpu;
    rc = do_domctl(ctl, &op); /* with size 0: how much can it be? */
    room = op.u.vcpuextstate.size;
    if (rc || !room)
        return rc;
    if (room > MAX_XSAVE_BYTES)
        return -E2BIG;
    *state = calloc(1, room);
    if (!*state)
        return -ENOMEM;
    rc = call_xsave(ctl, &op, *state);
    if (rc == 0 && op.u.vcpuextstate.size > room)
        rc = -EIO;
    *bytes = rc ? 0 : (uint32_t)op.u.vcpuextstate.size; /* less if not all was ever on */
    if (rc == 0 && *bytes)
        return 0;
    free(*state);
    *state = NULL;
    return rc;
}

int domctl_set_vcpu_xsave(struct control *ctl, domid_t domid, uint32_t vcpu, const void *state,
                          uint32_t bytes)
{
    struct xen_domctl op = { .cmd = XEN_DOMCTL_setvcpuextstate, .domain = domid };
    void *copy = malloc(bytes ? bytes : 1);
    int rc;

    if (!copy)
        return -ENOMEM;
    memcpy(copy, state, bytes);
    op.u.vcpuextstate.vcpu = vcpu;
    op.u.vcpuextstate.size = bytes;
    rc = call_xsave(ctl, &op, copy);
    free(copy);
    return rc;
}

static int call_msrs(struct control *ctl, struct xen_domctl *op, xen_domctl_vcpu_msr_t *msrs)
{
    size_t bytes = op->u.vcpu_msrs.msr_count * sizeof(*msrs);
    struct privcmd_buffer buffer;
    int rc = privcmd_buffer_alloc(&ctl->privcmd, bytes, &buffer);

    if (rc)
        return rc;
    memcpy(buffer.addr, msrs, bytes);
    set_xen_guest_handle(op->u.vcpu_msrs.msrs, buffer.addr);
    rc = do_domctl(ctl, op);
    if (rc == 0)
        memcpy(msrs, buffer.addr, bytes);
    privcmd_buffer_free(&buffer);
    return rc;
}

int domctl_get_vcpu_msrs(struct control *ctl, domid_t domid, uint32_t vcpu,
                         xen_domctl_vcpu_msr_t **msrs, uint32_t *count)
{
    struct xen_domctl op = { .cmd = XEN_DOMCTL_get_vcpu_msrs, .domain = domid };
    uint32_t room;
    int rc;

    *msrs = NULL;
    *count = 0;
    op.u.vcpu_msrs.vcpu = vcpu;
    rc = do_domctl(ctl, &op); /* without a buffer: how many can there be? */
    room = op.u.vcpu_msrs.msr_count;
    if (rc || !room)
        return rc;
    if (room > MAX_VCPU_MSRS)
        return -E2BIG;
    *msrs = calloc(room, sizeof(**msrs));
    if (!*msrs)
        return -ENOMEM;
    rc = call_msrs(ctl, &op, *msrs);
    *count = op.u.vcpu_msrs.msr_count;
    if (rc == 0 && *count && *count <= room)
        return 0;
    free(*msrs);
    *msrs = NULL;
    return rc || !*count ? rc : -EIO;
}

int domctl_set_vcpu_msrs(struct control *ctl, domid_t domid, uint32_t vcpu,
                         const xen_domctl_vcpu_msr_t *msrs, uint32_t count)
{
    struct xen_domctl op = { .cmd = XEN_DOMCTL_set_vcpu_msrs, .domain = domid };
    xen_domctl_vcpu_msr_t *copy = calloc(count ? count : 1, sizeof(*copy));
    int rc;

    if (!copy)
        return -ENOMEM;
    memcpy(copy, msrs, count * sizeof(*copy));
    op.u.vcpu_msrs.vcpu = vcpu;
    op.u.vcpu_msrs.msr_count = count;
    rc = call_msrs(ctl, &op, copy);
    free(copy);
    return rc;
}

/* ---- the clock --------------------------------------------------------------------------- */

int domctl_get_tsc_info(struct control *ctl, domid_t domid, struct xen_domctl_tsc_info *info)
{
    struct xen_domctl op = { .cmd = XEN_DOMCTL_gettscinfo, .domain = domid };
    int rc = do_domctl(ctl, &op);

    if (rc == 0)
        *info = op.u.tsc_info;
    return rc;
}

int domctl_set_tsc_info(struct control *ctl, domid_t domid, const struct xen_domctl_tsc_info *info)
{
    struct xen_domctl op = { .cmd = XEN_DOMCTL_settscinfo, .domain = domid };

    op.u.tsc_info = *info;
    return do_domctl(ctl, &op);
}
