/* SPDX-License-Identifier: MIT */
/* The table of methods; private to api*.c. */
#ifndef DOMUSD_API_METHOD_H
#define DOMUSD_API_METHOD_H

#include "conn.h"
#include "json.h"

/* JSON-RPC's own error codes. */
#define RPC_PARSE_ERROR      (-32700)
#define RPC_INVALID_REQUEST  (-32600)
#define RPC_METHOD_NOT_FOUND (-32601)
#define RPC_INVALID_PARAMS   (-32602)

/* Each takes over *reply. params may be NULL. */
typedef void api_method(yajl_val params, struct reply_to *reply);

api_method api_create, api_destroy, api_pause, api_unpause, api_shutdown, api_reboot, api_console;
api_method api_save, api_restore;
api_method api_list, api_info, api_dmesg;

#endif
