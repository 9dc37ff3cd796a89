/* SPDX-License-Identifier: MIT */
/*
 * The children of a node: in order of creation (the order in which they are listed), found by
 * hash. Small sets are scanned; larger ones carry an index. A removed child leaves a hole until
 * the holes outnumber the children.
 */
#ifndef XENSTORE_CORE_CHILDREN_H
#define XENSTORE_CORE_CHILDREN_H

#include <stdint.h>

struct node;

struct children {
    uint32_t used;       /* slots taken, holes included */
    uint32_t live;       /* children */
    uint32_t capacity;
    uint32_t index_mask; /* entries of the index - 1; 0: no index */
    uint32_t names_len;  /* bytes of all listed names with their NULs */
    uint32_t *hash;      /* [capacity] */
    uint32_t *index;     /* slot + 1, or 0: open addressing */
    struct node *slot[]; /* [capacity], NULL is a hole; hash and index follow */
};

/* The slot of a child, or -1. `kids` may be NULL. */
int children_find(const struct children *kids, const char *name, uint32_t len, uint32_t hash);

/* Appends a child whose name is not there yet. *kids may move. 0 or -ENOMEM. */
int children_add(struct children **kids, struct node *child);

/* Makes slot `i` a hole; *kids becomes NULL with its last child. The child itself stays. */
void children_remove(struct children **kids, int i);

/* A copy of the set that refers to the same children (each gains a reference); NULL: no memory. */
struct children *children_clone(const struct children *kids);

#define children_for_each(i, child, kids)                                                          \
    for (uint32_t i = 0; (kids) && i < (kids)->used; i++)                                          \
        if ((child = (kids)->slot[i]) != NULL)

#endif
