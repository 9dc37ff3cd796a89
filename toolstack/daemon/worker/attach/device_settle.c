/* SPDX-License-Identifier: MIT */
/*
 * Making a domain's devices and its file agree.
 *
 * Runs in a worker. Locks: none; one worker a domain.
 */
#include "device_settle.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/log.h"
#include "device/disk_attach.h"
#include "device/vif_attach.h"

#define RELEASE_MS 2000u

struct settling {
    struct worker *w;
    const struct domain_state *state;
    struct domain_config *cfg;
    char mark[DISK_MARK_PREFIX_MAX];
    bool changed;
};

void device_of_disk(struct device *dev, domid_t domid, const struct disk_spec *disk)
{
    char label[40];

    snprintf(label, sizeof(label), "disk %s", disk->vdev);
    device_init(dev, "vbd", domid, disk->number, label);
}

void device_of_vif(struct device *dev, domid_t domid, const struct vif_spec *vif)
{
    char label[40];

    snprintf(label, sizeof(label), "network card %u", vif->devid);
    device_init(dev, "vif", domid, vif->devid, label);
}

/* ---- what is in the store ------------------------------------------------------------- */

/* Not in the file: on its way out. */
static void settle_leaving(struct settling *s, const struct device *dev, bool is_disk)
{
    if (!device_is_closed(s->w->xs, dev)) {
        device_begin_close(s->w->xs, dev);
        return;
    }
    if (!is_disk)
        vif_unplug(s->w->xs, dev, &s->w->error);
    if (!device_forget(s->w->xs, dev, &s->w->error) && is_disk)
        disk_release(s->mark, dev->id, RELEASE_MS, &s->w->error);
}

/* In the file: a card that nobody has brought into its bridge yet is. */
static void settle_staying(struct settling *s, const struct device *dev, bool is_disk)
{
    char path[DEVICE_PATH_MAX], *status;

    if (is_disk || worker_need_netlink(s->w))
        return;
    device_backend_path(dev, path);
    store_read(s->w->xs, XBT_NULL, &status, "%s/hotplug-status", path);
    if (!status || strcmp(status, "connected"))
        vif_plug(s->w->xs, &s->w->netlink, dev, &s->cfg->vifs[config_find_vif(s->cfg, dev->id)],
                 &s->w->error);
    free(status);
}

static int settle_kind(struct settling *s, bool is_disk)
{
    struct device *devs;
    size_t count;
    int rc = device_list(s->w->xs, s->state->domid, is_disk ? "vbd" : "vif", &devs, &count);

    if (rc)
        return error_set(&s->w->error, rc, "cannot list the devices of domain %u: %s",
                         s->state->domid, strerror(-rc));
    for (size_t i = 0; i < count; i++) {
        bool stays = is_disk ? config_find_disk(s->cfg, devs[i].id) < s->cfg->disk_count
                             : config_find_vif(s->cfg, devs[i].id) < s->cfg->vif_count;

        (stays ? settle_staying : settle_leaving)(s, &devs[i], is_disk);
        if (s->w->error.code)
            log_line("domain '%s': %s", s->cfg->name, error_text(&s->w->error));
        error_clear(&s->w->error);
    }
    free(devs);
    return 0;
}

/* ---- what is in the file only --------------------------------------------------------- */

static bool is_published(struct settling *s, const struct device *dev)
{
    char path[DEVICE_PATH_MAX];

    device_backend_path(dev, path);
    return store_exists(s->w->xs, "%s", path);
}

static void drop_unpublished(struct settling *s)
{
    struct device dev;

    for (size_t i = s->cfg->disk_count; i-- > 0;) {
        device_of_disk(&dev, s->state->domid, &s->cfg->disks[i]);
        if (is_published(s, &dev))
            continue;
        disk_release(s->mark, dev.id, RELEASE_MS, NULL);
        config_remove_disk(s->cfg, i);
        s->changed = true;
    }
    for (size_t i = s->cfg->vif_count; i-- > 0;) {
        device_of_vif(&dev, s->state->domid, &s->cfg->vifs[i]);
        if (is_published(s, &dev))
            continue;
        config_remove_vif(s->cfg, i);
        s->changed = true;
    }
}

int device_settle(struct worker *w, const struct domain_state *state, struct domain_config *cfg)
{
    struct settling s = { .w = w, .state = state, .cfg = cfg };
    char uuid[37];
    int rc;

    config_uuid_format(state->uuid, uuid);
    disk_mark_prefix(uuid, s.mark);
    rc = settle_kind(&s, true);
    if (!rc)
        rc = settle_kind(&s, false);
    if (rc)
        return rc;
    drop_unpublished(&s);
    return s.changed ? state_save(state, cfg, &w->error) : 0;
}
