/* SPDX-License-Identifier: MIT */
/*
 * Dispatch of requests. Owns the live tree and the table of operations. Facts: xen/io/xs_wire.h;
 * which operations need privilege or heed tx_id: Xen's docs/misc/xenstore.txt.
 */
#include "ops.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "journal.h"
#include "log.h"

enum {
    OP_PRIVILEGED = 1,     /* dom0 only, else EACCES */
    OP_NO_TRANSACTION = 2, /* tx_id is only echoed */
};

struct op {
    const char *name;
    int (*handle)(struct call *k);
    unsigned int flags;
};

static const struct op ops[XS_TYPE_COUNT] = {
    [XS_CONTROL] = { "CONTROL", op_control, OP_PRIVILEGED },
    [XS_DIRECTORY] = { "DIRECTORY", op_directory, 0 },
    [XS_READ] = { "READ", op_read, 0 },
    [XS_GET_PERMS] = { "GET_PERMS", op_get_perms, 0 },
    [XS_WATCH] = { "WATCH", op_watch, OP_NO_TRANSACTION },
    [XS_UNWATCH] = { "UNWATCH", op_unwatch, OP_NO_TRANSACTION },
    [XS_TRANSACTION_START] = { "TRANSACTION_START", op_transaction_start, 0 },
    [XS_TRANSACTION_END] = { "TRANSACTION_END", op_transaction_end, 0 },
    [XS_INTRODUCE] = { "INTRODUCE", op_introduce, OP_PRIVILEGED | OP_NO_TRANSACTION },
    [XS_RELEASE] = { "RELEASE", op_release, OP_PRIVILEGED | OP_NO_TRANSACTION },
    [XS_GET_DOMAIN_PATH] = { "GET_DOMAIN_PATH", op_get_domain_path, OP_NO_TRANSACTION },
    [XS_WRITE] = { "WRITE", op_write, 0 },
    [XS_MKDIR] = { "MKDIR", op_mkdir, 0 },
    [XS_RM] = { "RM", op_rm, 0 },
    [XS_SET_PERMS] = { "SET_PERMS", op_set_perms, 0 },
    [XS_IS_DOMAIN_INTRODUCED] = { "IS_DOMAIN_INTRODUCED", op_is_domain_introduced,
                                  OP_PRIVILEGED | OP_NO_TRANSACTION },
    [XS_RESUME] = { "RESUME", op_resume, OP_PRIVILEGED | OP_NO_TRANSACTION },
    [XS_SET_TARGET] = { "SET_TARGET", op_set_target, OP_PRIVILEGED | OP_NO_TRANSACTION },
    [XS_RESET_WATCHES] = { "RESET_WATCHES", op_reset_watches, OP_NO_TRANSACTION },
    [XS_DIRECTORY_PART] = { "DIRECTORY_PART", op_directory_part, 0 },
};

struct node *ops_root;

int ops_init(void)
{
    ops_root = store_new();
    if (!ops_root)
        return -ENOMEM;
    store_account_tree(ops_root);
    return 0;
}

struct edit ops_edit(struct call *k)
{
    const struct subject *who = &k->conn->watcher.who;

    if (k->transaction)
        return transaction_edit(k->transaction, who);
    return (struct edit){ .root = &ops_root, .who = who };
}

int ops_path(struct call *k, const char *str, unsigned int flags, struct path **out)
{
    static struct path p;

    *out = &p;
    return path_parse(&p, str, strlen(str), conn_domid(k->conn), flags);
}

static int call_op(const struct op *op, struct call *k)
{
    uint32_t tx_id = k->request->header.tx_id;

    if (!op->handle)
        return -ENOSYS;
    if ((op->flags & OP_PRIVILEGED) && !conn_is_privileged(k->conn))
        return -EACCES;
    if (tx_id && !(op->flags & OP_NO_TRANSACTION)) {
        k->transaction = conn_transaction(k->conn, tx_id);
        if (!k->transaction)
            return -ENOENT;
    }
    return op->handle(k);
}


void ops_handle(struct conn *c, const struct request *r)
{
    static const struct op unknown = { .name = "UNKNOWN" };
    const struct op *op = r->header.type < XS_TYPE_COUNT ? &ops[r->header.type] : &unknown;
    struct call k = { .conn = c, .request = r };
    bool tracing = log_is_tracing();
    int rc;

    if (tracing)
        log_trace("IN ", conn_domid(c), c, op->name ? op->name : unknown.name, r->payload,
                  r->header.len);
    conn_set_source(c);
    rc = call_op(op, &k);
    if (rc)
        conn_reply_error(c, r, -rc);
    conn_set_source(NULL);
    if (tracing && log_is_tracing())
        log_trace("OUT", conn_domid(c), c, rc ? "ERROR" : op->name, rc ? wire_error_name(-rc) : "",
                  rc ? (unsigned int)strlen(wire_error_name(-rc)) : 0);
}

void ops_fire_special(const char *name)
{
    static struct path p;

    if (path_parse(&p, name, strlen(name), 0, PATH_SPECIAL_OK) == 0)
        watch_fire_special(ops_root, &p);
}

static const struct subject dom0 = { .domid = 0, .target = PERM_DOMID_NONE, .privileged = true };

static int forget_owned(struct edit *e, const struct path *p)
{
    struct node *removed;
    int rc = store_rm(e, p, &removed);

    if (removed) {
        journal_change(JOURNAL_RM, &dom0, p->str, p->len, NULL, 0);
        watch_fire_removed(ops_root, p, removed);
        node_put(removed);
    }
    return rc;
}

static int forget_mention(struct edit *e, const struct path *p, uint32_t domid)
{
    struct node *n = tree_lookup(ops_root, p, p->depth);
    struct perms *perms = n ? perms_without(n->perms, domid) : NULL;
    struct perms *old = NULL;
    int rc;

    if (!perms)
        return n ? -ENOMEM : 0;
    rc = store_set_perms(e, p, perms, &old);
    if (rc)
        perms_put(perms);
    else
        journal_perms(&dom0, p->str, p->len, perms);
    perms_put(old);
    return rc;
}

void ops_forget_domain(uint32_t domid)
{
    static struct path p;
    struct edit e = { .root = &ops_root, .who = &dom0 };
    struct traces t;
    int rc = store_traces(ops_root, domid, &t);

    for (size_t at = 0; !rc && at < t.len; at += strlen(t.text + at) + 1) {
        const char *str = t.text + at + 1;

        rc = path_parse(&p, str, strlen(str), 0, PATH_SPECIAL_OK);
        if (!rc && t.text[at] == 'o')
            rc = forget_owned(&e, &p);
        else if (!rc)
            rc = forget_mention(&e, &p, domid);
    }
    if (rc)
        log_error("cannot remove what domain %u left in the store: %s", domid, strerror(-rc));
    free(t.text);
}
