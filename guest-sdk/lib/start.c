/* SPDX-License-Identifier: MIT */
/* From the first C instruction to main(), and the end. */
#include <xen/sched.h>

#include <sdk/cpu.h>
#include <sdk/events.h>
#include <sdk/hypercall.h>
#include <sdk/mm.h>
#include <sdk/start.h>
#include <sdk/traps.h>

start_info_t *start_info;
void sdk_start(start_info_t *info);

void sdk_start(start_info_t *info)
{
    start_info = info;
    trap_init();
    mm_init();
    events_init();
    main();
    guest_shutdown(SHUTDOWN_poweroff);
}

void guest_shutdown(unsigned int reason)
{
    struct sched_shutdown shutdown = { .reason = reason };

    for (;;)
        hc_sched_op(SCHEDOP_shutdown, &shutdown);
}
