/* SPDX-License-Identifier: MIT */
/*
 * The job that writes a domain's core.
 *
 * A running domain is paused meanwhile unless the client wants it live; that is noted in its state,
 * so that it does not stay paused if this worker is killed. Locks: none; one worker a domain.
 */
#include "dump.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "daemon/log.h"
#include "find.h"
#include "paths.h"
#include "state.h"

int dump_to_file(struct worker *w, domid_t domid, const char *name, const char *path,
                 struct core_dump *dump)
{
    int fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);

    if (fd < 0)
        return error_set(&w->error, -errno, "cannot make %s for the core of domain '%s': %s%s",
                         path, name, strerror(errno),
                         errno == EEXIST ? ": remove it or choose another name" : "");
    int rc = core_dump_write(&w->control, domid, fd, dump, &w->error);
    if (close(fd) && !rc)
        rc = error_set(&w->error, -errno, "%s cannot be written: %s", path, strerror(errno));
    if (rc) {
        unlink(path);
        error_prefix(&w->error, "domain '%s'", name);
    }
    return rc;
}

void dump_dead(struct worker *w, domid_t domid, const char *name)
{
    struct error before = w->error;
    struct core_dump dump;
    char path[256], when[32];
    time_t now = time(NULL);
    struct tm tm;

    gmtime_r(&now, &tm);
    strftime(when, sizeof(when), "%Y%m%dT%H%M%SZ", &tm);
    snprintf(path, sizeof(path), "%s/%s-%u-%s.core", DOMUS_CORE_DIR, name, domid, when);
    if (mkdir(DOMUS_CORE_DIR, 0700) && errno != EEXIST)
        log_line("cannot make %s: %s", DOMUS_CORE_DIR, strerror(errno));
    error_clear(&w->error);
    if (worker_need_control(w) || dump_to_file(w, domid, name, path, &dump))
        log_line("there is no core of domain '%s' (%u): %s", name, domid, error_text(&w->error));
    else
        log_line("the core of domain '%s' (%u) is in %s: %" PRIu64 " pages", name, domid, path,
                 dump.pages);
    w->error = before;
}

/* ---- of a domain that runs ------------------------------------------------------------ */

static void set_phase(struct worker *w, const uint8_t uuid[16], enum domain_phase from,
                      enum domain_phase to)
{
    struct domain_state state;
    struct error before = w->error;

    if (!state_load(uuid, &state, &w->error) && state.phase == from) {
        state.phase = to;
        state_save(&state, NULL, &w->error);
    }
    w->error = before;
}

/* Pauses a domain that runs. *paused: it is to be unpaused. */
static int stop(struct worker *w, const struct domain_ref *ref, domid_t domid, bool *paused)
{
    struct xen_domctl_getdomaininfo info;
    int rc = domctl_get_info(&w->control, domid, &info);

    *paused = !rc && !(info.flags & (XEN_DOMINF_paused | XEN_DOMINF_shutdown | XEN_DOMINF_dying));
    if (*paused && ref->ours)
        set_phase(w, ref->uuid, PHASE_RUNNING, PHASE_DUMPING);
    if (*paused)
        rc = domctl_pause(&w->control, domid);
    return rc ? error_set(&w->error, rc, "cannot pause domain '%s': %s", ref->name,
                          error_clause(rc))
              : 0;
}

static void go_on(struct worker *w, const struct domain_ref *ref, domid_t domid)
{
    domctl_unpause(&w->control, domid);
    if (ref->ours)
        set_phase(w, ref->uuid, PHASE_DUMPING, PHASE_RUNNING);
}

void dump_undo(struct worker *w, const uint8_t uuid[16])
{
    struct xen_domctl_getdomaininfo info;
    struct domain_state state;
    struct error before = w->error;

    if (!state_load(uuid, &state, &w->error) && state.phase == PHASE_DUMPING &&
        !worker_need_control(w) && !domctl_get_info(&w->control, state.domid, &info)) {
        if (info.flags & XEN_DOMINF_paused)
            domctl_unpause(&w->control, state.domid);
        set_phase(w, uuid, PHASE_DUMPING, PHASE_RUNNING);
    }
    w->error = before;
}

int work_dump_undo(struct worker *w, void *arg)
{
    const struct domain_ref *ref = arg;

    dump_undo(w, ref->uuid);
    return 0;
}

int work_dump_core(struct worker *w, void *arg)
{
    const struct work_dump_args *args = arg;
    struct core_dump dump;
    bool paused = false;
    domid_t domid;
    int rc = find_changeable(w, &args->ref, false, &domid);

    if (!rc && !args->live)
        rc = stop(w, &args->ref, domid, &paused);
    if (rc)
        return rc;
    rc = dump_to_file(w, domid, args->ref.name, args->path, &dump);
    if (paused)
        go_on(w, &args->ref, domid);
    if (rc)
        return rc;
    struct json_out *out = json_out_new(false);
    if (!out)
        return 0;
    json_open_object(out, NULL);
    json_string(out, "file", args->path);
    json_int(out, "pages", (int64_t)dump.pages);
    json_int(out, "vcpus", (int64_t)dump.vcpus);
    json_int(out, "bytes", (int64_t)dump.bytes);
    json_close_object(out);
    return worker_take_result(w, out);
}
