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
    static const struct option options[] = {
        { "console", no_argument, NULL, 'c' },
        { "paused", no_argument, NULL, 'p' },
        { "quiet", no_argument, NULL, 'q' },
        { "no-wait", no_argument, NULL, 'w' },
        { "json", no_argument, NULL, 'j' },
        { "help", no_argument, NULL, 'h' },
        { NULL, 0, NULL, 0 },
    };
    struct creation how = { 0 };
    int c, status;

    while ((c = cmd_option(cmd, argc, argv, "cpqh", options, &status)) != -1) {
        if (c == -2)
            return status;
        how.console |= c == 'c';
        how.paused |= c == 'p';
        how.quiet |= c == 'q';
        how.no_wait |= c == 'w';
        how.json |= c == 'j';
    }
    if (argc - optind == 1)
        return restore(&how, NULL, argv[optind]);
    if (argc - optind == 2)
        return restore(&how, argv[optind], argv[optind + 1]);
    return cmd_usage(cmd);
}
