/* SPDX-License-Identifier: MIT */
/*
 * The hypervisor's audit of all frames, by debug key. It prints what it finds; run.py reads that.
 * Other hypervisors have no such key and ignore it.
 */
#include <xen/sysctl.h>

#include "test.h"

void audit_frames(void)
{
    char key = 'F';
    struct xen_sysctl op = {
        .cmd = XEN_SYSCTL_debug_keys,
        .interface_version = XEN_SYSCTL_INTERFACE_VERSION,
        .u.debug_keys.nr_keys = 1,
    };

    set_xen_guest_handle(op.u.debug_keys.keys, &key);
    if (is_initial_domain())
        hc_sysctl(&op); /* refused where there is no such interface */
}
