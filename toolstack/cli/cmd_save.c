/* SPDX-License-Identifier: MIT */
/* domus save: a domain becomes a file. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "client.h"
#include "cmd.h"
#include "saved_file.h"

int cmd_save(const struct cmd *cmd, int argc, char **argv)
{
    bool checkpoint = false, paused = false, quiet = false, json = false;
    const struct cmd_option options[] = {
        CMD_SWITCH("checkpoint", 'c', &checkpoint),
        CMD_SWITCH("paused", 'p', &paused),
        CMD_SWITCH("quiet", 'q', &quiet),
        CMD_END,
    };
    int status;

    if (!cmd_read(cmd, argc, argv, options, &json, 2, 2, &status))
        return status;
    char *path = saved_file_path(argv[optind + 1]);
    if (!path)
        return CMD_FAILED;
    struct json_out *params = client_params();
    json_string(params, "domain", argv[optind]);
    json_string(params, "file", path);
    json_bool(params, "checkpoint", checkpoint);
    json_bool(params, "paused", paused);
    free(path);
    struct client_answer *answer = client_call("save", params, json);
    if (!answer)
        return CMD_FAILED;
    yajl_val result = client_result(answer);
    if (json)
        client_print_json(result);
    else if (!quiet)
        printf("domain '%s' is saved in %s (%" PRId64 " MiB)%s\n", json_get_string(result, "name"),
               argv[optind + 1], json_get_int(result, "bytes", 0) >> 20,
               paused       ? " and paused"
               : checkpoint ? " and goes on"
                            : "");
    client_free(answer);
    return CMD_OK;
}
