/* SPDX-License-Identifier: MIT */
/* domus dmesg: the hypervisor's log. */
#include <stdio.h>

#include "client.h"
#include "cmd.h"

int cmd_dmesg(const struct cmd *cmd, int argc, char **argv)
{
    static const struct option options[] = {
        { "clear", no_argument, NULL, 'c' },
        { "json", no_argument, NULL, 'j' },
        { "help", no_argument, NULL, 'h' },
        { NULL, 0, NULL, 0 },
    };
    bool clear = false, json = false;
    int c, status;

    while ((c = cmd_option(cmd, argc, argv, "ch", options, &status)) != -1) {
        if (c == -2)
            return status;
        clear |= c == 'c';
        json |= c == 'j';
    }
    if (argc != optind)
        return cmd_usage(cmd);
    struct json_out *params = client_params();
    json_bool(params, "clear", clear);
    struct client_answer *answer = client_call("dmesg", params, json);
    if (!answer)
        return CMD_FAILED;
    const char *text = json_get_string(client_result(answer), "text");
    if (json)
        client_print_json(client_result(answer));
    else
        fputs(text ? text : "", stdout);
    client_free(answer);
    return CMD_OK;
}
