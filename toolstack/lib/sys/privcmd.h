/* SPDX-License-Identifier: MIT */
/*
 * Hypercalls from dom0's user space, through /dev/xen/privcmd.
 *
 * A handle is used by one thread at a time and is not carried over fork: a forked worker opens
 * its own (buffers and foreign mappings are not inherited either).
 */
#ifndef TOOLSTACK_SYS_PRIVCMD_H
#define TOOLSTACK_SYS_PRIVCMD_H

#include <stddef.h>
#include <stdint.h>

#include <xen/xen.h>

struct privcmd {
    int fd;        /* /dev/xen/privcmd */
    int buffer_fd; /* /dev/xen/hypercall, or -1 where the kernel lacks it */
    void *scratch; /* one page that privcmd_call_struct() copies small arguments through */
};

/* Memory that the hypervisor may read and write while a hypercall runs: whole pages that the
 * kernel neither moves nor copies on write. Zeroed when allocated. */
struct privcmd_buffer {
    void *addr;
    size_t bytes; /* as asked for, not rounded */
};

/* Opens the devices. -ENOENT: not a Xen dom0, or the xen-privcmd module is not loaded;
 * -EACCES: not root. */
int privcmd_open(struct privcmd *pc);

/* Closes; harmless on a handle whose open failed. Buffers stay valid until freed. */
void privcmd_close(struct privcmd *pc);

/* Makes hypercall `op` (__HYPERVISOR_*). A negative result comes back as -errno (Xen's numbers
 * are Linux's for every error that exists in both); otherwise 0, and *ret, if not NULL, holds the
 * result, of which the kernel passes the low 31 bits on: calls with wider results go through
 * a multicall. */
int privcmd_hypercall(struct privcmd *pc, unsigned int op, unsigned long a1, unsigned long a2,
                      unsigned long a3, unsigned long a4, unsigned long a5, long *ret);

/* Makes a hypercall whose one argument is a structure of at most XEN_PAGE_SIZE bytes, e.g. domctl:
 * copies it to locked memory, calls op(&copy), copies it back even if the call fails (the fields
 * that a partial failure reports through are then valid). */
int privcmd_call_struct(struct privcmd *pc, unsigned int op, void *arg, size_t bytes, long *ret);

/* The same for calls with a sub-op first: op(cmd, &copy, count), e.g. event_channel_op. */
int privcmd_call_op(struct privcmd *pc, unsigned int op, unsigned int cmd, void *arg, size_t bytes,
                    unsigned long count, long *ret);

/* Makes op(a1, a2) as the only entry of a multicall, so that a result wider than an int survives.
 */
int privcmd_multicall_one(struct privcmd *pc, unsigned int op, unsigned long a1, unsigned long a2,
                          long *ret);

/* Allocates a buffer; bytes may be 0 (then addr is still valid). -ENOMEM. */
int privcmd_buffer_alloc(struct privcmd *pc, size_t bytes, struct privcmd_buffer *buf);

/* Frees; harmless on a zeroed structure. */
void privcmd_buffer_free(struct privcmd_buffer *buf);

#endif
