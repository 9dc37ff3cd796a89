/* SPDX-License-Identifier: MIT */
/*
 * Bringing a domain up and taking it away: the two sequences that every job is made of.
 *
 * Both run in a worker that is the only one for this domain. What they do next is written to the
 * state directory before they do it.
 */
#ifndef DOMUSD_LIFE_H
#define DOMUSD_LIFE_H

#include "config/config.h"
#include "device/image_use.h"
#include "state.h"
#include "worker.h"

struct pv_restore;

struct life_up {
    const struct domain_config *cfg;   /* complete: with a UUID and hardware addresses */
    const char *origin;                /* the file that it comes from; NULL: unknown */
    const struct domain_state *before; /* a restart: its counts go on; or NULL */
    bool paused;
    bool wait; /* until the devices have connected, or the guest has died */
    const char *image; /* the saved domain that it goes on as; NULL: it begins anew */
};

struct life_result {
    domid_t domid;
    char warning[ERROR_TEXT_BYTES]; /* what is not as it should be, though the domain runs; or empty
                                     */
};

/* Says whether the machine has what the domain needs; restore: what it goes on as, or NULL.
 * Changes nothing. */
int life_check(struct worker *w, const struct domain_config *cfg,
               const struct pv_restore *restore);

/* The same for one device. */
int life_check_disk(struct worker *w, domid_t domid, const uint8_t uuid[16],
                    const struct disk_spec *disk);
int life_check_vif(struct worker *w, domid_t domid, const uint8_t uuid[16],
                   const struct vif_spec *vif);

/* How the users of disk images and addresses are looked for on behalf of a domain (DOMID_INVALID:
 * it is not there yet) with this UUID, which is written to text. */
struct image_scan life_image_scan(struct worker *w, domid_t domid, const uint8_t uuid[16],
                                  char text[37]);

/* Gives each network card its number, and a hardware address if it has none. */
int life_choose_macs(struct worker *w, struct domain_config *cfg);

/* Builds and starts a domain. On failure nothing of it is left. A guest that crashes while it is
 * waited for is a failure, with its last console lines in the error, unless on_crash says
 * preserve. */
int life_bring_up(struct worker *w, const struct life_up *up, struct life_result *result);

/* Takes a domain away with its devices, nodes and loop devices, as far as each is there, and if
 * `final` (it is not to be restarted) with its state and its place in domusd's table. Goes on
 * after a failure; the first is reported. domid may be DOMID_INVALID. */
int life_tear_down(struct worker *w, const uint8_t uuid[16], const char *name, domid_t domid,
                   bool final);

/* Asks the guest to suspend itself and waits until it has; it stands still then. On failure it
 * runs, or will not have been saved. */
int life_suspend(struct worker *w, domid_t domid, const char *name);
/* Lets a suspended guest go on as if it had not been asked. */
int life_resume(struct worker *w, domid_t domid, const char *name);

/* The configuration of a domain as it is now: what it was created with, and what has been changed
 * since: memory, virtual CPUs, weight, cap, CPU pool. 0, or -errno with the error set; free
 * *cfg. */
int life_current_config(struct worker *w, const uint8_t uuid[16], domid_t domid,
                        struct domain_config *cfg);

/* How many milliseconds a domain that has been destroyed may take to vanish. */
#define LIFE_VANISH_MS 10000u

/* "crashed", "powered off" for SHUTDOWN_*. */
const char *life_reason_name(unsigned int reason);

/* "running", "blocked", "paused", "shutdown", "crashed", "dying" */
const char *life_state_name(const struct xen_domctl_getdomaininfo *info);

#endif
