/* SPDX-License-Identifier: MIT */
/*
 * The job that follows a domain's end: what its file says under on_poweroff, on_reboot, on_crash
 * and on_watchdog.
 *
 * Also finishes what an earlier job has left half-done: a domain whose state says that it was being
 * built or taken away is taken away. Runs in a worker. Locks: none.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>

#include <xen/sched.h>

#include "life.h"
#include "daemon/log.h"
#include "tree.h"
#include "work.h"

#define QUICK_END_S    10 /* an end sooner than this after the start is quick */
#define MAX_QUICK_ENDS 3  /* so many in a row, and it is not started again */

struct ending {
    struct worker *w;
    const struct work_end_args *args;
    struct domain_state state;
    struct domain_config cfg;
};

static enum config_action action_for(const struct ending *end)
{
    switch (end->args->reason) {
    case SHUTDOWN_poweroff:
        return end->cfg.on_poweroff;
    case SHUTDOWN_reboot:
        return end->cfg.on_reboot;
    case SHUTDOWN_suspend:
        return ACTION_PRESERVE; /* it can be resumed, and nobody asked for its end */
    case SHUTDOWN_watchdog:
        return end->cfg.on_watchdog;
    default:
        return end->cfg.on_crash;
    }
}

static int tear_down(struct ending *end, bool final)
{
    return life_tear_down(end->w, end->args->uuid, end->args->name, end->args->domid, final);
}

static void note_phase(struct ending *end, const char *name, enum domain_phase phase)
{
    struct domain_note n = { .domid = end->args->domid, .phase = (uint8_t)phase };

    memcpy(n.uuid, end->args->uuid, 16);
    snprintf(n.name, sizeof(n.name), "%s", name);
    worker_send_domain(end->w, NOTE_DOMAIN, &n);
}

/* ---- the actions ---------------------------------------------------------------------- */

static int do_destroy(struct ending *end)
{
    return tear_down(end, true);
}

static int do_preserve(struct ending *end)
{
    end->state.phase = PHASE_PRESERVED;
    int rc = state_save(&end->state, NULL, &end->w->error);
    if (!rc)
        note_phase(end, end->args->name, PHASE_PRESERVED);
    return rc;
}

/* A domain that ends again and again at once would keep the machine busy for ever. */
static bool ends_too_often(struct ending *end)
{
    uint64_t now = (uint64_t)time(NULL);

    if (now >= end->state.started + QUICK_END_S)
        end->state.quick_ends = 0;
    else
        end->state.quick_ends++;
    return end->state.quick_ends >= MAX_QUICK_ENDS;
}

static int start_again(struct ending *end)
{
    struct life_up up = { .cfg = &end->cfg, .quick_ends = end->state.quick_ends };
    struct life_result result;
    int rc = life_bring_up(end->w, &up, &result);

    if (!rc)
        log_line("domain '%s' was started again as %u", end->cfg.name, result.domid);
    return rc;
}

static int do_restart(struct ending *end)
{
    if (ends_too_often(end)) {
        log_line("domain '%s' has ended %u times within %d s of its start: it is destroyed",
                 end->args->name, end->state.quick_ends, QUICK_END_S);
        return tear_down(end, true);
    }
    end->state.phase = PHASE_ENDING;
    int rc = state_save(&end->state, NULL, &end->w->error);
    if (!rc)
        rc = tear_down(end, false);
    if (!rc)
        rc = start_again(end);
    if (rc) {
        struct error first = end->w->error;

        life_tear_down(end->w, end->args->uuid, end->args->name, DOMID_INVALID, true);
        end->w->error = first;
    }
    return rc;
}

/* The old one keeps its UUID and is kept under the name <name>-<domid>; the new one gets the
 * name, with a UUID of its own. */
static int do_rename_restart(struct ending *end)
{
    char old_name[CONFIG_NAME_MAX];
    int rc;

    if (ends_too_often(end))
        return do_preserve(end);
    snprintf(old_name, sizeof(old_name), "%.50s-%u", end->args->name, end->args->domid);
    rc = worker_need_store(end->w);
    if (!rc)
        rc = tree_rename(end->w->xs, end->args->domid, end->args->uuid, old_name, &end->w->error);
    if (rc)
        return rc;
    struct domain_config old = end->cfg; /* shares its strings for a moment */
    memcpy(old.name, old_name, sizeof(old.name));
    end->state.phase = PHASE_PRESERVED;
    rc = state_save(&end->state, &old, &end->w->error);
    if (rc)
        return rc;
    note_phase(end, old_name, PHASE_PRESERVED);
    if (getrandom(end->cfg.uuid, sizeof(end->cfg.uuid), GRND_INSECURE) != sizeof(end->cfg.uuid))
        return error_set(&end->w->error, -EIO, "the kernel gives no random numbers");
    return start_again(end);
}

static int (*const actions[ACTION_COUNT])(struct ending *end) = {
    [ACTION_DESTROY] = do_destroy,
    [ACTION_RESTART] = do_restart,
    [ACTION_RENAME_RESTART] = do_rename_restart,
    [ACTION_PRESERVE] = do_preserve,
};

/* While the domain is still there to be asked. */
static void log_crash(struct ending *end)
{
    char *text = NULL;

    if (!worker_need_control(end->w))
        text = life_explain_crash(end->w, end->args->domid, end->args->name, 0);
    log_line("domain '%s' (%u) crashed%s", end->args->name, end->args->domid, text ? text : "");
    free(text);
}

/* Whoever was saving it has not come to an end. */
static int go_on(struct ending *end)
{
    int rc = worker_need_control(end->w);

    if (!rc)
        rc = worker_need_store(end->w);
    if (!rc)
        rc = life_resume(end->w, end->args->domid, end->args->name);
    if (rc)
        return rc;
    end->state.phase = PHASE_RUNNING;
    note_phase(end, end->args->name, PHASE_RUNNING);
    log_line("domain '%s' (%u) was not saved, and goes on", end->args->name, end->args->domid);
    return state_save(&end->state, NULL, &end->w->error);
}

int work_end(struct worker *w, void *arg)
{
    struct ending end = { .w = w, .args = arg };
    int rc = state_load(end.args->uuid, &end.state, &w->error);
    bool half_done = rc || end.state.phase == PHASE_BUILDING || end.state.phase == PHASE_ENDING;

    if (half_done || !end.args->exists) {
        error_clear(&w->error);
        return tear_down(&end, true);
    }
    if (end.args->reason == SHUTDOWN_suspend && end.state.phase == PHASE_SAVING)
        return go_on(&end);
    rc = state_load_config(end.args->uuid, &end.cfg, &w->error);
    if (rc) {
        log_line("%s; domain '%s' is destroyed", error_text(&w->error), end.args->name);
        error_clear(&w->error);
        return tear_down(&end, true);
    }
    enum config_action action = action_for(&end);
    log_line("domain '%s' (%u) %s: %s", end.args->name, end.args->domid,
             life_reason_name(end.args->reason), config_action_name(action));
    if (end.args->reason == SHUTDOWN_crash)
        log_crash(&end);
    rc = actions[action](&end);
    config_free(&end.cfg);
    return rc;
}
