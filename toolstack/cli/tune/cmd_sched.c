/* SPDX-License-Identifier: MIT */
/* domus sched: weights and caps. */
#include <inttypes.h>
#include <stdio.h>

#include "cli/client.h"
#include "cli/cmd.h"

static void print_row(yajl_val row)
{
    client_print_name(json_get_string(row, "name"), 24);
    printf(" %5" PRId64 " %6" PRId64 " %5" PRId64 "\n", json_get_int(row, "domid", -1),
           json_get_int(row, "weight", 0), json_get_int(row, "cap", 0));
}

static int show(const char *which, bool json)
{
    struct json_out *params = client_params();

    json_string(params, "domain", which);
    struct client_answer *answer = client_call("sched-list", params, json);
    if (!answer)
        return CMD_FAILED;
    yajl_val rows = json_get(client_result(answer), "domains");
    if (json)
        client_print_json(rows);
    else
        printf("%-24s %5s %6s %5s\n", "Name", "ID", "Weight", "Cap");
    for (size_t i = 0; !json && YAJL_IS_ARRAY(rows) && i < YAJL_GET_ARRAY(rows)->len; i++)
        print_row(YAJL_GET_ARRAY(rows)->values[i]);
    client_free(answer);
    return CMD_OK;
}

int cmd_sched(const struct cmd *cmd, int argc, char **argv)
{
    bool force = false, json = false;
    long weight = -1, cap = -1;
    const struct cmd_option options[] = {
        CMD_NUMBER("weight", 'w', &weight, "weight", 1, 65535),
        CMD_NUMBER("cap", 'c', &cap, "cap", 0, 65535),
        CMD_SWITCH("force", 0, &force),
        CMD_END,
    };
    int status;

    if (!cmd_read(cmd, argc, argv, options, &json, 0, 1, &status))
        return status;
    bool change = weight >= 0 || cap >= 0;
    if (change && argc == optind)
        return cmd_usage(cmd);
    if (!change)
        return show(argv[optind], json); /* NULL at the end: all */
    struct json_out *params = client_domain_params(argv[optind], force);
    json_int(params, "weight", weight);
    json_int(params, "cap", cap);
    return client_do("sched", params, json);
}
