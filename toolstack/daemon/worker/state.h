/* SPDX-License-Identifier: MIT */
/*
 * The state directory: for each domain its file, completed, and what is being done to it.
 *
 * Written before the thing it describes is done, so that whoever comes after a crash knows what
 * to look for. Each file is replaced as a whole. /var/lib/domus/<uuid>.cfg and <uuid>.state.
 */
#ifndef DOMUSD_STATE_H
#define DOMUSD_STATE_H

#include <stdint.h>

#include "config/config.h"
#include "error.h"
#include "worker.h"

struct domain_state {
    uint8_t uuid[16];
    enum domain_phase phase;
    domid_t domid;           /* DOMID_INVALID: none yet */
    uint64_t started;        /* seconds since 1970 */
    unsigned int quick_ends; /* how often in a row it has ended soon after its start */
    unsigned int failures;   /* how often it has crashed since failing_since, a time */
    uint64_t failing_since;
    bool final; /* whatever its end, it is not to be started again */
};

/* Writes the state, and the file of the domain too unless cfg is NULL. */
int state_save(const struct domain_state *state, const struct domain_config *cfg, struct error *e);

int state_load(const uint8_t uuid[16], struct domain_state *state, struct error *e);
int state_load_config(const uint8_t uuid[16], struct domain_config *cfg, struct error *e);

/* The file that the domain was created from, as an absolute path; NULL: unknown. */
int state_save_origin(const uint8_t uuid[16], const char *path, struct error *e);
char *state_load_origin(const uint8_t uuid[16]);

/* Harmless if there is none. */
void state_remove(const uint8_t uuid[16]);

/* Calls found() for each domain of which there is state. */
int state_each(void (*found)(const uint8_t uuid[16], void *arg), void *arg);

#endif
