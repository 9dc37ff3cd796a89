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

/* Prints a value as JSON for people and programs. */
void client_print_json(yajl_val value);

#endif
