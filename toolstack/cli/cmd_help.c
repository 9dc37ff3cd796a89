/* SPDX-License-Identifier: MIT */
/* domus help: the table of verbs, or one of them. */
#include <stdio.h>

#include "cmd.h"

int cmd_help(const struct cmd *cmd, int argc, char **argv)
{
    (void)cmd;
    if (argc > 2)
        return cmd_usage(cmd);
    if (argc == 2) {
        const struct cmd *about = cmd_find(argv[1]);

        if (!about)
            return cmd_fail("there is no verb '%s': see domus help", argv[1]);
        return cmd_print_help(about);
    }
    puts("usage: domus VERB [OPTIONS] [ARGUMENTS]\n");
    for (unsigned int i = 0; i < cmd_count; i++)
        printf("  %-11s %s\n", cmds[i].name, cmds[i].summary);
    puts("\n`domus help VERB` shows the options of one; domus(1) tells more.");
    return CMD_OK;
}
