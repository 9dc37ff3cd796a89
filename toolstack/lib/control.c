/* SPDX-License-Identifier: MIT */
/*
 * The control handle. Owns a privcmd handle; no locks. ABI: <xen/domctl.h>, <xen/sysctl.h>.
 */
#include "control.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "control_call.h"

int do_domctl(struct control *ctl, struct xen_domctl *op)
{
    op->interface_version = XEN_DOMCTL_INTERFACE_VERSION;
    return privcmd_call_struct(&ctl->privcmd, __HYPERVISOR_domctl, op, sizeof(*op), NULL);
}

int do_sysctl(struct control *ctl, struct xen_sysctl *op)
{
    op->interface_version = XEN_SYSCTL_INTERFACE_VERSION;
    return privcmd_call_struct(&ctl->privcmd, __HYPERVISOR_sysctl, op, sizeof(*op), NULL);
}

static int explain_open(int rc, struct error *e)
{
    if (rc == -ENOENT || rc == -ENXIO || rc == -ENODEV)
        return error_set(e, rc,
                         "cannot reach the hypervisor: /dev/xen/privcmd does not exist; boot "
                         "this system as dom0 and load the module xen-privcmd");
    if (rc == -EACCES || rc == -EPERM)
        return error_set(e, rc, "cannot open /dev/xen/privcmd: permission denied; run as root");
    return error_set(e, rc, "cannot open /dev/xen/privcmd: %s", strerror(-rc));
}

static int explain_probe(const char *interface, unsigned int version, int rc, struct error *e)
{
    if (rc == -EACCES)
        return error_set(e, rc,
                         "the hypervisor does not speak version %#x of %s; use a hypervisor "
                         "and tools that belong together (4.17)",
                         version, interface);
    if (rc == -EPERM)
        return error_set(e, rc,
                         "the hypervisor refuses %s to this domain; only dom0 may control "
                         "domains",
                         interface);
    return error_set(e, rc, "the hypervisor does not answer %s: %s", interface, strerror(-rc));
}

int control_open(struct control *ctl, struct error *e)
{
    struct xen_domctl_getdomaininfo dom0;
    struct xen_sysctl_physinfo host;
    int rc = privcmd_open(&ctl->privcmd);

    if (rc)
        return explain_open(rc, e);
    rc = domctl_get_info(ctl, 0, &dom0);
    if (rc) {
        explain_probe("domctl", XEN_DOMCTL_INTERFACE_VERSION, rc, e);
        goto fail;
    }
    rc = sysctl_get_physinfo(ctl, &host);
    if (rc) {
        explain_probe("sysctl", XEN_SYSCTL_INTERFACE_VERSION, rc, e);
        goto fail;
    }
    return 0;
fail:
    control_close(ctl);
    return rc;
}

void control_close(struct control *ctl)
{
    privcmd_close(&ctl->privcmd);
}

int control_log(struct control *ctl, const char *text)
{
    size_t room = strlen(text) + 16;
    struct privcmd_buffer line;
    int rc = privcmd_buffer_alloc(&ctl->privcmd, room, &line);

    if (rc)
        return rc;
    int n = snprintf(line.addr, room, "(domusd) %s\n", text);
    rc = privcmd_hypercall(&ctl->privcmd, __HYPERVISOR_console_io, CONSOLEIO_write,
                           (unsigned long)n, (unsigned long)line.addr, 0, 0, NULL);
    privcmd_buffer_free(&line);
    return rc;
}
