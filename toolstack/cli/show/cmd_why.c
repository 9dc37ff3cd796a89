/* SPDX-License-Identifier: MIT */
/* domus why: what still holds a domain that is dying. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/client.h"
#include "cli/cmd.h"
#include "why_processes.h"

#define GRANTS_SHOWN 16u

static size_t length(yajl_val array)
{
    return YAJL_IS_ARRAY(array) ? YAJL_GET_ARRAY(array)->len : 0;
}

static void print_grants(yajl_val grants)
{
    for (size_t i = 0; i < length(grants) && i < GRANTS_SHOWN; i++) {
        yajl_val g = YAJL_GET_ARRAY(grants)->values[i];

        printf("  grant %" PRId64 " (frame %s) is used by domain %" PRId64 "\n",
               json_get_int(g, "ref", 0), json_get_string(g, "frame"), json_get_int(g, "user", -1));
    }
    if (length(grants) > GRANTS_SHOWN)
        printf("  and %zu grants more\n", length(grants) - GRANTS_SHOWN);
}

static void print_holders(yajl_val result)
{
    yajl_val backends = json_get(result, "backends"), processes = json_get(result, "processes");

    print_grants(json_get(result, "grants"));
    for (size_t i = 0; i < length(backends); i++) {
        yajl_val b = YAJL_GET_ARRAY(backends)->values[i];

        printf("  the backend of %s %" PRId64 " is %s\n", json_get_string(b, "kind"),
               json_get_int(b, "id", 0), json_get_string(b, "state"));
    }
    for (size_t i = 0; i < length(processes); i++) {
        yajl_val p = YAJL_GET_ARRAY(processes)->values[i];

        printf("  process %" PRId64 " (", json_get_int(p, "pid", 0));
        client_print_name(json_get_string(p, "name"), 0);
        printf(") maps %" PRId64 " granted and %" PRId64 " other pages of domains\n",
               json_get_int(p, "granted_pages", 0), json_get_int(p, "foreign_pages", 0));
    }
}

static void print_head(yajl_val result)
{
    const char *name = json_get_string(result, "name"), *state = json_get_string(result, "state");
    bool dying = state && !strcmp(state, "dying");

    printf("domain %" PRId64, json_get_int(result, "domid", -1));
    if (name) {
        printf(" (");
        client_print_name(name, 0);
        putchar(')');
    }
    printf(" is %s, with %" PRId64 " pages%s\n", state, json_get_int(result, "pages", 0),
           dying ? " left; it vanishes when these let go:" : "; in use besides by itself are:");
}

/* domusd's answer and what only we can see; NULL if memory is short. */
static yajl_val add_processes(yajl_val result)
{
    struct json_out *out = json_out_new(false);
    char *text, err[100];
    yajl_val whole;

    if (!out)
        return NULL;
    json_open_object(out, NULL);
    for (size_t i = 0; YAJL_IS_OBJECT(result) && i < YAJL_GET_OBJECT(result)->len; i++)
        json_value(out, YAJL_GET_OBJECT(result)->keys[i], YAJL_GET_OBJECT(result)->values[i]);
    why_put_processes(out);
    json_close_object(out);
    text = json_take(out);
    whole = text ? json_parse(text, err, sizeof(err)) : NULL;
    free(text);
    return whole;
}

int cmd_why(const struct cmd *cmd, int argc, char **argv)
{
    struct cmd_flags flags;
    int status;

    if (!cmd_flags(cmd, argc, argv, false, 1, 1, &flags, &status))
        return status;
    struct client_answer *answer =
        client_call(cmd->name, client_domain_params(argv[optind], false), flags.json);
    if (!answer)
        return CMD_FAILED;
    yajl_val whole = add_processes(client_result(answer));
    client_free(answer);
    if (!whole)
        return cmd_fail("there is not enough memory");
    if (flags.json) {
        client_print_json(whole);
    } else {
        print_head(whole);
        print_holders(whole);
    }
    yajl_tree_free(whole);
    return CMD_OK;
}
