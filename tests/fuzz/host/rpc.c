/* SPDX-License-Identifier: MIT */
/*
 * Requests on domusd's socket, up to the job that each becomes: every method's parameters are
 * read. Jobs end at once, well or badly, "d" is a domain, and each request is answered once.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "toolstack/daemon/api.h"
#include "toolstack/daemon/conn.h"
#include "toolstack/daemon/console.h"
#include "toolstack/daemon/domain.h"
#include "toolstack/daemon/event.h"
#include "toolstack/daemon/job.h"
#include "toolstack/daemon/log.h"

#define CONN 5u

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct domain domain = { .name = "d", .domid = 3, .phase = PHASE_RUNNING };
static unsigned int answers;
static enum { WELL, BADLY, DIES } ends; /* how jobs do */

void operation_name(char name[OPERATION_MAX])
{
    strcpy(name, "op");
}

void reply_drop(struct reply_to *to)
{
    free(to->id);
    *to = (struct reply_to){ 0 };
}

static void answered(struct reply_to *to, const char *text)
{
    if (!to->conn)
        abort(); /* twice, or by nobody */
    answers += strlen(text) + 1 > 0;
    reply_drop(to);
}

void reply_result(struct reply_to *to, const char *json)
{
    answered(to, json ? json : "");
}

void reply_error(struct reply_to *to, int code, const char *text, const char *data)
{
    if (!code)
        abort();
    answered(to, data ? data : text);
}

void job_submit(const struct job *spec)
{
    struct job job = *spec;

    if (!memchr(job.key, '\0', sizeof(job.key)) || !memchr(job.also, '\0', sizeof(job.also)) ||
        !job.name)
        abort();
    job.has_result = ends != DIES;
    if (job.done)
        job.done(&job, ends == WELL ? 0 : -EIO, "{}");
    else if (job.reply.conn)
        answered(&job.reply, "{}");
    if (job.reply.conn || job.reply.id)
        abort(); /* nobody is answered */
    if (job.free_args)
        job.free_args(job.args);
}

void job_tell(const char *key, char byte)
{
    (void)key, (void)byte;
}

bool job_is_pending(const char *key)
{
    return key[0] == 'b';
}

struct domain *domain_find_name(const char *name)
{
    return strcmp(name, domain.name) ? NULL : &domain;
}

struct domain *domain_find_domid(domid_t domid)
{
    return domid == domain.domid ? &domain : NULL;
}

void domain_wait_end(const struct domain *d, unsigned int timeout_ms, struct reply_to *reply)
{
    (void)d, (void)timeout_ms;
    reply_result(reply, "{}");
}

void domains_look(void) {}

int console_attach(struct console *c, uint64_t conn, size_t backlog)
{
    (void)c, (void)conn, (void)backlog;
    return -ENOMEM;
}

int event_listen(uint64_t conn)
{
    (void)conn;
    return -ENOMEM;
}

void event_emit(const char *what, const char *name, domid_t domid, const char *reason)
{
    (void)what, (void)name, (void)domid, (void)reason;
}

void conn_close(uint64_t conn)
{
    if (conn != CONN)
        abort();
}

void log_line(const char *fmt, ...)
{
    (void)fmt;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *text = malloc(size + 1);

    if (!text)
        return 0;
    memcpy(text, data, size);
    text[size] = '\0';
    answers = 0;
    ends = size % 3;
    api_request(CONN, text);
    if (answers != 1)
        abort();
    free(text);
    return 0;
}
