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
    static const struct option options[] = {
        { "checkpoint", no_argument, NULL, 'c' }, { "paused", no_argument, NULL, 'p' },
        { "quiet", no_argument, NULL, 'q' },      { "json", no_argument, NULL, 'j' },
        { "help", no_argument, NULL, 'h' },       { NULL, 0, NULL, 0 },
    };
    bool checkpoint = false, paused = false, quiet = false, json = false;
    int c, status;

    while ((c = cmd_option(cmd, argc, argv, "cpqh", options, &status)) != -1) {
        if (c == -2)
            return status;
        checkpoint |= c == 'c';
        paused |= c == 'p';
        quiet |= c == 'q';
        json |= c == 'j';
    }
    if (argc - optind != 2)
        return cmd_usage(cmd);
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
