/* SPDX-License-Identifier: MIT */
/*
 * What the jobs that change a running domain's devices have in common.
 *
 * Runs in a worker. Locks: none; one worker a domain.
 */
#include "device_change.h"

#include <errno.h>
#include <string.h>

#include "daemon/worker/find.h"
#include "device_settle.h"
#include "json.h"

static int check_runs(struct device_change *c, domid_t domid)
{
    struct xen_domctl_getdomaininfo info;
    int rc = domctl_get_info(&c->w->control, domid, &info);

    if (rc)
        return error_set(&c->w->error, rc, "domain '%s': %s", c->args->ref.name, error_clause(rc));
    if (info.flags & (XEN_DOMINF_shutdown | XEN_DOMINF_dying))
        return error_set(&c->w->error, -EHOSTDOWN,
                         "domain '%s' has ended: its devices cannot be changed any more",
                         c->args->ref.name);
    c->paused = info.flags & XEN_DOMINF_paused;
    return 0;
}

int device_change_begin(struct device_change *c)
{
    struct worker *w = c->w;
    const struct domain_ref *ref = &c->args->ref;
    char uuid[37];
    domid_t domid;
    int rc = find_changeable(w, ref, false, &domid);

    if (rc)
        return rc;
    if (!ref->ours)
        return error_set(&w->error, -EPERM,
                         "domain '%s' was not made by domus: change its devices with the tool that "
                         "made it",
                         ref->name);
    rc = state_load(ref->uuid, &c->state, &w->error);
    if (!rc && c->state.phase != PHASE_RUNNING)
        rc = error_set(&w->error, -EHOSTDOWN,
                       "domain '%s' is not running: its devices cannot be changed", ref->name);
    if (!rc)
        rc = check_runs(c, domid);
    if (!rc)
        rc = state_load_config(ref->uuid, &c->cfg, &w->error);
    if (rc)
        return rc;
    config_uuid_format(ref->uuid, uuid);
    disk_mark_prefix(uuid, c->mark);
    rc = device_settle(w, &c->state, &c->cfg);
    if (rc)
        config_free(&c->cfg);
    return rc;
}

int device_change_stop(void *arg)
{
    struct device_change *c = arg;
    struct xen_domctl_getdomaininfo info;
    int rc;

    worker_poll(c->w);
    rc = domctl_get_info(&c->w->control, c->state.domid, &info);
    return c->w->ending || rc || info.flags & (XEN_DOMINF_shutdown | XEN_DOMINF_dying);
}

int device_change_finish(struct device_change *c, int rc)
{
    if (rc == -EINTR)
        error_set(&c->w->error, rc, "it ended before %s had changed", c->dev.label);
    if (rc)
        error_prefix(&c->w->error, "domain '%s'", c->args->ref.name);
    config_free(&c->cfg);
    return rc;
}

void device_change_answer(struct device_change *c)
{
    struct json_out *out = json_out_new(false);

    if (!out)
        return; /* it is done; only the answer is empty */
    json_open_object(out, NULL);
    json_int(out, "domid", c->state.domid);
    json_string(out, "kind", c->dev.kind);
    json_int(out, "id", c->dev.id);
    json_string(out, "label", c->dev.label);
    json_bool(out, "paused", c->paused);
    json_close_object(out);
    c->w->result = json_take(out);
}
