/* SPDX-License-Identifier: MIT */
/* Where virtual CPUs run; private to workers. */
#ifndef DOMUSD_PIN_H
#define DOMUSD_PIN_H

#include "config/cpu_list.h"
#include "daemon/worker/worker.h"

/* How many CPU numbers the host has. */
int pin_host_cpus(struct worker *w, unsigned int *nr);

/* Pins a virtual CPU of the domain called `name`; a NULL list leaves what is. */
int pin_vcpu(struct worker *w, const char *name, domid_t domid, unsigned int vcpu,
             const struct cpu_list *hard, const struct cpu_list *soft, unsigned int nr_cpus);

/* Does what cpus= and cpus_soft= of a domain's file say. */
int pin_as_configured(struct worker *w, const struct domain_config *cfg, domid_t domid);

#endif
