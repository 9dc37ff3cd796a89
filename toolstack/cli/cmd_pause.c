/* SPDX-License-Identifier: MIT */
/* domus pause, domus unpause. */
#include "client.h"
#include "cmd.h"

int cmd_pause(const struct cmd *cmd, int argc, char **argv)
{
    static const struct option options[] = {
        { "force", no_argument, NULL, 'f' },
        { "json", no_argument, NULL, 'j' },
        { "help", no_argument, NULL, 'h' },
        { NULL, 0, NULL, 0 },
    };
    bool force = false, json = false;
    int c, status;

    while ((c = cmd_option(cmd, argc, argv, "fh", options, &status)) != -1) {
        if (c == -2)
            return status;
        force |= c == 'f';
        json |= c == 'j';
    }
    if (argc - optind != 1)
        return cmd_usage(cmd);
    struct json_out *params = client_params();
    json_string(params, "domain", argv[optind]);
    json_bool(params, "force", force);
    struct client_answer *answer = client_call(cmd->name, params, json);
    status = answer ? CMD_OK : CMD_FAILED;
    client_free(answer);
    return status;
}
