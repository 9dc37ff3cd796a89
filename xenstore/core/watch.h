/* SPDX-License-Identifier: MIT */
/*
 * Watches: who wants to hear of changes at and below which path.
 *
 * Watches hang in a hash table by path, so a change at /a/b/c costs four look-ups however many
 * watches there are. Matches are delivered in the order in which the watches were set.
 */
#ifndef XENSTORE_CORE_WATCH_H
#define XENSTORE_CORE_WATCH_H

#include <stdbool.h>
#include <stdint.h>

#include "list.h"
#include "path.h"
#include "perm.h"
#include "tree.h"

/* Whoever can have watches: embedded in a connection. */
struct watcher {
    struct list watches;
    struct subject who;
};

struct watch {
    struct list link;        /* of its watcher, in order of creation */
    struct watch *hash_next; /* of its bucket */
    struct watcher *watcher;
    uint64_t sequence;
    uint64_t hash;
    uint32_t path_len;
    uint32_t home_len;  /* bytes to cut from event paths: the watch was set by a relative path */
    uint32_t token_len;
    bool special;
    const char *token;
    char path[]; /* absolute, NUL-terminated; the token follows */
};

/* Sets a watch on p; `home_len` as in struct watch. NULL with errno: EEXIST (the same path and
 * token), ENOMEM. */
struct watch *watch_add(struct watcher *w, const struct path *p, uint32_t home_len,
                        const char *token, uint32_t token_len);

/* The watcher's watch on p with that token, or NULL. */
struct watch *watch_find(struct watcher *w, const struct path *p, const char *token,
                         uint32_t token_len);

/* Ends a watch. */
void watch_remove(struct watch *w);

/* Bytes a watch occupies, for quotas. */
uint64_t watch_cost(const struct watch *w);

/* Reports a change of the node at p (value, creation or permissions); root is the tree after
 * the change. A watcher that may read neither the node nor its parent hears nothing; after a
 * change of permissions the old ones count too (NULL otherwise). */
void watch_fire(struct node *root, const struct path *p, const struct perms *old);

/* Reports the removal of a subtree that was at p. Watches below p see their own path. */
void watch_fire_removed(struct node *root, const struct path *p, const struct node *removed);

/* Reports a special event (p is @introduceDomain or @releaseDomain). */
void watch_fire_special(struct node *root, const struct path *p);

/* Provided by the user of this file: takes one event; path is absolute. */
void watch_deliver(struct watch *w, const char *path, uint32_t path_len);

#endif
