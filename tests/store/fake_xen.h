/* SPDX-License-Identifier: MIT */
/*
 * A Xen made of files, so that a store daemon and a pretended guest can meet on any machine.
 *
 * In the folder $XENSTORE_FAKE_XEN: "ring-<domid>" is the page that the guest shares with the
 * store (its grant, and for domain 0 its kernel's); "domains" lists the domains that exist, one
 * "<domid> <flags>" a line, flags being '-', 's' (shut down) or 'd' (dying). Event channels are
 * datagrams of one 32-bit port number: to the store on the socket "store", to a guest on
 * "guest-<domid>". The store's local port for domain d is FAKE_PORT_BASE + d.
 */
#ifndef TESTS_STORE_FAKE_XEN_H
#define TESTS_STORE_FAKE_XEN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    FAKE_PORT_BASE = 100,
    FAKE_PORT_DEATH = 99,
    FAKE_OWN_REMOTE_PORT = 7, /* what dom0's kernel says to be its port */
};

/* The name of a file in the folder; the buffer is static. */
const char *fake_path(const char *name, unsigned int domid, bool with_domid);

/* Binds the socket that the store's events come in on; -errno. */
int fake_listen(void);

/* Maps a domain's ring page; NULL if there is no such file. */
void *fake_map_ring(uint32_t domid);

/* Signals the guest behind a local port. */
int fake_notify(int fd, uint32_t local);

/* The flags of a domain, or 0 if it does not exist. */
char fake_domain_flags(uint32_t domid);

#endif
