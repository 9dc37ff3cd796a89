/* SPDX-License-Identifier: MIT */
/* domus restore: a file becomes the domain that it was. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "client.h"
#include "cmd.h"
#include "config_file.h"
#include "creation.h"
#include "saved_file.h"

/* The configuration: from a file of its own if there is one, else from the saved domain's. */
static char *read_config(const char *config, const char *image)
{
    size_t bytes;
    char *text;

    if (!config)
        return saved_file_config(image);
    if (config_file_read(config, NULL, 0, &text, &bytes) != CMD_OK)
        return NULL;
    if (strlen(text) == bytes)
        return text;
    cmd_fail("%s: there is a NUL character in it", config);
    free(text);
    return NULL;
}

static int restore(const struct creation *how, const char *config, const char *image)
{
    char *path = saved_file_path(image), *text = path ? read_config(config, image) : NULL;
    struct json_out *params;
    int status;

    if (!text) {
        free(path);
        return CMD_FAILED;
    }
    params = creation_params(how, config ? config : image, text);
    json_string(params, "image", path);
    free(text);
    free(path);
    status = creation_run(how, "restore", params);
    return status;
}

int cmd_restore(const struct cmd *cmd, int argc, char **argv)
{
    struct creation how = { 0 };
    const struct cmd_option options[] = {
        CMD_SWITCH("console", 'c', &how.console),
        CMD_SWITCH("paused", 'p', &how.paused),
        CMD_SWITCH("quiet", 'q', &how.quiet),
        CMD_SWITCH("no-wait", 0, &how.no_wait),
        CMD_END,
    };
    int status;

    if (!cmd_read(cmd, argc, argv, options, &how.json, 1, 2, &status))
        return status;
    if (argc - optind == 1)
        return restore(&how, NULL, argv[optind]);
    return restore(&how, argv[optind], argv[optind + 1]);
}
