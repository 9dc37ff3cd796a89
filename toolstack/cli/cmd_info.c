/* SPDX-License-Identifier: MIT */
/* domus info: the host and its hypervisor. */
#include <stdio.h>

#include "client.h"
#include "cmd.h"

int cmd_info(const struct cmd *cmd, int argc, char **argv)
{
    static const struct option options[] = {
        { "json", no_argument, NULL, 'j' },
        { "help", no_argument, NULL, 'h' },
        { NULL, 0, NULL, 0 },
    };
    bool json = false;
    int c, status;

    while ((c = cmd_option(cmd, argc, argv, "h", options, &status)) != -1) {
        if (c == -2)
            return status;
        json = true;
    }
    if (argc != optind)
        return cmd_usage(cmd);
    struct client_answer *answer = client_call("info", NULL, json);
    if (!answer)
        return CMD_FAILED;
    yajl_val result = client_result(answer);
    if (json) {
        client_print_json(result);
    } else {
        for (size_t i = 0; YAJL_IS_OBJECT(result) && i < YAJL_GET_OBJECT(result)->len; i++) {
            yajl_val v = YAJL_GET_OBJECT(result)->values[i];
            const char *text = YAJL_IS_STRING(v) ? YAJL_GET_STRING(v) : YAJL_GET_NUMBER(v);

            printf("%-24s %s\n", YAJL_GET_OBJECT(result)->keys[i], text ? text : "");
        }
    }
    client_free(answer);
    return CMD_OK;
}
