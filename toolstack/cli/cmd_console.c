/* SPDX-License-Identifier: MIT */
/* domus console: enters the console of a domain. */
#include "cmd.h"

#define LAST_SCREEN 4096
#define EVERYTHING  65536

int cmd_console(const struct cmd *cmd, int argc, char **argv)
{
    static const struct option options[] = {
        { "all", no_argument, NULL, 'a' },
        { "help", no_argument, NULL, 'h' },
        { NULL, 0, NULL, 0 },
    };
    long backlog = LAST_SCREEN;
    int c, status;

    while ((c = cmd_option(cmd, argc, argv, "ah", options, &status)) != -1) {
        if (c == -2)
            return status;
        backlog = EVERYTHING;
    }
    if (argc - optind != 1)
        return cmd_usage(cmd);
    return console_show(argv[optind], backlog, NULL, NULL);
}
