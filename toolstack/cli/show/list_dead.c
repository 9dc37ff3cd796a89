/* SPDX-License-Identifier: MIT */
/* domus list --dead: how domains have ended. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "cli/client.h"
#include "cli/cmd.h"

static void print_death(yajl_val d)
{
    const char *rip = json_get_string(d, "rip"), *symbol = json_get_string(d, "symbol");
    time_t when = (time_t)json_get_int(d, "time_s", 0);
    int64_t lived = json_get_int(d, "lived_s", -1);
    char text[32] = "";
    struct tm tm;

    if (gmtime_r(&when, &tm))
        strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%SZ", &tm);
    printf("%s  ", text);
    client_print_name(json_get_string(d, "name"), 16);
    printf(" %5" PRId64 " ", json_get_int(d, "domid", -1));
    if (lived < 0)
        printf("%9s", "-");
    else
        printf("%8" PRId64 "s", lived);
    printf("  %s: %s", json_get_string(d, "reason"), json_get_string(d, "action"));
    if (rip) {
        printf(", vCPU %" PRId64 " at %s", json_get_int(d, "vcpu", 0), rip);
        if (symbol)
            printf(" (%s)", symbol);
    }
    putchar('\n');
}

int list_dead(const char *which, bool json)
{
    struct client_answer *answer = client_call("deaths", NULL, json);
    struct json_out *all;

    if (!answer)
        return CMD_FAILED;
    yajl_val deaths = json_get(client_result(answer), "deaths");
    all = json ? client_list() : NULL;
    if (!json)
        printf("%-20s  %-16s %5s %9s  %s\n", "Time", "Name", "ID", "Lived", "End");
    for (size_t i = 0; YAJL_IS_ARRAY(deaths) && i < YAJL_GET_ARRAY(deaths)->len; i++) {
        yajl_val d = YAJL_GET_ARRAY(deaths)->values[i];

        if (which && !client_domain_is(d, which))
            continue;
        if (json)
            json_value(all, NULL, d);
        else
            print_death(d);
    }
    client_print_list(all, true);
    client_free(answer);
    return CMD_OK;
}
