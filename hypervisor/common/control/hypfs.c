/* SPDX-License-Identifier: MIT */
/*
 * hypercall hypfs_op(cmd, path, path length, buffer, buffer length): a read-only tree of names that
 * says what this build is. Reads give the entry's head, then its contents; a directory's contents
 * are the heads of its children with their names. Only the CPU pools in it come and go. No locks.
 * ABI facts: public hypfs.h.
 */
#include <hv/access.h>
#include <hv/cpupool.h>
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
    bool by_pool; /* a directory of the CPU pools instead */
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
    STRING("compile_by", HV_COMPILED_BY),
    STRING("compile_date", HV_VERSION),
    STRING("compile_domain", HV_COMPILED_BY),
    STRING("compiler", HV_COMPILER),
};
static const struct node buildinfo[] = {
    STRING("changeset", "domus " HV_VERSION),
    DIR("compileinfo", compileinfo),
    DIR("version", version),
};
/* What each CPU pool has; the pools' names are their numbers. */
static const struct node pool_entries[] = {
    STRING("sched-gran", "cpu"),
};
static const struct node pool_dir = DIR("", pool_entries);
static const struct node top[] = {
    DIR("buildinfo", buildinfo),
    { .name = "cpupool", .type = XEN_HYPFS_TYPE_DIR, .by_pool = true },
};
static const struct node root = DIR("", top);

/* ---- names ---- */

#define NUMBER_CHARS 12

static const char *pool_name(char buf[NUMBER_CHARS], u32 id)
{
    snprintf(buf, NUMBER_CHARS, "%u", id);
    return buf;
}

static const struct node *pool_child(const char *name, size_t len)
{
    char buf[NUMBER_CHARS];
    u64 cpus;
    u32 nr_domains;

    for (u32 id = 0; !cpupool_next(&id, &cpus, &nr_domains); id++)
        if (strlen(pool_name(buf, id)) == len && !memcmp(buf, name, len))
            return &pool_dir;
    return NULL;
}

static const struct node *child(const struct node *dir, const char *name, size_t len)
{
    if (dir->by_pool)
        return pool_child(name, len);
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
#define MAX_LISTED 64

/* The children of a directory, taken once: pools may come and go while it is read. */
struct listing {
    u32 n;
    const struct node *nodes[MAX_LISTED];
    char names[MAX_LISTED][NUMBER_CHARS]; /* of pools */
};

static void list(const struct node *dir, struct listing *l)
{
    u64 cpus;
    u32 nr_domains, id = 0;

    l->n = 0;
    while (dir->by_pool && l->n < MAX_LISTED && !cpupool_next(&id, &cpus, &nr_domains)) {
        pool_name(l->names[l->n], id++);
        l->nodes[l->n++] = &pool_dir;
    }
    for (u32 i = 0; i < dir->nr_children && l->n < MAX_LISTED; i++)
        l->nodes[l->n++] = &dir->children[i];
}

static const char *name_of(const struct listing *l, u32 i)
{
    return l->nodes[i] == &pool_dir ? l->names[i] : l->nodes[i]->name;
}

static u32 entry_bytes(const char *name)
{
    return (u32)ROUND_UP(ENTRY_NAME_OFF + strlen(name) + 1, sizeof(u32));
}

static u32 content_bytes(const struct node *n, const struct listing *l)
{
    u32 bytes = 0;

    switch (n->type) {
    case XEN_HYPFS_TYPE_STRING:
        return (u32)strlen(n->text) + 1;
    case XEN_HYPFS_TYPE_UINT:
        return sizeof(n->number);
    default:
        for (u32 i = 0; i < l->n; i++)
            bytes += entry_bytes(name_of(l, i));
        return bytes;
    }
}

/* Of a child: its own contents are only counted where they are no directory. */
static void fill_head(const struct node *n, const struct listing *l, xen_hypfs_direntry_t *e)
{
    *e = (xen_hypfs_direntry_t){ .type = n->type, .content_len = content_bytes(n, l) };
}

/* to holds content_bytes(n), zeroed. */
static void fill_content(const struct node *n, const struct listing *l, struct listing *inner,
                         char *to)
{
    if (n->type == XEN_HYPFS_TYPE_STRING) {
        memcpy(to, n->text, strlen(n->text));
        return;
    }
    if (n->type == XEN_HYPFS_TYPE_UINT) {
        memcpy(to, &n->number, sizeof(n->number));
        return;
    }
    for (u32 i = 0; i < l->n; i++) {
        const char *name = name_of(l, i);
        struct xen_hypfs_dirlistentry *e = (void *)to;

        list(l->nodes[i], inner);
        fill_head(l->nodes[i], inner, &e->e);
        e->off_next = i + 1 < l->n ? (u16)entry_bytes(name) : 0;
        memcpy(to + ENTRY_NAME_OFF, name, strlen(name));
        to += entry_bytes(name);
    }
}

/* lists[0] is n's. */
static long read_listed(const struct node *n, struct listing *lists, u64 buf, u64 room)
{
    xen_hypfs_direntry_t head;
    char *content;
    long rc = 0;

    fill_head(n, &lists[0], &head);
    if (copy_to_guest_va(buf, &head, sizeof(head)))
        return -EFAULT;
    if (room < sizeof(head) + head.content_len)
        return -ENOBUFS;
    content = hv_zalloc(MAX(head.content_len, 1U));
    if (!content)
        return -ENOMEM;
    fill_content(n, &lists[0], &lists[1], content);
    if (copy_to_guest_va(buf + sizeof(head), content, head.content_len))
        rc = -EFAULT;
    hv_free(content);
    return rc;
}

static long read_node(const struct node *n, u64 buf, u64 room)
{
    struct listing *lists;
    long rc;

    if (room < sizeof(xen_hypfs_direntry_t))
        return -EINVAL;
    lists = zalloc_objs(struct listing, 2); /* too large for the stack */
    if (!lists)
        return -ENOMEM;
    list(n, &lists[0]);
    rc = read_listed(n, lists, buf, room);
    hv_free(lists);
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
