/* SPDX-License-Identifier: MIT */
/*
 * The methods that make, change and show domains.
 *
 * Each checks its parameters and submits a job under the domain's name. Locks: none.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "api_method.h"
#include "domain.h"
#include "event.h"
#include "job.h"
#include "worker/work.h"

#define CREATE_MS        600000
#define CHANGE_MS        120000
#define SAVE_MS          3600000
#define SHUTDOWN_WAIT_MS 300000

static void no_memory(struct reply_to *reply)
{
    reply_error(reply, -ENOMEM, "domusd has not enough memory", NULL);
}

/* ---- create --------------------------------------------------------------------------- */

static void free_create_args(void *arg)
{
    struct work_create_args *args = arg;

    config_free(&args->cfg);
    free(args->image);
    free(args);
}

/* A worker that was stopped, or died, has undone nothing. */
static void clear_up(const struct work_create_args *created)
{
    struct job job = { .name = "clear-up", .timeout_ms = CHANGE_MS, .work = work_end };
    struct work_end_args *args = calloc(1, sizeof(*args));

    if (!args)
        return; /* the next domusd finds it in the state directory */
    memcpy(args->uuid, created->cfg.uuid, 16);
    memcpy(args->name, created->cfg.name, sizeof(args->name));
    args->domid = DOMID_INVALID;
    job.args = args;
    job.free_args = free;
    snprintf(job.key, sizeof(job.key), "%s", created->cfg.name);
    job_submit(&job);
}

static void create_done(struct job *job, int code, const char *text)
{
    if (!job->has_result)
        clear_up(job->args);
    if (code)
        reply_error(&job->reply, code, text, NULL);
    else
        reply_result(&job->reply, text);
    domains_look();
}

/* Reads the file, and says in one sentence where it is wrong. */
static bool read_config(yajl_val params, struct domain_config *cfg, struct reply_to *reply)
{
    const char *text = json_get_string(params, "config"), *file = json_get_string(params, "file");
    const char *folder = json_get_string(params, "folder");
    struct config_error err;
    char sentence[400];

    if (!text) {
        reply_error(reply, RPC_INVALID_PARAMS, "create needs the parameter config", NULL);
        return false;
    }
    if (config_parse(text, strlen(text), cfg, &err)) {
        if (err.line)
            snprintf(sentence, sizeof(sentence), "%.160s:%u: %s", file ? file : "config", err.line,
                     err.text);
        else
            snprintf(sentence, sizeof(sentence), "%.160s: %s", file ? file : "config", err.text);
        reply_error(reply, -EINVAL, sentence, NULL);
        return false;
    }
    /* Unique, not secret: must not wait for a young dom0 to gather entropy. */
    if (config_resolve_paths(cfg, folder && folder[0] == '/' ? folder : "/") ||
        (!cfg->has_uuid &&
         getrandom(cfg->uuid, sizeof(cfg->uuid), GRND_INSECURE) != sizeof(cfg->uuid))) {
        config_free(cfg);
        reply_error(reply, -ENOMEM, "domusd lacks memory or random numbers", NULL);
        return false;
    }
    if (!cfg->has_uuid) { /* a random one, as RFC 4122 marks it */
        cfg->uuid[6] = (uint8_t)((cfg->uuid[6] & 0x0f) | 0x40);
        cfg->uuid[8] = (uint8_t)((cfg->uuid[8] & 0x3f) | 0x80);
        cfg->has_uuid = true;
    }
    return true;
}

/* Where the file is, for whoever compares it later; too long a path is none. */
static void fill_origin(yajl_val params, struct work_create_args *args)
{
    const char *file = json_get_string(params, "file"), *folder = json_get_string(params, "folder");
    size_t room = sizeof(args->origin);
    int n = 0;

    if (file && file[0] == '/')
        n = snprintf(args->origin, room, "%s", file);
    else if (file && folder && folder[0] == '/')
        n = snprintf(args->origin, room, "%s/%s", folder, file);
    if (n < 0 || (size_t)n >= room)
        args->origin[0] = '\0';
}

/* image: the saved domain's file, or NULL for a domain that begins anew. */
static void submit_create(yajl_val params, struct reply_to *reply, const char *name,
                          const char *image)
{
    struct job job = {
        .name = name,
        .timeout_ms = CREATE_MS,
        .work = work_create,
        .done = create_done,
        .free_args = free_create_args,
    };
    struct work_create_args *args = calloc(1, sizeof(*args));

    if (!args) {
        no_memory(reply);
        return;
    }
    if (!read_config(params, &args->cfg, reply)) {
        free(args);
        return;
    }
    if (!image)
        fill_origin(params, args);
    args->image = image ? strdup(image) : NULL;
    if (image && !args->image) {
        no_memory(reply);
        free_create_args(args);
        return;
    }
    args->paused = json_get_bool(params, "paused");
    args->wait = json_get_bool(params, "wait");
    job.args = args;
    job.reply = *reply;
    *reply = (struct reply_to){ 0 };
    snprintf(job.key, sizeof(job.key), "%s", args->cfg.name);
    job_submit(&job);
}

void api_create(yajl_val params, struct reply_to *reply)
{
    submit_create(params, reply, "create", NULL);
}

/* False, after the answer, if the parameter is not the absolute path of a file. */
static bool path_ok(const char *path, const char *name, struct reply_to *reply)
{
    char text[80];

    if (path && path[0] == '/')
        return true;
    snprintf(text, sizeof(text), "the parameter %s must be the absolute path of a file", name);
    reply_error(reply, RPC_INVALID_PARAMS, text, NULL);
    return false;
}

void api_restore(yajl_val params, struct reply_to *reply)
{
    const char *image = json_get_string(params, "image");

    if (path_ok(image, "image", reply))
        submit_create(params, reply, "restore", image);
}

/* ---- changes -------------------------------------------------------------------------- */

/* The domain that the client names, one of ours or perhaps a foreign one. */
static struct domain *find_domain(const char *typed)
{
    struct domain *d = domain_find_name(typed);
    char *end;
    unsigned long number = strtoul(typed, &end, 10);

    if (!d && *typed >= '0' && *typed <= '9' && !*end && number < DOMID_FIRST_RESERVED)
        d = domain_find_domid((domid_t)number);
    return d;
}

bool api_fill_ref(yajl_val params, struct domain_ref *ref, char key[JOB_KEY_MAX],
                  struct reply_to *reply)
{
    const char *typed = json_get_string(params, "domain");
    struct domain *d;

    if (!typed || !*typed || strlen(typed) >= sizeof(ref->name)) {
        reply_error(reply, RPC_INVALID_PARAMS, "the parameter domain must be a name or number",
                    NULL);
        return false;
    }
    d = find_domain(typed);
    ref->force = json_get_bool(params, "force");
    ref->ours = d != NULL;
    ref->domid = d ? d->domid : DOMID_INVALID;
    snprintf(ref->name, sizeof(ref->name), "%s", d ? d->name : typed);
    if (d)
        memcpy(ref->uuid, d->uuid, 16);
    snprintf(key, JOB_KEY_MAX, "%s%s", d ? "" : "foreign:", ref->name);
    return true;
}

/* What other than the domain's own course is worth telling. */
static void tell_change(const struct job *job)
{
    const struct domain_ref *ref = job->args;
    bool paused = !strcmp(job->name, "pause"), unpaused = !strcmp(job->name, "unpause");

    if (!strcmp(job->name, "destroy") || !strcmp(job->name, "rename"))
        return;
    event_emit(paused     ? "paused"
               : unpaused ? "unpaused"
                          : "changed",
               ref->name, ref->domid, paused || unpaused ? NULL : job->name);
}

static void change_done(struct job *job, int code, const char *text)
{
    if (!code)
        tell_change(job);
    if (code)
        reply_error(&job->reply, code, text, NULL);
    else
        reply_result(&job->reply, text);
    domains_look();
}

void api_change(yajl_val params, struct reply_to *reply, const struct job *spec)
{
    struct job job = *spec;

    if (!job.args)
        no_memory(reply);
    if (!job.args || !api_fill_ref(params, job.args, job.key, reply)) {
        free(job.args);
        return;
    }
    if (!job.timeout_ms)
        job.timeout_ms = CHANGE_MS;
    if (!job.done)
        job.done = change_done;
    job.free_args = free;
    job.reply = *reply;
    *reply = (struct reply_to){ 0 };
    job_submit(&job);
}

/* Of a job on a domain that changes nothing. */
static void query_done(struct job *job, int code, const char *text)
{
    if (code)
        reply_error(&job->reply, code, text, NULL);
    else
        reply_result(&job->reply, text);
}

static void change(yajl_val params, struct reply_to *reply, const char *name,
                   int (*work)(struct worker *w, void *args))
{
    struct job job = {
        .name = name,
        .work = work,
        .ends_domain = work == work_destroy,
        .args = calloc(1, sizeof(struct domain_ref)),
    };

    api_change(params, reply, &job);
}

void api_pause(yajl_val params, struct reply_to *reply)
{
    change(params, reply, "pause", work_pause);
}

void api_unpause(yajl_val params, struct reply_to *reply)
{
    change(params, reply, "unpause", work_unpause);
}

void api_config(yajl_val params, struct reply_to *reply)
{
    struct job job = { .name = "config",
                       .work = work_config,
                       .args = calloc(1, sizeof(struct domain_ref)),
                       .done = query_done };

    api_change(params, reply, &job);
}

void api_destroy(yajl_val params, struct reply_to *reply)
{
    change(params, reply, "destroy", work_destroy);
}

/* ---- save ----------------------------------------------------------------------------- */

static void free_save_args(void *arg)
{
    struct work_save_args *args = arg;

    free(args->path);
    free(args);
}

void api_save(yajl_val params, struct reply_to *reply)
{
    struct job job = { .name = "save",
                       .timeout_ms = SAVE_MS,
                       .work = work_save,
                       .done = change_done,
                       .free_args = free_save_args };
    const char *path = json_get_string(params, "file");
    struct work_save_args *args;

    if (!path_ok(path, "file", reply))
        return;
    args = calloc(1, sizeof(*args));
    if (args)
        args->path = strdup(path);
    if (!args || !args->path)
        no_memory(reply);
    if (!args || !args->path || !api_fill_ref(params, &args->ref, job.key, reply)) {
        if (args)
            free_save_args(args);
        return;
    }
    args->checkpoint = json_get_bool(params, "checkpoint");
    args->paused = json_get_bool(params, "paused");
    job.args = args;
    job.reply = *reply;
    *reply = (struct reply_to){ 0 };
    job_submit(&job);
}

/* ---- shutdown and reboot -------------------------------------------------------------- */

struct shutdown_wait {
    domid_t domid;
    unsigned int timeout_ms;
};

static void shutdown_done(struct job *job, int code, const char *text)
{
    struct shutdown_wait *wait = job->context;
    struct domain *d = wait ? domain_find_domid(wait->domid) : NULL;

    if (code)
        reply_error(&job->reply, code, text, NULL);
    else if (d)
        domain_wait_end(d, wait->timeout_ms, &job->reply);
    else
        reply_result(&job->reply, wait ? "{\"ended\":true}" : text);
    free(wait);
    domains_look();
}

static void shut_down(yajl_val params, struct reply_to *reply, const char *how)
{
    struct job job = { .name = how,
                       .timeout_ms = CHANGE_MS,
                       .work = work_shutdown,
                       .done = shutdown_done,
                       .free_args = free };
    struct work_shutdown_args *args = calloc(1, sizeof(*args));
    int64_t seconds = json_get_int(params, "timeout", SHUTDOWN_WAIT_MS / 1000);

    if (!args)
        no_memory(reply);
    if (!args || !api_fill_ref(params, &args->ref, job.key, reply)) {
        free(args);
        return;
    }
    if (json_get_bool(params, "wait") && args->ref.ours) {
        struct shutdown_wait *wait = calloc(1, sizeof(*wait));

        if (!wait) {
            free(args);
            no_memory(reply);
            return;
        }
        wait->domid = args->ref.domid;
        wait->timeout_ms =
            seconds > 0 && seconds < 86400 ? (unsigned int)seconds * 1000 : SHUTDOWN_WAIT_MS;
        job.context = wait;
    }
    args->how = how;
    args->final = json_get_bool(params, "final");
    job.args = args;
    job.reply = *reply;
    *reply = (struct reply_to){ 0 };
    job_submit(&job);
}

void api_shutdown(yajl_val params, struct reply_to *reply)
{
    shut_down(params, reply, "poweroff");
}

void api_reboot(yajl_val params, struct reply_to *reply)
{
    shut_down(params, reply, "reboot");
}

/* ---- console -------------------------------------------------------------------------- */

void api_console(yajl_val params, struct reply_to *reply)
{
    const char *typed = json_get_string(params, "domain");
    struct domain *d = typed ? find_domain(typed) : NULL;
    int64_t backlog = json_get_int(params, "backlog", 4096);
    uint64_t conn = reply->conn;
    char text[200];

    if (!d || !d->console) {
        snprintf(text, sizeof(text),
                 d ? "domain '%.64s' has no console yet: try again"
                   : "there is no domain '%.64s' of domus: see domus list; xl console enters one "
                     "that xl has made",
                 typed ? typed : "");
        reply_error(reply, -ESRCH, text, NULL);
        return;
    }
    snprintf(text, sizeof(text), "{\"name\":\"%s\",\"domid\":%u}", d->name, d->domid);
    reply_result(reply, text); /* the last line before the raw bytes */
    console_attach(d->console, conn, backlog < 0 ? 0 : (size_t)backlog);
}

/* ---- events --------------------------------------------------------------------------- */

void api_events(yajl_val params, struct reply_to *reply)
{
    uint64_t conn = reply->conn;

    (void)params;
    reply_result(reply, "{\"listening\":true}"); /* the last line before the events */
    if (event_listen(conn))
        conn_close(conn);
}
