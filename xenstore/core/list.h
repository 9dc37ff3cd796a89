/* SPDX-License-Identifier: MIT */
/*
 * Intrusive doubly linked lists with a head that is itself a link.
 */
#ifndef XENSTORE_CORE_LIST_H
#define XENSTORE_CORE_LIST_H

#include <stdbool.h>
#include <stddef.h>

struct list {
    struct list *next, *prev;
};

#define LIST_INIT(head) { &(head), &(head) }

#define container_of(ptr, type, member) ((type *)((char *)(ptr) - offsetof(type, member)))

/* Walks entries of `type` linked through `member`; the current one may be unlinked. */
#define list_for_each_safe(pos, tmp, head)                                                         \
    for ((pos) = (head)->next, (tmp) = (pos)->next; (pos) != (head);                               \
         (pos) = (tmp), (tmp) = (pos)->next)

static inline void list_init(struct list *l)
{
    l->next = l->prev = l;
}

static inline bool list_empty(const struct list *l)
{
    return l->next == l;
}

/* Adds `item` before `head`, that is at the end of the list. */
static inline void list_add_tail(struct list *head, struct list *item)
{
    item->prev = head->prev;
    item->next = head;
    head->prev->next = item;
    head->prev = item;
}

/* Unlinks and makes `item` a list of its own, so a second call does no harm. */
static inline void list_del(struct list *item)
{
    item->prev->next = item->next;
    item->next->prev = item->prev;
    list_init(item);
}

#endif
