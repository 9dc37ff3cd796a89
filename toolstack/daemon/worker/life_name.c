/* SPDX-License-Identifier: MIT */
/* Words for the states and the ends of domains. Pure. */
#include "life.h"

#include <xen/sched.h>

const char *life_reason_name(unsigned int reason)
{
    static const char *const names[] = {
        [SHUTDOWN_poweroff] = "powered off",
        [SHUTDOWN_reboot] = "asked for a reboot",
        [SHUTDOWN_suspend] = "suspended itself",
        [SHUTDOWN_crash] = "crashed",
        [SHUTDOWN_watchdog] = "let its watchdog expire",
    };

    if (reason < sizeof(names) / sizeof(names[0]) && names[reason])
        return names[reason];
    return "ended for an unknown reason";
}

const char *life_state_name(const struct xen_domctl_getdomaininfo *info)
{
    unsigned int reason = (info->flags >> XEN_DOMINF_shutdownshift) & XEN_DOMINF_shutdownmask;

    if (info->flags & XEN_DOMINF_dying)
        return "dying";
    if (info->flags & XEN_DOMINF_shutdown)
        return reason == SHUTDOWN_crash ? "crashed" : "shutdown";
    if (info->flags & XEN_DOMINF_paused)
        return "paused";
    return info->flags & XEN_DOMINF_running ? "running" : "blocked";
}
