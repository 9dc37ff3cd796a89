/* SPDX-License-Identifier: MIT */
/*
 * The domain builder's own state; private to pv_build*.c.
 */
#ifndef DOMUS_PV_BUILD_INTERNAL_H
#define DOMUS_PV_BUILD_INTERNAL_H

#include <stdint.h>

#include <image/pv_image.h>
#include <image/pv_layout.h>
#include <image/unpack.h>

#include "pv_build.h"

#define PAGE_SHIFT 12
#define PAGE_BYTES 4096ul

struct pv_build {
    struct pv_build_config config; /* its strings are ours */
    uint64_t nr_pages; /* how many `frames` has */
    const struct cpu_policy *policy; /* NULL: the host's default for PV guests */

    /* from prepare */
    void *kernel_file;
    struct image_unpacked kernel; /* may point into kernel_file */
    struct pv_image image;
    struct pv_layout layout;
    int ramdisk_fd; /* -1: none */
    uint64_t ramdisk_bytes;

    /* from create and load */
    struct control *ctl;
    domid_t domid;
    xen_pfn_t *frames; /* machine frame of each pfn */
    struct pv_domain result;
};

/* Stores `cannot create domain "name": ` and the rest of the sentence. Returns code. */
int build_fail(const struct pv_build *build, struct error *e, int code, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

/* pv_build_file.c: reads and checks kernel and ramdisk. What they leave open, pv_build_free()
 * closes. */
int build_read_kernel(struct pv_build *build, struct error *e);
int build_open_ramdisk(struct pv_build *build, struct error *e);
void build_close_files(struct pv_build *build);

/* pv_build_memory.c: gives the domain its memory and writes to it. */
int build_populate(struct pv_build *build, struct error *e);
/* Maps `pages` frames from pfn on, writable. Unmap with foreign_unmap(). */
int build_map(struct pv_build *build, uint64_t pfn, uint64_t pages, void **addr, struct error *e);
int build_load_kernel(struct pv_build *build, struct error *e);
int build_load_ramdisk(struct pv_build *build, struct error *e);
int build_write_p2m(struct pv_build *build, struct error *e);
int build_write_tables(struct pv_build *build, struct error *e);

/* pv_build_start.c: what the guest finds at its first instruction, beside memory. */
int build_channels(struct pv_build *build, struct error *e);
int build_write_start_info(struct pv_build *build, struct error *e);
int build_hypercall_page(struct pv_build *build, struct error *e);
int build_shared_info(struct pv_build *build, struct error *e);
int build_seed_grants(struct pv_build *build, struct error *e);
int build_first_vcpu(struct pv_build *build, struct error *e);

#endif
