/* SPDX-License-Identifier: MIT */
/* Between the files of pv/dom0/. Boot only; failures panic with a sentence. */
#ifndef PV_DOM0_INTERNAL_H
#define PV_DOM0_INTERNAL_H

#include <hv/domain.h>
#include <image/pv_image.h>
#include <image/pv_layout.h>

/* What dom0's memory looks like while it is built. */
struct dom0_memory {
    struct domain *d;
    u64 nr_pages;
    u64 *mfns;          /* pfn -> mfn, nr_pages entries */
    unsigned int order; /* of that array's allocation */
};

/* dom0_params.c */
u64 dom0_nr_pages(void);               /* pages to give it now */
u64 dom0_max_pages(u64 nr_pages);      /* what it may grow to */
unsigned int dom0_nr_vcpus(void);
void dom0_pin(struct vcpu *v);         /* to the CPU of its number, with dom0_vcpus_pin */

/* dom0_memory.c */
void dom0_memory_alloc(struct dom0_memory *m, struct domain *d, u64 nr_pages);
void dom0_memory_free_map(struct dom0_memory *m);
void *dom0_page(const struct dom0_memory *m, u64 pfn);
void dom0_copy(const struct dom0_memory *m, u64 phys, const void *src, u64 bytes);
void dom0_clear(const struct dom0_memory *m, u64 phys, u64 bytes);

/* dom0_start.c */
void dom0_write_tables(const struct dom0_memory *m, const struct pv_layout *l);
void dom0_write_p2m(const struct dom0_memory *m, const struct pv_layout *l);
void dom0_write_start_info(const struct dom0_memory *m, const struct pv_layout *l,
                           u64 ramdisk_bytes, const char *cmdline);

#endif
