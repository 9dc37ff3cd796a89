/* SPDX-License-Identifier: MIT */
/* Making a domain, from its file or from a saved one: talking to domusd. */
#include "creation.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "client.h"
#include "cmd.h"

struct json_out *creation_params(const struct creation *how, const char *path, const char *text)
{
    struct json_out *params = client_params();
    char folder[4096];

    json_string(params, "config", text);
    json_string(params, "file", path);
    json_string(params, "folder", getcwd(folder, sizeof(folder)) ? folder : "/");
    /* To enter the console before the first line appears, it starts when we are there. */
    json_bool(params, "paused", how->paused || how->console);
    json_bool(params, "wait", !how->no_wait);
    return params;
}

static int unpause(void *arg)
{
    struct json_out *params = client_params();

    json_string(params, "domain", arg);
    struct client_answer *answer = client_call("unpause", params, false);
    int status = answer ? CMD_OK : CMD_FAILED;
    client_free(answer);
    return status;
}

static int enter_console(const struct creation *how, yajl_val result)
{
    const char *name = json_get_string(result, "name");

    return console_show(name, 65536, how->paused ? NULL : unpause, (void *)name);
}

static void tell(const struct creation *how, yajl_val result)
{
    const char *name = json_get_string(result, "name");
    const char *warning = json_get_string(result, "warning");

    if (warning)
        cmd_warn("warning: domain '%s': %s", name, warning);
    if (how->json)
        client_print_json(result);
    else if (!how->quiet)
        printf("domain '%s' %s as %" PRId64 "\n", name,
               how->paused    ? "is there, paused,"
               : how->console ? "starts"
                              : "runs",
               json_get_int(result, "domid", -1));
    fflush(stdout);
}

int creation_run(const struct creation *how, const char *method, struct json_out *params)
{
    struct client_answer *answer = client_call(method, params, how->json);
    int status = CMD_OK;

    if (!answer)
        return CMD_FAILED;
    tell(how, client_result(answer));
    if (how->console)
        status = enter_console(how, client_result(answer));
    client_free(answer);
    return status;
}
