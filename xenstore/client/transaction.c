/* SPDX-License-Identifier: MIT */
/*
 * Transactions of a handle. Owns the handle's list of open ones.
 */
#include <stdlib.h>

#include "handle.h"

xs_transaction_t xs_transaction_start(struct xs_handle *h)
{
    struct xs_open_transaction *t = calloc(1, sizeof(*t));
    char *reply = t ? talk_string(h, XS_TRANSACTION_START, XBT_NULL, "", NULL) : NULL;
    xs_transaction_t id;

    if (!reply) {
        free(t);
        return XBT_NULL;
    }
    t->wire_id = (uint32_t)strtoul(reply, NULL, 10);
    free(reply);
    pthread_mutex_lock(&h->lock);
    do {
        id = ++h->last_transaction;
    } while (id == XBT_NULL);
    t->id = id;
    t->connection = h->connection;
    t->next = h->transactions;
    h->transactions = t;
    pthread_mutex_unlock(&h->lock);
    return id;
}

static void forget(struct xs_handle *h, xs_transaction_t id)
{
    for (struct xs_open_transaction **at = &h->transactions; *at; at = &(*at)->next) {
        struct xs_open_transaction *t = *at;

        if (t->id == id) {
            *at = t->next;
            free(t);
            return;
        }
    }
}

bool xs_transaction_end(struct xs_handle *h, xs_transaction_t t, bool abort)
{
    struct iovec part = part_string(abort ? "F" : "T");
    bool ok = talk_ok(h, XS_TRANSACTION_END, t, &part, 1);
    int saved = errno;

    pthread_mutex_lock(&h->lock);
    forget(h, t);
    pthread_mutex_unlock(&h->lock);
    if (!ok && abort && saved == EAGAIN)
        return true; /* it went with its connection, which is what was asked for */
    errno = saved;
    return ok;
}
