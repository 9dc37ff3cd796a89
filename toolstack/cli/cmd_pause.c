/* SPDX-License-Identifier: MIT */
/* domus pause, domus unpause, domus destroy. */
#include "client.h"
#include "cmd.h"

int cmd_pause(const struct cmd *cmd, int argc, char **argv)
{
    struct cmd_flags flags;
    int status;

    if (!cmd_flags(cmd, argc, argv, true, 1, 1, &flags, &status))
        return status;
    return client_do(cmd->name, client_domain_params(argv[optind], flags.force), flags.json);
}
