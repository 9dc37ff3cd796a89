/* SPDX-License-Identifier: MIT */
/*
 * Control calls on the host. Owns nothing. ABI: <xen/sysctl.h>.
 */
#include "control.h"

#include <errno.h>
#include <string.h>

#include "control_call.h"

int sysctl_get_physinfo(struct control *ctl, struct xen_sysctl_physinfo *info)
{
    struct xen_sysctl op = { .cmd = XEN_SYSCTL_physinfo };
    int rc = do_sysctl(ctl, &op);

    if (rc == 0)
        *info = op.u.physinfo;
    return rc;
}

int sysctl_read_console(struct control *ctl, char *text, uint32_t *bytes, bool clear,
                        bool incremental, uint32_t *index)
{
    struct xen_sysctl op = { .cmd = XEN_SYSCTL_readconsole };
    struct privcmd_buffer buffer;
    int rc = privcmd_buffer_alloc(&ctl->privcmd, *bytes, &buffer);

    if (rc)
        return rc;
    op.u.readconsole.clear = clear;
    op.u.readconsole.incremental = incremental;
    op.u.readconsole.index = index ? *index : 0;
    op.u.readconsole.count = *bytes;
    set_xen_guest_handle(op.u.readconsole.buffer, buffer.addr);
    rc = do_sysctl(ctl, &op);
    if (rc == 0 && op.u.readconsole.count > *bytes)
        rc = -EIO;
    if (rc == 0) {
        *bytes = op.u.readconsole.count;
        memcpy(text, buffer.addr, *bytes);
        if (index)
            *index = op.u.readconsole.index;
    }
    privcmd_buffer_free(&buffer);
    return rc;
}

int sysctl_send_debug_keys(struct control *ctl, const char *keys)
{
    struct xen_sysctl op = { .cmd = XEN_SYSCTL_debug_keys };
    struct privcmd_buffer buffer;
    size_t len = strlen(keys);
    int rc;

    if (len > 256)
        return -E2BIG;
    rc = privcmd_buffer_alloc(&ctl->privcmd, len, &buffer);
    if (rc)
        return rc;
    memcpy(buffer.addr, keys, len);
    op.u.debug_keys.nr_keys = (uint32_t)len;
    set_xen_guest_handle(op.u.debug_keys.keys, buffer.addr);
    rc = do_sysctl(ctl, &op);
    privcmd_buffer_free(&buffer);
    return rc;
}

int sysctl_get_scheduler(struct control *ctl, uint32_t *sched_id)
{
    struct xen_sysctl op = { .cmd = XEN_SYSCTL_sched_id };
    int rc = do_sysctl(ctl, &op);

    if (rc == 0)
        *sched_id = op.u.sched_id.sched_id;
    return rc;
}

int sysctl_get_cpu_topology(struct control *ctl, struct xen_sysctl_cputopo *topo, uint32_t *count)
{
    struct xen_sysctl op = { .cmd = XEN_SYSCTL_cputopoinfo };
    struct privcmd_buffer buffer;
    int rc = privcmd_buffer_alloc(&ctl->privcmd, *count * sizeof(*topo), &buffer);

    if (rc)
        return rc;
    op.u.cputopoinfo.num_cpus = *count;
    set_xen_guest_handle(op.u.cputopoinfo.cputopo, buffer.addr);
    rc = do_sysctl(ctl, &op);
    if (rc == 0 && op.u.cputopoinfo.num_cpus > *count)
        rc = -EIO;
    if (rc == 0) {
        *count = op.u.cputopoinfo.num_cpus;
        memcpy(topo, buffer.addr, *count * sizeof(*topo));
    }
    privcmd_buffer_free(&buffer);
    return rc;
}
