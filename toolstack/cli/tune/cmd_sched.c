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
    static const struct option options[] = {
        { "weight", required_argument, NULL, 'w' }, { "cap", required_argument, NULL, 'c' },
        { "force", no_argument, NULL, 'f' },        { "json", no_argument, NULL, 'j' },
        { "help", no_argument, NULL, 'h' },         { NULL, 0, NULL, 0 },
    };
    bool force = false, json = false;
    long weight = -1, cap = -1;
    int c, status;

    while ((c = cmd_option(cmd, argc, argv, "w:c:h", options, &status)) != -1) {
        if (c == -2)
            return status;
        force |= c == 'f';
        json |= c == 'j';
        if (c == 'w' && !cmd_number(optarg, "weight", 1, 65535, &weight))
            return CMD_FAILED;
        if (c == 'c' && !cmd_number(optarg, "cap", 0, 65535, &cap))
            return CMD_FAILED;
    }
    bool change = weight >= 0 || cap >= 0;
    if (argc - optind > 1 || (change && argc == optind))
        return cmd_usage(cmd);
    if (!change)
        return show(argv[optind], json); /* NULL at the end: all */
    struct json_out *params = client_domain_params(argv[optind], force);
    json_int(params, "weight", weight);
    json_int(params, "cap", cap);
    return client_do("sched", params, json);
}
