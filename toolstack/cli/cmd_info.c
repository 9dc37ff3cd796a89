/* SPDX-License-Identifier: MIT */
/* domus info: the host and its hypervisor. */
#include <stdio.h>

#include "client.h"
#include "cmd.h"

int cmd_info(const struct cmd *cmd, int argc, char **argv)
{
    struct cmd_flags flags;
    int status;

    if (!cmd_flags(cmd, argc, argv, false, 0, 0, &flags, &status))
        return status;
    struct client_answer *answer = client_call("info", NULL, flags.json);
    if (!answer)
        return CMD_FAILED;
    yajl_val result = client_result(answer);
    if (flags.json) {
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
