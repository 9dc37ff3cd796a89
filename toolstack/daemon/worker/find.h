/* SPDX-License-Identifier: MIT */
/* Which domain a client means, and whether it may be changed. */
#ifndef DOMUSD_FIND_H
#define DOMUSD_FIND_H

#include "work.h"

/* Any domain by what the user typed, a name or a number. 0, or -errno with w->error set. */
int find_typed(struct worker *w, const char *typed, struct xen_domctl_getdomaininfo *found);

/* The number of the domain meant, after checking that it may be changed: it is ours, or there is
 * force, or it is dom0 and dom0_too is set. Opens control and store. */
int find_changeable(struct worker *w, const struct domain_ref *ref, bool dom0_too, domid_t *domid);

/* Calls each() for the domain typed, or for all if it is NULL or empty, until one fails. Opens
 * control and store. 0, or -errno with w->error set. */
int find_each(struct worker *w, const char *typed,
              int (*each)(struct worker *w, const struct xen_domctl_getdomaininfo *info, void *arg),
              void *arg);

/* Makes the job's result an object with an array `key`, to which put() writes what it has of the
 * domain typed, or of each. head writes members before it; NULL: none. */
int find_answer(struct worker *w, const char *typed, const char *key,
                int (*head)(struct worker *w, struct json_out *out),
                int (*put)(struct worker *w, const struct xen_domctl_getdomaininfo *info,
                           void *out));

#endif
