/* SPDX-License-Identifier: MIT */
/*
 * The table of watches and the search for those that a change concerns. Owns the table and the
 * list of matches; reads trees; hands events to watch_deliver(), which must not add or remove
 * watches. Facts: Xen's docs/misc/xenstore.txt, WATCH and WATCH_EVENT.
 */
#include "watch.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static struct watch **bucket;
static uint32_t bucket_mask;
static uint32_t watch_count;
static uint64_t last_sequence;

/* One watch that a change concerns. */
struct match {
    struct watch *watch;
    bool own_path; /* the event names the watch's path, not the changed one */
};

static struct match *match;
static unsigned int matches, match_capacity;

static int grow_table(void)
{
    uint32_t size = bucket ? (bucket_mask + 1) * 2 : 64;
    struct watch **bigger = calloc(size, sizeof(*bigger));

    if (!bigger)
        return -ENOMEM;
    for (uint32_t i = 0; bucket && i <= bucket_mask; i++) {
        for (struct watch *w = bucket[i], *next; w; w = next) {
            struct watch **at = &bigger[w->hash & (size - 1)];

            next = w->hash_next;
            w->hash_next = *at;
            *at = w;
        }
    }
    free(bucket);
    bucket = bigger;
    bucket_mask = size - 1;
    return 0;
}

/* Every match must find room without fail: the array can hold all watches. */
static int reserve_matches(void)
{
    struct match *bigger;

    if (watch_count < match_capacity)
        return 0;
    bigger = realloc(match, (watch_count + 1) * 2 * sizeof(*bigger));
    if (!bigger)
        return -ENOMEM;
    match = bigger;
    match_capacity = (watch_count + 1) * 2;
    return 0;
}

static struct watch *watch_alloc(const struct path *p, const char *token, uint32_t token_len)
{
    struct watch *w = malloc(sizeof(*w) + p->len + 1 + token_len + 1);
    char *copy;

    if (!w)
        return NULL;
    *w = (struct watch){ .path_len = p->len, .token_len = token_len, .special = p->special,
                         .hash = path_hash(p, p->depth) };
    memcpy(w->path, p->str, p->len + 1);
    copy = w->path + p->len + 1;
    memcpy(copy, token, token_len);
    copy[token_len] = '\0';
    w->token = copy;
    return w;
}

struct watch *watch_add(struct watcher *watcher, const struct path *p, uint32_t home_len,
                        const char *token, uint32_t token_len)
{
    struct watch *w;

    if (watch_find(watcher, p, token, token_len)) {
        errno = EEXIST;
        return NULL;
    }
    if (((!bucket || watch_count > bucket_mask) && grow_table() != 0) || reserve_matches() != 0 ||
        !(w = watch_alloc(p, token, token_len))) {
        errno = ENOMEM;
        return NULL;
    }
    w->watcher = watcher;
    w->home_len = home_len;
    w->sequence = ++last_sequence;
    w->hash_next = bucket[w->hash & bucket_mask];
    bucket[w->hash & bucket_mask] = w;
    list_add_tail(&watcher->watches, &w->link);
    watch_count++;
    return w;
}

struct watch *watch_find(struct watcher *watcher, const struct path *p, const char *token,
                         uint32_t token_len)
{
    uint64_t hash = path_hash(p, p->depth);

    for (struct watch *w = bucket ? bucket[hash & bucket_mask] : NULL; w; w = w->hash_next)
        if (w->watcher == watcher && w->hash == hash && w->path_len == p->len &&
            w->token_len == token_len && memcmp(w->path, p->str, p->len) == 0 &&
            memcmp(w->token, token, token_len) == 0)
            return w;
    return NULL;
}

void watch_remove(struct watch *w)
{
    struct watch **at = &bucket[w->hash & bucket_mask];

    while (*at != w)
        at = &(*at)->hash_next;
    *at = w->hash_next;
    list_del(&w->link);
    watch_count--;
    free(w);
}

uint64_t watch_cost(const struct watch *w)
{
    return sizeof(*w) + w->path_len + w->token_len + 2;
}

static bool may_read(const struct perms *p, const struct subject *who)
{
    return p && (perms_for(p, who) & PERM_READ);
}

/* The permissions that decide who hears of one change. They are looked up when the first watch of
 * somebody unprivileged matches. */
struct audience {
    struct node *root;
    const struct path *path; /* NULL: node and parent are known */
    const struct perms *node, *parent, *old;
};

static void look_up(struct audience *a)
{
    const struct path *p = a->path;
    const struct node *parent = p->depth ? tree_lookup(a->root, p, p->depth - 1) : NULL;
    const struct node *n = tree_lookup(a->root, p, p->depth);

    /* Of a node that does not exist nobody hears by way of its parent. */
    if (n && !a->node)
        a->node = n->perms;
    a->parent = a->node && parent && !p->special ? parent->perms : NULL;
    a->path = NULL;
}

static bool may_hear(const struct watch *w, struct audience *a)
{
    const struct subject *who = &w->watcher->who;

    if (who->privileged)
        return true;
    if (a->path)
        look_up(a);
    return may_read(a->node, who) || may_read(a->parent, who) || may_read(a->old, who);
}

static void collect(uint64_t hash, const char *str, uint32_t len, struct audience *a,
                    bool own_path)
{
    for (struct watch *w = bucket[hash & bucket_mask]; w; w = w->hash_next) {
        if (w->hash != hash || w->path_len != len || memcmp(w->path, str, len) != 0 ||
            !may_hear(w, a))
            continue;
        match[matches++] = (struct match){ .watch = w, .own_path = own_path };
    }
}

/* Watches on p itself and on every ancestor. */
static void collect_up(const struct path *p, struct audience *a)
{
    uint64_t h = PATH_HASH_ROOT;

    collect(h, "/", 1, a, false);
    for (unsigned int d = 0; d < p->depth; d++) {
        const struct path_component *c = &p->comp[d];

        h = path_hash_step(h, c->hash);
        collect(h, p->str, (uint32_t)(c->name - p->str) + c->len, a, false);
    }
}

struct below {
    char path[XENSTORE_ABS_PATH_MAX + 1];
};

/* Watches on nodes below a removed one; `len` bytes of b->path name `parent`. */
static void collect_below(struct below *b, const struct node *parent, uint32_t len, uint64_t hash)
{
    const struct node *n;

    children_for_each(i, n, parent->kids) {
        struct audience a = { .node = n->perms, .parent = parent->perms };
        uint64_t h = path_hash_step(hash, n->hash);
        uint32_t sub = len + 1 + n->name_len;

        b->path[len] = '/';
        memcpy(b->path + len + 1, n->name, n->name_len);
        collect(h, b->path, sub, &a, true);
        collect_below(b, n, sub, h);
    }
}

static int by_sequence(const void *x, const void *y)
{
    const struct match *a = x, *b = y;

    return a->watch->sequence < b->watch->sequence ? -1 : a->watch->sequence > b->watch->sequence;
}

static void deliver(const struct path *p)
{
    if (matches > 1)
        qsort(match, matches, sizeof(match[0]), by_sequence);
    for (unsigned int i = 0; i < matches; i++) {
        struct watch *w = match[i].watch;

        if (match[i].own_path)
            watch_deliver(w, w->path, w->path_len);
        else
            watch_deliver(w, p->str, p->len);
    }
}

void watch_fire(struct node *root, const struct path *p, const struct perms *old)
{
    struct audience a = { .root = root, .path = p, .old = old };

    if (!watch_count)
        return;
    if (p->special) {
        watch_fire_special(root, p);
        return;
    }
    matches = 0;
    collect_up(p, &a);
    deliver(p);
}

void watch_fire_removed(struct node *root, const struct path *p, const struct node *removed)
{
    static struct below b;
    struct audience a = { .root = root, .path = p, .node = removed->perms };

    if (!watch_count)
        return;
    matches = 0;
    collect_up(p, &a);
    memcpy(b.path, p->str, p->len);
    collect_below(&b, removed, p->len, path_hash(p, p->depth));
    deliver(p);
}

void watch_fire_special(struct node *root, const struct path *p)
{
    struct audience a = { .root = root, .path = p };

    if (!watch_count)
        return;
    matches = 0;
    collect(path_hash(p, p->depth), p->str, p->len, &a, false);
    deliver(p);
}
