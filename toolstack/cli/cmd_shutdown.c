/* SPDX-License-Identifier: MIT */
/* domus shutdown, domus reboot: the guest is asked, and may take its time. */
#include <string.h>

#include "client.h"
#include "cmd.h"

int cmd_shutdown(const struct cmd *cmd, int argc, char **argv)
{
    bool force = false, wait = false, json = false, all = false;
    long timeout = 300;
    const struct cmd_option options[] = {
        CMD_SWITCH("all", 'a', &all),
        CMD_SWITCH("force", 'f', &force),
        CMD_SWITCH("wait", 'w', &wait),
        CMD_NUMBER("timeout", 't', &timeout, "timeout", 1, 86399),
        CMD_END,
    };
    int status;

    if (!cmd_read(cmd, argc, argv, options, &json, 0, 1, &status))
        return status;
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
