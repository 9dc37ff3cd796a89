/* SPDX-License-Identifier: MIT */
/* Sets of u64 ranges [first, last], for ports, device frames and interrupts. Locked inside. */
#ifndef HV_RANGESET_H
#define HV_RANGESET_H

#include <hv/types.h>

struct rangeset;
struct rangeset *rangeset_create(void);
void rangeset_destroy(struct rangeset *r);
int rangeset_add(struct rangeset *r, u64 first, u64 last);    /* 0 or -ENOMEM */
int rangeset_remove(struct rangeset *r, u64 first, u64 last);
bool rangeset_contains(const struct rangeset *r, u64 first, u64 last);
bool rangeset_overlaps(const struct rangeset *r, u64 first, u64 last);
bool rangeset_is_empty(const struct rangeset *r);
/** The part of the first range that ends at or after from, cut off at from. False: none. */
bool rangeset_next(const struct rangeset *r, u64 from, u64 *first, u64 *last);

#endif
