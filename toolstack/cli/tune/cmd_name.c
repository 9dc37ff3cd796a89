/* SPDX-License-Identifier: MIT */
/* domus rename, domid, domname, uptime: names, numbers and ages. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "cli/client.h"
#include "cli/cmd.h"

int cmd_rename(const struct cmd *cmd, int argc, char **argv)
{
    struct cmd_flags flags;
    int status;

    if (!cmd_flags(cmd, argc, argv, true, 2, 2, &flags, &status))
        return status;
    struct json_out *params = client_domain_params(argv[optind], flags.force);
    json_string(params, "name", argv[optind + 1]);
    return client_do(cmd->name, params, flags.json);
}

/* What `domus list` knows of the domain; NULL after a sentence. */
static yajl_val find(yajl_val domains, const char *typed)
{
    for (size_t i = 0; YAJL_IS_ARRAY(domains) && i < YAJL_GET_ARRAY(domains)->len; i++)
        if (client_domain_is(YAJL_GET_ARRAY(domains)->values[i], typed))
            return YAJL_GET_ARRAY(domains)->values[i];
    cmd_fail("there is no domain '%s': see domus list", typed);
    return NULL;
}

static void print_id_json(yajl_val d)
{
    struct json_out *out = json_out_new(true);

    if (!out)
        return;
    json_open_object(out, NULL);
    json_int(out, "domid", json_get_int(d, "domid", -1));
    json_string(out, "name", json_get_string(d, "name"));
    json_close_object(out);
    client_print_out(out);
}

int cmd_domid(const struct cmd *cmd, int argc, char **argv)
{
    bool want_name = !strcmp(cmd->name, "domname");
    struct cmd_flags flags;
    long number;
    int status;

    if (!cmd_flags(cmd, argc, argv, false, 1, 1, &flags, &status))
        return status;
    if (want_name && !cmd_number(argv[optind], "number of a domain", 0, 0x7fef, &number))
        return CMD_FAILED;
    struct client_answer *answer = client_call("list", NULL, flags.json);
    if (!answer)
        return CMD_FAILED;
    yajl_val d = find(json_get(client_result(answer), "domains"), argv[optind]);
    if (d && flags.json)
        print_id_json(d);
    else if (d && want_name) {
        client_print_name(json_get_string(d, "name"), 0);
        putchar('\n');
    } else if (d) {
        printf("%" PRId64 "\n", json_get_int(d, "domid", -1));
    }
    client_free(answer);
    return d ? CMD_OK : CMD_FAILED;
}

/* ---- uptime --------------------------------------------------------------------------- */

static void print_uptime(yajl_val d, struct json_out *all)
{
    int64_t s = json_get_int(d, "uptime_s", -1);

    if (all) {
        json_open_object(all, NULL);
        json_int(all, "domid", json_get_int(d, "domid", -1));
        json_string(all, "name", json_get_string(d, "name"));
        if (s < 0)
            json_null(all, "uptime_s");
        else
            json_int(all, "uptime_s", s);
        json_close_object(all);
        return;
    }
    client_print_name(json_get_string(d, "name"), 24);
    printf(" %5" PRId64 " ", json_get_int(d, "domid", -1));
    if (s < 0)
        puts(" unknown");
    else
        printf("%3" PRId64 " days, %2" PRId64 ":%02" PRId64 ":%02" PRId64 "\n", s / 86400,
               s / 3600 % 24, s / 60 % 60, s % 60);
}

/* True if there are all the domains that are named. */
static bool are_there(yajl_val domains, char **names, int count)
{
    for (int i = 0; i < count; i++)
        if (!find(domains, names[i]))
            return false;
    return true;
}

int cmd_uptime(const struct cmd *cmd, int argc, char **argv)
{
    struct cmd_flags flags;
    int status;

    if (!cmd_flags(cmd, argc, argv, false, 0, -1, &flags, &status))
        return status;
    struct client_answer *answer = client_call("list", NULL, flags.json);
    if (!answer)
        return CMD_FAILED;
    yajl_val domains = json_get(client_result(answer), "domains");
    if (!are_there(domains, argv + optind, argc - optind)) {
        client_free(answer);
        return CMD_FAILED;
    }
    struct json_out *all = flags.json ? client_list() : NULL;
    if (!all)
        printf("%-24s %5s %s\n", "Name", "ID", "Uptime");
    for (size_t i = 0; optind == argc && YAJL_IS_ARRAY(domains) && i < YAJL_GET_ARRAY(domains)->len;
         i++)
        print_uptime(YAJL_GET_ARRAY(domains)->values[i], all);
    for (int i = optind; i < argc; i++)
        print_uptime(find(domains, argv[i]), all);
    client_print_list(all, true);
    client_free(answer);
    return CMD_OK;
}
