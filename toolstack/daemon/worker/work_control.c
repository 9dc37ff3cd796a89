/* SPDX-License-Identifier: MIT */
/*
 * The jobs that change a running domain: pause, unpause, shut down, destroy.
 *
 * A domain that is not domusd's is found by name or number and changed only by force; it loses
 * what any domain has, not what another toolstack may keep about it. Runs in a worker. Locks:
 * none.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "life.h"
#include "tree.h"
#include "work.h"

#define DOMAINS_AT_ONCE 64

/* ---- finding the domain --------------------------------------------------------------- */

static bool is_number(const char *text, unsigned long *number)
{
    char *end;

    *number = strtoul(text, &end, 10);
    return *text >= '0' && *text <= '9' && !*end;
}

static bool matches(struct worker *w, const struct xen_domctl_getdomaininfo *info,
                    const char *typed)
{
    unsigned long number;

    if (is_number(typed, &number))
        return info->domain == number;
    char *name = tree_name(w->xs, info->domain);
    bool same = name && !strcmp(name, typed);
    free(name);
    return same;
}

static int find_foreign(struct worker *w, const char *typed, struct xen_domctl_getdomaininfo *found)
{
    struct xen_domctl_getdomaininfo infos[DOMAINS_AT_ONCE];
    domid_t first = 0;
    unsigned int count;
    int rc;

    while (!(rc = sysctl_get_domains(&w->control, first, DOMAINS_AT_ONCE, infos, &count)) &&
           count) {
        for (unsigned int i = 0; i < count; i++)
            if (matches(w, &infos[i], typed)) {
                *found = infos[i];
                return 0;
            }
        first = (domid_t)(infos[count - 1].domain + 1);
    }
    if (rc)
        return error_set(&w->error, rc, "cannot list the domains: %s", error_clause(rc));
    return error_set(&w->error, -ESRCH, "there is no domain '%s': see domus list", typed);
}

/* The number of the domain meant, after checking that it may be changed. */
static int resolve(struct worker *w, const struct domain_ref *ref, domid_t *domid)
{
    struct xen_domctl_getdomaininfo info;
    int rc = worker_need_control(w);

    if (!rc)
        rc = worker_need_store(w);
    if (rc)
        return rc;
    *domid = ref->domid;
    if (ref->ours)
        return 0;
    rc = find_foreign(w, ref->name, &info);
    if (rc)
        return rc;
    *domid = info.domain;
    if (info.domain == 0)
        return error_set(&w->error, -EPERM,
                         "domain 0 is the one that everything runs in: it "
                         "cannot be changed from here");
    if (!ref->force)
        return error_set(&w->error, -EPERM,
                         "domain '%s' (%u) was not made by domus: change it "
                         "with --force, or with the tool that made it",
                         ref->name, info.domain);
    return 0;
}

/* ---- the jobs ------------------------------------------------------------------------- */

static int hypercall(struct worker *w, const struct domain_ref *ref, const char *action,
                     int (*call)(struct control *ctl, domid_t domid))
{
    domid_t domid;
    int rc = resolve(w, ref, &domid);

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

int work_shutdown(struct worker *w, void *arg)
{
    const struct work_shutdown_args *args = arg;
    char feature[80];
    uint64_t offered = 0;
    domid_t domid;
    int rc = resolve(w, &args->ref, &domid);

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

static int destroy_foreign(struct worker *w, domid_t domid)
{
    struct xen_domctl_getdomaininfo info;
    int rc = domctl_get_info(&w->control, domid, &info);

    if (rc)
        return error_set(&w->error, rc, "domain %u: %s", domid, error_clause(rc));
    return life_tear_down(w, info.handle, "", domid, true);
}

int work_destroy(struct worker *w, void *args)
{
    const struct domain_ref *ref = args;
    struct domain_state state;
    domid_t domid;
    int rc = resolve(w, ref, &domid);

    if (rc)
        return rc;
    if (!ref->ours)
        return destroy_foreign(w, domid);
    if (!state_load(ref->uuid, &state, &w->error)) {
        state.phase = PHASE_ENDING;
        state_save(&state, NULL, &w->error);
    }
    error_clear(&w->error); /* without state it is destroyed all the same */
    return life_tear_down(w, ref->uuid, ref->name, domid, true);
}
