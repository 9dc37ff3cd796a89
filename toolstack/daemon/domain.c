/* SPDX-License-Identifier: MIT */
/*
 * The table of domusd's domains, and who waits for their end.
 *
 * Owns the table and a control handle that is used for nothing but asking. Locks: none.
 */
#include "domain.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "control.h"
#include "event.h"
#include "job.h"
#include "log.h"
#include "worker/life.h"
#include "worker/work.h"

#define LOOK_EVERY_MS 5000 /* should the store be down, ends are noticed all the same */

struct waiter {
    struct waiter *next;
    struct loop_timer timer;
    struct reply_to reply;
    char name[CONFIG_NAME_MAX];
    domid_t domid;
};

static struct domain *domains;
static struct waiter *waiters;
static struct control control;
static struct loop_timer look_timer;

/* ---- finding -------------------------------------------------------------------------- */

static struct domain *find_uuid(const uint8_t uuid[16])
{
    struct domain *d = domains;

    while (d && memcmp(d->uuid, uuid, 16))
        d = d->next;
    return d;
}

struct domain *domain_find_name(const char *name)
{
    struct domain *d = domains;

    while (d && strcmp(d->name, name))
        d = d->next;
    return d;
}

struct domain *domain_find_domid(domid_t domid)
{
    struct domain *d = domains;

    while (d && d->domid != domid)
        d = d->next;
    return d;
}

/* ---- waiting for the end -------------------------------------------------------------- */

static void free_waiter(struct waiter *waiter)
{
    for (struct waiter **link = &waiters; *link; link = &(*link)->next)
        if (*link == waiter) {
            *link = waiter->next;
            break;
        }
    loop_disarm(&waiter->timer);
    reply_drop(&waiter->reply);
    free(waiter);
}

static void waited_too_long(struct loop_timer *timer)
{
    struct waiter *waiter = (struct waiter *)((char *)timer - offsetof(struct waiter, timer));
    char text[160];

    snprintf(text, sizeof(text),
             "domain '%s' (%u) has not ended in time: use domus destroy to "
             "force it",
             waiter->name, waiter->domid);
    reply_error(&waiter->reply, -ETIMEDOUT, text, NULL);
    free_waiter(waiter);
}

void domain_wait_end(const struct domain *domain, unsigned int timeout_ms, struct reply_to *reply)
{
    struct waiter *waiter = calloc(1, sizeof(*waiter));

    if (!waiter) {
        reply_error(reply, -ENOMEM, "domusd has not enough memory", NULL);
        return;
    }
    waiter->reply = *reply;
    *reply = (struct reply_to){ 0 };
    memcpy(waiter->name, domain->name, sizeof(waiter->name));
    waiter->domid = domain->domid;
    waiter->timer.fire = waited_too_long;
    loop_arm(&waiter->timer, timeout_ms);
    waiter->next = waiters;
    waiters = waiter;
}

/* This domain has ended: `domid` is not running any more. */
static void tell_waiters(domid_t domid)
{
    struct waiter *next;

    for (struct waiter *w = waiters; w; w = next) {
        next = w->next;
        if (w->domid != domid)
            continue;
        reply_result(&w->reply, "{\"ended\":true}");
        free_waiter(w);
    }
}

/* ---- what workers say ----------------------------------------------------------------- */

static struct domain *add(const struct domain_note *note)
{
    struct domain *d = calloc(1, sizeof(*d));

    if (!d)
        return NULL;
    memcpy(d->uuid, note->uuid, 16);
    d->domid = DOMID_INVALID;
    d->next = domains;
    domains = d;
    return d;
}

/* What a note changes, told before it does. */
static void tell_change(const struct domain *d, const struct domain_note *note)
{
    bool other = d->domid != note->domid;

    if (d->name[0] && strcmp(d->name, note->name))
        event_emit("renamed", note->name, note->domid, d->name);
    if (other && note->phase == PHASE_BUILDING)
        event_emit("created", note->name, note->domid, NULL);
    else if (other)
        event_emit("taken up", note->name, note->domid, NULL);
    else if (d->phase != note->phase && note->phase == PHASE_RUNNING)
        event_emit("started", note->name, note->domid, NULL);
    else if (d->phase != note->phase && note->phase == PHASE_PRESERVED)
        event_emit("preserved", note->name, note->domid, d->why);
}

int domain_noted(const struct domain_note *note)
{
    struct domain *d = find_uuid(note->uuid);

    if (!d)
        d = add(note);
    if (!d)
        return -ENOMEM;
    tell_change(d, note);
    if (d->domid != note->domid) {
        d->why = NULL;
        if (d->domid != DOMID_INVALID)
            tell_waiters(d->domid);
        d->end_submitted = false;
    }
    d->domid = note->domid;
    d->phase = note->phase < PHASE_COUNT ? note->phase : PHASE_RUNNING;
    if (d->console && strcmp(d->name, note->name))
        console_rename(d->console, note->name);
    snprintf(d->name, sizeof(d->name), "%s", note->name);
    if (d->phase == PHASE_PRESERVED)
        tell_waiters(d->domid);
    if (!note->hold_console)
        return 0;
    if (!d->console)
        d->console = console_new(d->name, note->recall);
    return d->console ? console_hold(d->console, d->domid, note->console_port) : -ENOMEM;
}

void domain_release_console(const struct domain_note *note)
{
    struct domain *d = find_uuid(note->uuid);

    if (d && d->console)
        console_release(d->console);
}

void domain_gone(const struct domain_note *note)
{
    struct domain *d = find_uuid(note->uuid);

    if (!d)
        return;
    for (struct domain **link = &domains; *link; link = &(*link)->next)
        if (*link == d) {
            *link = d->next;
            break;
        }
    tell_waiters(d->domid);
    event_emit("gone", d->name, d->domid,
               d->why                     ? d->why
               : d->phase == PHASE_SAVING ? "saved"
                                          : "destroyed on request");
    console_free(d->console);
    free(d);
}

void domain_spoke(const char *name)
{
    job_tell(name, WORKER_SPOKE);
}

/* ---- deaths --------------------------------------------------------------------------- */

static void end_done(struct job *job, int code, const char *text)
{
    struct domain *d = domain_find_name(job->key);

    (void)text; /* job.c has logged it */
    if (code && d && d->end_submitted) {
        /* The worker failed before it had changed anything that we know of: try again at
         * the next look, not at once. */
        d->end_submitted = false;
        return;
    }
    if (d && d->phase == PHASE_RUNNING)
        d->end_submitted = false; /* it goes on, and may end again */
    domains_look();
}

static void submit_end(struct domain *d, bool exists, unsigned int reason)
{
    struct job job = { .name = "end", .timeout_ms = 600000, .work = work_end, .done = end_done };
    struct work_end_args *args = calloc(1, sizeof(*args));

    if (!args)
        return;
    memcpy(args->uuid, d->uuid, 16);
    memcpy(args->name, d->name, sizeof(args->name));
    args->domid = d->domid;
    args->exists = exists;
    args->reason = reason;
    job.args = args;
    job.free_args = free;
    snprintf(job.key, sizeof(job.key), "%s", d->name);
    d->end_submitted = true;
    d->why = exists ? life_reason_name(reason) : "destroyed by another tool";
    event_emit("ended", d->name, d->domid, d->why);
    job_submit(&job);
}

/* True if the domain's end is to be dealt with now. */
static bool has_ended(const struct domain *d, bool *exists, unsigned int *reason)
{
    struct xen_domctl_getdomaininfo info;
    int rc = domctl_get_info(&control, d->domid, &info);

    *exists = rc != -ESRCH;
    *reason = 0;
    if (rc)
        return rc == -ESRCH;
    *reason = (info.flags >> XEN_DOMINF_shutdownshift) & XEN_DOMINF_shutdownmask;
    return info.flags & (XEN_DOMINF_shutdown | XEN_DOMINF_dying);
}

void domains_look(void)
{
    struct domain *next;

    for (struct domain *d = domains; d; d = next) {
        unsigned int reason;
        bool exists;

        next = d->next;
        /* While another job has the domain it looks after it; and then there is a look. */
        if (d->phase == PHASE_BUILDING || d->end_submitted || job_is_pending(d->name))
            continue;
        if (!has_ended(d, &exists, &reason))
            continue;
        if (d->phase == PHASE_PRESERVED && exists)
            continue;
        submit_end(d, exists, reason);
    }
}

static void look_again(struct loop_timer *timer)
{
    domains_look();
    loop_arm(timer, LOOK_EVERY_MS);
}

int domains_init(void)
{
    struct error e;

    error_clear(&e);
    int rc = control_open(&control, &e);
    if (rc) {
        log_line("%s", error_text(&e));
        return rc;
    }
    look_timer.fire = look_again;
    loop_arm(&look_timer, LOOK_EVERY_MS);
    return 0;
}
