/* SPDX-License-Identifier: MIT */
/*
 * The tree of nodes, shared between snapshots.
 *
 * A tree is a counted reference to its root. A snapshot is one more reference. A node that is
 * reachable from one root only, along nodes with one reference each, is changed in place;
 * otherwise the path to it is copied first. So a snapshot costs nothing until somebody writes,
 * and "same pointer" means "nothing below has changed".
 *
 * Permissions, quotas and watches are not known here.
 */
#ifndef XENSTORE_CORE_TREE_H
#define XENSTORE_CORE_TREE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "children.h"
#include "path.h"
#include "perm.h"

struct value {
    uint32_t ref;
    uint32_t len;
    uint32_t capacity;
    char data[];
};

struct node {
    uint32_t ref;
    uint32_t hash;             /* of the name */
    uint64_t generation;       /* grows whenever value or permissions change */
    uint64_t child_generation; /* grows whenever a child comes or goes */
    struct value *value;       /* NULL: empty */
    struct perms *perms;
    struct children *kids; /* NULL: none */
    uint32_t name_len;
    char name[]; /* NUL-terminated; "" is the root */
};

/* The next number of the sequence that stamps every change, in all trees alike. */
uint64_t tree_next_generation(void);

/* The last number given out, and a way to set it (recovery must not reuse numbers). */
uint64_t tree_last_generation(void);
void tree_set_generation(uint64_t generation);

/* A root with the given permissions (its reference is taken over); NULL: no memory. */
struct node *tree_new(struct perms *perms);

struct node *node_get(struct node *n);

/* Drops a reference; the last one frees the node and drops its children's. NULL is ignored. */
void node_put(struct node *n);

/* The node at the first `depth` components of a path, or NULL. */
struct node *tree_lookup(struct node *root, const struct path *p, unsigned int depth);

/* The deepest node that exists on the path; *depth tells how deep it is. */
struct node *tree_lookup_deepest(struct node *root, const struct path *p, unsigned int *depth);

/* The node at `depth` components, which must exist, made private to this tree so that it may be
 * changed; copies what is shared. NULL: no memory (the tree is as before). */
struct node *tree_own(struct node **root, const struct path *p, unsigned int depth);

/* Replaces the value of an owned node. 0 or -ENOMEM. */
int node_set_value(struct node *n, const void *data, uint32_t len);

/* Replaces the permissions of an owned node, taking over the caller's reference. */
void node_set_perms(struct node *n, struct perms *perms);

/* Adds an empty child to an owned node; takes over the reference to perms in every case.
 * NULL: no memory. */
struct node *node_add_child(struct node *parent, const struct path_component *name,
                            struct perms *perms);

/* Unlinks a child of an owned node and hands its reference to the caller; NULL if there is none. */
struct node *node_take_child(struct node *parent, const struct path_component *name);

/* Whether two versions of a subtree are the same in every value, permission and name. */
bool tree_equal(const struct node *a, const struct node *b);

#endif
