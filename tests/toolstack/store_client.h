/* SPDX-License-Identifier: MIT */
/*
 * The least of a store client that a guest needs somebody to be: write, permit, introduce.
 */
#ifndef TESTS_STORE_CLIENT_H
#define TESTS_STORE_CLIENT_H

#include <stddef.h>

#include "pv_build.h"

/* Connects to the running xenstored's socket: a descriptor or -errno. */
int store_open(void);

/* One request of the given XS_* type; the reply must be of the same type. 0 or -errno. */
int store_call(int fd, unsigned int type, const void *body, size_t bytes);

/* Writes the nodes that a PV Linux guest reads while it boots, and introduces it. */
int store_introduce(int fd, const struct pv_build_config *config, const struct pv_domain *domain);

/* Removes the guest's nodes. */
int store_forget(int fd, unsigned int domid);

#endif
