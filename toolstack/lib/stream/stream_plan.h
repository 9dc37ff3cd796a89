/* SPDX-License-Identifier: MIT */
/*
 * What a saved domain needs and has, known before anything of it exists: its stream is read once
 * for this, and again for the contents of its pages. Pure.
 */
#ifndef TOOLSTACK_STREAM_PLAN_H
#define TOOLSTACK_STREAM_PLAN_H

#include "control.h"
#include "stream_read.h"

/* The four kinds of VCPU records, as the domctls take them. */
enum vcpu_part { VCPU_BASIC, VCPU_EXTENDED, VCPU_XSAVE, VCPU_MSRS, VCPU_PARTS };

struct plan_vcpu {
    void *part[VCPU_PARTS]; /* NULL: not in the stream */
    uint32_t bytes[VCPU_PARTS];
};

struct stream_plan {
    const char *name; /* of the file, for messages */
    uint64_t nr_pfns;
    uint8_t *types;      /* of each pfn, the last that the stream has; PAGE_TYPE_NONE without one */
    uint64_t nr_pages;   /* pfns that have memory */
    uint64_t *p2m_pfns;  /* where the guest keeps its p2m */
    uint64_t p2m_frames; /* how many */
    void *shared_info;   /* a page */
    bool has_tsc;
    struct tsc_info_record tsc;
    struct cpu_policy policy; /* nr_leaves 0: none in the stream */
    struct plan_vcpu *vcpus;
    uint32_t nr_vcpus; /* one more than the highest number */
};

/* Reads the whole stream and checks that it is one domain. Free with stream_plan_free(), also
 * after a failure. */
int stream_plan_read(struct stream_in *in, struct stream_plan *plan, struct error *e);
void stream_plan_free(struct stream_plan *plan);

/* True if the pfn has memory. Any number may be asked. */
bool stream_plan_has(const struct stream_plan *plan, uint64_t pfn);

/* The pfn of the guest's start_info. */
uint64_t stream_plan_start_info(const struct stream_plan *plan);

#endif
