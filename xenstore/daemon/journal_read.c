/* SPDX-License-Identifier: MIT */
/*
 * Splitting a journal into records. Pure: owns nothing, and believes no length that leads out of
 * the bytes it was given.
 */
#include "journal.h"

#include <string.h>

static bool next_record(const char *at, size_t left, struct journal_record *r, size_t *size)
{
    struct journal_record_header h;

    if (left < sizeof(h))
        return false;
    memcpy(&h, at, sizeof(h));
    if (h.bytes < sizeof(h) || h.bytes > left ||
        (uint64_t)h.path_len + h.data_len + 2 > h.bytes - sizeof(h))
        return false;
    *r = (struct journal_record){ .type = h.type, .domid = h.domid, .number = h.number,
                                  .path = at + sizeof(h), .path_len = h.path_len,
                                  .data = at + sizeof(h) + h.path_len + 1,
                                  .data_len = h.data_len };
    if (r->path[r->path_len] || r->data[r->data_len])
        return false;
    *size = h.bytes;
    return true;
}

size_t journal_read(const char *records, size_t bytes, void (*f)(const struct journal_record *r))
{
    struct journal_record r;
    size_t at = 0, size;

    while (at < bytes && next_record(records + at, bytes - at, &r, &size)) {
        f(&r);
        at += size;
    }
    return at;
}
