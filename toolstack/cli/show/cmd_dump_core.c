/* SPDX-License-Identifier: MIT */
/* domus dump-core: a domain's memory and registers as a file. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "cli/client.h"
#include "cli/cmd.h"

int cmd_dump_core(const struct cmd *cmd, int argc, char **argv)
{
    static const struct option options[] = {
        { "live", no_argument, NULL, 'L' },
        { "force", no_argument, NULL, 'f' },
        { "json", no_argument, NULL, 'j' },
        { "help", no_argument, NULL, 'h' },
        { NULL, 0, NULL, 0 },
    };
    bool live = false, force = false, json = false;
    char folder[2048], path[4096];
    int c, status;

    while ((c = cmd_option(cmd, argc, argv, "Lh", options, &status)) != -1) {
        if (c == -2)
            return status;
        live |= c == 'L';
        force |= c == 'f';
        json |= c == 'j';
    }
    if (argc - optind != 2)
        return cmd_usage(cmd);
    const char *file = argv[optind + 1];
    if (file[0] == '/' || !getcwd(folder, sizeof(folder)))
        snprintf(path, sizeof(path), "%s", file);
    else
        snprintf(path, sizeof(path), "%s/%s", folder, file);
    struct json_out *params = client_domain_params(argv[optind], force);
    json_string(params, "file", path);
    json_bool(params, "live", live);
    struct client_answer *answer = client_call("dump-core", params, json);
    if (!answer)
        return CMD_FAILED;
    yajl_val result = client_result(answer);
    if (json)
        client_print_json(result);
    else
        printf("%s: %" PRId64 " pages of memory and the registers of %" PRId64 " virtual CPUs\n",
               file, json_get_int(result, "pages", 0), json_get_int(result, "vcpus", 0));
    client_free(answer);
    return CMD_OK;
}
