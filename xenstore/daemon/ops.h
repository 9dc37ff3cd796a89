/* SPDX-License-Identifier: MIT */
/*
 * The operations of the protocol: one table, one short function each.
 */
#ifndef XENSTORE_DAEMON_OPS_H
#define XENSTORE_DAEMON_OPS_H

#include "conn.h"

/* The live tree. */
extern struct node *ops_root;

/* Creates an empty store. 0 or -ENOMEM. */
int ops_init(void);

/* Carries out one request and queues its reply. */
void ops_handle(struct conn *c, const struct request *r);

/* Reports @introduceDomain or @releaseDomain. */
void ops_fire_special(const char *name);

/* Removes from the tree what a dead domain has left, and tells watchers. */
void ops_forget_domain(uint32_t domid);

/* What a handler gets. It queues a reply and returns 0, or returns -errno. */
struct call {
    struct conn *conn;
    const struct request *request;
    struct transaction *transaction; /* NULL: none */
};

int op_control(struct call *k);
int op_directory(struct call *k);
int op_directory_part(struct call *k);
int op_read(struct call *k);
int op_get_perms(struct call *k);
int op_write(struct call *k);
int op_mkdir(struct call *k);
int op_rm(struct call *k);
int op_set_perms(struct call *k);
int op_watch(struct call *k);
int op_unwatch(struct call *k);
int op_reset_watches(struct call *k);
int op_transaction_start(struct call *k);
int op_transaction_end(struct call *k);
int op_introduce(struct call *k);
int op_release(struct call *k);
int op_get_domain_path(struct call *k);
int op_is_domain_introduced(struct call *k);
int op_resume(struct call *k);
int op_set_target(struct call *k);

/* Splits the path that starts the payload; -EINVAL. The result lives until the next call. */
int ops_path(struct call *k, const char *str, unsigned int flags, struct path **out);

/* The edit context of a call: the transaction's, or the live tree. */
struct edit ops_edit(struct call *k);

#endif
