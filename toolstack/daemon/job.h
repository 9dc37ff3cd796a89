/* SPDX-License-Identifier: MIT */
/*
 * Jobs: whatever could block runs in a forked worker, one process a job.
 *
 * Jobs with the same key run one after the other, in the order they were submitted: the key is
 * the domain's name, so each domain has its own lock and nothing is locked for all. A worker that
 * exceeds its time is killed; a worker dies with domusd (PR_SET_PDEATHSIG), and what it left
 * half-done is found in the state directory at the next start.
 */
#ifndef DOMUSD_JOB_H
#define DOMUSD_JOB_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "conn.h"
#include "loop.h"
#include "worker/worker.h"

#define JOB_KEY_MAX 80

struct job {
    const char *name;                          /* "create": for logs and the process list */
    char key[JOB_KEY_MAX];                     /* "": runs beside any other */
    char also[JOB_KEY_MAX];                    /* a second key, or "": a new name, say */
    unsigned int timeout_ms;                   /* 0: as long as it likes */
    bool ends_domain;                          /* the jobs before it need not wait for the guest */
    int (*work)(struct worker *w, void *args); /* in the worker */
    void *args; /* given to work(), and freed with free_args() when done */
    void (*free_args)(void *args);
    /* In domusd, when the worker has ended: code 0 and text the result as JSON, or -errno and text
     * a sentence. May submit jobs. The job is freed afterwards. */
    void (*done)(struct job *job, int code, const char *text);
    void *context;         /* done()'s */
    struct reply_to reply; /* done()'s; dropped if it is still there afterwards */

    /* job.c's */
    struct loop_source source;
    struct loop_timer deadline;
    struct job *next;
    pid_t pid;
    bool timed_out;
    bool has_result;
    int code;
    char *text;
    char *in;
    size_t in_used, in_room;
};

/* Takes over *spec, of which the fields above the line are filled in. Starts it now or when the
 * jobs before it with the same key have ended. */
void job_submit(const struct job *spec);

/* Something happened that workers may be waiting for: see WORKER_POKE. */
void job_poke_all(void);
/* Sends one of the WORKER_* bytes to the running job with this key. */
void job_tell(const char *key, char byte);

/* True while a job with this key runs or waits. */
bool job_is_pending(const char *key);
unsigned int job_count(void);

/* Starts taking SIGCHLD. 0 or -errno. */
int job_init(void);

/* Ends every worker at once. */
void job_kill_all(void);

#endif
