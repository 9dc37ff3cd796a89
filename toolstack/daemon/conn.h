/* SPDX-License-Identifier: MIT */
/*
 * Clients on the Unix socket: one JSON-RPC 2.0 message a line, answers in any order.
 *
 * A connection is named by a number that is never used again, so that an answer that comes late
 * for a client that has left goes nowhere. After console.attach a connection turns raw: bytes of
 * the guest's console, both ways.
 */
#ifndef DOMUSD_CONN_H
#define DOMUSD_CONN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define OPERATION_MAX 16 /* with the final NUL */

/* A new name for an operation: unique on this host for days. */
void operation_name(char name[OPERATION_MAX]);

/* Where an answer goes. */
struct reply_to {
    uint64_t conn;                 /* 0: nobody asked */
    char operation[OPERATION_MAX]; /* by which logs and the answer name what was asked */
    char *id; /* the request's id as JSON text, owned; NULL: a notification, no answer */
};

/* Answers, and frees *to. `json` is the result; `data` more about an error, or NULL for the name of
 * its operation: JSON texts. An error is logged too, under that name. */
void reply_result(struct reply_to *to, const char *json);
void reply_error(struct reply_to *to, int code, const char *text, const char *data);
void reply_drop(struct reply_to *to);

/* Opens the socket and starts listening. -EADDRINUSE and so on, with errno's meaning. */
int conn_listen(const char *path);

/* Until this is called, requests wait. */
void conn_serve(void);

/* No new clients, no new requests. */
void conn_stop(void);

/* The raw side. sink(arg, ...) gets what the client types (bytes 0: it has left); it returns how
 * many bytes it took, fewer stop the reading until conn_raw_resume(). Fails if the client has
 * left. */
bool conn_make_raw(uint64_t conn, size_t (*sink)(void *arg, const char *bytes, size_t count),
                   void *arg);
void conn_raw_resume(uint64_t conn);
/* Sends, or drops what does not fit into the client's buffer: a viewer that does not read loses
 * output, and nobody waits for it. Returns false if anything was dropped. */
bool conn_raw_send(uint64_t conn, const char *bytes, size_t count);
/* Closes when everything has been sent; the sink is not called any more. */
void conn_close(uint64_t conn);

#endif
