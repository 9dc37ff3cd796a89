/* SPDX-License-Identifier: MIT */
/*
 * JSON-RPC 2.0: reads a message, finds the method.
 *
 * Batches are not taken: clients may send many lines at once. Locks: none.
 */
#include "api.h"

#include <stdlib.h>
#include <string.h>

#include "api_method.h"

static const struct {
    const char *name;
    api_method *method;
} methods[] = {
    { "create", api_create },
    { "destroy", api_destroy },
    { "pause", api_pause },
    { "unpause", api_unpause },
    { "shutdown", api_shutdown },
    { "reboot", api_reboot },
    { "console", api_console },
    { "list", api_list },
    { "info", api_info },
    { "dmesg", api_dmesg },
    { "mem-set", api_mem_set },
    { "mem-max", api_mem_max },
    { "vcpu-set", api_vcpu_set },
    { "vcpu-pin", api_vcpu_pin },
    { "sched", api_sched },
    { "rename", api_rename },
    { "sysrq", api_sysrq },
    { "trigger", api_trigger },
    { "debug-keys", api_debug_keys },
    { "vcpu-list", api_vcpu_list },
    { "sched-list", api_sched_list },
    { "stats", api_stats },
    { "events", api_events },
    { "why", api_why },
    { "config", api_config },
    { "dump-core", api_dump_core },
    { "deaths", api_deaths },
    { "save", api_save },
    { "restore", api_restore },
    { "block-attach", api_block_attach },
    { "block-detach", api_block_detach },
    { "block-list", api_block_list },
    { "block-resize", api_block_resize },
    { "network-attach", api_network_attach },
    { "network-detach", api_network_detach },
    { "network-list", api_network_list },
    { "network-check", api_network_check },
};

/* The id as JSON text; NULL for a notification. */
static char *copy_id(yajl_val request)
{
    yajl_val id = json_get(request, "id");

    if (!id)
        return NULL;
    if (!YAJL_IS_STRING(id) && !YAJL_IS_NUMBER(id))
        return strdup("null");
    struct json_out *out = json_out_new(false);
    if (out)
        json_value(out, NULL, id);
    return json_take(out);
}

static void dispatch(yajl_val request, struct reply_to *reply)
{
    const char *name = json_get_string(request, "method");
    const char *version = json_get_string(request, "jsonrpc");

    if (!name || !version || strcmp(version, "2.0")) {
        reply_error(reply, RPC_INVALID_REQUEST, "this is not a JSON-RPC 2.0 request", NULL);
        return;
    }
    for (size_t i = 0; i < sizeof(methods) / sizeof(methods[0]); i++)
        if (!strcmp(methods[i].name, name)) {
            methods[i].method(json_get(request, "params"), reply);
            return;
        }
    reply_error(reply, RPC_METHOD_NOT_FOUND, "there is no such method: see domusd(8)", NULL);
}

void api_request(uint64_t conn, const char *line)
{
    struct reply_to reply = { .conn = conn };

    operation_name(reply.operation);
    char err[200];
    yajl_val request = json_parse(line, err, sizeof(err));

    if (!request) {
        reply.id = strdup("null");
        reply_error(&reply, RPC_PARSE_ERROR, "this is not JSON", NULL);
        return;
    }
    reply.id = copy_id(request);
    dispatch(request, &reply);
    reply_drop(&reply); /* of a method that has nothing to say */
    yajl_tree_free(request);
}
