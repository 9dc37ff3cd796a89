/* SPDX-License-Identifier: MIT */
/*
 * The methods that attach, detach and list the devices of domains.
 *
 * Each checks its parameters and submits a job under the domain's name. Locks: none.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "api_method.h"
#include "domain.h"

#define GUEST_S     30 /* for a guest to connect or to let go, unless the client says */
#define GUEST_MAX_S 86400
#define DOM0_MS     120000 /* for everything else that such a job does */

static void free_args(void *arg)
{
    struct work_device_args *args = arg;

    disk_spec_free(&args->disk);
    free(args);
}

/* A worker that was stopped has left its work half-done. */
static void settle(const struct job *from)
{
    const struct work_device_args *old = from->args;
    struct job job = {
        .name = "settle", .timeout_ms = DOM0_MS, .work = work_device_settle, .free_args = free_args
    };
    struct work_device_args *args = calloc(1, sizeof(*args));

    if (!args)
        return; /* the next change of this domain, or the next domusd, does it */
    args->ref = old->ref;
    job.args = args;
    memcpy(job.key, from->key, sizeof(job.key));
    job_submit(&job);
}

static void change_done(struct job *job, int code, const char *text)
{
    if (!job->has_result)
        settle(job);
    if (code)
        reply_error(&job->reply, code, text, NULL);
    else
        reply_result(&job->reply, text);
    domains_look();
}

/* Reads the description of the device to be attached. */
static bool read_spec(yajl_val params, struct work_device_args *args, struct reply_to *reply)
{
    const char *key = args->is_disk ? "disk" : "vif", *text = json_get_string(params, key);
    const char *folder = json_get_string(params, "folder");
    char err[200];
    int rc;

    if (!text) {
        snprintf(err, sizeof(err), "the parameter %s is missing", key);
        reply_error(reply, RPC_INVALID_PARAMS, err, NULL);
        return false;
    }
    rc = args->is_disk ? disk_spec_parse(text, &args->disk, err, sizeof(err))
                       : vif_spec_parse(text, &args->vif, err, sizeof(err));
    if (!rc && args->is_disk) {
        rc = disk_spec_resolve(&args->disk, folder && *folder == '/' ? folder : "/");
        if (rc)
            snprintf(err, sizeof(err), "domusd has not enough memory");
    }
    if (rc)
        reply_error(reply, rc, err, NULL);
    return !rc;
}

static bool read_which(yajl_val params, struct work_device_args *args, struct reply_to *reply)
{
    const char *which = json_get_string(params, "device");

    if (!which || !*which || strlen(which) >= sizeof(args->which)) {
        reply_error(reply, RPC_INVALID_PARAMS, "the parameter device must be a name or number",
                    NULL);
        return false;
    }
    strcpy(args->which, which);
    return true;
}

static void submit(yajl_val params, struct reply_to *reply, struct job *job, bool is_disk,
                   bool (*read_more)(yajl_val, struct work_device_args *, struct reply_to *))
{
    struct work_device_args *args = calloc(1, sizeof(*args));
    int64_t seconds = json_get_int(params, "timeout", GUEST_S);

    if (!args) {
        reply_error(reply, -ENOMEM, "domusd has not enough memory", NULL);
        return;
    }
    if (seconds < 1 || seconds > GUEST_MAX_S)
        seconds = GUEST_S;
    args->is_disk = is_disk;
    args->revoke = json_get_bool(params, "revoke");
    args->wait = !json_get_bool(params, "no_wait");
    args->timeout_ms = (unsigned int)seconds * 1000;
    if (!api_fill_ref(params, &args->ref, job->key, reply) || !read_more(params, args, reply)) {
        free_args(args);
        return;
    }
    job->timeout_ms = DOM0_MS + args->timeout_ms;
    job->args = args;
    job->free_args = free_args;
    job->reply = *reply;
    *reply = (struct reply_to){ 0 };
    job_submit(job);
}

void api_block_attach(yajl_val params, struct reply_to *reply)
{
    struct job job = { .name = "block-attach", .work = work_device_attach, .done = change_done };

    submit(params, reply, &job, true, read_spec);
}

void api_block_detach(yajl_val params, struct reply_to *reply)
{
    struct job job = { .name = "block-detach", .work = work_device_detach, .done = change_done };

    submit(params, reply, &job, true, read_which);
}

static bool read_size(yajl_val params, struct work_device_args *args, struct reply_to *reply)
{
    int64_t bytes = json_get_int(params, "bytes", 0);

    if (bytes < 0 || bytes % 512) {
        reply_error(reply, RPC_INVALID_PARAMS,
                    "the parameter bytes must be a multiple of 512, or 0 for the size it has",
                    NULL);
        return false;
    }
    args->bytes = (uint64_t)bytes;
    return read_which(params, args, reply);
}

void api_block_resize(yajl_val params, struct reply_to *reply)
{
    struct job job = { .name = "block-resize", .work = work_device_resize, .done = change_done };

    submit(params, reply, &job, true, read_size);
}

void api_network_attach(yajl_val params, struct reply_to *reply)
{
    struct job job = { .name = "network-attach", .work = work_device_attach, .done = change_done };

    submit(params, reply, &job, false, read_spec);
}

void api_network_detach(yajl_val params, struct reply_to *reply)
{
    struct job job = { .name = "network-detach", .work = work_device_detach, .done = change_done };

    submit(params, reply, &job, false, read_which);
}

/* Looking does not wait for the domain's other jobs: its job has no key. */
static void list(yajl_val params, struct reply_to *reply, const char *name, bool is_disk)
{
    struct job job = {
        .name = name, .timeout_ms = DOM0_MS, .work = work_device_list, .free_args = free_args
    };
    struct work_device_args *args = calloc(1, sizeof(*args));
    char key[JOB_KEY_MAX];

    if (!args)
        reply_error(reply, -ENOMEM, "domusd has not enough memory", NULL);
    if (!args || !api_fill_ref(params, &args->ref, key, reply)) {
        free(args);
        return;
    }
    args->is_disk = is_disk;
    job.args = args;
    job.reply = *reply;
    *reply = (struct reply_to){ 0 };
    job_submit(&job);
}

void api_block_list(yajl_val params, struct reply_to *reply)
{
    list(params, reply, "block-list", true);
}

void api_network_list(yajl_val params, struct reply_to *reply)
{
    list(params, reply, "network-list", false);
}

void api_network_check(yajl_val params, struct reply_to *reply)
{
    struct job job = {
        .name = "network-check", .timeout_ms = DOM0_MS, .work = work_network_check, .reply = *reply
    };

    (void)params;
    *reply = (struct reply_to){ 0 };
    job_submit(&job);
}
