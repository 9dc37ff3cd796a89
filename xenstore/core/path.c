/* SPDX-License-Identifier: MIT */
/*
 * Checks and splits paths. Owns the table of permitted characters and the hash seed; the length
 * limit is a quota. Facts: Xen's docs/misc/xenstore.txt (characters, doubled and
 * trailing slashes, relative paths).
 */
#include "path.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "quota.h"

static uint32_t hash_seed = 0x811c9dc5u;

/* Letters, digits, - _ @ and, as every implementation in use allows, nothing else but '/'. */
static const uint8_t name_char[256] = {
    ['-'] = 1, ['_'] = 1, ['@'] = 1,
    ['0'] = 1, ['1'] = 1, ['2'] = 1, ['3'] = 1, ['4'] = 1, ['5'] = 1, ['6'] = 1, ['7'] = 1,
    ['8'] = 1, ['9'] = 1,
    ['A'] = 1, ['B'] = 1, ['C'] = 1, ['D'] = 1, ['E'] = 1, ['F'] = 1, ['G'] = 1, ['H'] = 1,
    ['I'] = 1, ['J'] = 1, ['K'] = 1, ['L'] = 1, ['M'] = 1, ['N'] = 1, ['O'] = 1, ['P'] = 1,
    ['Q'] = 1, ['R'] = 1, ['S'] = 1, ['T'] = 1, ['U'] = 1, ['V'] = 1, ['W'] = 1, ['X'] = 1,
    ['Y'] = 1, ['Z'] = 1,
    ['a'] = 1, ['b'] = 1, ['c'] = 1, ['d'] = 1, ['e'] = 1, ['f'] = 1, ['g'] = 1, ['h'] = 1,
    ['i'] = 1, ['j'] = 1, ['k'] = 1, ['l'] = 1, ['m'] = 1, ['n'] = 1, ['o'] = 1, ['p'] = 1,
    ['q'] = 1, ['r'] = 1, ['s'] = 1, ['t'] = 1, ['u'] = 1, ['v'] = 1, ['w'] = 1, ['x'] = 1,
    ['y'] = 1, ['z'] = 1,
};

void path_seed(uint32_t seed)
{
    hash_seed = seed | 1;
}

static inline uint32_t hash_byte(uint32_t h, unsigned char c)
{
    return (h ^ c) * 0x01000193u;
}

static inline uint32_t hash_end(uint32_t h)
{
    h ^= h >> 15;
    return h * 0x2c1b3c6du;
}

uint32_t path_hash_name(const char *name, size_t len)
{
    uint32_t h = hash_seed;

    for (size_t i = 0; i < len; i++)
        h = hash_byte(h, (unsigned char)name[i]);
    return hash_end(h);
}

/* Length of a leading "/local/domain/<n>/", which the length limit does not count. */
static size_t home_prefix_len(const char *s, size_t len)
{
    static const char home[] = "/local/domain/";
    size_t i = sizeof(home) - 1;
    size_t digits = i;

    if (len <= i || memcmp(s, home, i) != 0)
        return 0;
    while (i < len && i < digits + 5 && s[i] >= '0' && s[i] <= '9')
        i++;
    return i > digits && i < len && s[i] == '/' ? i + 1 : 0;
}

/* Splits an absolute path; an empty component (doubled or trailing slash) is an error. */
static int split(struct path *p, const char *s, size_t len)
{
    const char *end = s + len;
    unsigned int n = 0;

    p->str = s;
    p->len = (uint32_t)len;
    p->special = false;
    if (len == 1) {
        p->depth = 0;
        return 0;
    }
    while (s < end) {
        const char *name = ++s;
        uint32_t h = hash_seed;

        while (name_char[(unsigned char)*s])
            h = hash_byte(h, (unsigned char)*s++);
        if (s == name || s > end || (s < end && *s != '/') || n == PATH_COMPONENTS_MAX)
            return -EINVAL;
        p->comp[n].name = name;
        p->comp[n].len = (uint32_t)(s - name);
        p->comp[n++].hash = hash_end(h);
    }
    p->depth = n;
    return 0;
}

static bool is_special_name(const char *s, size_t len)
{
    static const char *const names[] = { "@introduceDomain", "@releaseDomain" };

    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        if (strlen(names[i]) == len && memcmp(s, names[i], len) == 0)
            return true;
    return false;
}

static int parse_special(struct path *p, const char *s, size_t len, unsigned int flags)
{
    if (flags & PATH_SPECIAL_ANY ? len > XENSTORE_REL_PATH_MAX
                                 : !(flags & PATH_SPECIAL_OK) || !is_special_name(s, len))
        return -EINVAL;
    p->buf[0] = PATH_SPECIAL_MARK;
    memcpy(p->buf + 1, s, len);
    p->buf[len + 1] = '\0';
    p->str = p->buf + 1;
    p->len = (uint32_t)len;
    p->special = true;
    p->depth = 1;
    p->comp[0].name = p->buf;
    p->comp[0].len = (uint32_t)len + 1;
    p->comp[0].hash = path_hash_name(p->buf, len + 1);
    return 0;
}

int path_parse(struct path *p, const char *s, size_t len, unsigned int domid, unsigned int flags)
{
    size_t n;

    if (len == 0)
        return -EINVAL;
    if (s[0] == '@')
        return parse_special(p, s, len, flags);
    if (s[0] != '/') {
        if (len > quota_limits.path_max)
            return -EINVAL;
        n = (size_t)snprintf(p->buf, sizeof(p->buf), "/local/domain/%u/", domid);
        if (n + len > XENSTORE_ABS_PATH_MAX)
            return -EINVAL;
        memcpy(p->buf + n, s, len);
        p->buf[n + len] = '\0';
        return split(p, p->buf, n + len);
    }
    if (len > XENSTORE_ABS_PATH_MAX || len > quota_limits.path_max + home_prefix_len(s, len))
        return -EINVAL;
    return split(p, s, len);
}

uint64_t path_hash(const struct path *p, unsigned int depth)
{
    uint64_t h = PATH_HASH_ROOT;

    for (unsigned int i = 0; i < depth; i++)
        h = path_hash_step(h, p->comp[i].hash);
    return h;
}
