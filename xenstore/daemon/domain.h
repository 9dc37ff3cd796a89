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

/* Lets `d` act for the domain `target` as well. */
void domain_set_target(struct domain *d, uint32_t target);

/* Calls f for each introduced domain. */
void domain_for_each(void (*f)(struct domain *d, void *arg), void *arg);

/* Whether a connection still answers for its domain: no fatal ring error. */
void domain_notify(struct domain *d);

#endif
