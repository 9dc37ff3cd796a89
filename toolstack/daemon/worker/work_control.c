/* SPDX-License-Identifier: MIT */
/*
 * The jobs that change a running domain: pause, unpause, shut down, destroy.
 *
 * A domain that is not domusd's loses what any domain has, not what another toolstack may keep
 * about it. Runs in a worker. Locks: none.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "death.h"
#include "find.h"
#include "life.h"
#include "tree.h"
#include "work.h"

static int hypercall(struct worker *w, const struct domain_ref *ref, const char *action,
                     int (*call)(struct control *ctl, domid_t domid))
{
    domid_t domid;
    int rc = find_changeable(w, ref, false, &domid);

    if (rc)
        return rc;
    rc = call(&w->control, domid);
    return rc ? error_set(&w->error, rc, "cannot %s domain '%s': %s", action, ref->name,
                          error_clause(rc))
              : 0;
}

/* The hypervisor counts pauses; the user has one. */
static int is_paused(struct control *ctl, domid_t domid, bool *paused)
{
    struct xen_domctl_getdomaininfo info;
    int rc = domctl_get_info(ctl, domid, &info);

    *paused = !rc && info.flags & XEN_DOMINF_paused;
    return rc;
}

static int pause_once(struct control *ctl, domid_t domid)
{
    bool paused;
    int rc = is_paused(ctl, domid, &paused);

    return rc || paused ? rc : domctl_pause(ctl, domid);
}

static int unpause_once(struct control *ctl, domid_t domid)
{
    bool paused;
    int rc = is_paused(ctl, domid, &paused);

    return rc || !paused ? rc : domctl_unpause(ctl, domid);
}

int work_pause(struct worker *w, void *args)
{
    return hypercall(w, args, "pause", pause_once);
}

int work_unpause(struct worker *w, void *args)
{
    return hypercall(w, args, "unpause", unpause_once);
}

/* What the last request says holds: after a reboot it goes on. */
static int set_final(struct worker *w, const uint8_t uuid[16], bool final)
{
    struct domain_state state;
    int rc = state_load(uuid, &state, &w->error);

    if (rc)
        return rc;
    if (state.final == final)
        return 0;
    state.final = final;
    return state_save(&state, NULL, &w->error);
}

int work_shutdown(struct worker *w, void *arg)
{
    const struct work_shutdown_args *args = arg;
    char feature[80];
    uint64_t offered = 0;
    domid_t domid;
    int rc = find_changeable(w, &args->ref, false, &domid);

    if (rc)
        return rc;
    rc = args->ref.ours ? set_final(w, args->ref.uuid, args->final) : 0;
    if (rc)
        return rc;
    snprintf(feature, sizeof(feature), "/local/domain/%u/control/feature-%s", domid, args->how);
    store_read_number(w->xs, XBT_NULL, &offered, "%s", feature);
    rc = store_write(w->xs, XBT_NULL, args->how, "/local/domain/%u/control/shutdown", domid);
    if (rc)
        return error_set(&w->error, rc, "cannot ask domain '%s' for its %s: %s", args->ref.name,
                         args->how, strerror(-rc));
    w->result = strdup(offered ? "{\"offered\":true}" : "{\"offered\":false}");
    return 0;
}

/* What xl keeps in the store beside what our own domains have too. */
static int remove_nodes_of_xl(struct worker *w, domid_t domid)
{
    static const char *const folders[] = { "/libxl", "/local/domain/0/backend/console",
                                           "/local/domain/0/device-model" };

    for (size_t i = 0; i < sizeof(folders) / sizeof(folders[0]); i++) {
        int rc = store_remove(w->xs, XBT_NULL, "%s/%u", folders[i], domid);

        if (rc)
            return error_set(&w->error, rc, "cannot remove %s/%u from the store: %s", folders[i],
                             domid, strerror(-rc));
    }
    return 0;
}

static int destroy_foreign(struct worker *w, domid_t domid)
{
    struct xen_domctl_getdomaininfo info;
    int rc = domctl_get_info(&w->control, domid, &info);

    if (rc)
        return error_set(&w->error, rc, "domain %u: %s", domid, error_clause(rc));
    rc = life_tear_down(w, info.handle, "", domid, true);
    return rc ? rc : remove_nodes_of_xl(w, domid);
}

int work_destroy(struct worker *w, void *args)
{
    const struct domain_ref *ref = args;
    struct domain_state state;
    domid_t domid;
    int rc = find_changeable(w, ref, false, &domid);

    if (rc)
        return rc;
    if (!ref->ours)
        return destroy_foreign(w, domid);
    const struct death death = {
        .uuid = ref->uuid,
        .name = ref->name,
        .domid = domid,
        .reason = "was destroyed on request",
        .action = "destroy",
    };
    free(death_record(w, &death));
    if (!state_load(ref->uuid, &state, &w->error)) {
        state.phase = PHASE_ENDING;
        state_save(&state, NULL, &w->error);
    }
    error_clear(&w->error); /* without state it is destroyed all the same */
    return life_tear_down(w, ref->uuid, ref->name, domid, true);
}
