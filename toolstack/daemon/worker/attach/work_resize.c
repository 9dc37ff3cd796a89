/* SPDX-License-Identifier: MIT */
/*
 * The job that changes the size of an attached disk.
 *
 * xen-blkback sees a new size when it next serves a request, and tells the guest. Runs in a worker.
 * Locks: none; one worker a domain.
 */
#include <errno.h>
#include <poll.h>
#include <string.h>

#include "daemon/loop.h"
#include "device_change.h"
#include "device_settle.h"
#include "json.h"
#include "daemon/worker/work.h"

#define SECTOR  512
#define LOOK_MS 100

static int find_disk(struct device_change *c, size_t *index)
{
    uint32_t number;

    *index = c->cfg.disk_count;
    if (!disk_vdev_number(c->args->which, &number))
        *index = config_find_disk(&c->cfg, number);
    if (*index == c->cfg.disk_count)
        return error_set(&c->w->error, -ENOENT, "it has no disk '%s': see domus block-list",
                         c->args->which);
    device_of_disk(&c->dev, c->state.domid, &c->cfg.disks[*index]);
    return 0;
}

/* Until the backend has told the guest; false if that takes too long. */
static bool wait_for_backend(struct device_change *c, uint64_t bytes)
{
    int64_t deadline = loop_now_ms() + c->args->timeout_ms;
    char path[DEVICE_PATH_MAX];

    device_backend_path(&c->dev, path);
    for (;;) {
        uint64_t sectors;

        if (!store_read_number(c->w->xs, XBT_NULL, &sectors, "%s/sectors", path) &&
            sectors == bytes / SECTOR)
            return true;
        if (loop_now_ms() >= deadline || device_change_stop(c))
            return false;
        worker_sleep(c->w, LOOK_MS);
    }
}

int work_device_resize(struct worker *w, void *args)
{
    struct device_change c = { .w = w, .args = args };
    uint64_t now = 0;
    size_t index;
    int rc = device_change_begin(&c);

    if (rc)
        return rc;
    rc = find_disk(&c, &index);
    if (!rc) {
        char mark[LOOP_MARK_MAX];

        disk_mark(c.mark, c.dev.id, mark);
        rc = disk_resize(mark, &c.cfg.disks[index], c.args->bytes, &now, &w->error);
    }
    struct json_out *out = rc ? NULL : json_out_new(false);
    if (out) {
        json_open_object(out, NULL);
        json_string(out, "label", c.dev.label);
        json_int(out, "bytes", (int64_t)now);
        json_bool(out, "seen", wait_for_backend(&c, now));
        json_close_object(out);
        w->result = json_take(out);
    }
    return device_change_finish(&c, rc);
}
