/* SPDX-License-Identifier: MIT */
/* How requests to the kernel's netlink are made and answered; private to netlink*.c and nat.c. */
#ifndef DOMUS_NETLINK_MESSAGE_H
#define DOMUS_NETLINK_MESSAGE_H

#include <stddef.h>

#include <libmnl/libmnl.h>

#include "netlink.h"

#define NETLINK_MESSAGE_BYTES 1024u

union netlink_message {
    char bytes[NETLINK_MESSAGE_BYTES];
    struct nlmsghdr header;
};

/* Begins a request; returns its zeroed family header of `bytes` bytes. */
void *netlink_start(struct netlink *nl, union netlink_message *m, uint16_t type, uint16_t flags,
                    size_t bytes);

/* Sends and takes one answer; on_data may be NULL if an acknowledgement is all that comes. */
int netlink_ask(struct netlink *nl, union netlink_message *m, mnl_cb_t on_data, void *arg);

#endif
