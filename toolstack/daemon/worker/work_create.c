/* SPDX-License-Identifier: MIT */
/*
 * The job that creates a domain.
 *
 * Runs in a worker. Locks: none.
 */
#include <stdlib.h>
#include <string.h>

#include "json.h"
#include "life.h"
#include "work.h"

int work_create(struct worker *w, void *arg)
{
    struct work_create_args *args = arg;
    struct life_up up = {
        .cfg = &args->cfg,
        .origin = args->origin[0] ? args->origin : NULL,
        .paused = args->paused,
        .wait = args->wait,
        .image = args->image,
    };
    struct life_result result;
    char uuid[37];
    int rc = life_choose_macs(w, &args->cfg);

    if (!rc)
        rc = life_bring_up(w, &up, &result);
    if (rc)
        return rc;
    config_uuid_format(args->cfg.uuid, uuid);
    struct json_out *out = json_out_new(false);
    if (!out)
        return 0; /* the domain is there; only the answer is empty */
    json_open_object(out, NULL);
    json_string(out, "name", args->cfg.name);
    json_int(out, "domid", result.domid);
    json_string(out, "uuid", uuid);
    json_bool(out, "paused", args->paused);
    if (result.warning[0])
        json_string(out, "warning", result.warning);
    json_close_object(out);
    w->result = json_take(out);
    return 0;
}
