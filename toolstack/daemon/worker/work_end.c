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

#include "death.h"
#include "dump.h"
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
    struct domain_config cfg; /* as it is now */
    uint64_t first_mib;       /* its memory when it was created */
    char *origin;             /* its file, or NULL */
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
    case SHUTDOWN_soft_reset:
        return end->cfg.on_soft_reset;
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

/* A domain that ends again and again at once would keep the machine busy for ever; one that crashes
 * again and again does nobody any good. */
static bool ends_too_often(struct ending *end)
{
    struct domain_state *state = &end->state;
    uint64_t now = (uint64_t)time(NULL);
    bool failed = end->args->reason == SHUTDOWN_crash || end->args->reason == SHUTDOWN_watchdog;

    if (now >= state->started + QUICK_END_S)
        state->quick_ends = 0;
    else
        state->quick_ends++;
    if (failed && now >= state->failing_since + end->cfg.restart_window_s) {
        state->failing_since = now;
        state->failures = 0;
    }
    state->failures += failed;
    if (state->quick_ends >= MAX_QUICK_ENDS)
        log_line("domain '%s' has ended %u times within %d s of its start", end->args->name,
                 state->quick_ends, QUICK_END_S);
    else if (failed && end->cfg.restart_limit && state->failures > end->cfg.restart_limit)
        log_line("domain '%s' has crashed %u times within %u s (restart_limit=%u)", end->args->name,
                 state->failures, end->cfg.restart_window_s, end->cfg.restart_limit);
    else
        return false;
    return true;
}

static int start_again(struct ending *end)
{
    struct life_up up = { .cfg = &end->cfg, .origin = end->origin, .before = &end->state };
    struct life_result result;
    int rc = life_bring_up(end->w, &up, &result);

    if (rc && end->cfg.memory_mib != end->first_mib) {
        log_line("%s; domain '%s' gets the memory of its file", error_text(&end->w->error),
                 end->cfg.name);
        error_clear(&end->w->error);
        end->cfg.memory_mib = end->first_mib;
        rc = life_bring_up(end->w, &up, &result);
    }

    if (!rc)
        log_line("domain '%s' was started again as %u", end->cfg.name, result.domid);
    return rc;
}

static int do_restart(struct ending *end)
{
    if (ends_too_often(end)) {
        log_line("domain '%s' is not started again: it is destroyed", end->args->name);
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

static int do_coredump_destroy(struct ending *end)
{
    dump_dead(end->w, end->args->domid, end->args->name);
    return do_destroy(end);
}

static int do_coredump_restart(struct ending *end)
{
    dump_dead(end->w, end->args->domid, end->args->name);
    return do_restart(end);
}

static int (*const actions[ACTION_COUNT])(struct ending *end) = {
    [ACTION_DESTROY] = do_destroy,
    [ACTION_RESTART] = do_restart,
    [ACTION_RENAME_RESTART] = do_rename_restart,
    [ACTION_PRESERVE] = do_preserve,
    [ACTION_COREDUMP_DESTROY] = do_coredump_destroy,
    [ACTION_COREDUMP_RESTART] = do_coredump_restart,
};

/* While the domain is still there to be asked. */
static void record(struct ending *end, const char *reason, const char *action)
{
    bool crashed = end->args->exists && end->args->reason == SHUTDOWN_crash;
    const struct death death = {
        .uuid = end->args->uuid,
        .name = end->args->name,
        .domid = end->args->domid,
        .reason = reason,
        .action = action,
        .started = end->state.started,
        .kernel = end->cfg.kernel,
        .crashed = crashed,
    };
    char *text = death_record(end->w, &death);

    log_line("domain '%s' (%u) %s: %s%s", end->args->name, end->args->domid, reason, action,
             text ? text : "");
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

static int load_config(struct ending *end)
{
    const uint8_t *uuid = end->args->uuid;
    int rc = state_load_config(uuid, &end->cfg, &end->w->error);

    if (rc)
        return rc;
    end->first_mib = end->cfg.memory_mib;
    config_free(&end->cfg);
    end->origin = state_load_origin(uuid);
    return life_current_config(end->w, uuid, end->args->domid, &end->cfg);
}

int work_end(struct worker *w, void *arg)
{
    struct ending end = { .w = w, .args = arg };
    int rc = state_load(end.args->uuid, &end.state, &w->error);
    bool half_done = rc || end.state.phase == PHASE_BUILDING || end.state.phase == PHASE_ENDING;

    if (half_done || !end.args->exists) {
        error_clear(&w->error);
        if (!half_done)
            record(&end, "was destroyed by another tool", "destroy");
        return tear_down(&end, true);
    }
    if (end.args->reason == SHUTDOWN_suspend && end.state.phase == PHASE_SAVING)
        return go_on(&end);
    rc = load_config(&end);
    if (rc) {
        log_line("%s; domain '%s' is destroyed", error_text(&w->error), end.args->name);
        error_clear(&w->error);
        return tear_down(&end, true);
    }
    enum config_action action = end.state.final ? ACTION_DESTROY : action_for(&end);
    record(&end, life_reason_name(end.args->reason), config_action_name(action));
    rc = actions[action](&end);
    config_free(&end.cfg);
    free(end.origin);
    return rc;
}
