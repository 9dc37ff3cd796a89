/* SPDX-License-Identifier: MIT */
/*
 * Split devices in xenstore: the two folders of a device, and the handshake of its two ends.
 *
 * The backend is dom0's. The frontend's folder belongs to the guest: whatever is read from it is
 * the guest's word only.
 */
#ifndef DOMUS_DEVICE_H
#define DOMUS_DEVICE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <xen/io/xenbus.h>

#include "error.h"
#include "store.h"

#define DEVICE_PATH_MAX 128
#define DEVICE_KIND_MAX 8

struct device {
    char kind[DEVICE_KIND_MAX]; /* "vbd", "vif" */
    domid_t domid;
    uint32_t id;    /* the last part of its paths */
    char label[40]; /* how messages name it: "disk xvda" */
};

/* One node of a device's folder. */
struct device_node {
    const char *key;
    const char *value; /* NULL: the node is left out */
};

void device_backend_path(const struct device *dev, char path[DEVICE_PATH_MAX]);
void device_frontend_path(const struct device *dev, char path[DEVICE_PATH_MAX]);

/* Makes both folders in one transaction with the nodes that every device has and those given
 * (lists that end with a NULL key). Both ends begin in state Initialising. */
int device_publish(struct xs_handle *xs, const struct device *dev,
                   const struct device_node *frontend, const struct device_node *backend,
                   struct error *e);

/* The states of both ends; 0 (Unknown) for an end that is not there or says nonsense. */
void device_states(struct xs_handle *xs, const struct device *dev, unsigned int *frontend,
                   unsigned int *backend);

/* "Connected(4)" */
const char *device_state_name(unsigned int state);

/* What to wait for on all of a set of devices. */
enum device_goal {
    DEVICE_BACKEND_READY, /* backend in InitWait or further: it awaits the frontend */
    DEVICE_CONNECTED,     /* both ends in Connected */
    DEVICE_BACKEND_GONE,  /* backend Closed, or its folder gone */
};

/* Waits until each of the devices has reached the goal. 0; -ETIMEDOUT with the states of both ends
 * of the first that has not in *e; -EINTR if stop(arg), asked whenever something changed and
 * when other_fd (-1: none) is readable, says that waiting is over. */
int device_wait(struct xs_handle *xs, const struct device *devs, size_t count,
                enum device_goal goal, unsigned int timeout_ms, int other_fd,
                int (*stop)(void *arg), void *arg, struct error *e);

/* Asks the guest to close a device and waits until its backend has let go; then the folders are
 * removed. -ETIMEDOUT with the states of both ends in *e, or -EINTR by stop() as above: both ends
 * stay and close when the guest lets go; device_is_closed() says when, and then the folders are
 * device_forget()'s to remove. */
int device_close(struct xs_handle *xs, const struct device *dev, unsigned int timeout_ms,
                 int other_fd, int (*stop)(void *arg), void *arg, struct error *e);

/* Asks for the end without waiting. Harmless if the device is not there. */
int device_begin_close(struct xs_handle *xs, const struct device *dev);

/* True if neither end uses the device any more. */
bool device_is_closed(struct xs_handle *xs, const struct device *dev);

/* Removes both folders, and those above that are empty then. */
int device_forget(struct xs_handle *xs, const struct device *dev, struct error *e);

/* Takes devices away. While the guest runs it is asked to close them and given grace_ms; with 0 its
 * ends are removed at once, which is how the backends learn that nobody will answer. Then the
 * backends get timeout_ms to let go. Whatever happens, the folders are gone afterwards;
 * -ETIMEDOUT with a sentence if a backend did not let go. */
int device_remove(struct xs_handle *xs, const struct device *devs, size_t count,
                  unsigned int grace_ms, unsigned int timeout_ms, struct error *e);

/* Lists what devices a domain has, by its backend folders of the kind: *devs is allocated. */
int device_list(struct xs_handle *xs, domid_t domid, const char *kind, struct device **devs,
                size_t *count);

/* Fills in a device. */
void device_init(struct device *dev, const char *kind, domid_t domid, uint32_t id,
                 const char *label);

#endif
