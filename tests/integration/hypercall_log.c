/* SPDX-License-Identifier: MIT */
/*
 * Preloaded into the programs of a dom0: writes a line for each hypercall they make to
 * /run/hypercalls.log, "PROGRAM HYPERCALL COMMAND DOMAIN RESULT". It works alike on Domus and on
 * Xen, so that two logs of one command show where the hypervisors' answers part.
 * Facts: Linux's xen/privcmd.h; public headers for where a command's number stands.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <unistd.h>
#include <xen/xen.h>

#define LOG "/run/hypercalls.log"

struct privcmd_hypercall {
    uint64_t op;
    uint64_t arg[5];
};
#define IOCTL_PRIVCMD_HYPERCALL _IOC(_IOC_NONE, 'P', 0, sizeof(struct privcmd_hypercall))

static const char *const names[64] = {
    [__HYPERVISOR_memory_op] = "memory_op",
    [__HYPERVISOR_multicall] = "multicall",
    [__HYPERVISOR_xen_version] = "xen_version",
    [__HYPERVISOR_grant_table_op] = "grant_table_op",
    [__HYPERVISOR_mmuext_op] = "mmuext_op",
    [__HYPERVISOR_xsm_op] = "xsm_op",
    [__HYPERVISOR_sched_op] = "sched_op",
    [__HYPERVISOR_event_channel_op] = "event_channel_op",
    [__HYPERVISOR_physdev_op] = "physdev_op",
    [__HYPERVISOR_hvm_op] = "hvm_op",
    [__HYPERVISOR_sysctl] = "sysctl",
    [__HYPERVISOR_domctl] = "domctl",
    [__HYPERVISOR_hypfs_op] = "hypfs_op",
    [__HYPERVISOR_platform_op] = "platform_op",
};

/* Where a call's argument is a structure, its command is the structure's first word. */
static long command_of(const struct privcmd_hypercall *h)
{
    switch (h->op) {
    case __HYPERVISOR_sysctl:
    case __HYPERVISOR_domctl:
    case __HYPERVISOR_platform_op:
    case __HYPERVISOR_xsm_op:
    case __HYPERVISOR_mmuext_op:
        return *(const uint32_t *)(uintptr_t)h->arg[0];
    default:
        return (long)(uint32_t)h->arg[0];
    }
}

static void note(uint64_t nr, long cmd, int dom, long result)
{
    char line[128];
    int fd = open(LOG, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600), n;

    if (fd < 0)
        return;
    if (nr < 64 && names[nr])
        n = snprintf(line, sizeof(line), "%s %s %ld %d %ld\n", program_invocation_short_name,
                     names[nr], cmd, dom, result);
    else
        n = snprintf(line, sizeof(line), "%s %llu %ld %d %ld\n", program_invocation_short_name,
                     (unsigned long long)nr, cmd, dom, result);
    n = (int)write(fd, line, (size_t)n);
    (void)n;
    close(fd);
}

int ioctl(int fd, unsigned long request, ...)
{
    const struct privcmd_hypercall *h;
    va_list ap;
    void *arg;
    long cmd, result;
    int dom = -1;

    va_start(ap, request);
    arg = va_arg(ap, void *);
    va_end(ap);
    if (request != IOCTL_PRIVCMD_HYPERCALL)
        return (int)syscall(SYS_ioctl, fd, request, arg);
    h = arg;
    cmd = command_of(h);
    if (h->op == __HYPERVISOR_domctl)
        dom = *(const uint16_t *)(uintptr_t)(h->arg[0] + 8);
    result = syscall(SYS_ioctl, fd, request, arg);
    if (result < 0)
        result = -errno;
    if (h->op == __HYPERVISOR_multicall) { /* libxc makes its memory_op in one of these */
        const struct multicall_entry *inner = (const void *)(uintptr_t)h->arg[0];

        note(inner->op, (long)inner->args[0], dom, result < 0 ? result : (long)inner->result);
    } else {
        note(h->op, cmd, dom, result);
    }
    if (result < 0) {
        errno = (int)-result;
        return -1;
    }
    return (int)result;
}
