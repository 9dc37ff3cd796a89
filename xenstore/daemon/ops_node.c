/* SPDX-License-Identifier: MIT */
/*
 * Operations on nodes. Each checks its payload, asks core/store (or the transaction), tells
 * watchers, replies. Owns nothing. Facts: Xen's docs/misc/xenstore.txt.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "journal.h"
#include "ops.h"

/* The path of an operation whose payload is one string and nothing else. */
static int only_path(struct call *k, unsigned int flags, struct path **p)
{
    const struct request *r = k->request;

    if (r->header.len == 0 || strlen(r->payload) + 1 != r->header.len)
        return -EINVAL;
    return ops_path(k, r->payload, flags, p);
}

static int get_for_read(struct call *k, unsigned int flags, enum touch touch, struct node **n)
{
    struct path *p;
    struct edit e;
    int rc = only_path(k, flags, &p);

    if (rc)
        return rc;
    e = ops_edit(k);
    return store_get(&e, p, PERM_READ, touch, n);
}

int op_read(struct call *k)
{
    struct node *n;
    int rc = get_for_read(k, 0, TOUCH_CONTENT, &n);

    if (rc)
        return rc;
    conn_reply(k->conn, k->request, n->value ? n->value->data : NULL,
               n->value ? n->value->len : 0);
    return 0;
}

/* Copies the list of names, each with its NUL, from byte `offset` on and up to the last name that
 * fits into `room` bytes; *end tells whether the list was finished. */
static uint32_t copy_names(const struct node *n, uint32_t offset, char *to, uint32_t room,
                           bool *end)
{
    const struct node *child;
    uint32_t at = 0, done = 0;

    *end = true;
    children_for_each(i, child, n->kids) {
        uint32_t len = child->name_len + 1;
        uint32_t skip = at >= offset ? 0 : offset - at;

        if (child->name[0] == PATH_SPECIAL_MARK)
            continue;
        at += len;
        if (skip >= len)
            continue;
        if (done + len - skip > room) {
            *end = false;
            break;
        }
        memcpy(to + done, child->name + skip, len - skip);
        done += len - skip;
    }
    return done;
}

int op_directory(struct call *k)
{
    struct node *n;
    uint32_t len;
    bool end;
    char *to;
    int rc = get_for_read(k, 0, TOUCH_CONTENT | TOUCH_CHILDREN, &n);

    if (rc)
        return rc;
    len = n->kids ? n->kids->names_len : 0;
    if (len > XENSTORE_PAYLOAD_MAX)
        return -E2BIG;
    to = conn_reply_space(k->conn, k->request, len);
    if (to)
        copy_names(n, 0, to, len, &end);
    return 0;
}

static int directory_part(struct call *k, const struct node *n, uint32_t offset)
{
    char buf[XENSTORE_PAYLOAD_MAX];
    uint32_t len;
    bool end;

    len = (uint32_t)snprintf(buf, sizeof(buf), "%llu", (unsigned long long)n->child_generation) + 1;
    len += copy_names(n, offset, buf + len, (uint32_t)sizeof(buf) - len - 1, &end);
    if (end)
        buf[len++] = '\0';
    conn_reply(k->conn, k->request, buf, len);
    return 0;
}

/* Reply: generation, then names; an empty name ends the list. */
int op_directory_part(struct call *k)
{
    const char *str[2];
    uint64_t offset;
    struct node *n;
    struct path *p;
    struct edit e;
    int rc;

    if (wire_strings(k->request, str, 2) != 2 || wire_number(str[1], UINT32_MAX, &offset) != 0)
        return -EINVAL;
    rc = ops_path(k, str[0], 0, &p);
    if (rc)
        return rc;
    e = ops_edit(k);
    rc = store_get(&e, p, PERM_READ, TOUCH_CONTENT | TOUCH_CHILDREN, &n);
    return rc ? rc : directory_part(k, n, (uint32_t)offset);
}

int op_get_perms(struct call *k)
{
    struct node *n;
    size_t len;
    char *to;
    int rc = get_for_read(k, PATH_SPECIAL_OK, TOUCH_CONTENT, &n);

    if (rc)
        return rc;
    len = perms_format(n->perms, NULL, 0);
    if (len > XENSTORE_PAYLOAD_MAX)
        return -E2BIG;
    to = conn_reply_space(k->conn, k->request, (uint32_t)len);
    if (to)
        perms_format(n->perms, to, len);
    return 0;
}

int op_write(struct call *k)
{
    const struct request *r = k->request;
    size_t path_len = strnlen(r->payload, r->header.len);
    const struct subject *who = &k->conn->watcher.who;
    const char *data = r->payload + path_len + 1;
    struct path *p;
    uint32_t len;
    int rc;

    if (path_len == r->header.len)
        return -EINVAL;
    len = r->header.len - (uint32_t)path_len - 1;
    rc = ops_path(k, r->payload, 0, &p);
    if (!rc && k->transaction) {
        rc = transaction_write(k->transaction, who, p, data, len);
    } else if (!rc) {
        struct edit e = ops_edit(k);

        rc = store_write(&e, p, data, len, NULL);
        if (!rc) {
            journal_change(JOURNAL_WRITE, who, p->str, p->len, data, len);
            watch_fire(ops_root, p, NULL);
        }
    }
    if (!rc)
        conn_reply_ok(k->conn, r);
    return rc;
}

int op_mkdir(struct call *k)
{
    const struct subject *who = &k->conn->watcher.who;
    bool created = false;
    struct path *p;
    int rc = only_path(k, 0, &p);

    if (!rc && k->transaction) {
        rc = transaction_mkdir(k->transaction, who, p);
    } else if (!rc) {
        struct edit e = ops_edit(k);

        rc = store_mkdir(&e, p, &created);
        if (created) {
            journal_change(JOURNAL_MKDIR, who, p->str, p->len, NULL, 0);
            watch_fire(ops_root, p, NULL);
        }
    }
    if (!rc)
        conn_reply_ok(k->conn, k->request);
    return rc;
}

int op_rm(struct call *k)
{
    const struct subject *who = &k->conn->watcher.who;
    struct node *removed = NULL;
    struct path *p;
    int rc = only_path(k, 0, &p);

    if (!rc && k->transaction) {
        rc = transaction_rm(k->transaction, who, p);
    } else if (!rc) {
        struct edit e = ops_edit(k);

        rc = store_rm(&e, p, &removed);
        if (removed) {
            journal_change(JOURNAL_RM, who, p->str, p->len, NULL, 0);
            watch_fire_removed(ops_root, p, removed);
            node_put(removed);
        }
    }
    if (!rc)
        conn_reply_ok(k->conn, k->request);
    return rc;
}

static int set_perms_now(struct call *k, const struct path *p, struct perms *perms)
{
    struct edit e = ops_edit(k);
    struct perms *old = NULL;
    int rc = store_set_perms(&e, p, perms, &old);

    if (!rc) {
        journal_perms(e.who, p->str, p->len, perms);
        watch_fire(ops_root, p, old);
    }
    perms_put(old);
    return rc;
}

int op_set_perms(struct call *k)
{
    const struct request *r = k->request;
    const struct subject *who = &k->conn->watcher.who;
    unsigned int strings = wire_strings(r, NULL, 0);
    size_t path_len = strlen(r->payload);
    struct perms *perms;
    struct path *p;
    int rc;

    if (strings < 2)
        return -EINVAL;
    if (!conn_is_privileged(k->conn) && strings - 1 > quota_limits.node_perms)
        return -ENOSPC;
    rc = perms_parse(r->payload + path_len + 1, r->header.len - path_len - 1, strings - 1, &perms);
    if (rc)
        return rc;
    rc = ops_path(k, r->payload, PATH_SPECIAL_OK, &p);
    if (!rc)
        rc = k->transaction ? transaction_set_perms(k->transaction, who, p, perms)
                            : set_perms_now(k, p, perms);
    if (rc)
        perms_put(perms);
    else
        conn_reply_ok(k->conn, r);
    return rc;
}
