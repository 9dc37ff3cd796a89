/* SPDX-License-Identifier: MIT */
/*
 * Transactions: a private version of the tree, the set of paths it depends on, and the log of
 * what it changed.
 *
 * The transaction works on a snapshot, so it sees neither later changes nor shows its own. It
 * commits if nothing it has touched has changed since: by replacing the tree if that is still the
 * one it started from, else by replaying its log on the present one.
 */
#ifndef XENSTORE_CORE_TRANSACTION_H
#define XENSTORE_CORE_TRANSACTION_H

#include <stdbool.h>
#include <stdint.h>

#include "list.h"
#include "store.h"

struct touch_entry {
    uint64_t hash;      /* of the path */
    uint32_t kinds;     /* TOUCH_* */
    uint32_t path_at;   /* offset into the text */
    uint32_t path_len;
    uint32_t write_op;  /* 1 + index of the last write logged for the path; 0: none */
    uint32_t last_op;   /* 1 + index of the last change of any kind */
    bool removed;       /* some change removed it */
};

/* A set of paths. Zero-initialised (but for `limit`) is empty. */
struct touched {
    struct touch_entry *entry;
    uint32_t count, capacity;
    uint32_t *index; /* open addressing, entry + 1 */
    uint32_t index_mask;
    char *text;
    uint32_t text_len, text_capacity;
    uint32_t limit; /* entries allowed; 0: any number */
};

/* Notes the first `depth` components of p. 0, -ENOSPC (limit) or -ENOMEM. */
int touched_add(struct touched *t, const struct path *p, unsigned int depth, enum touch what);
void touched_free(struct touched *t);

enum change_kind {
    CHANGE_WRITE,
    CHANGE_MKDIR,
    CHANGE_RM,
    CHANGE_PERMS,
};

struct change {
    enum change_kind kind;
    uint32_t touch;       /* the path: index into the touched set */
    struct value *value;  /* CHANGE_WRITE; NULL: empty */
    struct perms *perms;  /* CHANGE_PERMS: the new ones */
};

struct transaction {
    struct list link; /* of the owner's transactions */
    uint32_t id;
    bool doomed;          /* restored after a crash of the daemon: can only fail */
    struct node *base;    /* the tree when it started */
    struct node *work;
    struct quota_batch batch;
    struct touched touched;
    struct change *change;
    uint32_t changes, capacity;
    uint32_t barrier; /* writes logged from here on may still be replaced */
};

/* Starts on a snapshot of `root`; `limited`: the quota of touched paths holds. NULL: no memory. */
struct transaction *transaction_new(struct node *root, uint32_t id, bool limited);

/* Ends without a trace. */
void transaction_free(struct transaction *t);

/* The edit context of a transaction. */
struct edit transaction_edit(struct transaction *t, const struct subject *who);

/* Operations inside a transaction; errors as for their store_* counterparts. */
int transaction_write(struct transaction *t, const struct subject *who, const struct path *p,
                      const void *data, uint32_t len);
int transaction_mkdir(struct transaction *t, const struct subject *who, const struct path *p);
int transaction_rm(struct transaction *t, const struct subject *who, const struct path *p);
int transaction_set_perms(struct transaction *t, const struct subject *who, const struct path *p,
                          struct perms *perms);

/* Commits into *root. -EAGAIN: something it depends on has changed; -ENOSPC: a quota is exhausted
 * meanwhile; -ENOMEM. The tree is untouched then. Free the transaction in any case. */
int transaction_commit(struct transaction *t, const struct subject *who, struct node **root);

/* The path of a logged change, NUL-terminated. */
const char *transaction_path(const struct transaction *t, const struct change *c, uint32_t *len);

/* Calls report(root, path, was, removed) for each path that the transaction, now committed to
 * `root`, has changed: `was` is the node that was there before (NULL: none), `removed` tells
 * whether it has been removed at some point, with all below it. */
void transaction_report(const struct transaction *t, struct node *root,
                        void (*report)(struct node *root, const struct path *p, struct node *was,
                                       bool removed));

#endif
