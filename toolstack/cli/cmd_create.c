/* SPDX-License-Identifier: MIT */
/* domus create: a file becomes a domain. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cmd.h"
#include "config_file.h"
#include "creation.h"

static int dry_run(const struct creation *how, const char *path, const char *text, size_t bytes)
{
    struct domain_config cfg;
    int status = config_file_check(path, text, bytes, &cfg);

    if (status != CMD_OK)
        return status;
    if (how->json)
        config_print_json(&cfg);
    else if (!how->quiet)
        config_print_plan(&cfg);
    config_free(&cfg);
    return CMD_OK;
}

static int create(const struct creation *how, const char *path, char *const *settings, int count)
{
    size_t bytes;
    char *text;
    int status = config_file_read(path, settings, count, &text, &bytes);

    if (status != CMD_OK)
        return status;
    if (how->dry_run || strlen(text) != bytes) { /* a byte 0 does not go into a request */
        status = dry_run(how, path, text, bytes);
        free(text);
        return status;
    }
    struct json_out *params = creation_params(how, path, text);
    free(text);
    return creation_run(how, "create", params);
}

int create_domain(const char *path)
{
    const struct creation how = { .quiet = false };

    return create(&how, path, NULL, 0);
}

int cmd_create(const struct cmd *cmd, int argc, char **argv)
{
    struct creation how = { 0 };
    const struct cmd_option options[] = {
        CMD_SWITCH("console", 'c', &how.console),
        CMD_SWITCH("paused", 'p', &how.paused),
        CMD_SWITCH("dry-run", 'n', &how.dry_run),
        CMD_SWITCH("quiet", 'q', &how.quiet),
        CMD_SWITCH("no-wait", 0, &how.no_wait),
        CMD_END,
    };
    int status;

    if (!cmd_read(cmd, argc, argv, options, &how.json, 1, -1, &status))
        return status;
    return create(&how, argv[optind], argv + optind + 1, argc - optind - 1);
}
