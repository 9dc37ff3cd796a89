/* SPDX-License-Identifier: MIT */
/*
 * Sets of ranges as a sorted list without neighbours that touch. The lock inside is a leaf; nothing
 * is allocated while it is held. Sets are small (tens of ranges), so a list is enough.
 */
#include <hv/errno.h>
#include <hv/list.h>
#include <hv/page_alloc.h>
#include <hv/rangeset.h>
#include <hv/spinlock.h>

struct range {
    struct list_head list;
    u64 first, last;
};

struct rangeset {
    struct list_head ranges;
    spinlock_t lock;
};

struct rangeset *rangeset_create(void)
{
    struct rangeset *r = zalloc_obj(struct rangeset);

    if (r)
        list_init(&r->ranges);
    return r;
}

void rangeset_destroy(struct rangeset *r)
{
    struct range *x, *next;

    if (!r)
        return;
    list_for_each_entry_safe(x, next, &r->ranges, list)
        hv_free(x);
    hv_free(r);
}

/* Grow `mine` to cover [first, last] and swallow what it meets or touches. */
static void add_locked(struct rangeset *r, struct range *mine)
{
    struct range *x, *next;
    struct list_head *before = &r->ranges;

    list_for_each_entry_safe(x, next, &r->ranges, list) {
        bool below = mine->first && x->last < mine->first - 1;
        bool above = mine->last != ~0UL && x->first > mine->last + 1;

        if (above)
            break;
        if (below) {
            before = &x->list;
            continue;
        }
        mine->first = MIN(mine->first, x->first);
        mine->last = MAX(mine->last, x->last);
        list_del(&x->list);
        hv_free(x);
    }
    list_add(&mine->list, before);
}

int rangeset_add(struct rangeset *r, u64 first, u64 last)
{
    struct range *mine;

    if (first > last)
        return -EINVAL;
    mine = zalloc_obj(struct range);
    if (!mine)
        return -ENOMEM;
    mine->first = first;
    mine->last = last;
    spin_lock(&r->lock);
    add_locked(r, mine);
    spin_unlock(&r->lock);
    return 0;
}

/* spare: becomes the upper part when one range is cut in two; NULL afterwards if used. */
static void remove_locked(struct rangeset *r, u64 first, u64 last, struct range **spare)
{
    struct range *x, *next;

    list_for_each_entry_safe(x, next, &r->ranges, list) {
        if (x->last < first || x->first > last)
            continue;
        if (x->first < first && x->last > last) {
            (*spare)->first = last + 1;
            (*spare)->last = x->last;
            list_add(&(*spare)->list, &x->list);
            *spare = NULL;
            x->last = first - 1;
        } else if (x->first < first) {
            x->last = first - 1;
        } else if (x->last > last) {
            x->first = last + 1;
        } else {
            list_del(&x->list);
            hv_free(x);
        }
    }
}

int rangeset_remove(struct rangeset *r, u64 first, u64 last)
{
    struct range *spare;

    if (first > last)
        return -EINVAL;
    spare = zalloc_obj(struct range);
    if (!spare)
        return -ENOMEM;
    spin_lock(&r->lock);
    remove_locked(r, first, last, &spare);
    spin_unlock(&r->lock);
    hv_free(spare);
    return 0;
}

static bool find(const struct rangeset *set, u64 first, u64 last, bool whole)
{
    struct rangeset *r = (struct rangeset *)set;
    const struct range *x;
    bool found = false;

    if (first > last)
        return false;
    spin_lock(&r->lock);
    list_for_each_entry(x, &r->ranges, list) {
        found = whole ? x->first <= first && x->last >= last
                      : x->first <= last && x->last >= first;
        if (found || x->first > last)
            break;
    }
    spin_unlock(&r->lock);
    return found;
}

bool rangeset_contains(const struct rangeset *r, u64 first, u64 last)
{
    return find(r, first, last, true);
}

bool rangeset_overlaps(const struct rangeset *r, u64 first, u64 last)
{
    return find(r, first, last, false);
}

bool rangeset_is_empty(const struct rangeset *r)
{
    return list_empty(&r->ranges);
}

/* The lock is not held while the caller looks at the answer, so it may copy to a guest. */
bool rangeset_next(const struct rangeset *set, u64 from, u64 *first, u64 *last)
{
    struct rangeset *r = (struct rangeset *)set;
    const struct range *x;
    bool found = false;

    spin_lock(&r->lock);
    list_for_each_entry(x, &r->ranges, list) {
        if (x->last < from)
            continue;
        *first = MAX(x->first, from);
        *last = x->last;
        found = true;
        break;
    }
    spin_unlock(&r->lock);
    return found;
}
