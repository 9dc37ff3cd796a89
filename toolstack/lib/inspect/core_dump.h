/* SPDX-License-Identifier: MIT */
/* The memory and registers of a PV domain as a file that tools for Xen's cores read. */
#ifndef DOMUS_CORE_DUMP_H
#define DOMUS_CORE_DUMP_H

#include <stdint.h>

#include "control.h"

struct core_dump {
    uint64_t pages; /* written */
    uint64_t vcpus; /* with registers */
    uint64_t bytes; /* of the file; pages of zeros are holes in it */
};

/* Writes the core of a domain, which had better stand still, to an empty file. 0, or -errno with
 * a sentence; the file is then in no state. */
int core_dump_write(struct control *ctl, domid_t domid, int fd, struct core_dump *dump,
                    struct error *e);

#endif
