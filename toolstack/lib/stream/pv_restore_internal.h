/* SPDX-License-Identifier: MIT */
/* A restore in progress; private to pv_restore*.c. */
#ifndef TOOLSTACK_PV_RESTORE_INTERNAL_H
#define TOOLSTACK_PV_RESTORE_INTERNAL_H

#include <sys/types.h>

#include "pv_build_internal.h"
#include "pv_convert.h"
#include "pv_restore.h"
#include "stream_plan.h"

#define NO_FRAME (~(xen_pfn_t)0)

struct pv_restore {
    int fd;
    const char *path;
    off_t stream_start; /* of libxl's header in the file */
    struct stream_plan plan;
    struct pv_build build; /* the domain; its frames are NO_FRAME where the guest has no memory */
    uint64_t differing;
};

/* Stores "PATH cannot be restored: " and the rest. Returns code. */
int restore_fail(const struct pv_restore *r, struct error *e, int code, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

/* The frame of one of the guest's pages: pv_translate, arg a struct pv_restore. */
pv_translate restore_frame_of;

/* pv_restore_pages.c: gives the domain its memory, and fills it from the stream. */
int restore_populate(struct pv_restore *r, struct error *e);
int restore_load_pages(struct pv_restore *r, struct error *e);

/* pv_restore_state.c: what the guest finds when it goes on, beside its memory. */
int restore_write_p2m(struct pv_restore *r, struct error *e);
int restore_write_start_info(struct pv_restore *r, struct error *e);
int restore_write_shared_info(struct pv_restore *r, struct error *e);
int restore_pin_tables(struct pv_restore *r, struct error *e);
int restore_set_vcpus(struct pv_restore *r, struct error *e);
int restore_set_clock(struct pv_restore *r, struct error *e);

#endif
