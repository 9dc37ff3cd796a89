/* SPDX-License-Identifier: MIT */
/*
 * Sets of children. Owns their memory layout: one allocation holds slots, hashes and index.
 * Touches the name, hash and reference count of nodes.
 */
#include "children.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "tree.h"

enum {
    INITIAL_CAPACITY = 4,
    INDEX_FROM = 16, /* below this many slots a scan of the hashes is as fast */
};

static bool is_listed(const struct node *n)
{
    return n->name[0] != PATH_SPECIAL_MARK;
}

static bool names_equal(const struct node *n, const char *name, uint32_t len)
{
    return n->name_len == len && memcmp(n->name, name, len) == 0;
}

static struct children *children_alloc(uint32_t capacity)
{
    uint32_t index = capacity > INDEX_FROM ? capacity * 2 : 0;
    size_t bytes = sizeof(struct children) + capacity * sizeof(struct node *) +
                   ((size_t)capacity + index) * sizeof(uint32_t);
    struct children *kids = malloc(bytes);

    if (!kids)
        return NULL;
    *kids = (struct children){ .capacity = capacity, .index_mask = index ? index - 1 : 0 };
    kids->hash = (uint32_t *)(kids->slot + capacity);
    kids->index = kids->hash + capacity;
    memset(kids->index, 0, index * sizeof(uint32_t));
    return kids;
}

static void index_insert(struct children *kids, uint32_t slot)
{
    uint32_t at = kids->hash[slot];

    if (!kids->index_mask)
        return;
    while (kids->index[at &= kids->index_mask])
        at++;
    kids->index[at] = slot + 1;
}

static void append(struct children *kids, struct node *child)
{
    uint32_t i = kids->used++;

    kids->slot[i] = child;
    kids->hash[i] = child->hash;
    kids->live++;
    if (is_listed(child))
        kids->names_len += child->name_len + 1;
    index_insert(kids, i);
}

/* A set with room for `capacity`, without holes. */
static struct children *rebuild(const struct children *old, uint32_t capacity)
{
    struct children *kids = children_alloc(capacity);
    struct node *child;

    if (!kids)
        return NULL;
    children_for_each(i, child, old)
        append(kids, child);
    return kids;
}

static int find_indexed(const struct children *kids, const char *name, uint32_t len, uint32_t hash)
{
    for (uint32_t at = hash;; at++) {
        uint32_t i = kids->index[at & kids->index_mask];

        if (i == 0)
            return -1;
        i--;
        if (kids->hash[i] == hash && kids->slot[i] && names_equal(kids->slot[i], name, len))
            return (int)i;
    }
}

int children_find(const struct children *kids, const char *name, uint32_t len, uint32_t hash)
{
    if (!kids)
        return -1;
    if (kids->index_mask)
        return find_indexed(kids, name, len, hash);
    for (uint32_t i = 0; i < kids->used; i++)
        if (kids->hash[i] == hash && kids->slot[i] && names_equal(kids->slot[i], name, len))
            return (int)i;
    return -1;
}

int children_add(struct children **kids, struct node *child)
{
    struct children *k = *kids;

    if (!k || k->used == k->capacity) {
        uint32_t capacity = !k ? INITIAL_CAPACITY
                               : k->live * 2 > k->capacity ? k->capacity * 2 : k->capacity;
        struct children *bigger = rebuild(k, capacity);

        if (!bigger)
            return -ENOMEM;
        free(k);
        *kids = k = bigger;
    }
    append(k, child);
    return 0;
}

void children_remove(struct children **kids, int i)
{
    struct children *k = *kids;

    if (is_listed(k->slot[i]))
        k->names_len -= k->slot[i]->name_len + 1;
    k->slot[i] = NULL;
    if (--k->live == 0) {
        free(k);
        *kids = NULL;
    }
}

struct children *children_clone(const struct children *kids)
{
    struct children *k = rebuild(kids, kids->capacity);
    struct node *child;

    if (k)
        children_for_each(i, child, k)
            child->ref++;
    return k;
}
