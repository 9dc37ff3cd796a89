/* SPDX-License-Identifier: MIT */
/*
 * The methods that change a domain while it runs.
 *
 * Each checks its parameters and submits a job under the domain's name. Locks: none.
 */
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "api_method.h"
#include "domain.h"
#include "worker/work.h"

#define CHANGE_MS 120000u
#define DUMP_MS   3600000u

/* ---- memory --------------------------------------------------------------------------- */

static void change_memory(yajl_val params, struct reply_to *reply, const char *name,
                          int (*work)(struct worker *w, void *args))
{
    int64_t kib = json_get_int(params, "kib", 0), wait_s = json_get_int(params, "wait_s", 0);
    struct work_memory_args *args;

    if (kib < 1024 || wait_s < 0 || wait_s >= 86400) {
        reply_error(reply, RPC_INVALID_PARAMS,
                    kib < 1024 ? "a domain needs memory: give at least 1 MiB"
                               : "the time to wait must be below a day",
                    NULL);
        return;
    }
    args = calloc(1, sizeof(*args));
    struct job job = { .name = name, .work = work, .args = args };
    if (args) {
        args->kib = (uint64_t)kib;
        args->wait_ms = (unsigned int)wait_s * 1000;
        job.timeout_ms = CHANGE_MS + args->wait_ms;
    }
    api_change(params, reply, &job);
}

void api_mem_set(yajl_val params, struct reply_to *reply)
{
    change_memory(params, reply, "mem-set", work_mem_set);
}

void api_mem_max(yajl_val params, struct reply_to *reply)
{
    change_memory(params, reply, "mem-max", work_mem_max);
}

/* ---- virtual CPUs --------------------------------------------------------------------- */

void api_vcpu_set(yajl_val params, struct reply_to *reply)
{
    int64_t vcpus = json_get_int(params, "vcpus", 0);
    struct work_vcpu_set_args *args;

    if (vcpus < 1 || vcpus > UINT16_MAX) {
        reply_error(reply, RPC_INVALID_PARAMS, "a domain needs at least one virtual CPU", NULL);
        return;
    }
    args = calloc(1, sizeof(*args));
    struct job job = { .name = "vcpu-set", .work = work_vcpu_set, .args = args };
    if (args)
        args->vcpus = (unsigned int)vcpus;
    api_change(params, reply, &job);
}

/* True if the parameter is not there, or is a list of CPUs (then *set is true). */
static bool read_cpus(yajl_val params, const char *key, struct cpu_list *list, bool *set,
                      struct reply_to *reply)
{
    const char *text = json_get_string(params, key);
    char why[100], sentence[256];

    *set = text != NULL;
    if (!text || !cpu_list_parse(text, list, why, sizeof(why)))
        return true;
    snprintf(sentence, sizeof(sentence), "'%.80s' is not a list of CPUs: %s", text, why);
    reply_error(reply, -EINVAL, sentence, NULL);
    return false;
}

void api_vcpu_pin(yajl_val params, struct reply_to *reply)
{
    int64_t vcpu = json_get_int(params, "vcpu", -1);
    struct work_vcpu_pin_args *args = calloc(1, sizeof(*args));
    struct job job = { .name = "vcpu-pin", .work = work_vcpu_pin, .args = args };

    if (args && (!read_cpus(params, "hard", &args->hard, &args->set_hard, reply) ||
                 !read_cpus(params, "soft", &args->soft, &args->set_soft, reply))) {
        free(args);
        return;
    }
    if (args) {
        args->all = vcpu < 0;
        args->vcpu = vcpu < 0 || vcpu > UINT16_MAX ? UINT16_MAX : (unsigned int)vcpu;
    }
    api_change(params, reply, &job);
}

void api_sched(yajl_val params, struct reply_to *reply)
{
    int64_t weight = json_get_int(params, "weight", -1), cap = json_get_int(params, "cap", -1);
    struct work_sched_args *args;

    if (weight == 0 || weight > UINT16_MAX || cap > UINT16_MAX) {
        reply_error(reply, RPC_INVALID_PARAMS,
                    "the weight must be 1 to 65535, the cap 0 to 65535 per cent", NULL);
        return;
    }
    args = calloc(1, sizeof(*args));
    struct job job = { .name = "sched", .work = work_sched, .args = args };
    if (args) {
        args->weight = weight < 0 ? -1 : (int)weight;
        args->cap = cap < 0 ? -1 : (int)cap;
    }
    api_change(params, reply, &job);
}

/* ---- cores ---------------------------------------------------------------------------- */

static void dump_done(struct job *job, int code, const char *text)
{
    struct domain_ref *ref = job->has_result ? NULL : malloc(sizeof(*ref));
    struct job undo = { .name = "dump-undo", .work = work_dump_undo, .free_args = free };

    if (ref) { /* the worker was stopped: the domain must not stay paused */
        memcpy(ref, job->args, sizeof(*ref));
        undo.args = ref;
        undo.timeout_ms = CHANGE_MS;
        memcpy(undo.key, job->key, sizeof(undo.key));
        job_submit(&undo);
    }
    if (code)
        reply_error(&job->reply, code, text, NULL);
    else
        reply_result(&job->reply, text);
    domains_look();
}

void api_dump_core(yajl_val params, struct reply_to *reply)
{
    struct job job = {
        .name = "dump-core", .timeout_ms = DUMP_MS, .work = work_dump_core, .done = dump_done
    };
    const char *file = json_get_string(params, "file");
    struct work_dump_args *args;

    if (!file || file[0] != '/' || strlen(file) >= sizeof(args->path)) {
        reply_error(reply, RPC_INVALID_PARAMS, "dump-core needs the absolute name of a new file",
                    NULL);
        return;
    }
    args = calloc(1, sizeof(*args));
    job.args = args;
    if (args) {
        args->live = json_get_bool(params, "live");
        snprintf(args->path, sizeof(args->path), "%s", file);
    }
    api_change(params, reply, &job);
}

/* ---- names and signals ---------------------------------------------------------------- */

/* A change whose argument is a text, which is checked already. */
static void change_text(yajl_val params, struct reply_to *reply, struct job *job, const char *text,
                        unsigned int vcpu)
{
    struct work_text_args *args = calloc(1, sizeof(*args));

    if (args) {
        snprintf(args->text, sizeof(args->text), "%s", text);
        args->vcpu = vcpu;
    }
    job->args = args;
    api_change(params, reply, job);
}

void api_rename(yajl_val params, struct reply_to *reply)
{
    struct job job = { .name = "rename", .work = work_rename };
    const char *name = json_get_string(params, "name"), *why = "it is missing";
    char sentence[256];

    if (!name || !config_name_ok(name, &why)) {
        snprintf(sentence, sizeof(sentence), "'%.80s' cannot be a domain's name: %s",
                 name ? name : "", why);
        reply_error(reply, -EINVAL, sentence, NULL);
        return;
    }
    snprintf(job.also, sizeof(job.also), "%s", name); /* nobody creates it meanwhile */
    change_text(params, reply, &job, name, 0);
}

void api_sysrq(yajl_val params, struct reply_to *reply)
{
    struct job job = { .name = "sysrq", .work = work_sysrq };
    const char *letter = json_get_string(params, "letter");
    char sentence[160];

    if (!letter || strlen(letter) != 1 || !isgraph((unsigned char)letter[0])) {
        snprintf(sentence, sizeof(sentence),
                 "'%.40s' is not a SysRq key: give one letter or digit, h for help",
                 letter ? letter : "");
        reply_error(reply, -EINVAL, sentence, NULL);
        return;
    }
    change_text(params, reply, &job, letter, 0);
}

void api_trigger(yajl_val params, struct reply_to *reply)
{
    struct job job = { .name = "trigger", .work = work_trigger };
    const char *trigger = json_get_string(params, "trigger");
    int64_t vcpu = json_get_int(params, "vcpu", 0);

    if (!trigger || strlen(trigger) > 20 || vcpu < 0 || vcpu > UINT16_MAX) {
        reply_error(reply, RPC_INVALID_PARAMS,
                    "trigger needs a kind (nmi) and the number of a virtual CPU", NULL);
        return;
    }
    change_text(params, reply, &job, trigger, (unsigned int)vcpu);
}
