/* SPDX-License-Identifier: MIT */
/*
 * Nodes, their references and copying on write. Owns the generation counter; touches the memory
 * of nodes, values and (through children.c) sets of children. Not thread-safe: the store has one
 * thread.
 */
#include "tree.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static uint64_t last_generation;

uint64_t tree_next_generation(void)
{
    return ++last_generation;
}

uint64_t tree_last_generation(void)
{
    return last_generation;
}

void tree_set_generation(uint64_t generation)
{
    last_generation = generation;
}

static struct node *node_alloc(const char *name, uint32_t len, uint32_t hash, struct perms *perms)
{
    struct node *n = malloc(sizeof(*n) + len + 1);

    if (!n) {
        perms_put(perms);
        return NULL;
    }
    *n = (struct node){ .ref = 1, .hash = hash, .perms = perms, .name_len = len };
    n->generation = n->child_generation = tree_next_generation();
    memcpy(n->name, name, len);
    n->name[len] = '\0';
    return n;
}

struct node *tree_new(struct perms *perms)
{
    return node_alloc("", 0, 0, perms);
}

struct node *node_get(struct node *n)
{
    n->ref++;
    return n;
}

static void value_put(struct value *v)
{
    if (v && --v->ref == 0)
        free(v);
}

/* Depth is bounded by the length of a path, so recursion is. */
void node_put(struct node *n)
{
    struct node *child;

    if (!n || --n->ref)
        return;
    children_for_each(i, child, n->kids)
        node_put(child);
    free(n->kids);
    value_put(n->value);
    perms_put(n->perms);
    free(n);
}

static int find(const struct node *n, const struct path_component *c)
{
    return children_find(n->kids, c->name, c->len, c->hash);
}

struct node *tree_lookup(struct node *root, const struct path *p, unsigned int depth)
{
    struct node *n = root;

    for (unsigned int d = 0; d < depth; d++) {
        int i = find(n, &p->comp[d]);

        if (i < 0)
            return NULL;
        n = n->kids->slot[i];
    }
    return n;
}

struct node *tree_lookup_deepest(struct node *root, const struct path *p, unsigned int *depth)
{
    struct node *n = root;
    unsigned int d;

    for (d = 0; d < p->depth; d++) {
        int i = find(n, &p->comp[d]);

        if (i < 0)
            break;
        n = n->kids->slot[i];
    }
    *depth = d;
    return n;
}

static struct node *node_clone(const struct node *n)
{
    struct node *copy = malloc(sizeof(*copy) + n->name_len + 1);

    if (!copy)
        return NULL;
    memcpy(copy, n, sizeof(*copy) + n->name_len + 1);
    copy->ref = 1;
    if (n->kids) {
        copy->kids = children_clone(n->kids);
        if (!copy->kids) {
            free(copy);
            return NULL;
        }
    }
    if (copy->value)
        copy->value->ref++;
    perms_get(copy->perms);
    return copy;
}

/* Makes the node in *slot private; the slot belongs to an owned parent or is the root itself. */
static struct node *own(struct node **slot)
{
    struct node *n = *slot;
    struct node *copy;

    if (n->ref == 1)
        return n;
    copy = node_clone(n);
    if (!copy)
        return NULL;
    n->ref--;
    return *slot = copy;
}

struct node *tree_own(struct node **root, const struct path *p, unsigned int depth)
{
    struct node *n = own(root);

    for (unsigned int d = 0; n && d < depth; d++)
        n = own(&n->kids->slot[find(n, &p->comp[d])]);
    return n;
}

int node_set_value(struct node *n, const void *data, uint32_t len)
{
    struct value *v = n->value;

    if (v && v->ref == 1 && len <= v->capacity && len * 4 + 64 >= v->capacity) {
        memcpy(v->data, data, len);
        v->len = len;
    } else if (len) {
        v = malloc(sizeof(*v) + len);
        if (!v)
            return -ENOMEM;
        *v = (struct value){ .ref = 1, .len = len, .capacity = len };
        memcpy(v->data, data, len);
        value_put(n->value);
        n->value = v;
    } else {
        value_put(v);
        n->value = NULL;
    }
    n->generation = tree_next_generation();
    return 0;
}

void node_set_perms(struct node *n, struct perms *perms)
{
    perms_put(n->perms);
    n->perms = perms;
    n->generation = tree_next_generation();
}

struct node *node_add_child(struct node *parent, const struct path_component *name,
                            struct perms *perms)
{
    struct node *child = node_alloc(name->name, name->len, name->hash, perms);

    if (!child)
        return NULL;
    if (children_add(&parent->kids, child) != 0) {
        node_put(child);
        return NULL;
    }
    parent->child_generation = child->generation;
    return child;
}

struct node *node_take_child(struct node *parent, const struct path_component *name)
{
    int i = find(parent, name);
    struct node *child;

    if (i < 0)
        return NULL;
    child = parent->kids->slot[i];
    children_remove(&parent->kids, i);
    parent->child_generation = tree_next_generation();
    return child;
}

bool tree_equal(const struct node *a, const struct node *b)
{
    struct node *child;

    if (a == b)
        return true;
    if (a->generation != b->generation || a->child_generation != b->child_generation)
        return false;
    /* Equal child generations mean equal names, but not equal contents. */
    children_for_each(i, child, a->kids) {
        int j = children_find(b->kids, child->name, child->name_len, child->hash);

        if (j < 0 || !tree_equal(child, b->kids->slot[j]))
            return false;
    }
    return true;
}
