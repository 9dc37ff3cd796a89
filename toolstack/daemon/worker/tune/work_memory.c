/* SPDX-License-Identifier: MIT */
/*
 * The jobs that give a domain more or less memory.
 *
 * The guest is told what it shall use (memory/target) and the hypervisor lets it have no more; the
 * guest's balloon does the rest. What a domain was created with as its most (memory/static-max) is
 * the most that it can manage. Runs in a worker. Locks: none.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/loop.h"
#include "daemon/worker/find.h"
#include "device/store.h"

#define PAGE_KIB      4u
#define SLACK_KIB     1024u   /* as the builder and libxl give: for what a guest has besides */
#define FLOOR_KIB     32768u  /* a kernel with less dies, and takes its guest's work along */
#define DOM0_KIB      131072u /* as libxl's */
#define LOOK_EVERY_MS 200u

struct memory {
    const struct work_memory_args *args;
    struct xen_domctl_getdomaininfo info;
    uint64_t most_kib, target_kib;
    domid_t domid;
};

static int look(struct worker *w, struct memory *m)
{
    int rc = domctl_get_info(&w->control, m->domid, &m->info);

    return rc ? error_set(&w->error, rc, "domain '%s' cannot be asked for its memory: %s",
                          m->args->ref.name, error_clause(rc))
              : 0;
}

static int begin(struct worker *w, struct memory *m, const struct work_memory_args *args)
{
    m->args = args;
    int rc = find_changeable(w, &args->ref, true, &m->domid);
    if (!rc)
        rc = look(w, m);
    if (rc)
        return rc;
    if (store_read_number(w->xs, XBT_NULL, &m->most_kib, "/local/domain/%u/memory/static-max",
                          m->domid))
        m->most_kib = m->info.max_pages * PAGE_KIB; /* dom0, if nobody has written its nodes */
    if (store_read_number(w->xs, XBT_NULL, &m->target_kib, "/local/domain/%u/memory/target",
                          m->domid))
        m->target_kib = m->info.tot_pages * PAGE_KIB;
    return 0;
}

static bool has_followed(const struct memory *m)
{
    uint64_t has = m->info.tot_pages * PAGE_KIB, wanted = m->args->kib;

    return has <= wanted + SLACK_KIB && has + SLACK_KIB >= wanted;
}

static int wait_for_guest(struct worker *w, struct memory *m)
{
    int64_t deadline = loop_now_ms() + m->args->wait_ms;

    while (!has_followed(m) && !w->hurried && loop_now_ms() < deadline) {
        worker_sleep(w, LOOK_EVERY_MS);
        int rc = look(w, m);
        if (rc)
            return rc;
    }
    return 0;
}

static int answer(struct worker *w, const struct memory *m)
{
    struct json_out *out = json_out_new(false);
    uint64_t has_kib = m->info.tot_pages * PAGE_KIB;
    char text[200];

    if (!out)
        return error_set(&w->error, -ENOMEM, "there is not enough memory to answer");
    json_open_object(out, NULL);
    json_string(out, "name", m->args->ref.name);
    json_int(out, "domid", m->domid);
    json_int(out, "memory_kib", (int64_t)has_kib);
    json_int(out, "target_kib", (int64_t)m->target_kib);
    if (m->args->wait_ms && !has_followed(m)) {
        snprintf(text, sizeof(text),
                 "domain '%s' (%u) has %" PRIu64 " MiB, not %" PRIu64
                 " yet: its guest may have no balloon driver, or no memory to spare",
                 m->args->ref.name, m->domid, has_kib / 1024, m->args->kib / 1024);
        json_string(out, "warning", text);
    }
    json_close_object(out);
    return worker_take_result(w, out);
}

int work_mem_set(struct worker *w, void *arg)
{
    const struct work_memory_args *args = arg;
    struct memory m = { 0 };
    char text[24];
    int rc = begin(w, &m, args);
    uint64_t floor_kib = m.domid ? FLOOR_KIB : DOM0_KIB;

    if (rc)
        return rc;
    if (args->kib > m.most_kib)
        return error_set(&w->error, -EINVAL,
                         "domain '%s' can use at most %" PRIu64 " MiB, not %" PRIu64
                         ": raise its maxmem and create it again",
                         args->ref.name, m.most_kib / 1024, args->kib / 1024);
    if (args->kib < floor_kib)
        return error_set(&w->error, -EINVAL,
                         "%" PRIu64 " MiB are too little for domain '%s' to live: "
                         "leave it at least %" PRIu64 " MiB",
                         args->kib / 1024, args->ref.name, floor_kib / 1024);
    snprintf(text, sizeof(text), "%" PRIu64, args->kib);
    rc = store_write(w->xs, XBT_NULL, text, "/local/domain/%u/memory/target", m.domid);
    if (rc)
        return error_set(&w->error, rc, "cannot tell domain '%s' its memory: %s", args->ref.name,
                         strerror(-rc));
    rc = domctl_set_max_mem(&w->control, m.domid, args->kib + SLACK_KIB);
    if (rc)
        return error_set(&w->error, rc, "cannot limit the memory of domain '%s': %s",
                         args->ref.name, error_clause(rc));
    m.target_kib = args->kib;
    rc = wait_for_guest(w, &m);
    return rc ? rc : answer(w, &m);
}

int work_mem_max(struct worker *w, void *arg)
{
    const struct work_memory_args *args = arg;
    struct memory m = { 0 };
    int rc = begin(w, &m, args);

    if (rc)
        return rc;
    if (args->kib < m.target_kib)
        return error_set(&w->error, -EINVAL,
                         "domain '%s' uses %" PRIu64 " MiB, more than %" PRIu64
                         ": lower that first with domus mem-set",
                         args->ref.name, m.target_kib / 1024, args->kib / 1024);
    rc = domctl_set_max_mem(&w->control, m.domid, args->kib + SLACK_KIB);
    if (rc)
        return error_set(&w->error, rc, "cannot limit the memory of domain '%s': %s",
                         args->ref.name, error_clause(rc));
    return answer(w, &m);
}
