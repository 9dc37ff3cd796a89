/* SPDX-License-Identifier: MIT */
/*
 * The job that saves a domain to a file.
 *
 * The file is written under another name and gets its own when it is whole and on the disk, so
 * that what was there before is kept until then. Whatever fails, the guest goes on. Runs in a
 * worker. Locks: none.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "config/config_xl.h"
#include "daemon/log.h"
#include "json.h"
#include "life.h"
#include "state.h"
#include "stream/pv_save.h"
#include "stream/xl_file.h"
#include "work.h"

struct saving {
    struct worker *w;
    const struct work_save_args *args;
    struct domain_state state;
    struct domain_config cfg;
    char *draft; /* its name before it gets its own */
    int fd;
    bool nameless; /* it has not even that yet */
    uint64_t bytes;
};

/* ---- the file ------------------------------------------------------------------------- */

/* A file that vanishes by itself if this process dies; -1 with errno EOPNOTSUPP where the file
 * system has no such files. */
static int open_nameless(struct saving *s)
{
    char *folder = strdup(s->args->path);
    char *slash = folder ? strrchr(folder, '/') : NULL;
    int fd = -1;

    errno = ENOMEM;
    if (slash) { /* the path is absolute */
        slash[slash == folder] = '\0';
        fd = open(folder, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
    }
    if (fd < 0 && errno == EISDIR) /* as kernels without it say */
        errno = EOPNOTSUPP;
    free(folder);
    return fd;
}

/* Gives it the name of a draft, from which it can be renamed over another. */
static int name_draft(struct saving *s)
{
    char path[40];

    if (!s->nameless)
        return 0;
    snprintf(path, sizeof(path), "/proc/self/fd/%d", s->fd);
    unlink(s->draft);
    return linkat(AT_FDCWD, path, AT_FDCWD, s->draft, AT_SYMLINK_FOLLOW);
}

static int open_draft(struct saving *s)
{
    struct stat st;

    if (!stat(s->args->path, &st) && !S_ISREG(st.st_mode))
        return error_set(&s->w->error, -EINVAL, "%s is not a file that a domain can be saved to",
                         s->args->path);
    if (asprintf(&s->draft, "%s.%d.new", s->args->path, (int)getpid()) < 0) {
        s->draft = NULL;
        return error_set(&s->w->error, -ENOMEM, "there is not enough memory to save");
    }
    s->fd = open_nameless(s);
    if (s->fd < 0 && errno == EOPNOTSUPP)
        s->fd = open(s->draft, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    else
        s->nameless = true;
    if (s->fd >= 0)
        return 0;
    return error_set(&s->w->error, -errno, "%s cannot be created: %s", s->args->path,
                     strerror(errno));
}

static int write_file(struct saving *s)
{
    struct error *e = &s->w->error;
    struct stream_out out;
    char *json = config_xl_format(&s->cfg);
    int rc = json ? stream_out_open(&out, s->fd, s->args->path, e)
                  : error_set(e, -ENOMEM, "there is not enough memory to save");

    if (rc) {
        free(json);
        return rc;
    }
    rc = xl_file_write(&out, json, e);
    if (!rc)
        rc = pv_save(&s->w->control, s->state.domid, &out, e);
    if (!rc)
        rc = xl_file_write_trailer(&out, e);
    if (!rc)
        rc = stream_out_flush(&out, e);
    s->bytes = out.offset;
    stream_out_close(&out);
    free(json);
    return rc;
}

/* Gives the file its name. */
static int keep_file(struct saving *s)
{
    if (!fsync(s->fd) && !name_draft(s) && !rename(s->draft, s->args->path))
        return 0;
    return error_set(&s->w->error, -errno, "%s cannot be written: %s", s->args->path,
                     strerror(errno));
}

static void close_file(struct saving *s, bool failed)
{
    if (s->fd >= 0)
        close(s->fd);
    if (failed && s->draft)
        unlink(s->draft);
    free(s->draft);
}

/* ---- the domain ----------------------------------------------------------------------- */

static int find_domain(struct saving *s)
{
    const struct domain_ref *ref = &s->args->ref;
    struct worker *w = s->w;
    int rc;

    if (!ref->ours)
        return error_set(&w->error, -EPERM,
                         "there is no domain '%s' of domus: see domus list; one that xl has made "
                         "is saved by xl save",
                         ref->name);
    rc = worker_need_control(w);
    if (!rc)
        rc = worker_need_store(w);
    if (!rc)
        rc = state_load(ref->uuid, &s->state, &w->error);
    /* As it is now: one that was made smaller goes on as small. */
    return rc ? rc : life_current_config(w, ref->uuid, s->state.domid, &s->cfg);
}

/* The state tells who comes after us what to do with a guest that stands still. */
static int note_phase(struct saving *s, enum domain_phase phase)
{
    s->state.phase = phase;
    return state_save(&s->state, NULL, &s->w->error);
}

static int resume(struct saving *s)
{
    int rc = life_resume(s->w, s->state.domid, s->cfg.name);

    return rc ? rc : note_phase(s, PHASE_RUNNING);
}

static int go_on(struct saving *s)
{
    if (s->args->paused) {
        int rc = domctl_pause(&s->w->control, s->state.domid);

        if (rc)
            return error_set(&s->w->error, rc, "domain '%s' cannot be paused: %s", s->cfg.name,
                             error_clause(rc));
    }
    return resume(s);
}

/* From here on the guest is in the file, and must not run any more. */
static int end_domain(struct saving *s)
{
    struct domain_note n = { .domid = s->state.domid, .phase = PHASE_SAVING };

    memcpy(n.uuid, s->args->ref.uuid, sizeof(n.uuid));
    snprintf(n.name, sizeof(n.name), "%s", s->cfg.name);
    worker_send_domain(s->w, NOTE_DOMAIN, &n); /* so that domusd can say how it has ended */
    note_phase(s, PHASE_ENDING);
    error_clear(&s->w->error); /* without the state it is taken away all the same */
    return life_tear_down(s->w, s->args->ref.uuid, s->cfg.name, s->state.domid, true);
}

/* The guest has suspended itself. */
static int save_suspended(struct saving *s)
{
    struct error first;
    int rc = write_file(s);

    if (!rc)
        rc = keep_file(s);
    if (!rc)
        return s->args->checkpoint || s->args->paused ? go_on(s) : end_domain(s);
    first = s->w->error;
    error_clear(&s->w->error);
    if (resume(s))
        log_line("%s", error_text(&s->w->error));
    s->w->error = first;
    return rc;
}

/* A guest that has not suspended in time may do so later: the phase stays, and it is resumed. */
static int save_domain(struct saving *s)
{
    int rc = note_phase(s, PHASE_SAVING);

    if (!rc)
        rc = life_suspend(s->w, s->state.domid, s->cfg.name);
    return rc ? rc : save_suspended(s);
}

static void answer(struct saving *s)
{
    struct json_out *out = json_out_new(false);

    if (!out)
        return; /* it is saved; only the answer is empty */
    json_open_object(out, NULL);
    json_string(out, "name", s->cfg.name);
    json_string(out, "file", s->args->path);
    json_int(out, "bytes", (int64_t)s->bytes);
    json_bool(out, "runs", s->args->checkpoint && !s->args->paused);
    json_close_object(out);
    s->w->result = json_take(out);
}

int work_save(struct worker *w, void *arg)
{
    struct saving s = { .w = w, .args = arg, .fd = -1 };
    int rc = find_domain(&s);

    if (!rc)
        rc = open_draft(&s);
    if (!rc)
        rc = save_domain(&s);
    close_file(&s, rc != 0);
    if (!rc)
        answer(&s);
    config_free(&s.cfg);
    return rc;
}
