/* SPDX-License-Identifier: MIT */
/*
 * How domains have died: what is known of a crash, and the record of each death in
 * /var/lib/domus/deaths, one JSON object a line.
 */
#ifndef DOMUSD_DEATH_H
#define DOMUSD_DEATH_H

#include "worker.h"

struct death {
    const uint8_t *uuid;
    const char *name;
    domid_t domid;
    const char *reason;  /* "crashed" */
    const char *action;  /* what follows: "restart" */
    uint64_t started;    /* seconds since 1970; 0: unknown */
    const char *kernel;  /* for the symbol; NULL: unknown */
    bool crashed;        /* and the domain is still there to be looked at */
    uint64_t log_offset; /* where this run's console log begins */
};

/* Keeps what is known of a death. Returns, if it was a crash, what can be said of it (as
 * death_explain()), allocated; else NULL. A record that cannot be written is only logged. */
char *death_record(struct worker *w, const struct death *death);

/* Where a crashed guest stopped, what the hypervisor says, and its last console lines. Each line
 * begins with a line break. Allocated; NULL if memory is short. */
char *death_explain(struct worker *w, const struct death *death);

/* The method deaths: args is NULL. */
int work_deaths(struct worker *w, void *args);

#endif
