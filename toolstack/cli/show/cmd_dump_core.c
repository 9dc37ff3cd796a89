/* SPDX-License-Identifier: MIT */
/* domus dump-core: a domain's memory and registers as a file. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "cli/client.h"
#include "cli/cmd.h"
#include "cli/saved_file.h"

int cmd_dump_core(const struct cmd *cmd, int argc, char **argv)
{
    bool live = false, force = false, json = false;
    const struct cmd_option options[] = {
        CMD_SWITCH("live", 'L', &live),
        CMD_SWITCH("force", 0, &force),
        CMD_END,
    };
    char *path;
    int status;

    if (!cmd_read(cmd, argc, argv, options, &json, 2, 2, &status))
        return status;
    path = saved_file_path(argv[optind + 1]);
    if (!path)
        return CMD_FAILED;
    struct json_out *params = client_domain_params(argv[optind], force);
    json_string(params, "file", path);
    json_bool(params, "live", live);
    free(path);
    struct client_answer *answer = client_call("dump-core", params, json);
    if (!answer)
        return CMD_FAILED;
    yajl_val result = client_result(answer);
    if (json)
        client_print_json(result);
    else
        printf("%s: %" PRId64 " pages of memory and the registers of %" PRId64 " virtual CPUs\n",
               argv[optind + 1], json_get_int(result, "pages", 0),
               json_get_int(result, "vcpus", 0));
    client_free(answer);
    return CMD_OK;
}
