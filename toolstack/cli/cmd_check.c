/* SPDX-License-Identifier: MIT */
/* domus check: reads a domain's file and what it names. */
#include <stdio.h>
#include <stdlib.h>

#include "cmd.h"
#include "config_file.h"

int cmd_check(const struct cmd *cmd, int argc, char **argv)
{
    static const struct option options[] = {
        { "json", no_argument, NULL, 'j' },
        { "help", no_argument, NULL, 'h' },
        { NULL, 0, NULL, 0 },
    };
    struct domain_config cfg;
    bool json = false;
    size_t bytes;
    char *text;
    int c, status;

    while ((c = cmd_option(cmd, argc, argv, "h", options, &status)) != -1) {
        if (c == -2)
            return status;
        json = true;
    }
    if (argc - optind != 1)
        return cmd_usage(cmd);
    status = config_file_read(argv[optind], NULL, 0, &text, &bytes);
    if (status == CMD_OK)
        status = config_file_check(argv[optind], text, bytes, &cfg);
    free(text);
    if (status != CMD_OK)
        return status;
    if (json)
        config_print_json(&cfg);
    else
        printf("%s: domain '%s' can be created\n", argv[optind], cfg.name);
    config_free(&cfg);
    return CMD_OK;
}
