/* SPDX-License-Identifier: MIT */
/*
 * The domains that are domusd's: what it must know without asking, and their deaths.
 *
 * The table is a cache. What is true stands in the state directory, the store and the hypervisor,
 * from which it is filled at the start.
 */
#ifndef DOMUSD_DOMAIN_H
#define DOMUSD_DOMAIN_H

#include <stdbool.h>
#include <stdint.h>

#include "conn.h"
#include "console.h"
#include "worker/worker.h"

struct domain {
    struct domain *next;
    uint8_t uuid[16];
    char name[CONFIG_NAME_MAX];
    domid_t domid;
    enum domain_phase phase;
    struct console *console;
    bool end_submitted; /* its death is being dealt with */
    const char *why;    /* how it has ended; NULL while it has not by itself */
};

/* Opens the hypervisor. 0, or -errno with a sentence in the log. */
int domains_init(void);

struct domain *domain_find_name(const char *name);
struct domain *domain_find_domid(domid_t domid);

/* A worker says that a domain is there, or what has become of it. Returns 0, or -errno if its
 * console was to be held and could not be. */
int domain_noted(const struct domain_note *note);
/* A worker is about to destroy it. */
void domain_release_console(const struct domain_note *note);
/* It is no more. */
void domain_gone(const struct domain_note *note);
/* The guest has written its first byte. */
void domain_spoke(const char *name);

/* Looks for domains that have ended and lets each one's configured action happen. Called when the
 * store reports an end, when a job is done, and now and then. */
void domains_look(void);

/* Answers when this domain (not a later one of the same name) has ended and been dealt with, or
 * with -ETIMEDOUT. Takes over *reply. */
void domain_wait_end(const struct domain *domain, unsigned int timeout_ms, struct reply_to *reply);

#endif
