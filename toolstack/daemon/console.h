/* SPDX-License-Identifier: MIT */
/*
 * The consoles of guests: the ring that each shares with domusd, its log and its viewers.
 *
 * A console outlives the domain it serves when the guest is restarted, with its viewers. The ring
 * is the guest's to corrupt: a ring whose indexes are impossible is not touched again until the
 * guest is restarted, and nobody else notices.
 */
#ifndef DOMUSD_CONSOLE_H
#define DOMUSD_CONSOLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <xen/event_channel.h>
#include <xen/xen.h>

struct console;

/* Opens the devices. 0, or -errno with a sentence in the log. */
int consoles_init(void);

/* A console without a ring; the log is opened. recall: the end of the log is what the guest has
 * written before. NULL if memory is short. */
struct console *console_new(const char *name, bool recall);

/* Takes the ring of a domain: grant GNTTAB_RESERVED_CONSOLE and the guest's port. 0 or -errno. */
int console_hold(struct console *console, domid_t domid, evtchn_port_t port);

/* Reads what the guest has written last and lets go of ring and port; viewers stay. */
void console_release(struct console *console);

/* The same, ends the viewers and frees. NULL is harmless. */
void console_free(struct console *console);

/* The domain has another name: from now on so has the log. */
void console_rename(struct console *console, const char *name);

/* Turns a client's connection into a viewer, which is first sent what the guest has written before
 * (at most `backlog` bytes of what is kept). -ENOMEM, or -ENOTCONN if the client has left. */
int console_attach(struct console *console, uint64_t conn, size_t backlog);

#endif
