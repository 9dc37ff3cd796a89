/* SPDX-License-Identifier: MIT */
/* domus shutdown, domus reboot: the guest is asked, and may take its time. */
#include <string.h>

#include "client.h"
#include "cmd.h"

int cmd_shutdown(const struct cmd *cmd, int argc, char **argv)
{
    static const struct option options[] = {
        { "all", no_argument, NULL, 'a' },
        { "force", no_argument, NULL, 'f' },
        { "wait", no_argument, NULL, 'w' },
        { "timeout", required_argument, NULL, 't' },
        { "json", no_argument, NULL, 'j' },
        { "help", no_argument, NULL, 'h' },
        { NULL, 0, NULL, 0 },
    };
    bool force = false, wait = false, json = false, all = false;
    long timeout = 300;
    int c, status;

    while ((c = cmd_option(cmd, argc, argv, "afwt:h", options, &status)) != -1) {
        if (c == -2)
            return status;
        all |= c == 'a';
        force |= c == 'f';
        wait |= c == 'w';
        json |= c == 'j';
        if (c == 't' && !cmd_number(optarg, "timeout", 1, 86399, &timeout))
            return CMD_FAILED;
    }
    if (argc - optind != !all || (all && strcmp(cmd->name, "shutdown")))
        return cmd_usage(cmd);
    if (all)
        return shutdown_all(wait, timeout, json);
    struct json_out *params = client_params();
    json_string(params, "domain", argv[optind]);
    json_bool(params, "force", force);
    json_bool(params, "wait", wait);
    json_int(params, "timeout", timeout);
    struct client_answer *answer = client_call(cmd->name, params, json);
    if (!answer)
        return CMD_FAILED;
    if (!wait && !json_get_bool(client_result(answer), "offered"))
        cmd_warn("warning: the guest has not said that it listens to %s requests yet; it may "
                 "still take this one",
                 cmd->name);
    if (json)
        client_print_json(client_result(answer));
    client_free(answer);
    return CMD_OK;
}
