/* SPDX-License-Identifier: MIT */
/*
 * The jobs that attach devices to running domains and detach them.
 *
 * The domain's file changes first, then the device: device_settle.h says why. Each job returns when
 * both ends have got there, or tells the states of both. Runs in a worker. Locks: none; one worker
 * a domain.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "daemon/log.h"
#include "device/disk_attach.h"
#include "device/vif_attach.h"
#include "device_change.h"
#include "device_settle.h"
#include "daemon/worker/life.h"
#include "daemon/worker/work.h"

#define BACKEND_MS 10000u /* for a backend, which is dom0's kernel */
#define LOOP_MS    10000u

/* ---- attach --------------------------------------------------------------------------- */

/* The file, with the new device in it. */
static int add_to_file(struct device_change *c)
{
    struct work_device_args *args = c->args;
    int rc;

    if (args->is_disk) {
        rc = config_add_disk(&c->cfg, &args->disk);
    } else {
        rc = config_add_vif(&c->cfg, &args->vif);
        if (!rc)
            rc = life_choose_macs(c->w, &c->cfg);
    }
    if (rc)
        return error_set(&c->w->error, rc, "%s has no place: %s", args->is_disk ? "disk" : "card",
                         rc == -ENOSPC ? "it has as many as a domain can have" : strerror(-rc));
    return state_save(&c->state, &c->cfg, &c->w->error);
}

static int check_disk(struct device_change *c)
{
    const struct disk_spec *disk = &c->args->disk;
    char path[DEVICE_PATH_MAX];

    device_of_disk(&c->dev, c->state.domid, disk);
    device_backend_path(&c->dev, path);
    if (config_find_disk(&c->cfg, disk->number) < c->cfg.disk_count ||
        store_exists(c->w->xs, "%s", path))
        return error_set(&c->w->error, -EEXIST,
                         "it has a disk %s already, see domus block-list: give another name",
                         disk->vdev);
    return life_check_disk(c->w, c->state.domid, c->state.uuid, disk);
}

static int check_vif(struct device_change *c)
{
    const struct vif_spec *vif = &c->args->vif;

    if (vif->has_devid && config_find_vif(&c->cfg, vif->devid) < c->cfg.vif_count)
        return error_set(&c->w->error, -EEXIST,
                         "it has a network card %u already, see domus network-list: leave devid "
                         "out, or give another",
                         vif->devid);
    return life_check_vif(c->w, c->state.domid, c->state.uuid, vif);
}

static int publish(struct device_change *c)
{
    char uuid[37];

    if (c->args->is_disk) {
        const struct image_scan scan = life_image_scan(c->w, c->state.domid, c->state.uuid, uuid);

        return disk_attach(&scan, c->state.domid, c->mark, &c->cfg.disks[c->cfg.disk_count - 1],
                           &c->dev, &c->w->error);
    }
    return vif_attach(c->w->xs, c->state.domid, &c->cfg.vifs[c->cfg.vif_count - 1], &c->dev,
                      &c->w->error);
}

static int connect_ends(struct device_change *c)
{
    struct worker *w = c->w;
    int rc =
        device_wait(w->xs, &c->dev, 1, DEVICE_BACKEND_READY, BACKEND_MS, -1, NULL, NULL, &w->error);

    if (!rc && !c->args->is_disk)
        rc = vif_plug(w->xs, &w->netlink, &c->dev, &c->cfg.vifs[c->cfg.vif_count - 1], &w->error);
    if (!rc && c->args->wait && !c->paused)
        rc = device_wait(w->xs, &c->dev, 1, DEVICE_CONNECTED, c->args->timeout_ms, w->fd,
                         device_change_stop, c, &w->error);
    return rc;
}

static void undo_attach(struct device_change *c)
{
    struct error first = c->w->error;

    if (!c->args->is_disk)
        vif_unplug(c->w->xs, &c->dev, NULL);
    device_remove(c->w->xs, &c->dev, 1, 0, BACKEND_MS, NULL);
    if (c->args->is_disk) {
        disk_release(c->mark, c->dev.id, LOOP_MS, NULL);
        config_remove_disk(&c->cfg, c->cfg.disk_count - 1);
    } else {
        config_remove_vif(&c->cfg, c->cfg.vif_count - 1);
    }
    state_save(&c->state, &c->cfg, &c->w->error);
    c->w->error = first;
}

int work_device_attach(struct worker *w, void *args)
{
    struct device_change c = { .w = w, .args = args };
    int rc = device_change_begin(&c);

    if (rc)
        return rc;
    rc = c.args->is_disk ? check_disk(&c) : check_vif(&c);
    if (!rc)
        rc = add_to_file(&c);
    if (rc)
        return device_change_finish(&c, rc);
    rc = publish(&c);
    if (!rc)
        rc = connect_ends(&c);
    if (rc)
        undo_attach(&c);
    else
        device_change_answer(&c);
    return device_change_finish(&c, rc);
}

/* ---- detach --------------------------------------------------------------------------- */

static bool is_number(const char *text, uint32_t *number)
{
    char *end;
    unsigned long n = strtoul(text, &end, 10);

    *number = (uint32_t)n;
    return *text >= '0' && *text <= '9' && !*end && n <= UINT32_MAX;
}

static bool vif_is(const struct vif_spec *vif, const char *typed)
{
    char mac[18];

    vif_mac_format(vif->mac, mac);
    return (vif->name[0] && !strcmp(vif->name, typed)) || !strcasecmp(mac, typed);
}

/* Finds the device that was typed, and takes it out of the file in memory. One that was detached
 * before and is still closing is not in the file any more. */
static void find_disk(struct device_change *c)
{
    uint32_t number;

    if (disk_vdev_number(c->args->which, &number))
        return;
    size_t i = config_find_disk(&c->cfg, number);
    struct disk_spec leaving = { .number = number };

    snprintf(leaving.vdev, sizeof(leaving.vdev), "%.20s", c->args->which);
    device_of_disk(&c->dev, c->state.domid, i < c->cfg.disk_count ? &c->cfg.disks[i] : &leaving);
    if (i < c->cfg.disk_count)
        config_remove_disk(&c->cfg, i);
}

static void find_vif(struct device_change *c)
{
    uint32_t number;
    size_t i = 0;

    if (is_number(c->args->which, &number))
        i = config_find_vif(&c->cfg, number);
    else
        while (i < c->cfg.vif_count && !vif_is(&c->cfg.vifs[i], c->args->which))
            i++;
    if (i < c->cfg.vif_count) {
        device_of_vif(&c->dev, c->state.domid, &c->cfg.vifs[i]);
        config_remove_vif(&c->cfg, i);
    } else if (is_number(c->args->which, &number)) {
        struct vif_spec leaving = { .devid = number };

        device_of_vif(&c->dev, c->state.domid, &leaving);
    }
}

static int find_device(struct device_change *c)
{
    char path[DEVICE_PATH_MAX];
    const char *what = c->args->is_disk ? "disk" : "network card";

    (c->args->is_disk ? find_disk : find_vif)(c);
    device_backend_path(&c->dev, path);
    if (c->dev.kind[0] && store_exists(c->w->xs, "%s", path))
        return 0;
    return error_set(&c->w->error, -ENOENT, "it has no %s '%s': see domus %s-list", what,
                     c->args->which, c->args->is_disk ? "block" : "network");
}

static int take_away(struct device_change *c)
{
    struct worker *w = c->w;
    int rc;

    if (!c->args->is_disk && vif_unplug(w->xs, &c->dev, &w->error)) {
        log_line("domain '%s': %s", c->args->ref.name, error_text(&w->error));
        error_clear(&w->error); /* it goes all the same */
    }
    if (c->args->revoke)
        return device_remove(w->xs, &c->dev, 1, 0, BACKEND_MS, &w->error);
    rc = device_close(w->xs, &c->dev, c->args->timeout_ms, w->fd, device_change_stop, c, &w->error);
    if (rc == -ETIMEDOUT) {
        char text[ERROR_TEXT_BYTES];

        snprintf(text, sizeof(text),
                 "%.700s: it goes when the guest lets go of it, or at once "
                 "with --force",
                 error_text(&w->error));
        error_clear(&w->error);
        error_set(&w->error, rc, "%s", text);
    }
    return rc;
}

int work_device_detach(struct worker *w, void *args)
{
    struct device_change c = { .w = w, .args = args };
    int rc = device_change_begin(&c);

    if (rc)
        return rc;
    rc = find_device(&c);
    if (!rc && c.paused && !c.args->revoke)
        rc = error_set(&w->error, -EBUSY,
                       "it is paused and cannot let go of %s: unpause it first, or detach with "
                       "--force",
                       c.dev.label);
    if (!rc)
        rc = state_save(&c.state, &c.cfg, &w->error);
    if (!rc)
        rc = take_away(&c);
    if (!rc && c.args->is_disk)
        rc = disk_release(c.mark, c.dev.id, LOOP_MS, &w->error);
    if (!rc)
        device_change_answer(&c);
    return device_change_finish(&c, rc);
}

int work_device_settle(struct worker *w, void *args)
{
    struct device_change c = { .w = w, .args = args };
    int rc = device_change_begin(&c);

    return rc ? rc : device_change_finish(&c, 0);
}
