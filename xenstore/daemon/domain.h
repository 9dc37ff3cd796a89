/* SPDX-License-Identifier: MIT */
/*
 * The domains that have been introduced to the store.
 */
#ifndef XENSTORE_DAEMON_DOMAIN_H
#define XENSTORE_DAEMON_DOMAIN_H

#include <stdbool.h>
#include <stdint.h>

struct conn;

struct domain {
    uint32_t domid;
    uint32_t local_port;  /* 0: none */
    uint32_t remote_port;
    uint64_t mfn;
    bool shutdown;        /* @releaseDomain has been fired for its shutdown */
    struct conn *conn;    /* its ring */
};

/* Connects to the hypervisor: event channels, the domain-death interrupt, dom0's own ring. Domain
 * support is off until then and INTRODUCE fails. 0 or -errno. */
int domain_init(bool keep_nodes_of_dead);

/* An introduced domain, or NULL. */
struct domain *domain_find(uint32_t domid);

/* Introduces a domain, or connects one anew that is known already. -EINVAL, or why its ring or
 * event channel cannot be had. */
int domain_introduce(uint32_t domid, uint64_t mfn, uint32_t remote_port);

/* Disconnects: ends its connection, removes what it has left in the store, fires @releaseDomain. */
void domain_release(struct domain *d);

/* What follows the end of a domain: its traces go, @releaseDomain fires. */
void domain_gone(uint32_t domid);

/* Recovery: connects to a domain that was introduced to a predecessor, without an event. NULL: it
 * is not there any more. Dom0's own domain is there already. */
struct domain *domain_restore(uint32_t domid, uint64_t mfn, uint32_t remote_port);

/* Asks the hypervisor which of the domains have died or shut down. */
void domain_check_deaths(void);

/* Notes whether the shutdown of `d` has been reported. */
void domain_set_shutdown(struct domain *d, bool shutdown);

/* Lets `d` act for the domain `target` as well (PERM_DOMID_NONE: for none). */
void domain_set_target(struct domain *d, uint32_t target);

/* Calls f for each introduced domain. */
void domain_for_each(void (*f)(struct domain *d, void *arg), void *arg);

/* Signals the domain that its ring has news. */
void domain_notify(struct domain *d);

#endif
