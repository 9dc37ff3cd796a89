/* SPDX-License-Identifier: MIT */
/*
 * The set of paths that a transaction depends on. Owns the set's memory; touches nothing else.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "transaction.h"

/* Limits the memory of a set whose entries are limited: more than this on average is refused. */
enum { TEXT_PER_ENTRY = 128 };

static bool is_path(const struct touched *t, const struct touch_entry *e, uint64_t hash,
                    const char *str, uint32_t len)
{
    return e->hash == hash && e->path_len == len && memcmp(t->text + e->path_at, str, len) == 0;
}

static struct touch_entry *find(const struct touched *t, uint64_t hash, const char *str,
                                uint32_t len)
{
    if (!t->index)
        return NULL;
    for (uint32_t at = (uint32_t)hash;; at++) {
        uint32_t i = t->index[at & t->index_mask];

        if (i == 0)
            return NULL;
        if (is_path(t, &t->entry[i - 1], hash, str, len))
            return &t->entry[i - 1];
    }
}

static void index_insert(struct touched *t, uint32_t i)
{
    uint32_t at = (uint32_t)t->entry[i].hash;

    while (t->index[at &= t->index_mask])
        at++;
    t->index[at] = i + 1;
}

static int grow(struct touched *t)
{
    uint32_t capacity = t->capacity ? t->capacity * 2 : 8;
    struct touch_entry *entry = realloc(t->entry, capacity * sizeof(*entry));
    uint32_t *index;

    if (!entry)
        return -ENOMEM;
    t->entry = entry;
    index = calloc(capacity * 2, sizeof(*index));
    if (!index)
        return -ENOMEM;
    free(t->index);
    t->index = index;
    t->index_mask = capacity * 2 - 1;
    t->capacity = capacity;
    for (uint32_t i = 0; i < t->count; i++)
        index_insert(t, i);
    return 0;
}

static int reserve_text(struct touched *t, uint32_t len)
{
    uint32_t capacity = t->text_capacity ? t->text_capacity : 256;
    char *text;

    if (t->text_len + len <= t->text_capacity)
        return 0;
    if (t->limit && t->text_len + len > t->limit * TEXT_PER_ENTRY)
        return -ENOSPC;
    while (capacity < t->text_len + len)
        capacity *= 2;
    text = realloc(t->text, capacity);
    if (!text)
        return -ENOMEM;
    t->text = text;
    t->text_capacity = capacity;
    return 0;
}

/* Bytes of the path up to `depth` components; the root is "/". */
static uint32_t prefix_len(const struct path *p, unsigned int depth)
{
    if (depth == p->depth)
        return p->len;
    return depth ? (uint32_t)(p->comp[depth - 1].name - p->str) + p->comp[depth - 1].len : 1;
}

int touched_add(struct touched *t, const struct path *p, unsigned int depth, enum touch what)
{
    uint64_t hash = path_hash(p, depth);
    uint32_t len = prefix_len(p, depth);
    struct touch_entry *e = find(t, hash, p->str, len);
    int rc;

    if (e) {
        e->kinds |= what;
        return 0;
    }
    if (t->limit && t->count >= t->limit)
        return -ENOSPC;
    rc = reserve_text(t, len + 1);
    if (!rc && t->count == t->capacity)
        rc = grow(t);
    if (rc)
        return rc;
    t->entry[t->count] = (struct touch_entry){ .hash = hash, .kinds = what,
                                               .path_at = t->text_len, .path_len = len };
    memcpy(t->text + t->text_len, p->str, len);
    t->text[t->text_len + len] = '\0';
    t->text_len += len + 1;
    index_insert(t, t->count++);
    return 0;
}

void touched_free(struct touched *t)
{
    free(t->entry);
    free(t->index);
    free(t->text);
}
