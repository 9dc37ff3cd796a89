/* SPDX-License-Identifier: MIT */
/* domus mem-set, domus mem-max: how much memory a domain shall use, and may have. */
#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/client.h"
#include "cli/cmd.h"

#define DEFAULT_WAIT_S 60

/* "512", "512m", "524288k", "1g", "1t" */
static bool read_size(const char *text, int64_t *kib)
{
    static const struct {
        char letter;
        int shift; /* from the unit to KiB */
    } units[] = { { '\0', 10 }, { 'k', 0 }, { 'm', 10 }, { 'g', 20 }, { 't', 30 } };
    char *end;

    errno = 0;
    unsigned long long value = strtoull(text, &end, 10);
    int letter = tolower((unsigned char)*end);
    for (size_t i = 0; isdigit((unsigned char)*text) && !errno && i < 5; i++)
        if (letter == units[i].letter && (!*end || !end[1]) &&
            value <= (uint64_t)INT64_MAX >> units[i].shift) {
            *kib = (int64_t)(value << units[i].shift);
            return true;
        }
    cmd_fail("'%s' is not a size: give MiB, or a number that ends in k, m, g or t", text);
    return false;
}

static int print_result(yajl_val result, bool waited, bool json)
{
    const char *warning = json_get_string(result, "warning");

    if (warning)
        cmd_warn("warning: %s", warning);
    if (json)
        client_print_json(result);
    else if (waited)
        printf("domain '%s' has %" PRId64 " MiB\n", json_get_string(result, "name"),
               json_get_int(result, "memory_kib", 0) / 1024);
    return waited && warning ? CMD_FAILED : CMD_OK;
}

int cmd_mem(const struct cmd *cmd, int argc, char **argv)
{
    bool force = false, wait = false, json = false, can_wait = !strcmp(cmd->name, "mem-set");
    long timeout = DEFAULT_WAIT_S;
    const struct cmd_option options[] = {
        CMD_SWITCH("force", 0, &force),
        CMD_SWITCH(can_wait ? "wait" : NULL, 'w', &wait),
        CMD_NUMBER("timeout", 't', &timeout, "timeout", 1, 86399),
        CMD_END,
    };
    int64_t kib;
    int status;

    if (!cmd_read(cmd, argc, argv, options, &json, 2, 2, &status))
        return status;
    if (!read_size(argv[optind + 1], &kib))
        return CMD_FAILED;
    struct json_out *params = client_domain_params(argv[optind], force);
    json_int(params, "kib", kib);
    json_int(params, "wait_s", wait ? timeout : 0);
    struct client_answer *answer = client_call(cmd->name, params, json);
    if (!answer)
        return CMD_FAILED;
    status = print_result(client_result(answer), wait, json);
    client_free(answer);
    return status;
}
