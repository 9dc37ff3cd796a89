/* SPDX-License-Identifier: MIT */
/*
 * Paths of the store: checked once, split into hashed components.
 *
 * Every lookup, watch and transaction works on the split form, so a path is scanned once a
 * request. A special path (@releaseDomain) becomes one component whose name starts with a byte
 * that no client may use; its node hangs below the root and is never listed.
 */
#ifndef XENSTORE_CORE_PATH_H
#define XENSTORE_CORE_PATH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <xen/io/xs_wire.h>

#define PATH_COMPONENTS_MAX (XENSTORE_ABS_PATH_MAX / 2 + 1)
#define PATH_SPECIAL_MARK '\1'

struct path_component {
    const char *name; /* not NUL-terminated */
    uint32_t len;
    uint32_t hash;
};

/* About 27 KiB: keep it static or on a frame that does not nest. */
struct path {
    const char *str; /* the absolute path, NUL-terminated */
    uint32_t len;
    uint32_t depth; /* number of components; 0 is the root */
    bool special;
    struct path_component comp[PATH_COMPONENTS_MAX];
    char buf[XENSTORE_ABS_PATH_MAX + 2]; /* backs str for relative and special paths */
};

enum {
    PATH_SPECIAL_OK = 1u,  /* accept @introduceDomain and @releaseDomain, which are nodes */
    PATH_SPECIAL_ANY = 2u, /* accept any @name: nothing ever happens to the others */
};

/* Seeds the hash of names, so that nobody can prepare names that collide. Call once, before any
 * path is parsed. */
void path_seed(uint32_t seed);

/* Splits `s` (len bytes, with a NUL at s[len]). A relative path is taken below the home of
 * domain `domid`. `p` refers to `s`, which must outlive it. 0 or -EINVAL. */
int path_parse(struct path *p, const char *s, size_t len, unsigned int domid, unsigned int flags);

/* The hash of one name, as in path_component. */
uint32_t path_hash_name(const char *name, size_t len);

/* Folds one component into the hash of a path; start from PATH_HASH_ROOT. */
#define PATH_HASH_ROOT UINT64_C(0x9ae16a3b2f90404f)
static inline uint64_t path_hash_step(uint64_t h, uint32_t component_hash)
{
    h = (h ^ component_hash) * UINT64_C(0x9e3779b97f4a7c15);
    return h ^ (h >> 29);
}

/* The hash of the first `depth` components. */
uint64_t path_hash(const struct path *p, unsigned int depth);

#endif
