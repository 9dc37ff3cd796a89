/* SPDX-License-Identifier: MIT */
/*
 * Transactions. Owns their snapshots and logs; touches the live tree and the accounts only in
 * transaction_commit(), and there only when nothing can fail any more.
 */
#include "transaction.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* Changes logged per path that may be touched; writes to one path replace each other. */
enum { CHANGES_PER_PATH = 4 };

struct transaction *transaction_new(struct node *root, uint32_t id, bool limited)
{
    struct transaction *t = calloc(1, sizeof(*t));

    if (!t)
        return NULL;
    list_init(&t->link);
    t->id = id;
    t->base = node_get(root);
    t->work = node_get(root);
    t->touched.limit = limited ? quota_limits.transaction_nodes : 0;
    return t;
}

static void value_put(struct value *v)
{
    if (v && --v->ref == 0)
        free(v);
}

void transaction_free(struct transaction *t)
{
    for (uint32_t i = 0; i < t->changes; i++) {
        value_put(t->change[i].value);
        perms_put(t->change[i].perms);
    }
    free(t->change);
    touched_free(&t->touched);
    quota_batch_free(&t->batch);
    node_put(t->work);
    node_put(t->base);
    free(t);
}

struct edit transaction_edit(struct transaction *t, const struct subject *who)
{
    return (struct edit){ .root = &t->work, .who = who, .batch = &t->batch,
                          .touched = &t->touched };
}

/* Room for one more logged change, before anything is changed. */
static int reserve_change(struct transaction *t)
{
    uint32_t capacity = t->capacity ? t->capacity * 2 : 8;
    struct change *bigger;

    if (t->changes < t->capacity)
        return 0;
    if (t->touched.limit && t->changes >= t->touched.limit * CHANGES_PER_PATH)
        return -ENOSPC;
    bigger = realloc(t->change, capacity * sizeof(*bigger));
    if (!bigger)
        return -ENOMEM;
    t->change = bigger;
    t->capacity = capacity;
    return 0;
}

/* The touched entry of a path that the operation just made has put there. */
static uint32_t touch_of(struct transaction *t, const struct path *p)
{
    const struct touched *s = &t->touched;
    uint64_t hash = path_hash(p, p->depth);

    for (uint32_t at = (uint32_t)hash;; at++) {
        uint32_t i = s->index[at & s->index_mask] - 1;

        if (s->entry[i].hash == hash && s->entry[i].path_len == p->len &&
            memcmp(s->text + s->entry[i].path_at, p->str, p->len) == 0)
            return i;
    }
}

static struct change *log_change(struct transaction *t, const struct path *p, enum change_kind kind)
{
    struct change *c = &t->change[t->changes++];

    struct touch_entry *e;

    *c = (struct change){ .kind = kind, .touch = touch_of(t, p) };
    e = &t->touched.entry[c->touch];
    e->last_op = t->changes;
    e->removed = e->removed || kind == CHANGE_RM;
    if (kind != CHANGE_WRITE)
        t->barrier = t->changes;
    return c;
}

static void log_write(struct transaction *t, const struct path *p, const struct node *n)
{
    struct touch_entry *e = &t->touched.entry[touch_of(t, p)];
    struct change *c;

    if (e->write_op > t->barrier) {
        c = &t->change[e->write_op - 1];
        value_put(c->value);
    } else {
        c = log_change(t, p, CHANGE_WRITE);
        e->write_op = t->changes;
    }
    c->value = n->value;
    if (c->value)
        c->value->ref++;
}

int transaction_write(struct transaction *t, const struct subject *who, const struct path *p,
                      const void *data, uint32_t len)
{
    struct edit e = transaction_edit(t, who);
    struct node *n;
    int rc = reserve_change(t);

    if (!rc)
        rc = store_write(&e, p, data, len, &n);
    if (!rc)
        log_write(t, p, n);
    return rc;
}

int transaction_mkdir(struct transaction *t, const struct subject *who, const struct path *p)
{
    struct edit e = transaction_edit(t, who);
    bool created = false;
    int rc = reserve_change(t);

    if (!rc)
        rc = store_mkdir(&e, p, &created);
    if (created)
        log_change(t, p, CHANGE_MKDIR);
    return rc;
}

int transaction_rm(struct transaction *t, const struct subject *who, const struct path *p)
{
    struct edit e = transaction_edit(t, who);
    struct node *removed = NULL;
    int rc = reserve_change(t);

    if (!rc)
        rc = store_rm(&e, p, &removed);
    if (removed)
        log_change(t, p, CHANGE_RM);
    node_put(removed);
    return rc;
}

int transaction_set_perms(struct transaction *t, const struct subject *who, const struct path *p,
                          struct perms *perms)
{
    struct edit e = transaction_edit(t, who);
    struct perms *old = NULL;
    int rc = reserve_change(t);

    if (!rc)
        rc = store_set_perms(&e, p, perms, &old);
    if (!rc) {
        log_change(t, p, CHANGE_PERMS)->perms = perms_get(perms);
        perms_put(old);
    }
    return rc;
}

const char *transaction_path(const struct transaction *t, const struct change *c, uint32_t *len)
{
    const struct touch_entry *e = &t->touched.entry[c->touch];

    *len = e->path_len;
    return t->touched.text + e->path_at;
}

static bool is_unchanged(const struct node *was, const struct node *is, uint32_t kinds)
{
    if (was == is)
        return true; /* also if it existed neither then nor now */
    if (!was || !is)
        return false;
    if (kinds & TOUCH_SUBTREE)
        return tree_equal(was, is);
    return ((kinds & TOUCH_CONTENT) == 0 || was->generation == is->generation) &&
           ((kinds & TOUCH_CHILDREN) == 0 || was->child_generation == is->child_generation);
}

static struct path scratch;

static bool is_current(const struct transaction *t, struct node *root)
{
    for (uint32_t i = 0; i < t->touched.count; i++) {
        const struct touch_entry *e = &t->touched.entry[i];

        if (path_parse(&scratch, t->touched.text + e->path_at, e->path_len, 0, PATH_SPECIAL_OK))
            return false;
        if (!is_unchanged(tree_lookup(t->base, &scratch, scratch.depth),
                          tree_lookup(root, &scratch, scratch.depth), e->kinds))
            return false;
    }
    return true;
}

/* Makes one logged change again; subtrees and permissions it takes out are dropped, since the
 * log holds equal ones. */
static int replay(const struct transaction *t, const struct change *c, struct edit *e)
{
    uint32_t len;
    const char *str = transaction_path(t, c, &len);
    struct node *removed = NULL;
    struct perms *old = NULL;
    bool created;
    int rc = path_parse(&scratch, str, len, 0, PATH_SPECIAL_OK);

    if (rc)
        return rc;
    switch (c->kind) {
    case CHANGE_WRITE:
        return store_write(e, &scratch, c->value ? c->value->data : "",
                           c->value ? c->value->len : 0, NULL);
    case CHANGE_MKDIR:
        return store_mkdir(e, &scratch, &created);
    case CHANGE_RM:
        rc = store_rm(e, &scratch, &removed);
        node_put(removed);
        return rc;
    case CHANGE_PERMS:
        rc = store_set_perms(e, &scratch, c->perms, &old);
        if (!rc)
            perms_get(c->perms);
        perms_put(old);
        return rc;
    }
    return -EINVAL;
}

static int commit_by_replay(struct transaction *t, const struct subject *who, struct node **root)
{
    struct node *fresh = node_get(*root);
    struct quota_batch batch = { 0 };
    struct edit e = { .root = &fresh, .who = who, .batch = &batch };
    int rc = 0;

    for (uint32_t i = 0; !rc && i < t->changes; i++)
        rc = replay(t, &t->change[i], &e);
    if (rc) {
        node_put(fresh);
    } else {
        quota_apply(&batch);
        node_put(*root);
        *root = fresh;
    }
    quota_batch_free(&batch);
    return rc;
}

int transaction_commit(struct transaction *t, const struct subject *who, struct node **root)
{
    if (t->doomed)
        return -EAGAIN;
    if (*root != t->base) {
        if (!is_current(t, *root))
            return -EAGAIN;
        return t->changes ? commit_by_replay(t, who, root) : 0;
    }
    if (t->changes) {
        quota_apply(&t->batch);
        node_put(*root);
        *root = node_get(t->work);
    }
    return 0;
}

void transaction_report(const struct transaction *t, struct node *root,
                        void (*report)(struct node *root, const struct path *p, struct node *was,
                                       bool removed))
{
    static struct path p;

    for (uint32_t i = 0; i < t->changes; i++) {
        const struct touch_entry *e = &t->touched.entry[t->change[i].touch];

        if (e->last_op == i + 1 &&
            path_parse(&p, t->touched.text + e->path_at, e->path_len, 0, PATH_SPECIAL_OK) == 0)
            report(root, &p, tree_lookup(t->base, &p, p.depth), e->removed);
    }
}
