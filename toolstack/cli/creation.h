/* SPDX-License-Identifier: MIT */
/* What create and restore have in common: the request, its answer, and the console. */
#ifndef DOMUS_CLI_CREATION_H
#define DOMUS_CLI_CREATION_H

#include <stdbool.h>

#include "json.h"

struct creation {
    bool console, paused, dry_run, quiet, no_wait, json;
};

/* Parameters of the request; path: of the domain's file, for messages; text: what is in it. */
struct json_out *creation_params(const struct creation *how, const char *path, const char *text);

/* Makes the request, tells what came of it, enters the console if that was asked for. Returns what
 * the verb returns. */
int creation_run(const struct creation *how, const char *method, struct json_out *params);

#endif
