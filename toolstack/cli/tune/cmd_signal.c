/* SPDX-License-Identifier: MIT */
/* domus sysrq, trigger, debug-keys: keys and signals, for guests and for the hypervisor. */
#include <stdio.h>
#include <string.h>

#include "cli/client.h"
#include "cli/cmd.h"

int cmd_sysrq(const struct cmd *cmd, int argc, char **argv)
{
    struct cmd_flags flags;
    int status;

    if (!cmd_flags(cmd, argc, argv, true, 2, 2, &flags, &status))
        return status;
    struct json_out *params = client_domain_params(argv[optind], flags.force);
    json_string(params, "letter", argv[optind + 1]);
    return client_do(cmd->name, params, flags.json);
}

int cmd_trigger(const struct cmd *cmd, int argc, char **argv)
{
    struct cmd_flags flags;
    long vcpu = 0;
    int status;

    if (!cmd_flags(cmd, argc, argv, true, 2, 3, &flags, &status))
        return status;
    if (argc - optind == 3 &&
        !cmd_number(argv[optind + 2], "number of a virtual CPU", 0, 8191, &vcpu))
        return CMD_FAILED;
    struct json_out *params = client_domain_params(argv[optind], flags.force);
    json_string(params, "trigger", argv[optind + 1]);
    json_int(params, "vcpu", vcpu);
    return client_do(cmd->name, params, flags.json);
}

int cmd_debug_keys(const struct cmd *cmd, int argc, char **argv)
{
    struct cmd_flags flags;
    int status;

    if (!cmd_flags(cmd, argc, argv, false, 1, 1, &flags, &status))
        return status;
    struct json_out *params = client_params();
    json_string(params, "keys", argv[optind]);
    return client_show_text(cmd->name, params, "text", flags.json);
}
