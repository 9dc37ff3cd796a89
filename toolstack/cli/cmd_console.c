/* SPDX-License-Identifier: MIT */
/* domus console: enters the console of a domain. */
#include "cmd.h"

#define LAST_SCREEN 4096
#define EVERYTHING  65536

int cmd_console(const struct cmd *cmd, int argc, char **argv)
{
    bool all = false;
    const struct cmd_option options[] = { CMD_SWITCH("all", 'a', &all), CMD_END };
    int status;

    if (!cmd_read(cmd, argc, argv, options, NULL, 1, 1, &status))
        return status;
    return console_show(argv[optind], all ? EVERYTHING : LAST_SCREEN, NULL, NULL);
}
