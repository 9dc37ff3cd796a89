/* SPDX-License-Identifier: MIT */
/* domus list: the domains of this host. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "client.h"
#include "cmd.h"

static void print_domain(yajl_val d)
{
    const char *reason = json_get_string(d, "reason");

    client_print_name(json_get_string(d, "name"), 24);
    printf(" %5" PRId64 " %6" PRId64 " %5" PRId64 "  %-9s%9.1f%s", json_get_int(d, "domid", -1),
           json_get_int(d, "memory_kib", 0) / 1024, json_get_int(d, "vcpus", 0),
           json_get_string(d, "state"), (double)json_get_int(d, "cpu_ns", 0) / 1e9,
           json_get_bool(d, "foreign") ? "  not made by domus" : "");
    if (reason)
        printf("  it has %s", reason);
    putchar('\n');
}

int cmd_list(const struct cmd *cmd, int argc, char **argv)
{
    bool json = false, dead = false, found = false;
    const struct cmd_option options[] = { CMD_SWITCH("dead", 0, &dead), CMD_END };
    int status;

    if (!cmd_read(cmd, argc, argv, options, &json, 0, 1, &status))
        return status;
    if (dead)
        return list_dead(argv[optind], json);
    struct client_answer *answer = client_call("list", NULL, json);
    if (!answer)
        return CMD_FAILED;
    const char *which = optind < argc ? argv[optind] : NULL;
    yajl_val domains = json_get(client_result(answer), "domains");
    if (json && !which) {
        client_print_json(domains);
        client_free(answer);
        return CMD_OK;
    }
    if (!json)
        printf("%-24s %5s %6s %5s  %-9s%9s\n", "Name", "ID", "MiB", "VCPUs", "State", "Time(s)");
    for (size_t i = 0; YAJL_IS_ARRAY(domains) && i < YAJL_GET_ARRAY(domains)->len; i++) {
        yajl_val d = YAJL_GET_ARRAY(domains)->values[i];

        if (which && !client_domain_is(d, which))
            continue;
        found = true;
        if (json)
            client_print_json(d);
        else
            print_domain(d);
    }
    client_free(answer);
    return found || !which ? CMD_OK : cmd_fail("there is no domain '%s': see domus list", which);
}
