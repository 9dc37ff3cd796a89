/* SPDX-License-Identifier: MIT */
/*
 * Mapping pages that another domain has granted to this one, through /dev/xen/gntdev.
 */
#ifndef TOOLSTACK_SYS_GNTTAB_H
#define TOOLSTACK_SYS_GNTTAB_H

#include <stddef.h>
#include <stdint.h>

#include <xen/xen.h>
#include <xen/event_channel.h>
#include <xen/grant_table.h>

struct gnttab {
    int fd;
};

/* Opens the device. -ENOENT: no xen-gntdev; -EACCES: not root. */
int gnttab_open(struct gnttab *gt);

/* Closes; mappings stay until unmapped. Harmless if the open failed. */
void gnttab_close(struct gnttab *gt);

/* Maps `count` grants of domain dom side by side. prot is PROT_READ, or with PROT_WRITE.
 * -EINVAL: a reference is not granted (or not writable); -EAGAIN: the page is paged out. */
int gnttab_map(struct gnttab *gt, domid_t dom, const grant_ref_t *refs, size_t count, int prot,
               void **addr);

/* Unmaps what one gnttab_map() returned, with the same count. */
int gnttab_unmap(struct gnttab *gt, void *addr, size_t count);

/* Asks that, when the page at addr is unmapped (also because this process died), the byte at
 * clear_offset of the page be cleared (none if negative) and local port be notified (none if 0). */
int gnttab_set_unmap_notify(struct gnttab *gt, void *addr, int clear_offset, evtchn_port_t port);

#endif
