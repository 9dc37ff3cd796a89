/* SPDX-License-Identifier: MIT */
/* domus dmesg: the hypervisor's log. */
#include <stdio.h>

#include "client.h"
#include "cmd.h"

int cmd_dmesg(const struct cmd *cmd, int argc, char **argv)
{
    bool clear = false, json = false;
    const struct cmd_option options[] = { CMD_SWITCH("clear", 'c', &clear), CMD_END };
    int status;

    if (!cmd_read(cmd, argc, argv, options, &json, 0, 0, &status))
        return status;
    struct json_out *params = client_params();
    json_bool(params, "clear", clear);
    return client_show_text("dmesg", params, "text", json);
}
