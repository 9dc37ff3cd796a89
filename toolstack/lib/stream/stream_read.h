/* SPDX-License-Identifier: MIT */
/*
 * Reading a saved domain's stream: libxl's records and, inside, libxc's.
 *
 * Checks everything that can be checked without a host: forms, sizes, numbers, order, and that
 * nothing is missing at the end. Pure: asks nobody but the stream.
 */
#ifndef TOOLSTACK_STREAM_READ_H
#define TOOLSTACK_STREAM_READ_H

#include <xen/xen.h>

#include "stream_format.h"
#include "stream_io.h"

/* Bounds of what is taken: 1 TiB of memory, and what libxc takes as one record. */
#define STREAM_MAX_PFNS         (1ull << 28)
#define STREAM_MAX_VCPUS        8192u
#define STREAM_MAX_RECORD_BYTES (16u << 20)

/* A page as PAGE_DATA has it; contents NULL: the type has none. */
struct stream_page {
    uint64_t pfn;
    unsigned int type; /* enum page_type */
    const uint8_t *contents;
};

struct stream_handler {
    void *arg;
    /* A libxc record other than PAGE_DATA and END, its form checked. The body is the reader's. */
    int (*record)(void *arg, enum libxc_record type, const void *body, uint32_t bytes,
                  struct error *e);
    /* The pages of one record. After VERIFY they are to be compared, not loaded. */
    int (*pages)(void *arg, const struct stream_page *pages, uint32_t count, bool verify,
                 struct error *e);
};

/* Reads a stream from libxl's header to its END. */
int stream_read(struct stream_in *in, const struct stream_handler *handler, struct error *e);

/* True if pages of this type have contents in the stream. */
bool page_type_has_contents(unsigned int type);

/* 1 to 4 for a page table's type, else 0. */
unsigned int page_type_level(unsigned int type);

#endif
