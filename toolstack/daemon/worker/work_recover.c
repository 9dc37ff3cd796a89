/* SPDX-License-Identifier: MIT */
/*
 * The job that comes first: what a domusd before this one has left.
 *
 * Domains that run are taken up again, what was half-done is undone or finished. Nothing else runs
 * meanwhile. Runs in a worker. Locks: none.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "device/disk_attach.h"
#include "attach/device_settle.h"
#include "dump.h"
#include "life.h"
#include "daemon/log.h"
#include "tree.h"
#include "work.h"

static bool is_alive(struct worker *w, const struct domain_state *state)
{
    struct xen_domctl_getdomaininfo info;

    return state->domid != DOMID_INVALID && !domctl_get_info(&w->control, state->domid, &info) &&
           !memcmp(info.handle, state->uuid, 16) && !(info.flags & XEN_DOMINF_dying);
}

/* A domain that runs, or is kept after its end: the table gets it, and its console. */
static void take_up(struct worker *w, const struct domain_state *state, struct domain_config *cfg)
{
    const char *name = cfg->name;
    struct domain_note note = { .domid = state->domid, .phase = (uint8_t)state->phase };
    uint64_t port = 0;

    memcpy(note.uuid, state->uuid, 16);
    snprintf(note.name, sizeof(note.name), "%s", name);
    if (!store_read_number(w->xs, XBT_NULL, &port, "/local/domain/%u/console/port", state->domid)) {
        note.hold_console = true;
        note.recall = true;
        note.console_port = (uint32_t)port;
    }
    worker_send_domain(w, NOTE_DOMAIN, &note);
    if (note.hold_console && worker_wait_go(w))
        log_line("domain '%s' (%u) is without its console", name, state->domid);
    if (state->phase == PHASE_RUNNING && device_settle(w, state, cfg))
        log_line("domain '%s' (%u): %s", name, state->domid, error_text(&w->error));
    error_clear(&w->error);
    log_line("domain '%s' (%u) is taken up again", name, state->domid);
}

static void recover_one(const uint8_t uuid[16], void *arg)
{
    struct worker *w = arg;
    struct domain_state state = { .domid = DOMID_INVALID, .phase = PHASE_BUILDING };
    struct domain_config cfg;
    uint8_t marked[16];
    char text[37];

    config_uuid_format(uuid, text);
    bool known = !state_load(uuid, &state, &w->error) && !state_load_config(uuid, &cfg, &w->error);
    if (!known)
        log_line("%s", error_text(&w->error));
    error_clear(&w->error);
    if (known && state.phase == PHASE_DUMPING) {
        dump_undo(w, uuid);
        state.phase = PHASE_RUNNING;
    }
    bool whole = known && state.phase != PHASE_BUILDING && state.phase != PHASE_ENDING &&
                 is_alive(w, &state) && tree_is_ours(w->xs, state.domid, marked) &&
                 !memcmp(marked, uuid, 16);
    if (whole) {
        take_up(w, &state, &cfg);
    } else {
        log_line("domain %s (%s) was left half-done: it is taken away", known ? cfg.name : "?",
                 text);
        if (life_tear_down(w, uuid, known ? cfg.name : text, state.domid, true))
            log_line("%s", error_text(&w->error));
        error_clear(&w->error);
    }
    if (known)
        config_free(&cfg);
}

/* A loop or NBD device of a domain of which there is no state: the state is written before and
 * removed after it, so this takes a state directory that somebody has emptied. */
static void release_stray(const char *mark, const char *device, void *arg)
{
    struct domain_state state;
    uint8_t uuid[16];
    char text[37];
    struct error e;

    (void)arg;
    error_clear(&e);
    snprintf(text, sizeof(text), "%.36s", mark + strlen("domus:"));
    if (config_uuid_parse(text, uuid) || !state_load(uuid, &state, &e))
        return;
    log_line("the device %s belongs to no domain: it is released", device);
    error_clear(&e);
    if (disk_release_all(mark, 2000, &e))
        log_line("%s", error_text(&e));
}

int work_recover(struct worker *w, void *args)
{
    int rc = worker_need_control(w);

    (void)args;
    if (!rc)
        rc = worker_need_store(w);
    if (!rc)
        rc = tree_make_dom0(w->xs, &w->error);
    if (rc)
        return rc;
    rc = state_each(recover_one, w);
    disk_backing_each("domus:", release_stray, NULL);
    return rc ? error_set(&w->error, rc, "cannot read the state directory: %s", strerror(-rc)) : 0;
}
