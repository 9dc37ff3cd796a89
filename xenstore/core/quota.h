/* SPDX-License-Identifier: MIT */
/*
 * What each domain uses of the store, and how much it may use.
 *
 * Counts are kept for every domain; limits bind unprivileged domains only. Changes of a
 * transaction collect in a batch that is applied with the commit.
 */
#ifndef XENSTORE_CORE_QUOTA_H
#define XENSTORE_CORE_QUOTA_H

#include <stddef.h>
#include <stdint.h>

struct limits {
    unsigned int nodes;              /* nodes owned */
    unsigned int node_bytes;         /* value of one node */
    unsigned int watches;
    unsigned int transactions;       /* open at a time */
    unsigned int transaction_nodes;  /* paths touched by one transaction */
    unsigned int node_perms;         /* entries of one permission list */
    unsigned int outstanding;        /* events caused and not yet taken by their receivers */
    unsigned int memory;             /* bytes of nodes and watches */
    unsigned int path_max;           /* characters, not counting /local/domain/<n>/ */
};

/* The limits in force; options and control commands write them. */
extern struct limits quota_limits;

struct account {
    uint32_t nodes;
    uint32_t watches;
    uint32_t transactions;
    uint32_t outstanding;
    uint64_t memory;
};

/* The account of a domain; domid is at most PERM_DOMID_MAX. Never fails. */
struct account *quota_account(uint32_t domid);

/* A named limit, for options and control commands; NULL if there is none of that name. */
unsigned int *quota_limit_by_name(const char *name);

/* The i-th name with its value and meaning, or NULL past the end. */
const char *quota_limit_name(unsigned int i, unsigned int *value, const char **what);

struct quota_delta {
    uint32_t domid;
    int32_t nodes;
    int64_t memory;
};

/* Changes that are not yet in the accounts. Zero-initialised is empty. */
struct quota_batch {
    struct quota_delta *delta;
    unsigned int count, capacity;
};

/* Makes sure that the next `domids` quota_change() calls cannot fail. 0 or -ENOMEM. */
int quota_reserve(struct quota_batch *batch, unsigned int domids);

/* Adds to what a domain uses: in the batch, or at once if batch is NULL. The caller has reserved
 * room for a domid that is new to the batch. */
void quota_change(struct quota_batch *batch, uint32_t domid, int32_t nodes, int64_t memory);

/* What the domain would use with the batch (may be NULL) applied. */
struct quota_delta quota_usage(const struct quota_batch *batch, uint32_t domid);

/* Moves a batch into the accounts and empties it. */
void quota_apply(struct quota_batch *batch);

/* Forgets a batch. */
void quota_batch_free(struct quota_batch *batch);

#endif
