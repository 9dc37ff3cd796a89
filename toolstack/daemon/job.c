/* SPDX-License-Identifier: MIT */
/*
 * Jobs and their worker processes, from domusd's side.
 *
 * Owns the list of jobs, the processes it forks and the socket pairs to them. Locks: none.
 */
#include "job.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "domain.h"
#include "log.h"
#include "paths.h"

#define MAX_WORKERS 64

static struct job *jobs; /* oldest first, waiting and running */
static unsigned int running;
static struct loop_source child_signal = { .fd = -1 };

static void start_what_can_run(void);

/* ---- notes from a worker -------------------------------------------------------------- */

static void take_end(struct job *job, const struct note_header *header, char *payload)
{
    if (job->has_result || !header->bytes)
        return;
    payload[header->bytes - 1] = '\0';
    job->has_result = true;
    job->code = header->kind == NOTE_ERROR ? header->code : 0;
    job->text = strdup(payload);
}

static void tell(const struct job *job, char byte)
{
    ssize_t n = send(job->source.fd, &byte, 1, MSG_DONTWAIT | MSG_NOSIGNAL);

    (void)n; /* if it is gone, SIGCHLD says so */
}

static void take_domain(struct job *job, const struct note_header *header, char *payload)
{
    struct domain_note note;

    if (header->bytes != sizeof(note))
        return;
    memcpy(&note, payload, sizeof(note));
    if (header->kind == NOTE_GONE) {
        domain_gone(&note);
    } else if (header->kind == NOTE_RELEASE) {
        domain_release_console(&note);
        tell(job, WORKER_GO);
    } else {
        int rc = domain_noted(&note);

        if (note.hold_console)
            tell(job, rc ? WORKER_STOP : WORKER_GO);
    }
}

static void take_event(struct job *job, const struct note_header *header, char *payload)
{
    (void)job;
    (void)header;
    (void)payload;
    domains_look();
    job_poke_all();
}

static void take_note(struct job *job, const struct note_header *header, char *payload)
{
    static void (*const takers[NOTE_COUNT])(struct job *, const struct note_header *, char *) = {
        [NOTE_RESULT] = take_end,     [NOTE_ERROR] = take_end,   [NOTE_DOMAIN] = take_domain,
        [NOTE_RELEASE] = take_domain, [NOTE_GONE] = take_domain, [NOTE_EVENT] = take_event,
    };

    if (header->kind < NOTE_COUNT)
        takers[header->kind](job, header, payload);
}

static void take_notes(struct job *job)
{
    struct note_header header;
    size_t at = 0;

    while (job->in_used - at >= sizeof(header)) {
        memcpy(&header, job->in + at, sizeof(header));
        if (header.bytes > NOTE_MAX_BYTES) {
            log_line("the worker of %s sends nonsense", job->name);
            kill(job->pid, SIGKILL);
            at = job->in_used;
            break;
        }
        if (job->in_used - at - sizeof(header) < header.bytes)
            break;
        take_note(job, &header, job->in + at + sizeof(header));
        at += sizeof(header) + header.bytes;
    }
    memmove(job->in, job->in + at, job->in_used - at);
    job->in_used -= at;
}

/* Reads what is there. False at the end of the stream. */
static bool read_notes(struct job *job)
{
    for (;;) {
        if (job->in_room - job->in_used < 4096) {
            char *more = realloc(job->in, job->in_room + 65536);

            if (!more)
                return false;
            job->in = more;
            job->in_room += 65536;
        }
        ssize_t n =
            recv(job->source.fd, job->in + job->in_used, job->in_room - job->in_used, MSG_DONTWAIT);
        if (n < 0)
            return errno == EAGAIN || errno == EINTR;
        if (n == 0)
            return false;
        job->in_used += (size_t)n;
        take_notes(job);
    }
}

static void job_ready(struct loop_source *source, short revents)
{
    struct job *job = (struct job *)((char *)source - offsetof(struct job, source));

    (void)revents;
    if (!read_notes(job))
        loop_remove(source); /* the rest happens when the process has been reaped */
}

/* ---- beginning and end ---------------------------------------------------------------- */

static void free_job(struct job *job)
{
    loop_disarm(&job->deadline);
    reply_drop(&job->reply);
    if (job->free_args)
        job->free_args(job->args);
    free(job->in);
    free(job->text);
    free(job);
}

static void unlink_job(struct job *job)
{
    for (struct job **link = &jobs; *link; link = &(*link)->next)
        if (*link == job) {
            *link = job->next;
            return;
        }
}

/* Runs done() after the job has left the list, so that done() may submit under the same key. */
static void finish(struct job *job, int code, const char *text)
{
    unlink_job(job);
    if (code && !job->reply.conn) /* otherwise the answer is logged */
        log_line("[%s] %s %s: %s", job->reply.operation, job->name, job->key, text);
    if (job->done)
        job->done(job, code, text);
    else if (code)
        reply_error(&job->reply, code, text, NULL);
    else
        reply_result(&job->reply, text);
    free_job(job);
    start_what_can_run();
}

static void reaped(struct job *job, int status)
{
    char why[160];

    running--;
    job->pid = 0;
    read_notes(job);
    loop_remove(&job->source);
    close(job->source.fd);
    job->source.fd = -1;
    if (job->has_result && job->text) {
        finish(job, job->code, job->text);
        return;
    }
    if (job->timed_out)
        snprintf(why, sizeof(why), "%s took longer than %u s and was stopped", job->name,
                 job->timeout_ms / 1000);
    else if (WIFSIGNALED(status))
        snprintf(why, sizeof(why), "the worker of %s died by signal %d: see " DOMUS_LOG, job->name,
                 WTERMSIG(status));
    else
        snprintf(why, sizeof(why), "the worker of %s ended without an answer", job->name);
    finish(job, job->timed_out ? -ETIMEDOUT : -EIO, why);
}

static void children_ended(struct loop_source *source, short revents)
{
    struct signalfd_siginfo info;
    bool again = true;

    (void)revents;
    while (read(source->fd, &info, sizeof(info)) > 0)
        ;
    while (again) { /* finish() changes the list */
        again = false;
        for (struct job *job = jobs; job; job = job->next) {
            int status;

            if (job->pid && waitpid(job->pid, &status, WNOHANG) == job->pid) {
                reaped(job, status);
                again = true;
                break;
            }
        }
    }
}

static void too_long(struct loop_timer *timer)
{
    struct job *job = (struct job *)((char *)timer - offsetof(struct job, deadline));

    job->timed_out = true;
    kill(job->pid, SIGKILL);
}

static int start(struct job *job)
{
    int pair[2], rc;

    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair))
        return -errno;
    job->source = (struct loop_source){ .fd = pair[0], .events = POLLIN, .ready = job_ready };
    rc = loop_add(&job->source);
    job->pid = rc ? -1 : fork();
    if (job->pid == 0)
        worker_main(pair[1], job->name, job->reply.operation, job->work, job->args);
    if (!rc && job->pid < 0)
        rc = -errno;
    close(pair[1]);
    if (rc) {
        job->pid = 0;
        loop_remove(&job->source);
        close(pair[0]);
        return rc;
    }
    running++;
    if (job->timeout_ms) {
        job->deadline.fire = too_long;
        loop_arm(&job->deadline, job->timeout_ms);
    }
    return 0;
}

static bool has_key(const struct job *job, const char *key)
{
    return key[0] && (!strcmp(job->key, key) || !strcmp(job->also, key));
}

static bool must_wait(const struct job *job)
{
    if (running >= MAX_WORKERS)
        return true;
    for (const struct job *other = jobs; other != job; other = other->next)
        if (has_key(other, job->key) || has_key(other, job->also))
            return true;
    return false;
}

static struct job *find_startable(void)
{
    for (struct job *job = jobs; job; job = job->next)
        if (!job->pid && !must_wait(job))
            return job;
    return NULL;
}

static void start_what_can_run(void)
{
    struct job *job;

    while ((job = find_startable())) {
        int rc = start(job);

        if (rc) {
            char why[400];

            snprintf(why, sizeof(why),
                     "cannot start a worker process for %s %s: %s: dom0 is short of memory, "
                     "processes or descriptors: end some program or raise domusd's limits",
                     job->name, job->key, strerror(-rc));
            finish(job, rc, why);
            return;
        }
    }
}

void job_tell(const char *key, char byte)
{
    for (struct job *job = jobs; job; job = job->next)
        if (job->pid && has_key(job, key))
            tell(job, byte);
}

/* A job of this domain that only waits for something to happen need not keep the next. */
static void hurry(const struct job *next)
{
    job_tell(next->key, WORKER_HURRY);
    job_tell(next->also, WORKER_HURRY);
    if (next->ends_domain)
        job_tell(next->key, WORKER_END);
}

/* A job that cannot even wait. done() owns its context and may want to say more. */
static void refuse(struct job job)
{
    static const char why[] = "domusd has not enough memory";

    log_line("%s %s: not enough memory for a job", job.name, job.key);
    job.has_result = true; /* there is nothing to clear up */
    if (job.done)
        job.done(&job, -ENOMEM, why);
    else
        reply_error(&job.reply, -ENOMEM, why, NULL);
    reply_drop(&job.reply);
    if (job.free_args)
        job.free_args(job.args);
}

void job_submit(const struct job *spec)
{
    struct job *job = malloc(sizeof(*job)), **link = &jobs;

    if (!job) {
        refuse(*spec);
        return;
    }
    hurry(spec);
    *job = *spec;
    if (!job->reply.operation[0])
        operation_name(job->reply.operation);
    while (*link)
        link = &(*link)->next;
    *link = job;
    start_what_can_run();
}

void job_poke_all(void)
{
    for (struct job *job = jobs; job; job = job->next)
        if (job->pid && job->key[0])
            tell(job, WORKER_POKE);
}

bool job_is_pending(const char *key)
{
    for (struct job *job = jobs; job; job = job->next)
        if (has_key(job, key))
            return true;
    return false;
}

unsigned int job_count(void)
{
    unsigned int count = 0;

    for (struct job *job = jobs; job; job = job->next)
        count += job->key[0] != '\0';
    return count;
}

int job_init(void)
{
    sigset_t set;

    sigemptyset(&set);
    sigaddset(&set, SIGCHLD);
    if (sigprocmask(SIG_BLOCK, &set, NULL))
        return -errno;
    child_signal.fd = signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC);
    if (child_signal.fd < 0)
        return -errno;
    child_signal.events = POLLIN;
    child_signal.ready = children_ended;
    return loop_add(&child_signal);
}

void job_kill_all(void)
{
    for (struct job *job = jobs; job; job = job->next)
        if (job->pid)
            kill(job->pid, SIGKILL);
}
