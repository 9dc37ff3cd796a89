/* SPDX-License-Identifier: MIT */
/* What libxc's records must look like and in which order they may come; private to stream_read. */
#ifndef TOOLSTACK_STREAM_CHECK_H
#define TOOLSTACK_STREAM_CHECK_H

#include "stream_read.h"

struct stream_state {
    uint32_t version;
    bool seen_info, seen_static_end, seen_p2m, seen_pages, seen_shared_info, seen_verify;
    uint64_t nr_pfns;    /* one more than the last pfn */
    uint8_t *has_vcpu;   /* by number: its BASIC record has come */
    bool seen_policy[2]; /* CPUID, MSR */
    bool seen_tsc;
};

/* Checks a record against the state, and moves the state. 0, -EBADMSG, -ENOMEM. */
int stream_check(struct stream_state *s, const struct stream_in *in, uint32_t type,
                 const uint8_t *body, uint32_t bytes, struct error *e);

void stream_state_free(struct stream_state *s);

#endif
