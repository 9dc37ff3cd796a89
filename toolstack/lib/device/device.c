/* SPDX-License-Identifier: MIT */
/*
 * Publishes, awaits and removes split devices in xenstore.
 *
 * Touches /local/domain/0/backend/<kind>/<domid>, /local/domain/<domid>/device/<kind> and
 * /local/domain/0/error/backend. Facts: <xen/io/xenbus.h> and the folders that Linux's frontends
 * and backends read. Locks: none; the caller is the only one to manage this domain.
 */
#include "device.h"

#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define WATCH_TOKEN "device"
#define RECHECK_MS  500 /* states are read again this often even if no watch fires */

void device_init(struct device *dev, const char *kind, domid_t domid, uint32_t id,
                 const char *label)
{
    snprintf(dev->kind, sizeof(dev->kind), "%s", kind);
    snprintf(dev->label, sizeof(dev->label), "%s", label);
    dev->domid = domid;
    dev->id = id;
}

void device_backend_path(const struct device *dev, char path[DEVICE_PATH_MAX])
{
    snprintf(path, DEVICE_PATH_MAX, "/local/domain/0/backend/%s/%u/%" PRIu32, dev->kind, dev->domid,
             dev->id);
}

void device_frontend_path(const struct device *dev, char path[DEVICE_PATH_MAX])
{
    snprintf(path, DEVICE_PATH_MAX, "/local/domain/%u/device/%s/%" PRIu32, dev->domid, dev->kind,
             dev->id);
}

const char *device_state_name(unsigned int state)
{
    static const char *const names[] = {
        "Unknown(0)", "Initialising(1)", "InitWait(2)",      "Initialised(3)",  "Connected(4)",
        "Closing(5)", "Closed(6)",       "Reconfiguring(7)", "Reconfigured(8)",
    };

    return state < sizeof(names) / sizeof(names[0]) ? names[state] : names[0];
}

/* ---- publishing ----------------------------------------------------------------------- */

struct publish {
    const struct device *dev;
    const struct device_node *frontend, *backend;
    char front_path[DEVICE_PATH_MAX], back_path[DEVICE_PATH_MAX], domid[8];
};

static int write_nodes(struct xs_handle *xs, xs_transaction_t t, const char *folder,
                       const struct device_node *nodes)
{
    int rc = 0;

    for (; !rc && nodes->key; nodes++)
        if (nodes->value)
            rc = store_write(xs, t, nodes->value, "%s/%s", folder, nodes->key);
    return rc;
}

static int publish_both(struct xs_handle *xs, xs_transaction_t t, void *arg)
{
    struct publish *p = arg;
    const struct device_node front[] = {
        { "backend", p->back_path },
        { "backend-id", "0" },
        { "state", "1" },
        { NULL, NULL },
    };
    const struct device_node back[] = {
        { "frontend", p->front_path },
        { "frontend-id", p->domid },
        { "online", "1" },
        { "state", "1" },
        { NULL, NULL },
    };
    int rc = store_make(xs, t, p->dev->domid, 0, "%s", p->front_path);

    if (!rc)
        rc = write_nodes(xs, t, p->front_path, front);
    if (!rc)
        rc = write_nodes(xs, t, p->front_path, p->frontend);
    if (!rc)
        rc = store_make(xs, t, 0, p->dev->domid, "%s", p->back_path);
    if (!rc)
        rc = write_nodes(xs, t, p->back_path, back);
    if (!rc)
        rc = write_nodes(xs, t, p->back_path, p->backend);
    return rc;
}

int device_publish(struct xs_handle *xs, const struct device *dev,
                   const struct device_node *frontend, const struct device_node *backend,
                   struct error *e)
{
    struct publish p = { .dev = dev, .frontend = frontend, .backend = backend };

    device_frontend_path(dev, p.front_path);
    device_backend_path(dev, p.back_path);
    snprintf(p.domid, sizeof(p.domid), "%u", dev->domid);
    int rc = store_transact(xs, publish_both, &p);
    if (rc)
        error_set(e, rc, "cannot publish %s in xenstore: %s: see that xenstored runs", dev->label,
                  strerror(-rc));
    return rc;
}

/* ---- waiting -------------------------------------------------------------------------- */

static unsigned int read_state(struct xs_handle *xs, const char *folder)
{
    uint64_t state;

    if (store_read_number(xs, XBT_NULL, &state, "%s/state", folder) ||
        state > XenbusStateReconfigured)
        return XenbusStateUnknown;
    return (unsigned int)state;
}

void device_states(struct xs_handle *xs, const struct device *dev, unsigned int *frontend,
                   unsigned int *backend)
{
    char path[DEVICE_PATH_MAX];

    device_frontend_path(dev, path);
    *frontend = read_state(xs, path);
    device_backend_path(dev, path);
    *backend = read_state(xs, path);
}

static bool reached(enum device_goal goal, unsigned int frontend, unsigned int backend)
{
    switch (goal) {
    case DEVICE_BACKEND_READY:
        return backend >= XenbusStateInitWait && backend <= XenbusStateConnected;
    case DEVICE_CONNECTED:
        return frontend == XenbusStateConnected && backend == XenbusStateConnected;
    case DEVICE_BACKEND_GONE:
        return backend == XenbusStateClosed || backend == XenbusStateUnknown;
    }
    return false;
}

/* The first device that has not got there, or count. */
static size_t find_laggard(struct xs_handle *xs, const struct device *devs, size_t count,
                           enum device_goal goal)
{
    for (size_t i = 0; i < count; i++) {
        unsigned int frontend, backend;

        device_states(xs, &devs[i], &frontend, &backend);
        if (!reached(goal, frontend, backend))
            return i;
    }
    return count;
}

static void watch_states(struct xs_handle *xs, const struct device *devs, size_t count, bool on)
{
    char path[DEVICE_PATH_MAX + 8];

    for (size_t i = 0; i < count * 2; i++) {
        const struct device *dev = &devs[i / 2];

        if (i & 1)
            device_frontend_path(dev, path);
        else
            device_backend_path(dev, path);
        strcat(path, "/state");
        if (on)
            xs_watch(xs, path, WATCH_TOKEN); /* without it RECHECK_MS does, only later */
        else
            xs_unwatch(xs, path, WATCH_TOKEN);
    }
}

static void drain_watches(struct xs_handle *xs)
{
    char **event;

    while ((event = xs_check_watch(xs)))
        free(event);
}

static int64_t now_ms(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * 1000LL + now.tv_nsec / 1000000;
}

/* What the backend driver has left as its reason, or an empty text. */
static void read_backend_error(struct xs_handle *xs, const struct device *dev, char *out,
                               size_t bytes)
{
    char path[DEVICE_PATH_MAX], *text;

    device_backend_path(dev, path);
    out[0] = '\0';
    /* /local/domain/0/error/backend/...: the same path below dom0's error folder */
    if (!store_read(xs, XBT_NULL, &text, "/local/domain/0/error/%s/error",
                    path + strlen("/local/domain/0/")))
        snprintf(out, bytes, ", the backend says '%.120s'", text);
    free(text);
}

static int report_laggard(struct xs_handle *xs, const struct device *dev, enum device_goal goal,
                          unsigned int timeout_ms, struct error *e)
{
    static const char *const goals[] = {
        [DEVICE_BACKEND_READY] = "is not ready",
        [DEVICE_CONNECTED] = "has not connected",
        [DEVICE_BACKEND_GONE] = "has not closed",
    };
    unsigned int frontend, backend;
    char why[160];

    device_states(xs, dev, &frontend, &backend);
    read_backend_error(xs, dev, why, sizeof(why));
    return error_set(e, -ETIMEDOUT, "%s %s after %u s: frontend %s, backend %s%s", dev->label,
                     goals[goal], timeout_ms / 1000, device_state_name(frontend),
                     device_state_name(backend), why);
}

int device_wait(struct xs_handle *xs, const struct device *devs, size_t count,
                enum device_goal goal, unsigned int timeout_ms, int other_fd,
                int (*stop)(void *arg), void *arg, struct error *e)
{
    int64_t deadline = now_ms() + timeout_ms;
    int rc;

    watch_states(xs, devs, count, true);
    for (;;) {
        struct pollfd fds[2] = {
            { .fd = xs_fileno(xs), .events = POLLIN },
            { .fd = other_fd, .events = POLLIN },
        };
        size_t i = find_laggard(xs, devs, count, goal);
        int64_t left = deadline - now_ms();

        rc = 0;
        if (i == count)
            break;
        rc = -EINTR;
        if (stop && stop(arg))
            break;
        if (left <= 0) {
            rc = report_laggard(xs, &devs[i], goal, timeout_ms, e);
            break;
        }
        poll(fds, 2, left < RECHECK_MS ? (int)left : RECHECK_MS);
        drain_watches(xs);
    }
    watch_states(xs, devs, count, false);
    drain_watches(xs);
    return rc;
}

/* ---- removing ------------------------------------------------------------------------- */

struct closing {
    const struct device *dev;
    bool forced;
};

/* Asks for the end: not online any more, and Closing. A frontend that is not going to answer is
 * removed in the same breath, so that the backend never waits for it. */
static int begin_close(struct xs_handle *xs, xs_transaction_t t, void *arg)
{
    const struct closing *c = arg;
    char back[DEVICE_PATH_MAX], front[DEVICE_PATH_MAX];
    uint64_t state;

    device_backend_path(c->dev, back);
    device_frontend_path(c->dev, front);
    int rc = store_read_number(xs, t, &state, "%s/state", back);
    if (!rc)
        rc = store_write(xs, t, "0", "%s/online", back);
    if (!rc && state != XenbusStateClosed)
        rc = store_write(xs, t, "5", "%s/state", back);
    if (rc == -ENOENT)
        rc = 0;
    if (!rc && c->forced)
        rc = store_remove(xs, t, "%s", front);
    return rc;
}

static void begin_close_all(struct xs_handle *xs, const struct device *devs, size_t count,
                            bool forced)
{
    for (size_t i = 0; i < count; i++) {
        struct closing c = { .dev = &devs[i], .forced = forced };

        store_transact(xs, begin_close, &c); /* if it fails, the wait below says so */
    }
}

static int remove_nodes(struct xs_handle *xs, xs_transaction_t t, void *arg)
{
    const struct device *dev = arg;
    char path[DEVICE_PATH_MAX];

    device_frontend_path(dev, path);
    int rc = store_remove(xs, t, "%s", path);
    device_backend_path(dev, path);
    if (!rc)
        rc = store_remove(xs, t, "%s", path);
    if (!rc)
        rc = store_remove(xs, t, "/local/domain/0/error/%s", path + strlen("/local/domain/0/"));
    return rc;
}

/* Removes a folder if nothing is in it; -ENOTEMPTY, which ends the way upwards, if there is. */
static int remove_if_empty(struct xs_handle *xs, xs_transaction_t t, void *arg)
{
    unsigned int count = 0;

    errno = 0;
    char **entries = xs_directory(xs, t, arg, &count);
    if (!entries)
        return errno == ENOENT ? 0 : -(errno ? errno : EIO);
    free(entries);
    return count ? -ENOTEMPTY : store_remove(xs, t, "%s", (char *)arg);
}

/* The folders above the last device go with it, up to dom0's own. */
static void remove_empty_parents(struct xs_handle *xs, const struct device *dev)
{
    static const char *const above[] = { "/local/domain/0/backend",
                                         "/local/domain/0/error/backend" };
    char path[DEVICE_PATH_MAX];

    for (size_t i = 0; i < sizeof(above) / sizeof(above[0]); i++) {
        snprintf(path, sizeof(path), "%s/%s/%u", above[i], dev->kind, dev->domid);
        while (strcmp(path, "/local/domain/0") && !store_transact(xs, remove_if_empty, path))
            *strrchr(path, '/') = '\0';
    }
}

int device_forget(struct xs_handle *xs, const struct device *dev, struct error *e)
{
    int rc = store_transact(xs, remove_nodes, (void *)dev);

    remove_empty_parents(xs, dev);
    return rc ? error_set(e, rc, "cannot remove the store nodes of %s: %s", dev->label,
                          strerror(-rc))
              : 0;
}

int device_begin_close(struct xs_handle *xs, const struct device *dev)
{
    struct closing c = { .dev = dev };

    return store_transact(xs, begin_close, &c);
}

bool device_is_closed(struct xs_handle *xs, const struct device *dev)
{
    return find_laggard(xs, dev, 1, DEVICE_BACKEND_GONE) == 1;
}

int device_close(struct xs_handle *xs, const struct device *dev, unsigned int timeout_ms,
                 int other_fd, int (*stop)(void *arg), void *arg, struct error *e)
{
    int rc = device_begin_close(xs, dev);

    if (rc)
        return error_set(e, rc, "cannot ask for the end of %s in xenstore: %s", dev->label,
                         strerror(-rc));
    rc = device_wait(xs, dev, 1, DEVICE_BACKEND_GONE, timeout_ms, other_fd, stop, arg, e);
    return rc ? rc : device_forget(xs, dev, e);
}

int device_remove(struct xs_handle *xs, const struct device *devs, size_t count,
                  unsigned int grace_ms, unsigned int timeout_ms, struct error *e)
{
    int rc = -ETIMEDOUT;

    if (grace_ms) {
        begin_close_all(xs, devs, count, false);
        rc = device_wait(xs, devs, count, DEVICE_BACKEND_GONE, grace_ms, -1, NULL, NULL, NULL);
    }
    if (rc) {
        begin_close_all(xs, devs, count, true);
        rc = device_wait(xs, devs, count, DEVICE_BACKEND_GONE, timeout_ms, -1, NULL, NULL, e);
    }
    for (size_t i = 0; i < count; i++) {
        int removed = device_forget(xs, &devs[i], e);

        rc = rc ? rc : removed;
    }
    return rc;
}

int device_list(struct xs_handle *xs, domid_t domid, const char *kind, struct device **devs,
                size_t *count)
{
    char path[DEVICE_PATH_MAX], label[40];
    unsigned int found = 0;

    *devs = NULL;
    *count = 0;
    snprintf(path, sizeof(path), "/local/domain/0/backend/%s/%u", kind, domid);
    errno = 0;
    char **ids = xs_directory(xs, XBT_NULL, path, &found);
    if (!ids)
        return errno == ENOENT ? 0 : -(errno ? errno : EIO);
    *devs = calloc(found ? found : 1, sizeof(**devs));
    for (unsigned int i = 0; *devs && i < found; i++) {
        char *end;
        unsigned long id = strtoul(ids[i], &end, 10);

        if (*end || id > UINT32_MAX)
            continue;
        snprintf(label, sizeof(label), "device %s/%u/%lu", kind, domid, id);
        device_init(&(*devs)[(*count)++], kind, domid, (uint32_t)id, label);
    }
    free(ids);
    return *devs ? 0 : -ENOMEM;
}
