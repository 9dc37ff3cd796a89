/* SPDX-License-Identifier: MIT */
/*
 * The methods that show the host and what runs on it.
 *
 * Locks: none.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "api_method.h"
#include "job.h"
#include "worker/death.h"
#include "worker/work.h"

#define QUERY_MS 60000

void api_query(struct reply_to *reply, const char *name, int (*work)(struct worker *w, void *args),
               void *args)
{
    struct job job = { .name = name,
                       .timeout_ms = QUERY_MS,
                       .work = work,
                       .args = args,
                       .free_args = free,
                       .reply = *reply };

    *reply = (struct reply_to){ 0 };
    job_submit(&job);
}

void api_list(yajl_val params, struct reply_to *reply)
{
    (void)params;
    api_query(reply, "list", work_list, NULL);
}

void api_info(yajl_val params, struct reply_to *reply)
{
    (void)params;
    api_query(reply, "info", work_info, NULL);
}

void api_dmesg(yajl_val params, struct reply_to *reply)
{
    bool *clear = malloc(sizeof(*clear));

    if (!clear) {
        reply_error(reply, -ENOMEM, "domusd has not enough memory", NULL);
        return;
    }
    *clear = json_get_bool(params, "clear");
    api_query(reply, "dmesg", work_dmesg, clear);
}

void api_stats(yajl_val params, struct reply_to *reply)
{
    (void)params;
    api_query(reply, "stats", work_stats, NULL);
}

/* A query whose argument is a text. */
static void query_text(struct reply_to *reply, const char *name,
                       int (*work)(struct worker *w, void *args), const char *text)
{
    char *copy = strdup(text ? text : "");

    if (copy)
        api_query(reply, name, work, copy);
    else
        reply_error(reply, -ENOMEM, "domusd has not enough memory", NULL);
}

void api_vcpu_list(yajl_val params, struct reply_to *reply)
{
    query_text(reply, "vcpu-list", work_vcpu_list, json_get_string(params, "domain"));
}

void api_why(yajl_val params, struct reply_to *reply)
{
    query_text(reply, "why", work_why, json_get_string(params, "domain"));
}

void api_sched_list(yajl_val params, struct reply_to *reply)
{
    query_text(reply, "sched-list", work_sched_list, json_get_string(params, "domain"));
}

void api_debug_keys(yajl_val params, struct reply_to *reply)
{
    query_text(reply, "debug-keys", work_debug_keys, json_get_string(params, "keys"));
}

void api_deaths(yajl_val params, struct reply_to *reply)
{
    (void)params;
    api_query(reply, "deaths", work_deaths, NULL);
}
