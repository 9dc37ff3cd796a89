/* SPDX-License-Identifier: MIT */
/*
 * What a domain may do to the tree: access rules, inheritance and quotas, for the live tree and
 * for transactions alike.
 */
#ifndef XENSTORE_CORE_STORE_H
#define XENSTORE_CORE_STORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "path.h"
#include "perm.h"
#include "quota.h"
#include "tree.h"

struct touched;

/* Where an operation acts, and for whom. */
struct edit {
    struct node **root;
    const struct subject *who;
    struct quota_batch *batch; /* of a transaction; NULL: count at once */
    struct touched *touched;   /* the paths a transaction depends on; NULL outside one */
};

/* Parts of a node that an operation depends on or changes. */
enum touch {
    TOUCH_CONTENT = 1,  /* existence, value, permissions */
    TOUCH_CHILDREN = 2, /* the list of children */
    TOUCH_SUBTREE = 4,  /* everything below */
};

/* A new tree: the root, /tool/xenstored and the special nodes, all owned by dom0. NULL: no
 * memory. */
struct node *store_new(void);

/* The node at p if `who` has all of the wanted PERM_* on it. -ENOENT only if the nearest existing
 * ancestor grants any of them, else -EACCES; -ENOSPC or -ENOMEM if the path cannot be noted in
 * the transaction. */
int store_get(struct edit *e, const struct path *p, unsigned int wanted, enum touch touch,
              struct node **out);

/* Sets the value, creating the node and missing ancestors. *out (may be NULL): the node.
 * -EACCES, -ENOSPC (a quota), -ENOMEM. */
int store_write(struct edit *e, const struct path *p, const void *data, uint32_t len,
                struct node **out);

/* Creates the node if it does not exist; *created tells. Errors as for store_write. */
int store_mkdir(struct edit *e, const struct path *p, bool *created);

/* Removes the node with all below. *removed gets its reference, or NULL if there was none (and
 * its parent exists). -EINVAL: the root. -ENOENT: the parent does not exist either. -EACCES. */
int store_rm(struct edit *e, const struct path *p, struct node **removed);

/* Replaces the permissions, for which one has to own the node; takes over the reference to
 * `perms` if it succeeds. *old gets a reference to what was there. -EPERM: an unprivileged domain
 * gives a node away; -EACCES, -ENOENT, -ENOSPC (too many entries). */
int store_set_perms(struct edit *e, const struct path *p, struct perms *perms,
                    struct perms **old);

/* What a dead domain leaves behind: paths of nodes that it owns (the topmost ones; to be removed)
 * and of other nodes whose permissions name it (to be taken out, since the number may be used
 * again). Each path ends with a NUL; a leading 'o' or 'p' tells which. */
struct traces {
    char *text;
    size_t len, capacity;
};

/* Collects them; free(t->text) after use. 0 or -ENOMEM. */
int store_traces(const struct node *root, uint32_t domid, struct traces *t);

/* Counts a tree into the accounts from nothing (after recovery). */
void store_account_tree(const struct node *root);

#endif
