/* SPDX-License-Identifier: MIT */
/*
 * Permission lists. Owns their memory and reference counts; touches nothing else. Facts: Xen's
 * docs/misc/xenstore.txt, GET_PERMS and SET_PERMS, and the comment on xs_set_permissions() in
 * xenstore.h.
 */
#include "perm.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct perms *perms_alloc(uint32_t count)
{
    struct perms *p = calloc(1, sizeof(*p) + count * sizeof(p->entry[0]));

    if (p) {
        p->ref = 1;
        p->count = count;
    }
    return p;
}

struct perms *perms_single(uint32_t owner, uint32_t flags)
{
    struct perms *p = perms_alloc(1);

    if (p)
        p->entry[0] = (struct perm){ .domid = owner, .flags = flags };
    return p;
}

struct perms *perms_with_owner(const struct perms *p, uint32_t owner)
{
    struct perms *copy = perms_alloc(p->count);

    if (copy) {
        memcpy(copy->entry, p->entry, p->count * sizeof(p->entry[0]));
        copy->entry[0].domid = owner;
    }
    return copy;
}

struct perms *perms_get(struct perms *p)
{
    p->ref++;
    return p;
}

void perms_put(struct perms *p)
{
    if (p && --p->ref == 0)
        free(p);
}

static bool is_me(const struct perm *e, const struct subject *who)
{
    return e->domid == who->domid || e->domid == who->target;
}

unsigned int perms_for(const struct perms *p, const struct subject *who)
{
    if (who->privileged || is_me(&p->entry[0], who))
        return PERM_READ | PERM_WRITE | PERM_OWNER;
    for (uint32_t i = 1; i < p->count; i++)
        if (is_me(&p->entry[i], who))
            return p->entry[i].flags;
    return p->entry[0].flags;
}

static int parse_one(const char *s, struct perm *e)
{
    static const char letters[] = "nrwb"; /* position = flags */
    const char *letter = *s ? strchr(letters, *s) : NULL;
    uint32_t id = 0;

    if (!letter || !s[1])
        return -EINVAL;
    for (s++; *s; s++) {
        if (*s < '0' || *s > '9')
            return -EINVAL;
        id = id * 10 + (uint32_t)(*s - '0');
        if (id > PERM_DOMID_MAX)
            return -EINVAL;
    }
    e->domid = id;
    e->flags = (uint32_t)(letter - letters);
    return 0;
}

int perms_parse(const char *s, size_t len, uint32_t count, struct perms **out)
{
    struct perms *p = perms_alloc(count);
    const char *end = s + len;

    if (!p)
        return -ENOMEM;
    for (uint32_t i = 0; i < count; i++) {
        const char *nul = s < end ? memchr(s, 0, (size_t)(end - s)) : NULL;

        if (!nul || parse_one(s, &p->entry[i]) != 0) {
            free(p);
            return -EINVAL;
        }
        s = nul + 1;
    }
    *out = p;
    return 0;
}

static size_t format_id(char *digits, uint32_t id)
{
    char reverse[10];
    size_t n = 0;

    do {
        reverse[n++] = (char)('0' + id % 10);
        id /= 10;
    } while (id);
    for (size_t i = 0; i < n; i++)
        digits[i] = reverse[n - 1 - i];
    return n;
}

size_t perms_format(const struct perms *p, char *buf, size_t size)
{
    size_t total = 0;

    for (uint32_t i = 0; i < p->count; i++) {
        char one[12];
        size_t n = 1;

        one[0] = "nrwb"[p->entry[i].flags & 3];
        n += format_id(one + 1, p->entry[i].domid);
        one[n++] = '\0';
        if (total + n <= size)
            memcpy(buf + total, one, n);
        total += n;
    }
    return total;
}

bool perms_mention(const struct perms *p, uint32_t domid)
{
    for (uint32_t i = 1; i < p->count; i++)
        if (p->entry[i].domid == domid)
            return true;
    return false;
}

struct perms *perms_without(const struct perms *p, uint32_t domid)
{
    struct perms *copy = perms_alloc(p->count);

    if (!copy)
        return NULL;
    copy->count = 0;
    for (uint32_t i = 0; i < p->count; i++)
        if (i == 0 || p->entry[i].domid != domid)
            copy->entry[copy->count++] = p->entry[i];
    return copy;
}
