/* SPDX-License-Identifier: MIT */
/*
 * Bringing a domain up.
 *
 * The order matters: the state directory knows of the domain before the hypervisor does, the store
 * carries domusd's mark before anything else of it is there, the console is held before the first
 * instruction runs. Locks: none; one worker a domain.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include <xen/sched.h>

#include "config/config_build.h"
#include "daemon/console_log.h"
#include "death.h"
#include "device/disk_attach.h"
#include "device/vif_attach.h"
#include "life.h"
#include "pool.h"
#include "daemon/loop.h"
#include "stream/pv_restore.h"
#include "tree.h"
#include "tune/pin.h"

#define BACKEND_MS 10000u /* for the backends to be ready */
#define CONNECT_MS 60000u /* for the guest to connect */
#define SPEAK_MS   10000u /* for a guest without devices to say something */

struct bringing {
    struct worker *w;
    const struct life_up *up;
    const struct domain_config *cfg;
    struct domain_state state;
    struct pv_build *build;     /* a new domain */
    struct pv_restore *restore; /* or a saved one */
    struct pv_domain domain;
    uint64_t differing;     /* pages of a saved one that failed its own verification */
    struct device *devices; /* disks first, then network cards */
    size_t device_count;
    uint32_t pool;
    uint64_t log_offset; /* where this run's console log begins */
    int64_t started_ms;
};

static int save(struct bringing *b, enum domain_phase phase, bool with_config)
{
    b->state.phase = phase;
    return state_save(&b->state, with_config ? b->cfg : NULL, &b->w->error);
}

static void note(struct bringing *b, bool hold_console)
{
    struct domain_note n = {
        .domid = b->state.domid,
        .phase = (uint8_t)b->state.phase,
        .hold_console = hold_console,
        .console_port = b->domain.console_port,
    };

    memcpy(n.uuid, b->cfg->uuid, 16);
    memcpy(n.name, b->cfg->name, sizeof(n.name));
    worker_send_domain(b->w, NOTE_DOMAIN, &n);
}

/* ---- the guest ------------------------------------------------------------------------ */

/* Shares the strings of the domain's own configuration. */
static struct pv_build_config build_config(const struct bringing *b)
{
    struct pv_build_config config;

    config_to_build(b->cfg, &config);
    config.cpupool = b->pool;
    return config;
}

/* Reads what it is made of: kernel and ramdisk, or the saved domain. */
static int prepare(struct bringing *b)
{
    struct pv_build_config config = build_config(b);

    if (b->restore)
        return 0; /* done before the machine was checked for it */
    return pv_build_prepare(&config, &b->build, &b->w->error);
}

static int create(struct bringing *b)
{
    struct pv_build_config config = build_config(b);
    struct worker *w = b->w;

    if (!b->restore)
        return pv_build_create(b->build, &w->control, &b->state.domid, &w->error);
    return pv_restore_create(b->restore, &config, &w->control, &b->state.domid, &w->error);
}

static int load(struct bringing *b)
{
    if (!b->restore)
        return pv_build_load(b->build, &b->domain, &b->w->error);
    return pv_restore_load(b->restore, &b->domain, &b->differing, &b->w->error);
}

static int introduce(struct bringing *b)
{
    struct worker *w = b->w;
    int rc = tree_add_rings(w->xs, &b->domain, &w->error);

    if (rc)
        return rc;
    errno = 0;
    if (xs_introduce_domain(w->xs, b->domain.domid, (unsigned int)b->domain.xenstore_frame,
                            b->domain.xenstore_port))
        return 0;
    return error_set(&w->error, -(errno ? errno : EIO), "xenstored does not take domain '%s': %s",
                     b->cfg->name, strerror(errno));
}

static int build_guest(struct bringing *b)
{
    struct worker *w = b->w;
    int rc = create(b);

    if (rc) {
        b->state.domid = DOMID_INVALID;
        return rc;
    }
    rc = save(b, PHASE_BUILDING, false);
    if (!rc)
        rc = pin_as_configured(w, b->cfg, b->state.domid);
    if (!rc)
        rc = tree_make(w->xs, b->state.domid, b->cfg, &w->error);
    if (rc)
        return rc;
    note(b, false);
    rc = load(b);
    return rc ? rc : introduce(b);
}

/* ---- devices -------------------------------------------------------------------------- */

static int attach_devices(struct bringing *b)
{
    const struct domain_config *cfg = b->cfg;
    char mark[DISK_MARK_PREFIX_MAX], uuid[37];
    int rc = 0;

    b->devices = calloc(cfg->disk_count + cfg->vif_count + 1, sizeof(*b->devices));
    if (!b->devices)
        return error_set(&b->w->error, -ENOMEM, "there is not enough memory for the devices");
    const struct image_scan scan = life_image_scan(b->w, b->state.domid, cfg->uuid, uuid);
    disk_mark_prefix(uuid, mark);
    for (size_t i = 0; !rc && i < cfg->disk_count; i++)
        rc = disk_attach(&scan, b->state.domid, mark, &cfg->disks[i],
                         &b->devices[b->device_count++], &b->w->error);
    for (size_t i = 0; !rc && i < cfg->vif_count; i++)
        rc = vif_attach(b->w->xs, b->state.domid, &cfg->vifs[i], &b->devices[b->device_count++],
                        &b->w->error);
    return rc;
}

static int connect_backends(struct bringing *b)
{
    struct worker *w = b->w;
    int rc = attach_devices(b);

    if (!rc)
        rc = device_wait(w->xs, b->devices, b->device_count, DEVICE_BACKEND_READY, BACKEND_MS, -1,
                         NULL, NULL, &w->error);
    for (size_t i = 0; !rc && i < b->cfg->vif_count; i++)
        rc = vif_plug(w->xs, &w->netlink, &b->devices[b->cfg->disk_count + i], &b->cfg->vifs[i],
                      &w->error);
    if (rc)
        error_prefix(&w->error, "domain '%s'", b->cfg->name);
    return rc;
}

/* ---- the start ------------------------------------------------------------------------ */

static int hold_console(struct bringing *b)
{
    note(b, true);
    int rc = worker_wait_go(b->w);
    return rc ? error_set(&b->w->error, rc,
                          "domusd could not take the console of domain '%s': see "
                          "its log",
                          b->cfg->name)
              : 0;
}

static int start(struct bringing *b)
{
    int rc = hold_console(b);

    if (rc)
        return rc;
    b->state.started = (uint64_t)time(NULL);
    rc = save(b, PHASE_RUNNING, false);
    if (rc)
        return rc;
    note(b, false);
    b->started_ms = loop_now_ms();
    if (b->up->paused)
        return 0;
    rc = domctl_unpause(&b->w->control, b->state.domid);
    return rc ? error_set(&b->w->error, rc, "cannot start domain '%s': %s", b->cfg->name,
                          error_clause(rc))
              : 0;
}

/* ---- the first seconds ---------------------------------------------------------------- */

/* Whether the guest has ended; then why. */
static bool has_ended(struct bringing *b, unsigned int *reason)
{
    struct xen_domctl_getdomaininfo info;
    int rc = domctl_get_info(&b->w->control, b->state.domid, &info);

    *reason = SHUTDOWN_crash;
    if (rc)
        return rc == -ESRCH;
    if (!(info.flags & (XEN_DOMINF_shutdown | XEN_DOMINF_dying)))
        return false;
    *reason = (info.flags >> XEN_DOMINF_shutdownshift) & XEN_DOMINF_shutdownmask;
    return true;
}

static int stop_waiting(void *arg)
{
    struct bringing *b = arg;
    unsigned int reason;

    worker_poll(b->w);
    return b->w->hurried || has_ended(b, &reason);
}

static int wait_for_voice(struct bringing *b)
{
    int64_t deadline = loop_now_ms() + SPEAK_MS;

    while (!b->w->spoke && loop_now_ms() < deadline) {
        if (stop_waiting(b))
            return -EINTR;
        worker_sleep(b->w, 250);
    }
    return 0;
}

static int report_crash(struct bringing *b, unsigned int reason)
{
    struct error *e = &b->w->error;
    double after = (double)(loop_now_ms() - b->started_ms) / 1000;

    error_clear(e);
    error_set(e, -EHOSTDOWN, "domain '%s' %s %.1f s after its start, %s", b->cfg->name,
              life_reason_name(reason), after,
              b->w->spoke ? "before its devices had connected" : "before its console was up");
    /* The ring is read to the end before its last lines are looked for. */
    struct domain_note n = { .domid = b->state.domid };
    memcpy(n.uuid, b->cfg->uuid, 16);
    worker_send_domain(b->w, NOTE_RELEASE, &n);
    worker_wait_go(b->w);
    const struct death death = {
        .uuid = b->cfg->uuid,
        .name = b->cfg->name,
        .domid = b->state.domid,
        .reason = life_reason_name(reason),
        .action = b->cfg->on_crash == ACTION_PRESERVE ? "preserve" : "destroy",
        .started = b->state.started,
        .kernel = b->cfg->kernel,
        .crashed = true,
        .log_offset = b->log_offset,
    };
    b->w->details = death_record(b->w, &death);
    return -EHOSTDOWN;
}

/* A device that is late is told about; the guest may still come to it. */
static int wait_for_guest(struct bringing *b, struct life_result *result)
{
    struct error late;
    unsigned int reason;
    int rc;

    error_clear(&late);
    if (b->device_count)
        rc = device_wait(b->w->xs, b->devices, b->device_count, DEVICE_CONNECTED, CONNECT_MS,
                         b->w->fd, stop_waiting, b, &late);
    else
        rc = b->restore ? 0 : wait_for_voice(b); /* one that goes on need not say anything */
    if (rc == -EINTR && has_ended(b, &reason)) {
        /* One that ends without a word has not worked, whatever reason it gives. */
        if (reason == SHUTDOWN_crash || reason == SHUTDOWN_watchdog || !b->w->spoke)
            return report_crash(b, reason);
        snprintf(result->warning, sizeof(result->warning), "the guest has %s already",
                 life_reason_name(reason));
        return 0;
    }
    if (rc == -ETIMEDOUT)
        snprintf(result->warning, sizeof(result->warning), "%s", error_text(&late));
    return 0;
}

/* ---- all of it ------------------------------------------------------------------------ */

static uint64_t log_size(const char *name)
{
    char path[160];
    struct stat st;

    console_log_path(name, path, sizeof(path));
    return stat(path, &st) ? 0 : (uint64_t)st.st_size;
}

/* Undoes what is there and keeps the error that was the reason. */
static void undo(struct bringing *b)
{
    struct error first = b->w->error;

    life_tear_down(b->w, b->cfg->uuid, b->cfg->name, b->state.domid, true);
    b->w->error = first;
}

static int preserve(struct bringing *b)
{
    struct error first = b->w->error;

    save(b, PHASE_PRESERVED, false);
    note(b, false);
    b->w->error = first;
    return first.code;
}

static void release(struct bringing *b)
{
    pv_build_free(b->build);
    pv_restore_free(b->restore);
    free(b->devices);
}

static int check(struct bringing *b)
{
    int rc = b->up->image ? pv_restore_open(b->up->image, &b->restore, &b->w->error) : 0;

    if (!rc)
        rc = life_check(b->w, b->cfg, b->restore);
    if (!rc)
        rc = pool_find(b->w, b->cfg, &b->pool);
    return rc ? rc : prepare(b);
}

int life_bring_up(struct worker *w, const struct life_up *up, struct life_result *result)
{
    struct bringing b = { .w = w, .up = up, .cfg = up->cfg };
    int rc = check(&b);

    memset(result, 0, sizeof(*result));
    if (rc) {
        release(&b);
        return rc;
    }
    b.log_offset = log_size(up->cfg->name);
    memcpy(b.state.uuid, up->cfg->uuid, 16);
    b.state.domid = DOMID_INVALID;
    if (up->before) {
        b.state.quick_ends = up->before->quick_ends;
        b.state.failures = up->before->failures;
        b.state.failing_since = up->before->failing_since;
    }
    rc = save(&b, PHASE_BUILDING, true);
    if (!rc && up->origin)
        rc = state_save_origin(up->cfg->uuid, up->origin, &w->error);
    if (!rc)
        rc = build_guest(&b);
    if (!rc)
        rc = connect_backends(&b);
    if (!rc)
        rc = start(&b);
    if (!rc && up->wait && !up->paused)
        rc = wait_for_guest(&b, result);
    result->domid = b.state.domid;
    if (rc == -EHOSTDOWN && up->cfg->on_crash == ACTION_PRESERVE) /* to be looked at */
        preserve(&b);
    else if (rc)
        undo(&b);
    if (!rc && b.differing)
        snprintf(result->warning, sizeof(result->warning),
                 "%" PRIu64 " of its pages differ from what was saved", b.differing);
    release(&b);
    return rc;
}
