/* SPDX-License-Identifier: MIT */
/* domus create: a file becomes a domain. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "client.h"
#include "cmd.h"
#include "config_file.h"

struct creation {
    bool console, paused, dry_run, quiet, no_wait, json;
};

static struct json_out *make_params(const struct creation *how, const char *path, const char *text)
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
        cmd_fail("warning: domain '%s': %s", name, warning);
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

static int create(const struct creation *how, const char *path)
{
    struct client_answer *answer;
    struct domain_config cfg;
    size_t bytes;
    char *text;
    int status = config_file_read(path, &text, &bytes);

    if (status == CMD_OK && (how->dry_run || strlen(text) != bytes)) {
        status = config_file_check(path, text, bytes, &cfg);
        if (status == CMD_OK)
            config_free(&cfg);
        if (status == CMD_OK && !how->quiet && !how->json)
            printf("%s: the domain can be created\n", path);
        free(text);
        return status;
    }
    if (status != CMD_OK)
        return status;
    answer = client_call("create", make_params(how, path, text), how->json);
    free(text);
    if (!answer)
        return CMD_FAILED;
    tell(how, client_result(answer));
    if (how->console)
        status = enter_console(how, client_result(answer));
    client_free(answer);
    return status;
}

int cmd_create(const struct cmd *cmd, int argc, char **argv)
{
    static const struct option options[] = {
        { "console", no_argument, NULL, 'c' }, { "paused", no_argument, NULL, 'p' },
        { "dry-run", no_argument, NULL, 'n' }, { "quiet", no_argument, NULL, 'q' },
        { "no-wait", no_argument, NULL, 'w' }, { "json", no_argument, NULL, 'j' },
        { "help", no_argument, NULL, 'h' },    { NULL, 0, NULL, 0 },
    };
    struct creation how = { 0 };
    int c, status;

    while ((c = cmd_option(cmd, argc, argv, "cpnqh", options, &status)) != -1) {
        if (c == -2)
            return status;
        how.console |= c == 'c';
        how.paused |= c == 'p';
        how.dry_run |= c == 'n';
        how.quiet |= c == 'q';
        how.no_wait |= c == 'w';
        how.json |= c == 'j';
    }
    if (argc - optind != 1)
        return cmd_usage(cmd);
    return create(&how, argv[optind]);
}
