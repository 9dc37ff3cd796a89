/* SPDX-License-Identifier: MIT */
/*
 * From a saved domain's file to a paused domain that is ready to go on.
 *
 * In steps, like the builder's: what is wrong with the file, or missing on the host, is found
 * before anything exists.
 *   pv_restore_open()    reads the whole file and checks it; no privilege needed
 *   pv_restore_check()   compares it with the host
 *   pv_restore_create()  creates the domain, its limits and policies; no memory yet
 *   pv_restore_load()    memory, page tables, virtual CPUs
 * Each step that fails has undone what it did; create and load destroy the domain when they fail.
 */
#ifndef TOOLSTACK_PV_RESTORE_H
#define TOOLSTACK_PV_RESTORE_H

#include "pv_build.h"

struct pv_restore;

/* `path` must stay as long as the restore. The configuration in the file is the caller's business:
 * xl_file_read(). */
int pv_restore_open(const char *path, struct pv_restore **restore, struct error *e);

/* Pages that the guest has. */
uint64_t pv_restore_pages(const struct pv_restore *restore);
/* The least number of virtual CPUs that the domain must be able to have. */
unsigned int pv_restore_vcpus(const struct pv_restore *restore);

/* Whether the host's CPU can do what the guest was promised. */
int pv_restore_check(const struct pv_restore *restore, struct control *ctl, struct error *e);

/* Of config only name, uuid, maxmem_kib, maxvcpus and those of limits are used. */
int pv_restore_create(struct pv_restore *restore, const struct pv_build_config *config,
                      struct control *ctl, domid_t *domid, struct error *e);
/* *differing: pages that were not what the stream says at its end, if it was made to say it. */
int pv_restore_load(struct pv_restore *restore, struct pv_domain *domain, uint64_t *differing,
                    struct error *e);
void pv_restore_free(struct pv_restore *restore);

#endif
