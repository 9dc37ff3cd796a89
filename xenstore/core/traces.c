/* SPDX-License-Identifier: MIT */
/*
 * Finds what a domain that no longer exists has left in the tree. Reads the tree only.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "store.h"

struct walk {
    struct traces *out;
    uint32_t domid;
    char path[XENSTORE_ABS_PATH_MAX + 1];
};

static int note(struct walk *w, char kind, size_t path_len)
{
    struct traces *t = w->out;
    size_t need = t->len + path_len + 2;

    if (need > t->capacity) {
        size_t capacity = need * 2;
        char *bigger = realloc(t->text, capacity);

        if (!bigger)
            return -ENOMEM;
        t->text = bigger;
        t->capacity = capacity;
    }
    t->text[t->len] = kind;
    memcpy(t->text + t->len + 1, w->path, path_len);
    t->text[need - 1] = '\0';
    t->len = need;
    return 0;
}

/* The name of a special node is its whole path, without the mark. */
static size_t append_name(struct walk *w, size_t len, const struct node *n)
{
    bool special = n->name[0] == PATH_SPECIAL_MARK;
    size_t name_len = n->name_len - special;

    if (!special)
        w->path[len++] = '/';
    memcpy(w->path + len, n->name + special, name_len);
    return len + name_len;
}

static int visit(struct walk *w, const struct node *parent, size_t len)
{
    const struct node *n;

    children_for_each(i, n, parent->kids) {
        size_t sub = append_name(w, len, n);
        int rc = 0;

        if (n->perms->entry[0].domid == w->domid) {
            rc = note(w, 'o', sub);
        } else {
            if (perms_mention(n->perms, w->domid))
                rc = note(w, 'p', sub);
            if (!rc)
                rc = visit(w, n, sub);
        }
        if (rc)
            return rc;
    }
    return 0;
}

int store_traces(const struct node *root, uint32_t domid, struct traces *t)
{
    struct walk w = { .out = t, .domid = domid };

    *t = (struct traces){ 0 };
    return visit(&w, root, 0);
}
