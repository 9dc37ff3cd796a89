/* SPDX-License-Identifier: MIT */
/*
 * Restoring a PV domain: the steps and their order.
 *
 * Owns a restore from open to free. The domain itself is made by the builder's code; only what it
 * is filled with differs. Locks: none; one thread.
 */
#include "pv_restore.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cpu_features.h"
#include "pv_restore_internal.h"
#include "xl_file.h"

int restore_fail(const struct pv_restore *r, struct error *e, int code, const char *format, ...)
{
    char cause[ERROR_TEXT_BYTES / 2];
    va_list args;

    va_start(args, format);
    vsnprintf(cause, sizeof(cause), format, args);
    va_end(args);
    return error_set(e, code, "%s cannot be restored: %s", r->path, cause);
}

/* ---- open ----------------------------------------------------------------------------- */

static int read_all(struct pv_restore *r, struct error *e)
{
    struct stream_in in;
    char *json = NULL;
    int rc = stream_in_open(&in, r->fd, r->path, e);

    if (!rc)
        rc = xl_file_read(&in, &json, e);
    free(json);
    if (!rc) {
        r->stream_start = (off_t)in.offset;
        rc = stream_plan_read(&in, &r->plan, e);
    }
    if (!rc)
        rc = xl_file_check_trailer(&in, e);
    stream_in_close(&in);
    return rc;
}

int pv_restore_open(const char *path, struct pv_restore **restore, struct error *e)
{
    struct pv_restore *r = calloc(1, sizeof(*r));
    int rc;

    *restore = NULL;
    if (!r)
        return error_set(e, -ENOMEM, "there is not enough memory to read %s", path);
    r->path = path;
    r->build.domid = DOMID_INVALID;
    r->build.ramdisk_fd = -1;
    r->fd = open(path, O_RDONLY | O_CLOEXEC);
    rc = r->fd < 0 ? error_set(e, -errno, "%s cannot be opened: %s", path, strerror(errno))
                   : read_all(r, e);
    if (rc) {
        pv_restore_free(r);
        return rc;
    }
    *restore = r;
    return 0;
}

void pv_restore_free(struct pv_restore *r)
{
    if (!r)
        return;
    if (r->fd >= 0)
        close(r->fd);
    stream_plan_free(&r->plan);
    free(r->build.frames);
    free(r);
}

uint64_t pv_restore_pages(const struct pv_restore *r)
{
    return r->plan.nr_pages;
}

unsigned int pv_restore_vcpus(const struct pv_restore *r)
{
    return r->plan.nr_vcpus;
}

int pv_restore_check(const struct pv_restore *r, struct control *ctl, struct error *e)
{
    char feature[CPU_FEATURE_NAME_MAX];
    struct cpu_policy host;
    int rc;

    if (!r->plan.policy.nr_leaves)
        return 0;
    rc = sysctl_get_cpu_policy(ctl, XEN_SYSCTL_cpu_policy_pv_max, &host);
    if (rc)
        return restore_fail(r, e, rc, "the host's CPU policy cannot be read: %s", error_clause(rc));
    if (cpu_feature_missing(&r->plan.policy, &host, feature))
        rc = restore_fail(r, e, -ENODEV,
                          "its guest uses a CPU with %s, which this one has not: restore it on "
                          "one that has",
                          feature);
    cpu_policy_free(&host);
    return rc;
}

/* ---- create --------------------------------------------------------------------------- */

int pv_restore_create(struct pv_restore *r, const struct pv_build_config *config,
                      struct control *ctl, domid_t *domid, struct error *e)
{
    struct pv_build_config *own = &r->build.config;
    uint64_t kib = r->plan.nr_pages << (PAGE_SHIFT - 10);

    *own = *config; /* its strings stay the caller's until free */
    own->memory_kib = kib;
    if (own->maxmem_kib < kib)
        own->maxmem_kib = kib;
    if (own->maxvcpus < r->plan.nr_vcpus)
        own->maxvcpus = r->plan.nr_vcpus;
    if (!own->max_event_channels)
        own->max_event_channels = 1023;
    r->build.nr_pages = r->plan.nr_pfns; /* a guest that gave memory back has pfns without */
    r->build.policy = r->plan.policy.nr_leaves ? &r->plan.policy : NULL;
    return pv_build_create(&r->build, ctl, domid, e);
}

/* ---- load ----------------------------------------------------------------------------- */

static int channels(struct pv_restore *r, struct error *e)
{
    return build_channels(&r->build, e);
}

static int seed_grants(struct pv_restore *r, struct error *e)
{
    return build_seed_grants(&r->build, e);
}

/* Everything is written before page tables are pinned, which makes them read-only; the virtual
 * CPUs, which run on them, come last. */
int pv_restore_load(struct pv_restore *r, struct pv_domain *domain, uint64_t *differing,
                    struct error *e)
{
    static int (*const steps[])(struct pv_restore * r, struct error * e) = {
        restore_populate,         restore_load_pages, restore_write_p2m,         channels,
        restore_write_start_info, seed_grants,        restore_write_shared_info, restore_pin_tables,
        restore_set_vcpus,        restore_set_clock,
    };
    int rc = 0;

    for (size_t i = 0; !rc && i < sizeof(steps) / sizeof(steps[0]); i++)
        rc = steps[i](r, e);
    if (rc) {
        domctl_destroy(r->build.ctl, r->build.domid);
        return rc;
    }
    *domain = r->build.result;
    *differing = r->differing;
    return 0;
}
