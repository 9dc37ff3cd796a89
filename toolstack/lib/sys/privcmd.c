/* SPDX-License-Identifier: MIT */
/*
 * Hypercalls and hypercall buffers.
 *
 * Owns the /dev/xen/privcmd and /dev/xen/hypercall descriptors of a handle. No locks: one thread
 * a handle. ABI facts: linux_xen.h; <xen/xen.h> for the numbers.
 */
#include "privcmd.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "linux_xen.h"

#define PAGE_BYTES 4096ul

static size_t round_to_pages(size_t bytes)
{
    return bytes ? (bytes + PAGE_BYTES - 1) & ~(PAGE_BYTES - 1) : PAGE_BYTES;
}

int privcmd_open(struct privcmd *pc)
{
    struct privcmd_buffer scratch;
    int rc;

    pc->buffer_fd = -1;
    pc->scratch = NULL;
    pc->fd = open("/dev/xen/privcmd", O_RDWR | O_CLOEXEC);
    if (pc->fd < 0)
        return -errno;
    /* Absent before Linux 4.18; then locked anonymous memory has to do. */
    pc->buffer_fd = open("/dev/xen/hypercall", O_RDWR | O_CLOEXEC);
    rc = privcmd_buffer_alloc(pc, PAGE_BYTES, &scratch);
    if (rc) {
        privcmd_close(pc);
        return rc;
    }
    pc->scratch = scratch.addr;
    return 0;
}

void privcmd_close(struct privcmd *pc)
{
    if (pc->scratch)
        munmap(pc->scratch, PAGE_BYTES);
    if (pc->buffer_fd >= 0)
        close(pc->buffer_fd);
    if (pc->fd >= 0)
        close(pc->fd);
    pc->scratch = NULL;
    pc->buffer_fd = -1;
    pc->fd = -1;
}

int privcmd_hypercall(struct privcmd *pc, unsigned int op, unsigned long a1, unsigned long a2,
                      unsigned long a3, unsigned long a4, unsigned long a5, long *ret)
{
    struct linux_privcmd_hypercall call = { .op = op, .arg = { a1, a2, a3, a4, a5 } };
    int rc = ioctl(pc->fd, LINUX_PRIVCMD_HYPERCALL, &call);

    if (rc < 0)
        return -errno;
    if (ret)
        *ret = rc;
    return 0;
}

int privcmd_call_struct(struct privcmd *pc, unsigned int op, void *arg, size_t bytes, long *ret)
{
    int rc;

    if (bytes > PAGE_BYTES)
        return -E2BIG;
    memcpy(pc->scratch, arg, bytes);
    rc = privcmd_hypercall(pc, op, (unsigned long)pc->scratch, 0, 0, 0, 0, ret);
    memcpy(arg, pc->scratch, bytes);
    return rc;
}

int privcmd_call_op(struct privcmd *pc, unsigned int op, unsigned int cmd, void *arg, size_t bytes,
                    unsigned long count, long *ret)
{
    int rc;

    if (bytes > PAGE_BYTES)
        return -E2BIG;
    memcpy(pc->scratch, arg, bytes);
    rc = privcmd_hypercall(pc, op, cmd, (unsigned long)pc->scratch, count, 0, 0, ret);
    memcpy(arg, pc->scratch, bytes);
    return rc;
}

int privcmd_multicall_one(struct privcmd *pc, unsigned int op, unsigned long a1, unsigned long a2,
                          long *ret)
{
    multicall_entry_t *entry = pc->scratch;
    long result;
    int rc;

    memset(entry, 0, sizeof(*entry));
    entry->op = op;
    entry->args[0] = a1;
    entry->args[1] = a2;
    rc = privcmd_hypercall(pc, __HYPERVISOR_multicall, (unsigned long)entry, 1, 0, 0, 0, NULL);
    if (rc)
        return rc;
    result = (long)entry->result;
    if (result < 0)
        return result < -4095 ? -EIO : (int)result;
    if (ret)
        *ret = result;
    return 0;
}

/* Memory of /dev/xen/hypercall belongs to the kernel and never moves. The fallback is locked and
 * kept out of forked children, since copy on write would move it. */
int privcmd_buffer_alloc(struct privcmd *pc, size_t bytes, struct privcmd_buffer *buf)
{
    size_t len = round_to_pages(bytes);
    void *addr;

    buf->addr = NULL;
    buf->bytes = 0;
    if (len < bytes)
        return -ENOMEM;
    if (pc->buffer_fd >= 0)
        addr = mmap(NULL, len, PROT_READ | PROT_WRITE, MAP_SHARED, pc->buffer_fd, 0);
    else
        addr = mmap(NULL, len, PROT_READ | PROT_WRITE,
                    MAP_PRIVATE | MAP_ANONYMOUS | MAP_LOCKED | MAP_POPULATE, -1, 0);
    if (addr == MAP_FAILED)
        return -errno;
    if (pc->buffer_fd < 0 && madvise(addr, len, MADV_DONTFORK)) {
        int rc = -errno;

        munmap(addr, len);
        return rc;
    }
    memset(addr, 0, len);
    buf->addr = addr;
    buf->bytes = bytes;
    return 0;
}

void privcmd_buffer_free(struct privcmd_buffer *buf)
{
    if (buf->addr)
        munmap(buf->addr, round_to_pages(buf->bytes));
    buf->addr = NULL;
    buf->bytes = 0;
}
