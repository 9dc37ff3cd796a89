/* SPDX-License-Identifier: MIT */
/*
 * Scripts that users bring to set a device up in dom0, on xl's contract.
 *
 * A script is started as `SCRIPT online|offline type_if=vif` or `SCRIPT add|remove` with
 * XENBUS_PATH, XENBUS_TYPE, XENBUS_BASE_PATH, script and, for a card, vif and dev in its
 * environment. It writes hotplug-status=connected to the backend's folder and ends with 0, or
 * writes hotplug-error and ends otherwise.
 */
#ifndef DOMUS_HOTPLUG_SCRIPT_H
#define DOMUS_HOTPLUG_SCRIPT_H

#include <stdbool.h>

#include "device.h"

struct hotplug_script {
    const char *path;
    const char *action;    /* "online", "offline", "add", "remove" */
    const char *interface; /* of a card; or NULL */
};

/* Runs it and waits; it is killed after a time. with_status: it must have written that it is
 * connected. -errno with a sentence that holds what it has said. */
int hotplug_script_run(struct xs_handle *xs, const struct device *dev,
                       const struct hotplug_script *script, bool with_status, struct error *e);

/* Says whether it can be run. */
int hotplug_script_check(const char *path, const char *label, struct error *e);

#endif
