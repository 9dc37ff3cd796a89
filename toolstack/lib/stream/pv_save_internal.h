/* SPDX-License-Identifier: MIT */
/* A save in progress; private to pv_save*.c. */
#ifndef TOOLSTACK_PV_SAVE_INTERNAL_H
#define TOOLSTACK_PV_SAVE_INTERNAL_H

#include "inspect/guest_p2m.h"
#include "pv_convert.h"
#include "pv_save.h"
#include "stream_format.h"

struct pv_save {
    struct control *ctl;
    domid_t domid;
    struct stream_out *out;
    struct xen_domctl_getdomaininfo info;
    struct shared_info *shared; /* mapped, read-only */

    const uint64_t *m2p; /* mapped, read-only: pfn of each frame of the machine */
    uint64_t nr_frames;  /* entries that are used */
    size_t m2p_pages;

    struct guest_p2m p2m; /* its list holds pfns once it has been read */
};

/* Stores "domain N cannot be saved: " and the rest. Returns code. */
int save_fail(const struct pv_save *s, struct error *e, int code, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

/* Writes a record whose body comes in two parts. */
int save_record(struct pv_save *s, uint32_t type, const void *first, size_t first_bytes,
                const void *second, size_t second_bytes, struct error *e);

/* The pfn of one of the guest's frames: pv_translate, arg a struct pv_save. */
pv_translate save_pfn_of;

/* pv_save_pages.c: PAGE_DATA of all pfns. */
int save_write_pages(struct pv_save *s, struct error *e);

/* pv_save_state.c: everything else that libxc's stream has. */
int save_write_static(struct pv_save *s, struct error *e);
int save_write_state(struct pv_save *s, struct error *e);

#endif
