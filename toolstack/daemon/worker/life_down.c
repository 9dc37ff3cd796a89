/* SPDX-License-Identifier: MIT */
/*
 * Taking a domain away.
 *
 * Each step is harmless if what it removes is not there, so the sequence can be begun again after
 * any interruption. The mark in the store and the file in the state directory go last, since it
 * is by them that a domain is known to be ours. Locks: none; one worker a domain.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/log.h"
#include "device/disk_attach.h"
#include "device/vif_attach.h"
#include "life.h"
#include "daemon/loop.h"
#include "tree.h"

#define BACKEND_MS 10000u
#define LOOP_MS    10000u

static const char *const device_kinds[] = { "vbd", "vif" };

static void note(struct worker *w, enum note_kind kind, const uint8_t uuid[16], const char *name,
                 domid_t domid)
{
    struct domain_note n = { .domid = domid, .phase = PHASE_ENDING };

    memcpy(n.uuid, uuid, 16);
    snprintf(n.name, sizeof(n.name), "%s", name);
    worker_send_domain(w, kind, &n);
}

static void release_console(struct worker *w, const uint8_t uuid[16], const char *name,
                            domid_t domid)
{
    note(w, NOTE_RELEASE, uuid, name, domid);
    worker_wait_go(w);
}

/* All devices at once, so that their deadlines do not add up. */
static int remove_devices(struct worker *w, domid_t domid)
{
    struct device *all = NULL;
    struct error unplugged = { 0 };
    size_t total = 0;
    int rc = 0;

    for (size_t k = 0; !rc && k < sizeof(device_kinds) / sizeof(device_kinds[0]); k++) {
        struct device *some, *more;
        size_t count;

        rc = device_list(w->xs, domid, device_kinds[k], &some, &count);
        if (rc)
            break;
        more = realloc(all, (total + count + 1) * sizeof(*all));
        if (more) {
            all = more;
            memcpy(all + total, some, count * sizeof(*all));
            total += count;
        } else {
            rc = -ENOMEM;
        }
        free(some);
    }
    if (rc)
        error_set(&w->error, rc, "cannot list the devices of domain %u: %s", domid, strerror(-rc));
    for (size_t i = 0; !rc && i < total; i++) {
        int (*unplug)(struct xs_handle *, const struct device *, struct error *) =
            strcmp(all[i].kind, "vif") ? disk_unplug : vif_unplug;

        if (unplug(w->xs, &all[i], &unplugged))
            log_line("domain %u: %s", domid, error_text(&unplugged));
    }
    if (!rc && total)
        rc = device_remove(w->xs, all, total, 0, BACKEND_MS, &w->error);
    free(all);
    /* Folders of kinds that had no device left. */
    for (size_t k = 0; k < sizeof(device_kinds) / sizeof(device_kinds[0]); k++)
        store_remove(w->xs, XBT_NULL, "/local/domain/0/backend/%s/%u", device_kinds[k], domid);
    return rc;
}

/* True if the hypervisor's domain of this number is the one meant. */
static bool is_there(struct worker *w, const uint8_t uuid[16], domid_t domid)
{
    struct xen_domctl_getdomaininfo info;

    return !domctl_get_info(&w->control, domid, &info) && !memcmp(info.handle, uuid, 16);
}

static int destroy(struct worker *w, const uint8_t uuid[16], const char *name, domid_t domid)
{
    int64_t deadline = loop_now_ms() + LIFE_VANISH_MS;
    int rc = domctl_destroy(&w->control, domid);

    xs_release_domain(w->xs, domid); /* if the store has noticed by itself, it says so: fine */
    if (rc && rc != -ESRCH)
        return error_set(&w->error, rc, "cannot destroy domain '%s' (%u): %s", name, domid,
                         error_clause(rc));
    while (is_there(w, uuid, domid)) {
        if (loop_now_ms() >= deadline)
            return error_set(&w->error, -EBUSY,
                             "domain '%s' (%u) is destroyed but does not "
                             "vanish: something still uses its pages: see domus why %u",
                             name, domid, domid);
        worker_sleep(w, 20);
    }
    return 0;
}

static int tear_down_domain(struct worker *w, const uint8_t uuid[16], const char *name,
                            domid_t domid)
{
    int rc, first;

    if (is_there(w, uuid, domid))
        domctl_pause(&w->control, domid); /* it must not answer while its devices go */
    first = remove_devices(w, domid);
    release_console(w, uuid, name, domid);
    rc = is_there(w, uuid, domid) ? destroy(w, uuid, name, domid) : 0;
    first = first ? first : rc;
    rc = tree_remove(w->xs, domid, uuid, &w->error);
    return first ? first : rc;
}

/* The number of a domain that was being created when the worker was stopped: only the
 * hypervisor knows it, by the UUID. */
static domid_t find_domain(struct worker *w, const uint8_t uuid[16])
{
    struct xen_domctl_getdomaininfo infos[64];
    domid_t first = 0;
    unsigned int count;

    while (!sysctl_get_domains(&w->control, first, 64, infos, &count) && count) {
        for (unsigned int i = 0; i < count; i++)
            if (!memcmp(infos[i].handle, uuid, 16))
                return infos[i].domain;
        first = (domid_t)(infos[count - 1].domain + 1);
    }
    return DOMID_INVALID;
}

int life_tear_down(struct worker *w, const uint8_t uuid[16], const char *name, domid_t domid,
                   bool final)
{
    char mark[DISK_MARK_PREFIX_MAX], text[37];
    int rc, first = worker_need_control(w);

    if (!first)
        first = worker_need_store(w);
    if (first)
        return first;
    if (domid == DOMID_INVALID)
        domid = find_domain(w, uuid);
    if (domid != DOMID_INVALID)
        first = tear_down_domain(w, uuid, name, domid);
    config_uuid_format(uuid, text);
    disk_mark_prefix(text, mark);
    rc = disk_release_all(mark, LOOP_MS, &w->error);
    first = first ? first : rc;
    if (final && (!first || !is_there(w, uuid, domid))) {
        state_remove(uuid);
        note(w, NOTE_GONE, uuid, name, domid);
    }
    return first;
}
