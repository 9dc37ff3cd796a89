/* SPDX-License-Identifier: MIT */
/* domus vcpu-list, vcpu-set, vcpu-pin. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "cli/client.h"
#include "cli/cmd.h"

#define VCPUS_MAX 8192 /* the hypervisor's limit for any kind of guest */

static void print_vcpu(yajl_val v)
{
    int64_t cpu = json_get_int(v, "cpu", -1);

    client_print_name(json_get_string(v, "name"), 24);
    printf(" %5" PRId64 " %5" PRId64 " ", json_get_int(v, "domid", -1), json_get_int(v, "vcpu", 0));
    if (cpu < 0)
        printf("%4s", "-");
    else
        printf("%4" PRId64, cpu);
    printf("  %-8s%9.1f  %s / %s\n", json_get_string(v, "state"),
           (double)json_get_int(v, "cpu_ns", 0) / 1e9, json_get_string(v, "hard"),
           json_get_string(v, "soft"));
}

/* The rows of one domain, or of all (which NULL). */
static int list_of(const char *which, bool head, bool json, struct json_out *all)
{
    struct json_out *params = client_params();

    json_string(params, "domain", which);
    struct client_answer *answer = client_call("vcpu-list", params, json);
    if (!answer)
        return CMD_FAILED;
    yajl_val rows = json_get(client_result(answer), "vcpus");
    if (!json && head)
        printf("%-24s %5s %5s %4s  %-8s%9s  %s\n", "Name", "ID", "VCPU", "CPU", "State", "Time(s)",
               "Affinity (hard / soft)");
    for (size_t i = 0; YAJL_IS_ARRAY(rows) && i < YAJL_GET_ARRAY(rows)->len; i++) {
        if (json)
            json_value(all, NULL, YAJL_GET_ARRAY(rows)->values[i]);
        else
            print_vcpu(YAJL_GET_ARRAY(rows)->values[i]);
    }
    client_free(answer);
    return CMD_OK;
}

int cmd_vcpu_list(const struct cmd *cmd, int argc, char **argv)
{
    struct cmd_flags flags;
    struct json_out *all = NULL;
    int status;

    if (!cmd_flags(cmd, argc, argv, false, 0, -1, &flags, &status))
        return status;
    if (flags.json)
        all = client_list();
    status = optind < argc ? CMD_OK : list_of(NULL, true, flags.json, all);
    for (int i = optind; i < argc && status == CMD_OK; i++)
        status = list_of(argv[i], i == optind, flags.json, all);
    client_print_list(all, status == CMD_OK);
    return status;
}

int cmd_vcpu_set(const struct cmd *cmd, int argc, char **argv)
{
    struct cmd_flags flags;
    long count;
    int status;

    if (!cmd_flags(cmd, argc, argv, true, 2, 2, &flags, &status))
        return status;
    if (!cmd_number(argv[optind + 1], "number of virtual CPUs", 1, VCPUS_MAX, &count))
        return CMD_FAILED;
    struct json_out *params = client_domain_params(argv[optind], flags.force);
    json_int(params, "vcpus", count);
    return client_do(cmd->name, params, flags.json);
}

int cmd_vcpu_pin(const struct cmd *cmd, int argc, char **argv)
{
    struct cmd_flags flags;
    long vcpu = -1;
    int status;

    if (!cmd_flags(cmd, argc, argv, true, 3, 4, &flags, &status))
        return status;
    char **args = argv + optind;
    if (strcmp(args[1], "all") &&
        !cmd_number(args[1], "number of a virtual CPU", 0, VCPUS_MAX - 1, &vcpu))
        return CMD_FAILED;
    struct json_out *params = client_domain_params(args[0], flags.force);
    json_int(params, "vcpu", vcpu);
    if (strcmp(args[2], "-"))
        json_string(params, "hard", args[2]);
    if (argc - optind == 4 && strcmp(args[3], "-"))
        json_string(params, "soft", args[3]);
    return client_do(cmd->name, params, flags.json);
}
