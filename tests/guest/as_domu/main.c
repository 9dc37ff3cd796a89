/* SPDX-License-Identifier: MIT */
/*
 * Not a test by itself: the initial domain that runs another test kernel, given as module, as an
 * unprivileged domain, and passes its console on. run.py uses it for `name@domu`.
 */
#include <xen/physdev.h>

#include "domu.h"
#include "test.h"

#define PAGES 4096
#define EXIT_PORT 0xf4
#define TIMEOUT_MS 50000

int main(void)
{
    struct physdev_set_iopl iopl = { .iopl = 1 };
    struct domu domu;
    int code;

    domu_build(&domu, domu_module(), (const char *)start_info->cmd_line, PAGES, 4);
    domu_unpause(&domu);
    code = domu_wait(&domu, TIMEOUT_MS);
    if (code != SHUTDOWN_poweroff)
        printf("the domain ended with code %d\n", code);
    audit_frames();
    hc_physdev_op(PHYSDEVOP_set_iopl, &iopl);
    outl(code, EXIT_PORT);
    guest_shutdown(SHUTDOWN_poweroff);
}
