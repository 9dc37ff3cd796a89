/* SPDX-License-Identifier: MIT */
/* hypercall console_io(cmd, count, buffer): ABI public xen.h (CONSOLEIO_*). */
#include <hv/access.h>
#include <hv/console.h>
#include <hv/errno.h>
#include <hv/guest_access.h>
#include <hv/hypercall.h>

#define CHUNK 128

static long console_write(unsigned long count, u64 va)
{
    char buf[CHUNK];

    while (count) {
        size_t n = MIN(count, (unsigned long)CHUNK);

        if (hypercall_preempt_check())
            return hypercall_continuation(__HYPERVISOR_console_io, 3,
                                          (unsigned long)CONSOLEIO_write, count, va);
        if (copy_from_guest_va(buf, va, n))
            return -EFAULT;
        console_write_guest(current->domain, buf, n);
        va += n;
        count -= n;
    }
    return 0;
}

static long console_read(unsigned long count, u64 va)
{
    char buf[CHUNK];
    size_t n;

    if ((int)count < 0) /* the result is an int in the ABI */
        return -E2BIG;
    n = console_read_input(buf, MIN(count, (unsigned long)CHUNK));
    return n && copy_to_guest_va(va, buf, n) ? -EFAULT : (long)n;
}

HC(console_io)
{
    int cmd = (int)a1;
    unsigned int count = (unsigned int)a2;
    int rc = access_console_io(current->domain, (u32)cmd);

    (void)a4;
    (void)a5;
    if (rc)
        return rc;
    switch (cmd) {
    case CONSOLEIO_write:
        return console_write(count, a3);
    case CONSOLEIO_read:
        return console_read(count, a3);
    default:
        return -ENOSYS;
    }
}
