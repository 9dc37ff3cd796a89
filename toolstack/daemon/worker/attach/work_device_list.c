/* SPDX-License-Identifier: MIT */
/*
 * The jobs that list a domain's devices, from the store: also those of a domain that another
 * toolstack has made.
 *
 * Runs in a worker. Locks: none.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "device/device.h"
#include "json.h"
#include "daemon/worker/find.h"
#include "daemon/worker/work.h"

struct column {
    const char *node, *name; /* in the backend's folder; in the answer */
};

static const struct column disk_columns[] = {
    { "dev", "vdev" },
    { "params", "target" },
    { "format", "format" },
    { "mode", "access" },
    { "device-type", "type" },
    { "node", "node" },
    { "physical-device-path", "path" },
    { "sectors", "sectors" },
    { NULL, NULL },
};

static const struct column vif_columns[] = {
    { "mac", "mac" },
    { "bridge", "bridge" },
    { "vifname", "interface" },
    { "ip", "ip" },
    { "mtu", "mtu" },
    { "rate", "rate" },
    { "script", "script" },
    { "hotplug-status", "hotplug" },
    { "hotplug-error", "hotplug_error" },
    { NULL, NULL },
};

static void put_device(struct worker *w, struct json_out *out, const struct device *dev,
                       const struct column *columns)
{
    unsigned int frontend, backend;
    char path[DEVICE_PATH_MAX];

    device_states(w->xs, dev, &frontend, &backend);
    device_backend_path(dev, path);
    json_open_object(out, NULL);
    json_int(out, "id", dev->id);
    for (; columns->node; columns++) {
        char *value;

        if (!store_read(w->xs, XBT_NULL, &value, "%s/%s", path, columns->node))
            json_string(out, columns->name, value);
        free(value);
    }
    json_string(out, "frontend", device_state_name(frontend));
    json_string(out, "backend", device_state_name(backend));
    json_close_object(out);
}

int work_device_list(struct worker *w, void *arg)
{
    struct work_device_args *args = arg;
    struct device *devs;
    size_t count;
    domid_t domid;

    args->ref.force = true; /* looking is free */
    int rc = find_changeable(w, &args->ref, false, &domid);
    if (!rc) {
        rc = device_list(w->xs, domid, args->is_disk ? "vbd" : "vif", &devs, &count);
        if (rc)
            error_set(&w->error, rc, "cannot list the devices of domain '%s': %s", args->ref.name,
                      strerror(-rc));
    }
    if (rc)
        return rc;
    struct json_out *out = json_out_new(false);
    if (out) {
        json_open_object(out, NULL);
        json_open_array(out, "devices");
        for (size_t i = 0; i < count; i++)
            put_device(w, out, &devs[i], args->is_disk ? disk_columns : vif_columns);
        json_close_array(out);
        json_close_object(out);
        w->result = json_take(out);
    }
    free(devs);
    return w->result ? 0 : error_set(&w->error, -ENOMEM, "there is not enough memory to answer");
}
