/* SPDX-License-Identifier: MIT */
/* Cores of domains. */
#ifndef DOMUSD_DUMP_H
#define DOMUSD_DUMP_H

#include "inspect/core_dump.h"
#include "work.h"

/* Writes the core of a domain that stands still to a new file. On failure there is no file. */
int dump_to_file(struct worker *w, domid_t domid, const char *name, const char *path,
                 struct core_dump *dump);

/* Writes the core of a domain that has ended to DOMUS_CORE_DIR and logs where; what goes wrong is
 * only logged. */
void dump_dead(struct worker *w, domid_t domid, const char *name);

/* Lets a domain run again whose dump was interrupted. */
void dump_undo(struct worker *w, const uint8_t uuid[16]);

#endif
