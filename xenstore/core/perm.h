/* SPDX-License-Identifier: MIT */
/*
 * Who may do what: permission lists of nodes, shared between nodes and never changed once made.
 */
#ifndef XENSTORE_CORE_PERM_H
#define XENSTORE_CORE_PERM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    PERM_NONE = 0,
    PERM_READ = 1,
    PERM_WRITE = 2,
    PERM_OWNER = 4, /* only as a result or a demand, never stored */
};

#define PERM_DOMID_NONE UINT32_MAX
#define PERM_DOMID_MAX 0x7fefu /* the last number a domain can have */

struct perm {
    uint32_t domid;
    uint32_t flags; /* PERM_READ | PERM_WRITE */
};

/* The first entry names the owner and the flags of everybody not named after it. */
struct perms {
    uint32_t ref;
    uint32_t count; /* at least 1 */
    struct perm entry[];
};

/* Who asks: a domain, and the domain it stands in for (PERM_DOMID_NONE: none). */
struct subject {
    uint32_t domid;
    uint32_t target;
    bool privileged; /* dom0: owner of everything, outside all quotas */
};

/* A list of `count` zeroed entries with one reference; NULL: no memory. */
struct perms *perms_alloc(uint32_t count);

/* A list with one entry. */
struct perms *perms_single(uint32_t owner, uint32_t flags);

/* A copy with another owner; the rest stays. */
struct perms *perms_with_owner(const struct perms *p, uint32_t owner);

struct perms *perms_get(struct perms *p);
void perms_put(struct perms *p);

/* What `who` may do with a node that has these permissions: PERM_* flags, owners all three. */
unsigned int perms_for(const struct perms *p, const struct subject *who);

/* Reads `count` NUL-terminated strings such as "b0" (letter n, r, w or b, then a domid) from
 * `s` (len bytes). *out gets one reference. -EINVAL or -ENOMEM. */
int perms_parse(const char *s, size_t len, uint32_t count, struct perms **out);

/* Writes the strings, each with its NUL; returns the bytes needed, which may exceed `size`
 * (then the text is incomplete). */
size_t perms_format(const struct perms *p, char *buf, size_t size);

/* Whether an entry other than the owner's names `domid`. */
bool perms_mention(const struct perms *p, uint32_t domid);

/* A copy without the entries that name `domid` (the owner's entry stays). */
struct perms *perms_without(const struct perms *p, uint32_t domid);

#endif
