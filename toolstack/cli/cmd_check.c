/* SPDX-License-Identifier: MIT */
/* domus check: reads a domain's file and what it names. */
#include <stdio.h>
#include <stdlib.h>

#include "cmd.h"
#include "config_file.h"

int cmd_check(const struct cmd *cmd, int argc, char **argv)
{
    struct domain_config cfg;
    struct cmd_flags flags;
    size_t bytes;
    char *text;
    int status;

    if (!cmd_flags(cmd, argc, argv, false, 1, 1, &flags, &status))
        return status;
    status = config_file_read(argv[optind], NULL, 0, &text, &bytes);
    if (status == CMD_OK)
        status = config_file_check(argv[optind], text, bytes, &cfg);
    free(text);
    if (status != CMD_OK)
        return status;
    if (flags.json)
        config_print_json(&cfg);
    else
        printf("%s: domain '%s' can be created\n", argv[optind], cfg.name);
    config_free(&cfg);
    return CMD_OK;
}
