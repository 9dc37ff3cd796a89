/* SPDX-License-Identifier: MIT */
/*
 * hypercall hypfs_op(cmd, path, path length, buffer, buffer length): a read-only tree of names that
 * says what this build is. Reads give the entry's head, then its contents; a directory's contents
 * are the heads of its children with their names. No locks: the tree never changes.
 * ABI facts: public hypfs.h.
 */
#include <hv/access.h>
#include <hv/errno.h>
#include <hv/guest_access.h>
#include <hv/hypercall.h>
#include <hv/page_alloc.h>
#include <hv/version.h>
#include <xen/hypfs.h>

struct node {
    const char *name;
    const char *text; /* XEN_HYPFS_TYPE_STRING */
    u32 number;       /* XEN_HYPFS_TYPE_UINT */
    u8 type;
    const struct node *children; /* XEN_HYPFS_TYPE_DIR */
    u32 nr_children;
};

#define STRING(n, s)                                        \
    {                                                       \
        .name = n, .type = XEN_HYPFS_TYPE_STRING, .text = s \
    }
#define NUMBER(n, v)                                        \
    {                                                       \
        .name = n, .type = XEN_HYPFS_TYPE_UINT, .number = v \
    }
#define DIR(n, a)                                                                          \
    {                                                                                      \
        .name = n, .type = XEN_HYPFS_TYPE_DIR, .children = a, .nr_children = ARRAY_SIZE(a) \
    }

static const struct node version[] = {
    STRING("extra", HV_EXTRA_VERSION),
    NUMBER("major", HV_XEN_MAJOR),
    NUMBER("minor", HV_XEN_MINOR),
};
static const struct node compileinfo[] = {
    STRING("compiler", HV_COMPILER),
};
static const struct node buildinfo[] = {
    STRING("changeset", "domus " HV_VERSION),
    DIR("compileinfo", compileinfo),
    DIR("version", version),
};
static const struct node top[] = {
    DIR("buildinfo", buildinfo),
};
static const struct node root = DIR("", top);

static const struct node *child(const struct node *dir, const char *name, size_t len)
{
    for (u32 i = 0; i < dir->nr_children; i++)
        if (strlen(dir->children[i].name) == len && !memcmp(dir->children[i].name, name, len))
            return &dir->children[i];
    return NULL;
}

static const struct node *find(const char *path)
{
    const struct node *n = &root;

    while (n && path[1]) {
        const char *end = strchr(path + 1, '/');
        size_t len = end ? (size_t)(end - path - 1) : strlen(path + 1);

        n = child(n, path + 1, len);
        path += len + 1;
        if (!*path)
            break;
    }
    return n;
}

/* ---- contents ---- */

#define ENTRY_NAME_OFF offsetof(struct xen_hypfs_dirlistentry, name)

static u32 entry_bytes(const struct node *n)
{
    return (u32)ROUND_UP(ENTRY_NAME_OFF + strlen(n->name) + 1, sizeof(u32));
}

static u32 content_bytes(const struct node *n)
{
    u32 bytes = 0;

    switch (n->type) {
    case XEN_HYPFS_TYPE_STRING:
        return (u32)strlen(n->text) + 1;
    case XEN_HYPFS_TYPE_UINT:
        return sizeof(n->number);
    default:
        for (u32 i = 0; i < n->nr_children; i++)
            bytes += entry_bytes(&n->children[i]);
        return bytes;
    }
}

static void fill_head(const struct node *n, xen_hypfs_direntry_t *e)
{
    *e = (xen_hypfs_direntry_t){ .type = n->type, .content_len = content_bytes(n) };
}

/* to holds content_bytes(n), zeroed. */
static void fill_content(const struct node *n, char *to)
{
    if (n->type == XEN_HYPFS_TYPE_STRING) {
        memcpy(to, n->text, strlen(n->text));
        return;
    }
    if (n->type == XEN_HYPFS_TYPE_UINT) {
        memcpy(to, &n->number, sizeof(n->number));
        return;
    }
    for (u32 i = 0; i < n->nr_children; i++) {
        const struct node *c = &n->children[i];
        struct xen_hypfs_dirlistentry *e = (void *)to;

        fill_head(c, &e->e);
        e->off_next = i + 1 < n->nr_children ? (u16)entry_bytes(c) : 0;
        memcpy(to + ENTRY_NAME_OFF, c->name, strlen(c->name));
        to += entry_bytes(c);
    }
}

static long read_node(const struct node *n, u64 buf, u64 room)
{
    xen_hypfs_direntry_t head;
    char *content;
    long rc = 0;

    if (room < sizeof(head))
        return -EINVAL;
    fill_head(n, &head);
    if (copy_to_guest_va(buf, &head, sizeof(head)))
        return -EFAULT;
    if (room < sizeof(head) + head.content_len)
        return -ENOBUFS;
    content = hv_zalloc(MAX(head.content_len, 1U));
    if (!content)
        return -ENOMEM;
    fill_content(n, content);
    if (copy_to_guest_va(buf + sizeof(head), content, head.content_len))
        rc = -EFAULT;
    hv_free(content);
    return rc;
}

/* ---- the hypercall ---- */

static long on_path(u32 cmd, const char *path, u64 buf, u64 room)
{
    const struct node *n;

    if (path[0] != '/')
        return -EINVAL;
    n = find(path);
    if (!n)
        return -ENOENT;
    switch (cmd) {
    case XEN_HYPFS_OP_read:
        return read_node(n, buf, room);
    case XEN_HYPFS_OP_write_contents:
        return -EACCES;
    default:
        return -EOPNOTSUPP;
    }
}

HC(hypfs_op)
{
    char *path;
    long rc;

    if (access_control_op(current->domain))
        return -EPERM;
    if ((u32)a1 == XEN_HYPFS_OP_get_version)
        return a2 || a3 || a4 || a5 ? -EINVAL : XEN_HYPFS_VERSION;
    if (!a3 || a3 > XEN_HYPFS_MAX_PATHLEN)
        return -EINVAL;
    path = hv_zalloc(a3);
    if (!path)
        return -ENOMEM;
    if (copy_from_guest_va(path, a2, a3))
        rc = -EFAULT;
    else if (path[a3 - 1])
        rc = -EINVAL;
    else
        rc = on_path((u32)a1, path, a4, a5);
    hv_free(path);
    return rc;
}
