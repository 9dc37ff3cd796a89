/* SPDX-License-Identifier: MIT */
/* The table of methods; private to api*.c. */
#ifndef DOMUSD_API_METHOD_H
#define DOMUSD_API_METHOD_H

#include "conn.h"
#include "job.h"
#include "json.h"
#include "worker/work.h"

/* JSON-RPC's own error codes. */
#define RPC_PARSE_ERROR      (-32700)
#define RPC_INVALID_REQUEST  (-32600)
#define RPC_METHOD_NOT_FOUND (-32601)
#define RPC_INVALID_PARAMS   (-32602)

/* Each takes over *reply. params may be NULL. */
typedef void api_method(yajl_val params, struct reply_to *reply);

api_method api_create, api_destroy, api_pause, api_unpause, api_shutdown, api_reboot, api_console;
api_method api_save, api_restore;
api_method api_mem_set, api_mem_max, api_vcpu_set, api_vcpu_pin, api_sched, api_rename, api_sysrq;
api_method api_trigger, api_debug_keys, api_vcpu_list, api_sched_list, api_stats;
api_method api_why, api_config, api_dump_core, api_events, api_deaths;
api_method api_list, api_info, api_dmesg;
api_method api_block_attach, api_block_detach, api_block_list, api_block_resize;
api_method api_network_attach, api_network_detach, api_network_list, api_network_check;

/* Reads the parameters domain and force: which domain is meant, and the key of its jobs. False
 * after an error has been answered. */
bool api_fill_ref(yajl_val params, struct domain_ref *ref, char key[JOB_KEY_MAX],
                  struct reply_to *reply);

/* Submits the job that spec describes on the domain that the parameters name, and takes over
 * spec->args, which begin with a struct domain_ref to be filled in (NULL: memory was short). The
 * job's result is the answer. */
void api_change(yajl_val params, struct reply_to *reply, const struct job *spec);

/* Submits a job that only asks; takes over args (freed with free()). */
void api_query(struct reply_to *reply, const char *name, int (*work)(struct worker *w, void *args),
               void *args);

#endif
