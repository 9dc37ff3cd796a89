/* SPDX-License-Identifier: MIT */
/*
 * The ioctls of Linux's Xen devices (/dev/xen/privcmd, hypercall, evtchn, gntdev).
 *
 * Owns nothing; private to this folder. ABI facts: Linux's include/uapi/xen/{privcmd,evtchn,
 * gntdev}.h, x86-64 only.
 */
#ifndef TOOLSTACK_SYS_LINUX_XEN_H
#define TOOLSTACK_SYS_LINUX_XEN_H

#include <stdint.h>
#include <sys/ioctl.h>

struct linux_privcmd_hypercall {
    uint64_t op;
    uint64_t arg[5];
};

struct linux_privcmd_mmapbatch_v2 {
    uint32_t num;
    uint16_t dom;
    uint64_t addr;
    const uint64_t *gfns;
    int *errs;
};

struct linux_privcmd_mmap_resource {
    uint16_t dom;
    uint32_t type;
    uint32_t id;
    uint32_t idx;
    uint64_t num;
    uint64_t addr;
};

#define LINUX_PRIVCMD_HYPERCALL _IOC(_IOC_NONE, 'P', 0, sizeof(struct linux_privcmd_hypercall))
#define LINUX_PRIVCMD_MMAPBATCH_V2 \
    _IOC(_IOC_NONE, 'P', 4, sizeof(struct linux_privcmd_mmapbatch_v2))
#define LINUX_PRIVCMD_MMAP_RESOURCE \
    _IOC(_IOC_NONE, 'P', 7, sizeof(struct linux_privcmd_mmap_resource))

struct linux_evtchn_bind_virq {
    uint32_t virq;
};

struct linux_evtchn_bind_interdomain {
    uint32_t remote_domain;
    uint32_t remote_port;
};

struct linux_evtchn_bind_unbound {
    uint32_t remote_domain;
};

struct linux_evtchn_port {
    uint32_t port;
};

#define LINUX_EVTCHN_BIND_VIRQ _IOC(_IOC_NONE, 'E', 0, sizeof(struct linux_evtchn_bind_virq))
#define LINUX_EVTCHN_BIND_INTERDOMAIN \
    _IOC(_IOC_NONE, 'E', 1, sizeof(struct linux_evtchn_bind_interdomain))
#define LINUX_EVTCHN_BIND_UNBOUND _IOC(_IOC_NONE, 'E', 2, sizeof(struct linux_evtchn_bind_unbound))
#define LINUX_EVTCHN_UNBIND       _IOC(_IOC_NONE, 'E', 3, sizeof(struct linux_evtchn_port))
#define LINUX_EVTCHN_NOTIFY       _IOC(_IOC_NONE, 'E', 4, sizeof(struct linux_evtchn_port))
#define LINUX_EVTCHN_RESET        _IOC(_IOC_NONE, 'E', 5, 0)

struct linux_gntdev_ref {
    uint32_t domid;
    uint32_t ref;
};

/* As declared to the kernel: the array's true length is `count`. */
struct linux_gntdev_map {
    uint32_t count;
    uint32_t pad;
    uint64_t index;
    struct linux_gntdev_ref refs[1];
};

struct linux_gntdev_unmap {
    uint64_t index;
    uint32_t count;
    uint32_t pad;
};

struct linux_gntdev_get_offset {
    uint64_t vaddr;
    uint64_t offset;
    uint32_t count;
    uint32_t pad;
};

struct linux_gntdev_notify {
    uint64_t index;
    uint32_t action;
    uint32_t event_channel_port;
};

#define LINUX_GNTDEV_MAP        _IOC(_IOC_NONE, 'G', 0, sizeof(struct linux_gntdev_map))
#define LINUX_GNTDEV_UNMAP      _IOC(_IOC_NONE, 'G', 1, sizeof(struct linux_gntdev_unmap))
#define LINUX_GNTDEV_GET_OFFSET _IOC(_IOC_NONE, 'G', 2, sizeof(struct linux_gntdev_get_offset))
#define LINUX_GNTDEV_SET_NOTIFY _IOC(_IOC_NONE, 'G', 7, sizeof(struct linux_gntdev_notify))

#define LINUX_GNTDEV_NOTIFY_CLEAR_BYTE 0x1u
#define LINUX_GNTDEV_NOTIFY_SEND_EVENT 0x2u

#endif
