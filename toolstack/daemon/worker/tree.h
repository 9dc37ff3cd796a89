/* SPDX-License-Identifier: MIT */
/*
 * A domain's nodes in xenstore, where stock kernels and tools look for them.
 */
#ifndef DOMUSD_TREE_H
#define DOMUSD_TREE_H

#include "config/config.h"
#include "device/store.h"
#include "error.h"
#include "pv_build.h"

/* Makes all nodes that do not need the built guest, domusd's own mark among them. */
int tree_make(struct xs_handle *xs, domid_t domid, const struct domain_config *cfg,
              struct error *e);

/* After the build: the rings' frames and ports. */
int tree_add_rings(struct xs_handle *xs, const struct pv_domain *domain, struct error *e);

/* Takes the name from one to another; cfg is not changed. */
int tree_rename(struct xs_handle *xs, domid_t domid, const uint8_t uuid[16], const char *name,
                struct error *e);

/* Removes everything, whatever is there. The mark goes last. */
int tree_remove(struct xs_handle *xs, domid_t domid, const uint8_t uuid[16], struct error *e);

/* True if the domain carries domusd's mark; then its UUID. */
bool tree_is_ours(struct xs_handle *xs, domid_t domid, uint8_t uuid[16]);

/* The name of any domain, allocated; NULL if it has none. */
char *tree_name(struct xs_handle *xs, domid_t domid);

/* What dom0 itself must have, if nothing has made it. */
int tree_make_dom0(struct xs_handle *xs, struct error *e);

#endif
