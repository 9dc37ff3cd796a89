/* SPDX-License-Identifier: MIT */
/*
 * The methods that show the host and what runs on it.
 *
 * Locks: none.
 */
#include <errno.h>
#include <stdlib.h>

#include "api_method.h"
#include "job.h"
#include "worker/work.h"

#define QUERY_MS 60000

static void query(struct reply_to *reply, const char *name,
                  int (*work)(struct worker *w, void *args), void *args)
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
    query(reply, "list", work_list, NULL);
}

void api_info(yajl_val params, struct reply_to *reply)
{
    (void)params;
    query(reply, "info", work_info, NULL);
}

void api_dmesg(yajl_val params, struct reply_to *reply)
{
    bool *clear = malloc(sizeof(*clear));

    if (!clear) {
        reply_error(reply, -ENOMEM, "domusd has not enough memory", NULL);
        return;
    }
    *clear = json_get_bool(params, "clear");
    query(reply, "dmesg", work_dmesg, clear);
}
