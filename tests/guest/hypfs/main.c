/* SPDX-License-Identifier: MIT */
/* hypfs_op from the initial domain: the tree of names, its reads and refusals. */
#include <xen/hypfs.h>

#include "test.h"

static union {
    xen_hypfs_direntry_t head;
    struct xen_hypfs_dirlistentry entry;
    char bytes[1024];
} buf;

static long hypfs(unsigned int cmd, const char *path, unsigned long room)
{
    return hypercall5(__HYPERVISOR_hypfs_op, cmd, (unsigned long)path, strlen(path) + 1,
                      (unsigned long)&buf, room);
}

static long read_path(const char *path)
{
    memset(&buf, 0xee, sizeof(buf));
    return hypfs(XEN_HYPFS_OP_read, path, sizeof(buf));
}

static void version(void)
{
    CHECK_EQ(hypercall5(__HYPERVISOR_hypfs_op, XEN_HYPFS_OP_get_version, 0, 0, 0, 0), 1);
    CHECK_EQ(hypercall5(__HYPERVISOR_hypfs_op, XEN_HYPFS_OP_get_version, 0, 1, 0, 0), -EINVAL);
    CHECK_EQ(hypercall5(__HYPERVISOR_hypfs_op, XEN_HYPFS_OP_get_version, 0, 0, 0, 1), -EINVAL);
}

static bool lists(const char *name)
{
    char *at = buf.bytes + sizeof(buf.head), *end = at + buf.head.content_len;

    while (at < end) {
        struct xen_hypfs_dirlistentry *e = (void *)at;

        if (!strcmp(e->name, name))
            return true;
        if (!e->off_next)
            return false;
        at += e->off_next;
    }
    return false;
}

static void directories(void)
{
    CHECK_EQ(read_path("/"), 0);
    CHECK_EQ(buf.head.type, XEN_HYPFS_TYPE_DIR);
    CHECK_EQ(buf.head.max_write_len, 0);
    CHECK(lists("buildinfo"));
    CHECK(!lists("nothing"));
    CHECK_EQ(read_path("/buildinfo/version"), 0);
    CHECK(lists("major") && lists("minor") && lists("extra"));
    CHECK_EQ(read_path("/cpupool"), 0);
    CHECK(lists("0"));
    CHECK_EQ(read_path("/cpupool/0"), 0);
    CHECK(lists("sched-gran"));
    CHECK_EQ(read_path("/cpupool/0/sched-gran"), 0);
    CHECK(!strcmp(buf.bytes + sizeof(buf.head), "cpu"));
    CHECK_EQ(read_path("/cpupool/1"), -ENOENT);
}

static void values(void)
{
    CHECK_EQ(read_path("/buildinfo/version/major"), 0);
    CHECK_EQ(buf.head.type, XEN_HYPFS_TYPE_UINT);
    CHECK_EQ(buf.head.content_len, 4);
    CHECK_EQ(*(unsigned int *)(buf.bytes + sizeof(buf.head)), 4);
    CHECK_EQ(read_path("/buildinfo/changeset"), 0);
    CHECK_EQ(buf.head.type, XEN_HYPFS_TYPE_STRING);
    CHECK_EQ(strlen(buf.bytes + sizeof(buf.head)) + 1, buf.head.content_len);
}

static void small_buffers(void)
{
    memset(&buf, 0xee, sizeof(buf));
    CHECK_EQ(hypfs(XEN_HYPFS_OP_read, "/buildinfo", sizeof(buf.head) - 1), -EINVAL);
    CHECK_EQ((unsigned char)buf.bytes[0], 0xee);
    CHECK_EQ(hypfs(XEN_HYPFS_OP_read, "/buildinfo", sizeof(buf.head)), -ENOBUFS);
    CHECK_EQ(buf.head.type, XEN_HYPFS_TYPE_DIR); /* the head comes all the same */
    CHECK_EQ((unsigned char)buf.bytes[sizeof(buf.head)], 0xee);
}

static void refusals(void)
{
    static char path[XEN_HYPFS_MAX_PATHLEN + 8];

    CHECK_EQ(read_path("/nothing"), -ENOENT);
    CHECK_EQ(read_path("/buildinfo/version/major/x"), -ENOENT);
    CHECK_EQ(read_path("buildinfo"), -EINVAL);
    CHECK_EQ(hypfs(XEN_HYPFS_OP_write_contents, "/buildinfo/version/major", 4), -EACCES);
    CHECK_EQ(hypfs(77, "/buildinfo", sizeof(buf)), -EOPNOTSUPP);
    memset(path, '/', sizeof(path) - 1);
    CHECK_EQ(hypfs(XEN_HYPFS_OP_read, path, sizeof(buf)), -EINVAL); /* too long */
    CHECK_EQ(hypercall5(__HYPERVISOR_hypfs_op, XEN_HYPFS_OP_read, UNMAPPED_VA, 8,
                        (unsigned long)&buf, sizeof(buf)), -EFAULT);
    CHECK_EQ(hypercall5(__HYPERVISOR_hypfs_op, XEN_HYPFS_OP_read, (unsigned long)"/x", 2,
                        (unsigned long)&buf, sizeof(buf)), -EINVAL); /* not terminated */
    CHECK_EQ(hypercall5(__HYPERVISOR_hypfs_op, XEN_HYPFS_OP_read, (unsigned long)"/buildinfo", 11,
                        HYPERVISOR_VA, sizeof(buf)), -EFAULT);
}

static const struct test tests[] = {
    { "version", version },
    { "directories", directories },
    { "values", values },
    { "small_buffers", small_buffers },
    { "refusals", refusals },
};

TEST_MAIN(tests)
