/* SPDX-License-Identifier: MIT */
/* Calls to domusd over its socket. */
#ifndef DOMUS_CLI_CLIENT_H
#define DOMUS_CLI_CLIENT_H

#include <stdbool.h>

#include "json.h"

/* Connects. The descriptor, or -1 after the sentence has been printed. */
int client_connect(void);

/* Sends a request whose parameters are `params` (taken, an object; NULL: none) and waits for the
 * answer. The result, to be freed with client_free(); NULL after the sentence has been printed (to
 * standard error, and with json as an object to standard output). */
struct client_answer *client_call(const char *method, struct json_out *params, bool json);

/* The same on a connection that is kept; what comes behind the answer is left unread. */
struct client_answer *client_call_on(int fd, const char *method, struct json_out *params,
                                     bool json);

yajl_val client_result(const struct client_answer *answer);
void client_free(struct client_answer *answer);

/* An object to fill in with parameters; ends the program if memory is short. */
struct json_out *client_params(void);

/* The parameters of a method on one domain, begun. */
struct json_out *client_domain_params(const char *domain, bool force);

/* Calls, prints the result with json and else nothing; returns what the verb returns. */
int client_do(const char *method, struct json_out *params, bool json);

/* The same, but without json prints the text that the result has under `key`. */
int client_show_text(const char *method, struct json_out *params, const char *key, bool json);

/* Domains' and guests' names come from the store, where other tools write too: prints one padded
 * to `width`, with no byte that could move the terminal's cursor. NULL is an empty one. */
void client_print_name(const char *name, int width);

/* A list to fill in with objects (key NULL), and its printing, or if !ok only its freeing; NULL is
 * no list. */
struct json_out *client_list(void);
void client_print_list(struct json_out *list, bool ok);
/* Prints what was written, and frees it. */
void client_print_out(struct json_out *out);

/* True if `typed` is the name or the number of this row of `domus list`. */
bool client_domain_is(yajl_val domain, const char *typed);

/* Prints a value as JSON for people and programs. */
void client_print_json(yajl_val value);

#endif
