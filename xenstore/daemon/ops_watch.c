/* SPDX-License-Identifier: MIT */
/*
 * Watches and transactions of a connection. Touches its lists and account. Facts: Xen's
 * docs/misc/xenstore.txt.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "journal.h"
#include "ops.h"

/* A token has to leave room for the longest path in the event that carries it. */
enum { TOKEN_MAX = XENSTORE_PAYLOAD_MAX - XENSTORE_ABS_PATH_MAX - 2 };

static bool is_relative(const char *str)
{
    return str[0] != '/' && str[0] != '@';
}

static int watch_args(struct call *k, const char **str, struct path **p)
{
    int rc;

    if (wire_strings(k->request, str, 2) != 2)
        return -EINVAL;
    rc = ops_path(k, str[0], PATH_SPECIAL_ANY, p);
    return rc ? rc : strlen(str[1]) > TOKEN_MAX ? -EINVAL : 0;
}

static int check_watch_quota(const struct conn *c, const struct path *p, size_t token_len)
{
    if (conn_is_privileged(c))
        return 0;
    if (c->account->watches >= quota_limits.watches)
        return -E2BIG;
    return c->account->memory + sizeof(struct watch) + p->len + token_len > quota_limits.memory
               ? -E2BIG : 0;
}

/* The reply comes before the event that says "look now". */
int op_watch(struct call *k)
{
    struct conn *c = k->conn;
    const char *str[2];
    struct path *p;
    struct watch *w;
    uint32_t home_len;
    int rc = watch_args(k, str, &p);

    if (!rc && watch_find(&c->watcher, p, str[1], (uint32_t)strlen(str[1])))
        return -EEXIST;
    if (!rc)
        rc = check_watch_quota(c, p, strlen(str[1]));
    if (rc)
        return rc;
    home_len = is_relative(str[0]) ? p->len - (uint32_t)strlen(str[0]) : 0;
    w = conn_watch(c, p, home_len, str[1], (uint32_t)strlen(str[1]));
    if (!w)
        return -errno;
    conn_reply_ok(c, k->request);
    watch_deliver(w, w->path, w->path_len);
    return 0;
}

int op_unwatch(struct call *k)
{
    struct conn *c = k->conn;
    const char *str[2];
    struct path *p;
    struct watch *w;
    int rc = watch_args(k, str, &p);

    if (wire_strings(k->request, str, 2) != 2)
        return -EINVAL;
    if (rc)
        return -ENOENT; /* nobody can have set a watch on what is no path */
    w = watch_find(&c->watcher, p, str[1], (uint32_t)strlen(str[1]));
    if (!w)
        return -ENOENT;
    conn_unwatch(c, w);
    conn_reply_ok(c, k->request);
    return 0;
}

int op_reset_watches(struct call *k)
{
    conn_drop_watches(k->conn);
    conn_drop_transactions(k->conn);
    conn_reply_ok(k->conn, k->request);
    return 0;
}

int op_transaction_start(struct call *k)
{
    struct conn *c = k->conn;
    uint32_t id;
    char text[12];
    int len;

    if (k->transaction)
        return -EBUSY;
    if (!conn_is_privileged(c) && c->account->transactions >= quota_limits.transactions)
        return -ENOSPC;
    id = conn_transaction_start(c, ops_root);
    if (!id)
        return -ENOMEM;
    len = snprintf(text, sizeof(text), "%u", id);
    conn_reply(c, k->request, text, (uint32_t)len + 1);
    return 0;
}

/* Of a removed subtree those nodes are reported that were there before the transaction. */
static void fire_change(struct node *root, const struct path *p, struct node *was, bool removed)
{
    if (was && removed)
        watch_fire_removed(root, p, was);
    else
        watch_fire(root, p, was ? was->perms : NULL);
}

static void record_change(const struct subject *who, const struct transaction *t,
                          const struct change *c)
{
    static const enum journal_type types[] = {
        [CHANGE_WRITE] = JOURNAL_WRITE,
        [CHANGE_MKDIR] = JOURNAL_MKDIR,
        [CHANGE_RM] = JOURNAL_RM,
    };
    uint32_t len;
    const char *path = transaction_path(t, c, &len);

    if (c->kind == CHANGE_PERMS)
        journal_perms(who, path, len, c->perms);
    else
        journal_change(types[c->kind], who, path, len, c->value ? c->value->data : NULL,
                       c->value ? c->value->len : 0);
}

static int commit(struct conn *c, struct transaction *t)
{
    int rc = transaction_commit(t, &c->watcher.who, &ops_root);

    if (rc)
        return rc;
    for (uint32_t i = 0; i < t->changes; i++)
        record_change(&c->watcher.who, t, &t->change[i]);
    transaction_report(t, ops_root, fire_change);
    return 0;
}

int op_transaction_end(struct call *k)
{
    const struct request *r = k->request;
    bool keep;
    int rc = 0;

    if (r->header.len != 2 || r->payload[1] || (r->payload[0] != 'T' && r->payload[0] != 'F'))
        return -EINVAL;
    if (!k->transaction)
        return -ENOENT;
    keep = r->payload[0] == 'T';
    if (keep)
        rc = commit(k->conn, k->transaction);
    conn_transaction_end(k->conn, k->transaction);
    if (!rc)
        conn_reply_ok(k->conn, r);
    return rc;
}
